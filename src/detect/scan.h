/* The scan: where does one step explain most of a series, and how unlikely is that by chance?
 *
 * At every place the two-sample t statistic is taken; the largest counts. How often chance gives so large a one somewhere is
 * not the p-value of that one place: it is that times the number of places that are as good as independent, which was found
 * by simulation (scan_level.c) and holds within a few percent at every length.
 *
 * Noise in which each point resembles the one before (AR(1)) makes means stray more; the statistic allows for it.
 *
 *     struct split s = scan_step(x, n, &(struct scan_noise){ 0 });
 *     if (s.at && s.p <= 0.01) … x[s.at] is the first value after a step
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_SCAN_H
#define AUSPEX_DETECT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define SCAN_SIDE 3 /* fewest points on each side: one or two may be strays */

/* What is known about the noise; all zeros: it is white. */
struct scan_noise {
	double correlation; /* of neighbours, 0..0.98 */
	const double *
		mean_variance; /* with a correlation: of the mean of k points, k = 1..n, of noise of variance 1 */
	double lost;           /* degrees of freedom that were spent before, as a share of the points */
	double least_sd;       /* what rounding alone makes; 0 for none */
};

struct split {
	size_t at;   /* first point after the step; 0: no place to look at, or nothing varies */
	double t;    /* absolute */
	double p;    /* of so large a one anywhere in the series, by chance */
	double rest; /* sum of squares that is left unexplained */
};

/* A step against a level. */
struct split scan_step(const double *x, size_t n, const struct scan_noise *noise);
/* A step on a straight line against the line alone. */
struct split scan_step_on_line(const double *x, size_t n, const struct scan_noise *noise);

/* p of the largest of all |t| with `freedom` degrees of freedom over n points; `on_line`: of a step on a line. */
double scan_level(double t, double freedom, size_t n, bool on_line);

/* The least-squares line of a series: its value in the middle, its slope per point, the squares that the mean alone and the
 * line leave unexplained. */
struct scan_line {
	double middle, slope, level_rest, rest;
};
struct scan_line scan_line(const double *x, size_t n);
/* y = x without its line; may be the same array. */
void scan_take_line(const double *x, size_t n, double *y);

/* Variance of the sum of k points of an AR(1) series of variance 1. */
double scan_sum_variance(double k, double correlation);

#endif
