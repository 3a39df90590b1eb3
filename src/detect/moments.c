#include "moments.h"

/* Distances from the first value: equal values stay exact. */
struct moments moments_of(const double *x, size_t n)
{
	double sum = 0, squares = 0, rest = 0;
	if (n == 0)
		return (struct moments){ 0, 0, 0 };
	for (size_t i = 1; i < n; i++)
		sum += x[i] - x[0];
	double mean = x[0] + sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		double apart = x[i] - mean;
		squares += apart * apart;
		rest += apart;
	}
	return (struct moments){ (double)n, mean, fmax(squares - rest * rest / (double)n, 0) };
}
