/* Has a distribution become another one than it was? One-sample test of Kolmogorov and Smirnov against stored quantiles.
 *
 * The past is a curve of its quantiles at equal steps (quantiles_curve, detect/quantiles.h), between them linear; the present a handful of
 * values. The statistic is the largest distance of the two distribution functions; nothing is drawn at random, so the
 * same values give the same verdict.
 *
 *     double past[101];
 *     quantiles_curve(&sketch, past, 101);
 *     struct shift s = shift_test(present, n, past, 101);
 *     if (s.p < 0.001) …
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_SHIFT_H
#define AUSPEX_DETECT_SHIFT_H

#include <stddef.h>

struct shift {
	double distance; /* 0..1 */
	double at;       /* the value where it is largest */
	double p;        /* of so large a one without a shift, values independent */
};

/* Sorts x[0..n), which must be finite. `past`: m >= 2 ascending quantiles at shares i / (m - 1). n = 0 gives NaNs. Steps of the past (many
 * equal quantiles) count as jumps, which makes p larger than it is, never smaller. */
struct shift shift_test(double *x, size_t n, const double *past, size_t m);

/* Upper tail of Kolmogorov's distribution at distance d of n values: 2 sum (-1)^(k-1) exp(-2 k^2 l^2), with
 * l = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) d (Stephens 1970), good to about 1 % of p from n = 5 on. */
double shift_p(double d, size_t n);

#endif
