#include "scan.h"

#include <math.h>

double scan_sum_variance(double k, double r)
{
	return k * (1 + r) / (1 - r) - 2 * r * (1 - pow(r, k)) / ((1 - r) * (1 - r));
}

/* Sum of squares of 0..n-1 about their middle. */
static double ramp_squares(double n)
{
	return n * (n * n - 1) / 12;
}

struct scan_line scan_line(const double *x, size_t n)
{
	double count = (double)n, half = (count - 1) / 2, sum = 0, product = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] - x[0];
	double mean = n ? x[0] + sum / count : 0;
	for (size_t i = 0; i < n; i++) {
		double apart = x[i] - mean;
		squares += apart * apart;
		product += apart * ((double)i - half);
	}
	double slope = n > 1 ? product / ramp_squares(count) : 0, rest = squares - slope * product;
	return (struct scan_line){ mean, slope, squares, rest > 0 ? rest : 0 };
}

void scan_take_line(const double *x, size_t n, double *y)
{
	struct scan_line l = scan_line(x, n);
	double half = ((double)n - 1) / 2;
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] - l.middle - l.slope * ((double)i - half);
}

/* Of each place: the square of t, and what it was made from. */
struct place {
	double before, after, gain; /* gain: squares that a step here explains */
};

static double t_square(const struct place *at, double total, double freedom, int used,
		       const struct scan_noise *noise)
{
	double gain = at->gain, rest = total - gain;
	if (noise->correlation > 0) {
		double vb = noise->mean_variance[(size_t)at->before];
		double va = noise->mean_variance[(size_t)at->after];
		gain /= (vb + va) / (1 / at->before + 1 / at->after);
		freedom = fmax(freedom + used - at->before * vb - at->after * va, 1);
	}
	double variance = rest > 0 ? rest / freedom : 0;
	return gain / fmax(variance, noise->least_sd * noise->least_sd); /* infinite where nothing is left */
}

static struct split scan(const double *x, size_t n, const struct scan_noise *noise, bool on_line)
{
	struct split best = { 0 };
	best.p = 1;
	if (n < 2 * SCAN_SIDE + (size_t)on_line)
		return best;
	struct scan_line l = scan_line(x, n);
	double count = (double)n, half = (count - 1) / 2, ramp = ramp_squares(count), sum = 0, most = 0;
	double slope = on_line ? l.slope : 0, total = on_line ? l.rest : l.level_rest;
	int used = on_line ? 3 : 2;
	double freedom = count * (1 - noise->lost) - used;
	if (!(total > 1e-24 * (l.level_rest + l.middle * l.middle))) /* rounding of doubles */
		return best;
	for (size_t i = 1; i + SCAN_SIDE <= n; i++) {
		sum += x[i - 1] - l.middle - slope * ((double)(i - 1) - half);
		if (i < SCAN_SIDE)
			continue;
		double before = (double)i, after = count - before, product = before * after;
		double weight = product / count - (on_line ? product * product / (4 * ramp) : 0);
		struct place at = { before, after, sum * sum / weight };
		double square = t_square(&at, total, freedom, used, noise);
		if (square > most) {
			most = square;
			best.at = i;
			best.rest = fmax(total - at.gain, 0);
		}
	}
	best.t = sqrt(most);
	/* So many independent points tell as much about the variance. */
	freedom *= (1 - noise->correlation) / (1 + noise->correlation);
	best.p = best.at ? scan_level(best.t, fmax(freedom, 2), n, on_line) : 1;
	return best;
}

struct split scan_step(const double *x, size_t n, const struct scan_noise *noise)
{
	return scan(x, n, noise, false);
}

struct split scan_step_on_line(const double *x, size_t n, const struct scan_noise *noise)
{
	return scan(x, n, noise, true);
}
