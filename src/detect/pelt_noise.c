#include "pelt_noise.h"

#include "ascending.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLE    65536u
#define MEDIAN_SD 1.4826 /* standard deviations of the normal distribution per median distance */
#define FINEST    1e-12  /* of the range: finer noise is none, and squares of y stay finite */

static double range_of(const double *x, size_t n)
{
	double low = x[0], high = x[0];
	for (size_t i = 1; i < n; i++) {
		low = fmin(low, x[i]);
		high = fmax(high, x[i]);
	}
	return high - low;
}

double pelt_noise(const double *x, size_t n)
{
	double range = n ? range_of(x, n) : 0, squares = 0;
	if (range == 0)
		return 0;
	size_t stride = (n - 1 + SAMPLE - 1) / SAMPLE, k = 0;
	double *distance = malloc(((n - 1) / stride + 1) * sizeof(*distance));
	if (!distance)
		return -ENOMEM;
	for (size_t i = 1; i < n; i++) {
		double d = fabs(x[i] - x[i - 1]);
		squares += (d / range) * (d / range);
		if ((i - 1) % stride == 0)
			distance[k++] = d;
	}
	sort_ascending(distance, k);
	double noise = MEDIAN_SD * (k % 2 ? distance[k / 2] : (distance[k / 2 - 1] + distance[k / 2]) / 2);
	if (distance[k / 2] == 0)
		noise = range * sqrt(squares / (double)(n - 1));
	free(distance);
	return fmax(noise / sqrt(2), range * FINEST);
}

/* What stands instead of `v` between its neighbours. */
static double settled(double v, double before, double after)
{
	if (v - fmax(before, after) > PELT_LONE)
		return fmax(before, after);
	if (fmin(before, after) - v > PELT_LONE)
		return fmin(before, after);
	return v;
}

static double standard(const double *x, size_t i, double noise)
{
	return fmin(fmax((x[i] - x[0]) / noise, -1 / FINEST), 1 / FINEST);
}

double pelt_value(const double *x, size_t n, size_t i, double noise)
{
	if (n < 2)
		return 0;
	return settled(standard(x, i, noise), standard(x, i ? i - 1 : 1, noise),
		       standard(x, i + 1 < n ? i + 1 : i - 1, noise));
}
