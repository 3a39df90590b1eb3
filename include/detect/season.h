/* Seasons: does a series repeat itself, and what is left of it without that?
 *
 * The period is a lag at which the autocorrelation has a peak well above the valley before it, made by many pairs of points, and another
 * peak at twice the lag; the season must explain more than chance does (F of its shape). The shape is the mean of each
 * phase, and where there are few periods to take means of, only the two slowest harmonics of that.
 *
 *     struct season s = season_find(x, n, work);
 *     if (s.period) season_take(&s, x, x, n, x, work);
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_SEASON_H
#define AUSPEX_DETECT_SEASON_H

#include <stdbool.h>
#include <stddef.h>

#define SEASON_LEAST 4 /* shortest period, in points */

struct season {
	size_t period; /* in points; 0: there is none */
	bool smooth;   /* its shape is made of harmonics */
	double spent;  /* degrees of freedom of the shape */
};

/* x should have neither trend nor step. `work`: room for 2 n doubles. At least two periods must be seen. Time: n^2 / 4 steps for up
 * to 1024 points, not much more than linear above that. */
struct season season_find(const double *x, size_t n, double *work);
/* out = x without the season that `rest` shows (x without steps, say; it may be x itself). out may be x. work: room for n. */
void season_take(const struct season *s, const double *x, const double *rest, size_t n, double *out,
		 double *work);

#endif
