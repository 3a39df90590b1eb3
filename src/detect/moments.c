#include "moments.h"

#define LANES 4 /* sums that run side by side */

/* Distances from the first value: equal values stay exact. The second pass also corrects the rounding of the mean. */
struct moments moments_of(const double *x, size_t n)
{
	double sum[LANES] = { 0 }, squares[LANES] = { 0 }, rest[LANES] = { 0 };
	if (n == 0)
		return (struct moments){ 0, 0, 0 };
	size_t whole = n - n % LANES;
	for (size_t i = 0; i < whole; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += x[i + l] - x[0];
	for (size_t i = whole; i < n; i++)
		sum[i - whole] += x[i] - x[0];
	double mean = x[0] + ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)n;
	for (size_t i = 0; i < n; i += LANES)
		for (size_t l = 0; l < LANES && i + l < n; l++) {
			double apart = x[i + l] - mean;
			squares[l] += apart * apart;
			rest[l] += apart;
		}
	double left = (rest[0] + rest[1]) + (rest[2] + rest[3]);
	double all = (squares[0] + squares[1]) + (squares[2] + squares[3]);
	return (struct moments){ (double)n, mean, fmax(all - left * left / (double)n, 0) };
}
