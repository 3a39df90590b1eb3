/* What the files of the watch share. */
#ifndef AUSPEX_DETECT_WATCH_IMPL_H
#define AUSPEX_DETECT_WATCH_IMPL_H

#include "detect/watch.h"

#define WATCH_BLOCK    16
#define WATCH_CLIP     3.0F   /* residuals count as at most so many spreads */
#define WATCH_STRAY_SD 2.326F /* 98 % of normal distances are below so many standard deviations */
#define WATCH_FAR_RUN  3      /* points in a row that make an abrupt change */
#define WATCH_BEFORE   12     /* fewest points before a sustained change */
#define WATCH_AFTER    5      /* fewest points of it */
#define WATCH_LEARNED  400    /* points that weigh in the spread */
#define WATCH_LEVELLED 48     /* points that weigh in the level */

/* The points held, oldest first. Returns how many. */
unsigned watch_points(const struct watch_state *w, float out[WATCH_RING]);
wall_ms watch_point_time(const struct watch_state *w, unsigned i);
/* The i-th point held, 0 = oldest. */
float watch_point(const struct watch_state *w, unsigned i);
float watch_median(float *x, unsigned n); /* sorts x */
/* Spread of which bounds are multiples: not below half an integer, nor a thousandth of the level. */
float watch_floor(const struct watch_state *w);
/* Correlation of neighbours, 0..0.97. */
double watch_correlation(const struct watch_state *w);
/* Variance of the sum of k points of an AR(1) series with variance 1. */
double watch_sum_variance(double k, double correlation);
/* By how much bounds are widened: little was learned, points come fast, the caller wants it strict. */
double watch_width(const struct watch_state *w, const struct watch_options *o, double correlation,
		   double bound);
/* Is there a change in the points held? `abrupt`: with the last three of them. Index of its first point, or 0. */
unsigned watch_judge(const struct watch_state *w, const struct watch_options *o, bool abrupt,
		     struct watch_verdict *out);

#endif
