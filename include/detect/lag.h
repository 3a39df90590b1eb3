/* Do two series go together, and which comes first? Correlation at several lags, with a bound for chance.
 *
 * At lag k > 0 the values of y k points later are held against x: x leads. Where both series are persistent, any two of them correlate; so
 * the number of independent pairs is not the number of points but n / sum_k r_x(k) r_y(k) (Bartlett 1946), from the
 * autocorrelations themselves. The p-value of the largest one allows for all lags that were tried.
 *
 *     struct lag_result r = lag_correlate(x, y, n, 30, work);
 *     if (r.p < 0.01) printf("y follows x by %td points, r = %.2f\n", r.lag, r.r);
 *
 * Trends and seasons correlate everything: take them out first. Pure. Thread: any. */
#ifndef AUSPEX_DETECT_LAG_H
#define AUSPEX_DETECT_LAG_H

#include <stddef.h>

struct lag_result {
	ptrdiff_t lag;    /* of the strongest correlation; > 0: x leads */
	double r;         /* there, -1..1; NaN when a series does not vary or pairs are too few */
	double effective; /* independent pairs at that lag */
	double bound;     /* |r| that chance passes in one of 20 such searches */
	double p;         /* of so strong a one at any of the lags by chance */
};

/* Lags from -max_lag to max_lag, max_lag < n / 2; larger ones are cut. x and y: n finite values each at the same times. `work`: room for
 * 2 n doubles. O(n max_lag). */
struct lag_result lag_correlate(const double *x, const double *y, size_t n, size_t max_lag, double *work);

#endif
