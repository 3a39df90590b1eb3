/* The online watch of one series: is its level another one than before?
 *
 * A point costs a bounded time and a series a bounded memory; nothing is allocated, time is an argument. The state learns
 * from the first points what is usual - level, spread, how much a point resembles the one before it, how far single points
 * stray - and goes on learning slowly, all by robust recursions (stochastic approximation of quantiles, Huber's clipping).
 * Two rules tell a change:
 *
 *   abrupt     three points in a row stand on one side, each further away than the spread and stray points explain
 *   sustained  a two-sided CUSUM of clipped residuals (Page 1954) has run up, and the points held confirm it: the means
 *              before and after differ by more than the variance of means of so dependent points allows (AR(1), and blocks
 *              of 16 measured as they are), the medians agree, and a step explains the points better than a slope
 *
 * So neither one or two stray points nor a slow drift are told. After a verdict the new level is learned; a series that
 * changes again and again is given three times longer each time before the next verdict, for about a day.
 *
 *     struct watch_state w;
 *     struct watch_verdict v;
 *     watch_init(&w);
 *     if (watch_append(&w, &WATCH_DEFAULTS, t, value, &v)) …
 *
 * Bounds are those of one-minute points; denser points are judged more strictly, so that a week gives as few false changes.
 * Pure. Thread: any, one per state. */
#ifndef AUSPEX_DETECT_WATCH_H
#define AUSPEX_DETECT_WATCH_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_RING      45 /* newest points that are held */
#define WATCH_WARM      20 /* nothing is told before so many points */
#define WATCH_STATE_MAX 512

struct watch_options {
	double strictness;  /* multiplies all bounds: 1 normal, above: fewer verdicts */
	double min_percent; /* changes smaller than that share of the level before are not told */
	wall_ms fold_ms;    /* > 0: points that come faster are averaged over such times first */
};
#define WATCH_DEFAULTS ((struct watch_options){ .strictness = 1, .min_percent = 0.5 })

/* Plain data, open so that it can be laid out in tables; touch it through the functions only. Values are kept as
 * (value - reference) / unit, unit being a power of two near the spread. */
struct watch_state {
	wall_ms last_t;
	double reference, unit;
	wall_ms fold_from, fold_to; /* times of the points that are being averaged */
	double fold_mean;
	float interval_ms;                /* usual distance of points */
	float level, trend;               /* where the next point is expected, and how that moves per point */
	float spread, stray, farthest;    /* of distances: MAD in standard deviations, 98 % quantile, maximum of a week */
	float variance, covariance, last; /* of clipped residuals in spreads, and with the one before */
	float block_sum, block_square;    /* of 16 of them */
	struct watch_usual {
		float spread, stray, farthest, variance, covariance, block_square;
	} usual;                          /* all this as it was before what is suspected now */
	float up, down;                   /* CUSUMs */
	float restless;                   /* verdicts of late, wearing off */
	uint32_t hold;                    /* points until the next verdict may come */
	uint16_t learned, levelled;       /* points behind spread and level, saturating */
	uint16_t fold_n;
	uint8_t up_run, down_run;         /* points since the CUSUM was zero */
	int8_t far_run;                   /* points in a row that stand far away; the sign is the side */
	uint8_t ring_next, ring_n, block_n, late;
	bool whole; /* all values were integers */
	float ring[WATCH_RING];
	uint32_t ring_t[WATCH_RING]; /* low bits of the time */
};
_Static_assert(sizeof(struct watch_state) <= WATCH_STATE_MAX, "a watched series is promised to be small");

/* Intervals [from, t) and [t, to]: the new level holds since `t`. */
struct watch_verdict {
	wall_ms from, t, to;
	uint32_t n_before, n_after;
	double mean_before, mean_after;
	double sd_before, sd_after; /* population standard deviations */
	double score;               /* difference of the means in its standard deviations */
	double p;                   /* of such a score at one place without a change */
};

void watch_init(struct watch_state *w);
/* Takes a point. True when it completes a change: *out says which. Values that are no number and times before the
 * last one are passed over (a clock that was set back is followed after some points); after a long gap the level is learned anew. */
bool watch_append(struct watch_state *w, const struct watch_options *o, wall_ms t, double v, struct watch_verdict *out);

/* (after - before) / before in percent; NaN where the mean before is 0. */
double watch_percent(const struct watch_verdict *v);
#define WATCH_TEXT_MAX 200
/* "the mean is 25.1 instead of 10 (+151 %)". Returns `out`. */
const char *watch_text(const struct watch_verdict *v, char out[WATCH_TEXT_MAX]);

#endif
