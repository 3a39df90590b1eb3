/* Robust location and scale: what is usual, said by figures that a few wild values cannot move.
 *
 * The median, and the median absolute deviation (MAD) times 1.4826, which is the standard deviation of normal values (Hampel 1974).
 *
 *     struct robust_usual u = robust_usual_of(copy, n);
 *     if (fabs(robust_z(&u, v)) > 5) … v is an anomaly
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_ROBUST_H
#define AUSPEX_DETECT_ROBUST_H

#include <stddef.h>

/* The k-th smallest of x[0..n), k < n, which it reorders (Hoare 1961). O(n) on average. NaN has no place in x. */
double robust_nth(double *x, size_t n, size_t k);
/* The middle one, or the mean of the two; NaN for none. Reorders x. */
double robust_median(double *x, size_t n);

struct robust_usual {
	double median, sd; /* sd: 1.4826 MAD; where that is 0 - most values are the same - 1.2533 times the mean distance (Iglewicz & Hoaglin 1993) */
};
/* Reorders and overwrites x. n = 0 gives NaNs. */
struct robust_usual robust_usual_of(double *x, size_t n);
/* (v - median) / sd. 0 for the median itself even when nothing strays, else infinite then. */
double robust_z(const struct robust_usual *u, double v);

/* Puts stray values - single ones or pairs, far from what stands around them - back to where strays end: the median of five neighbours
 * and four times the distance within which three quarters of all values are from theirs (Hampel's filter). Runs of three are
 * left alone. out: n values, not x. work: room for 2 n. Returns how many. */
size_t robust_clip(const double *x, size_t n, double *out, double *work);

#endif
