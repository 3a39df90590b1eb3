/* Makes the tables of src/detect/scan_level.c: of how many independent places is the largest |t| of all places the largest?
 *
 *     bench_scan [values [seed]]       about so many normal values per length, 4e8 by default: some minutes
 *
 * For each length that many series of normal noise, at most four million, are scanned as scan.c does it. Where a share P of them has a
 * largest |t| above a bound, one place has it with probability p; P / p is fitted over P = 0.05 … 0.0005 by a line in the normal
 * deviate of p, each P weighing as much as series are behind it. Prints rows of C. */
#include "bench_noise.h"

#include "detect/student.h"

#include <stdio.h>
#include <stdlib.h>

#define LONGEST     4000
#define SIDE        3 /* SCAN_SIDE */
#define SERIES_MOST 4000000

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Share of the squares about the mean, or about the line, that the best step explains. */
static double explained(const double *x, size_t n, bool on_line)
{
	double count = (double)n, half = (count - 1) / 2, ramp = count * (count * count - 1) / 12;
	double mean = 0, product = 0, squares = 0, sum = 0, best = 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / count;
	for (size_t i = 0; i < n; i++) {
		squares += (x[i] - mean) * (x[i] - mean);
		product += x[i] * ((double)i - half);
	}
	double slope = on_line ? product / ramp : 0;
	squares -= slope * product;
	for (size_t i = 1; i + SIDE <= n; i++) {
		sum += x[i - 1] - mean - slope * ((double)(i - 1) - half);
		double sides = (double)i * (count - (double)i);
		double gain = sum * sum / (sides / count - (on_line ? sides * sides / (4 * ramp) : 0));
		best = i >= SIDE && gain > best ? gain : best;
	}
	return best / squares;
}

/* |t| and p of one place that explains so much. */
static double normal_deviate(double share, double freedom, double *p)
{
	double square = share / (1 - share) * freedom;
	*p = student_p(sqrt(square), freedom);
	return (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(square / freedom));
}

static void fit(double *largest, size_t series, size_t n, bool on_line)
{
	static const double levels[] = { 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005 };
	double w = 0, wz = 0, wk = 0, wzz = 0, wzk = 0, p;
	qsort(largest, series, sizeof(*largest), by_value);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		double bound = largest[(size_t)((double)series * (1 - levels[i]))], weight = levels[i];
		double z = normal_deviate(bound, (double)n - 2 - on_line, &p), k = levels[i] / p;
		w += weight;
		wz += weight * z;
		wk += weight * k;
		wzz += weight * z * z;
		wzk += weight * z * k;
	}
	double slope = (wzk - wz * wk / w) / (wzz - wz * wz / w);
	printf("%s { %zu, %.2f, %.2f },\n", on_line ? "of_step_on_line" : "of_step", n, (wk - slope * wz) / w,
	       slope);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const size_t lengths[] = { 6,  7,  8,   9,   10,  12,  14,  17,  20,   25,   30,  40,
					  50, 70, 100, 140, 200, 300, 500, 800, 1300, 2000, 4000 };
	static double x[LONGEST];
	double values = argc > 1 ? atof(argv[1]) : 4e8;
	double *largest[2] = { malloc(SERIES_MOST * sizeof(double)), malloc(SERIES_MOST * sizeof(double)) };
	struct bench_noise noise = bench_noise_of(argc > 2 ? (uint64_t)atoll(argv[2]) : 11);
	if (!largest[0] || !largest[1] || values < 1e6)
		return 1;
	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		size_t n = lengths[l], series = (size_t)(values / (double)n);
		series = series > SERIES_MOST ? SERIES_MOST : series;
		for (size_t k = 0; k < series; k++) {
			for (size_t i = 0; i < n; i++)
				x[i] = bench_gauss(&noise);
			largest[0][k] = explained(x, n, false);
			largest[1][k] = n > 2 * SIDE ? explained(x, n, true) : 0;
		}
		fit(largest[0], series, n, false);
		if (n > 2 * SIDE)
			fit(largest[1], series, n, true);
	}
	free(largest[0]);
	free(largest[1]);
	return 0;
}
