#include "detect/lag.h"

#include "detect/student.h"

#include <math.h>

#define PAIRS_LEAST 4
#define MEMORY_MAX  500 /* points over which autocorrelations are summed */
#define BOUND       0.05

/* Mean 0, square sum n. False when nothing varies. */
static int standardise(const double *x, size_t n, double *out)
{
	double mean = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		mean += (x[i] - mean) / (double)(i + 1);
	for (size_t i = 0; i < n; i++) {
		out[i] = x[i] - mean;
		square += out[i] * out[i];
	}
	double unit = sqrt(square / (double)n);
	/* What rounding leaves of equal values is no variation. */
	if (!(unit > fabs(mean) * 1e-14))
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] /= unit;
	return 1;
}

static double product(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Points per independent one: 1 + 2 sum r_x(k) r_y(k), up to where one of the two has faded into noise. */
static double persistence(const double *x, const double *y, size_t n)
{
	double sum = 1, noise = 2 / sqrt((double)n);
	size_t end = n / 4 < MEMORY_MAX ? n / 4 : MEMORY_MAX;
	for (size_t k = 1; k <= end; k++) {
		double rx = product(x, x + k, n - k) / (double)n, ry = product(y, y + k, n - k) / (double)n;
		if (fabs(rx) < noise || fabs(ry) < noise)
			break;
		sum += 2 * rx * ry * (double)(n - k) / (double)n;
	}
	return fmax(sum, 1);
}

static double chance(double r, double effective)
{
	double df = effective - 2;
	if (!(df > 0))
		return 1;
	return fabs(r) >= 1 ? 0 : student_p(fabs(r) * sqrt(df / (1 - r * r)), df);
}

/* Of all lags together: neighbouring ones resemble each other as much as the series do. */
static double of_all(double p, double searches)
{
	return p >= 1 ? 1 : -expm1(searches * log1p(-p));
}

static double bound_of(double effective, double searches)
{
	double low = 0, high = 1;
	for (int i = 0; i < 50; i++) {
		double r = (low + high) / 2;
		if (of_all(chance(r, effective), searches) > BOUND)
			low = r;
		else
			high = r;
	}
	return high;
}

struct lag_result lag_correlate(const double *x, const double *y, size_t n, size_t max_lag, double *work)
{
	struct lag_result best = { 0, NAN, 0, 1, 1 };
	double *a = work, *b = work + n;
	if (n < 2 * PAIRS_LEAST || !standardise(x, n, a) || !standardise(y, n, b))
		return best;
	if (max_lag > (n - 1) / 2)
		max_lag = (n - 1) / 2;
	double strongest = -1;
	for (ptrdiff_t lag = -(ptrdiff_t)max_lag; lag <= (ptrdiff_t)max_lag; lag++) {
		size_t k = (size_t)(lag < 0 ? -lag : lag), pairs = n - k;
		double sum = lag < 0 ? product(a + k, b, pairs) : product(a, b + k, pairs);
		double r = sum /
			   (double)n; /* the pairs that are missing count as 0: far lags are not favoured */
		if (fabs(r) > strongest) {
			strongest = fabs(r);
			best.lag = lag;
			best.r = r;
		}
	}
	size_t k = (size_t)(best.lag < 0 ? -best.lag : best.lag);
	double memory = persistence(a, b, n);
	double searches = fmax(1, (double)(2 * max_lag + 1) / sqrt(memory));
	best.r = fmin(fmax(best.r * (double)n / (double)(n - k), -1), 1);
	best.effective = (double)(n - k) / memory;
	best.p = of_all(chance(best.r, best.effective), searches);
	best.bound = bound_of(best.effective, searches);
	return best;
}
