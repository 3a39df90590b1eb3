#include "detect/shift.h"

#include "ascending.h"

#include <math.h>

#define TERMS 100 /* the series is alternating and falls like exp(-k^2) */
#define SMALL 0.2 /* below it p is 1 to sixteen digits, and the series would need too many terms */

double shift_p(double d, size_t n)
{
	double root = sqrt((double)n), l = (root + 0.12 + 0.11 / root) * d, sum = 0, sign = 1;
	if (isnan(l))
		return NAN;
	if (l < SMALL)
		return 1;
	for (int k = 1; k <= TERMS; k++, sign = -sign) {
		double term = exp(-2.0 * k * k * l * l);
		sum += sign * term;
		if (term < 1e-17)
			break;
	}
	return fmin(fmax(2 * sum, 0), 1);
}

/* How many of past[0..m) are < v, or <= v with `equal`. */
static size_t rank(const double *past, size_t m, double v, int equal)
{
	size_t low = 0, high = m;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (past[middle] < v || (equal && past[middle] == v))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The share of the past below v (or up to and with it): linear between two quantiles, a jump where many are equal. */
static double share(const double *past, size_t m, double v, int equal)
{
	size_t r = rank(past, m, v, equal);
	if (r == 0)
		return 0;
	if (r == m)
		return 1;
	double below = past[r - 1], above = past[r];
	return ((double)(r - 1) + (v - below) / (above - below)) / (double)(m - 1);
}

struct shift shift_test(double *x, size_t n, const double *past, size_t m)
{
	if (n == 0)
		return (struct shift){ NAN, NAN, NAN };
	sort_ascending(x, n);
	struct shift s = { .distance = 0, .at = x[0] };
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		while (end < n && x[end] == x[i])
			end++;
		/* Both functions may jump here: they are compared before the jump and after it. */
		double before = share(past, m, x[i], 0) - (double)i / (double)n;
		double after = (double)end / (double)n - share(past, m, x[i], 1);
		double d = fmax(before, after);
		if (d > s.distance) {
			s.distance = d;
			s.at = x[i];
		}
		i = end;
	}
	s.p = shift_p(s.distance, n);
	return s;
}
