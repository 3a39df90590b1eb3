#include "detect/robust.h"

#include <math.h>
#include <string.h>

#define MAD_SD      1.4826
#define DISTANCE_SD 1.2533 /* of normal values per mean distance */
#define AROUND      5      /* neighbours, the value among them */
#define QUARTERS    0.75
#define STRAY       4.0

static void swap(double *a, double *b)
{
	double v = *a;
	*a = *b;
	*b = v;
}

double robust_nth(double *x, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;
	while (low < high) {
		double pivot = x[low + (high - low) / 2];
		size_t i = low, j = high;
		for (;;) {
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&x[i++], &x[j--]);
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return x[k];
}

double robust_median(double *x, size_t n)
{
	if (n == 0)
		return NAN;
	double upper = robust_nth(x, n, n / 2), lower = -INFINITY;
	if (n % 2)
		return upper;
	for (size_t i = 0; i < n / 2; i++) /* the smaller half stands before it */
		lower = fmax(lower, x[i]);
	return lower + (upper - lower) / 2;
}

struct robust_usual robust_usual_of(double *x, size_t n)
{
	double median = robust_median(x, n), sum = 0;
	for (size_t i = 0; i < n; i++) {
		x[i] = fabs(x[i] - median);
		sum += x[i] / (double)n;
	}
	double mad = robust_median(x, n);
	return (struct robust_usual){ median, mad > 0 ? MAD_SD * mad : n ? DISTANCE_SD * sum : NAN };
}

double robust_z(const struct robust_usual *u, double v)
{
	double apart = v - u->median;
	return apart != 0 ? apart / u->sd : 0;
}

static double median_around(const double *x, size_t n, size_t i)
{
	double near[AROUND];
	size_t from = i < AROUND / 2 ? 0 : i - AROUND / 2;
	from = from + AROUND > n ? n - AROUND : from;
	for (size_t k = 0; k < AROUND; k++) { /* by insertion */
		size_t at = k;
		for (; at > 0 && near[at - 1] > x[from + k]; at--)
			near[at] = near[at - 1];
		near[at] = x[from + k];
	}
	return near[AROUND / 2];
}

size_t robust_clip(const double *x, size_t n, double *out, double *work)
{
	double *medians = work, *distances = work + n;
	size_t clipped = 0;
	memcpy(out, x, n * sizeof(*x));
	if (n < AROUND)
		return 0;
	for (size_t i = 0; i < n; i++) {
		medians[i] = median_around(x, n, i);
		distances[i] = fabs(x[i] - medians[i]);
	}
	double far = STRAY * robust_nth(distances, n, (size_t)(QUARTERS * (double)n));
	for (size_t i = 0; i < n && far > 0; i++)
		if (fabs(x[i] - medians[i]) > far) {
			out[i] = medians[i] + copysign(far, x[i] - medians[i]);
			clipped++;
		}
	return clipped;
}
