/* The divisive step of E-divisive (Matteson & James 2014) on one window: where does it fall apart?
 *
 * For s < t < k the statistic Q(s, t, k) is the energy distance between x[s..t) and x[t..k), weighted by their sizes:
 *
 *              2                          2 b                        2 a
 *     Q = ----------- sum  |xi - xj| - ----------- sum |xi - xj| - ----------- sum |xi - xj|      a = t - s, b = k - t, N = a + b
 *              N    L x R               N (a - 1)  L               N (b - 1)  R
 *
 * With H(t, k) = sum of |x[t] - x[j]| over t < j < k, the three sums are running sums of H over t - downwards from k, or upwards from
 * s - and of V(t) = H seen from the other side. H and the downward sums do not know where an interval begins or ends, so they are
 * made once per window, and each cell of an interval costs a few operations.
 *
 * Sums run in the order in which Otava's arrays add them up, so that ties fall as they do there. */
#ifndef AUSPEX_DETECT_DIVIDE_H
#define AUSPEX_DETECT_DIVIDE_H

#include "detect/detector.h"

struct divider;
/* For windows of up to `window` points; some 32 bytes per pair of them. NULL: out of memory. */
struct divider *divider_new(size_t window, enum detect_kappa kappa);
void divider_free(struct divider *d);
/* Where x[0..n), n <= window, differs most, the first of equals, and how much; 0 for less than two points. */
size_t divider_candidate(struct divider *d, const double *x, size_t n, double *q);
/* Splits x[0..n), n <= window, again and again where it differs most, as long as p <= max_p. Returns how many places were found;
 * *places shows them in ascending order until the next call. */
size_t divider_run(struct divider *d, const double *x, size_t n, double max_p, const size_t **places);

#endif
