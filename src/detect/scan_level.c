/* How many places are as good as independent?
 *
 * In white normal noise of n points the largest |t| over all places exceeds a bound with probability P; at one place it does so with
 * probability p. P / p was simulated (tests/bench/bench_scan.c: up to four million series a row) where P is 0.05 to 0.0005. It grows with
 * the logarithm of the length and, for one length, along a straight line with the normal deviate of p; the lines are below. */
#include "scan.h"

#include "detect/student.h"

#include <math.h>

#define MANY       100
#define LEAST_FEW  2.0
#define LEAST_MANY 2.8

struct effective {
	double n, base, slope;
};

static const struct effective of_step[] = {
	{ 6, 0.99, 0.00 },       { 7, 1.44, 0.19 },       { 8, 1.59, 0.44 },       { 9, 1.61, 0.70 },
	{ 10, 1.58, 0.96 },      { 12, 0.99, 1.58 },      { 14, 0.66, 2.03 },      { 17, 0.02, 2.68 },
	{ 20, -0.25, 3.13 },     { 25, -1.74, 4.13 },     { 30, -2.35, 4.75 },     { 40, -4.36, 6.09 },
	{ 50, -5.43, 6.93 },     { 70, -8.32, 8.72 },     { 100, -10.12, 10.18 },  { 140, -13.65, 12.15 },
	{ 200, -16.77, 14.13 },  { 300, -24.39, 17.57 },  { 500, -28.49, 20.20 },  { 800, -43.86, 26.33 },
	{ 1300, -50.77, 29.80 }, { 2000, -52.36, 31.49 }, { 4000, -81.46, 41.98 },
};
static const struct effective of_step_on_line[] = {
	{ 7, 2.02, -0.01 },      { 8, 3.04, -0.01 },       { 9, 4.11, -0.05 },     { 10, 4.65, 0.12 },
	{ 12, 6.37, 0.18 },      { 14, 6.89, 0.60 },       { 17, 7.10, 1.34 },     { 20, 6.87, 2.09 },
	{ 25, 4.73, 3.75 },      { 30, 3.37, 4.97 },       { 40, -0.54, 7.54 },    { 50, -3.96, 9.56 },
	{ 70, -10.16, 13.08 },   { 100, -16.54, 16.63 },   { 140, -24.62, 20.62 }, { 200, -37.41, 26.10 },
	{ 300, -48.12, 30.97 },  { 500, -52.93, 34.81 },   { 800, -66.05, 40.76 }, { 1300, -80.27, 46.95 },
	{ 2000, -95.22, 53.52 }, { 4000, -119.87, 62.68 },
};

static double places(const struct effective *rows, size_t n_rows, double n, double z)
{
	size_t i = 0;
	while (i + 2 < n_rows && n > rows[i + 1].n)
		i++;
	const struct effective *a = &rows[i], *b = &rows[i + 1];
	double part = log(fmax(n, a->n) / a->n) / log(b->n / a->n);
	double base = a->base + part * (b->base - a->base), slope = a->slope + part * (b->slope - a->slope);
	return fmax(base + slope * z, 1);
}

double scan_level(double t, double freedom, size_t n, bool on_line)
{
	double p = student_p(t, freedom);
	if (!(p > 0))
		return isnan(p) ? 1 : 0;
	/* The normal deviate of the same p (Wallace 1959). The lines end where P is so large that it does not matter. */
	double z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom));
	z = fmax(z, n < MANY ? LEAST_FEW : LEAST_MANY);
	double k = on_line ? places(of_step_on_line, sizeof(of_step_on_line) / sizeof(of_step_on_line[0]),
				    (double)n, z)
			   : places(of_step, sizeof(of_step) / sizeof(of_step[0]), (double)n, z);
	return fmin(k * p, 1);
}
