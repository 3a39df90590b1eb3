/* Values in ascending order. Inside the room only. */
#ifndef AUSPEX_DETECT_ASCENDING_H
#define AUSPEX_DETECT_ASCENDING_H

#include <stdlib.h>

static inline int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts x[0..n) in place; n may be 0. NaN has no place in x. */
static inline void sort_ascending(double *x, size_t n)
{
	if (n)
		qsort(x, n, sizeof(*x), ascending);
}

#endif
