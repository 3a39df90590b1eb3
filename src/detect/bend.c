#include "bend.h"

#include <math.h>

#define CYCLES_LEAST 0.6
#define CYCLES_MOST  2.0 /* from there on it is a season */
#define CYCLES_RATIO 1.15

/* The two shapes at a place, which is counted in points from the middle. */
static void shapes_at(double cycles, double place, double n, double *odd, double *even)
{
	double turn = 2 * M_PI * cycles * place / n;
	*odd = cycles > 0 ? sin(turn) : place / n;
	*even = cycles > 0 ? cos(turn) : place / n * (place / n);
}

static double mean_of(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] - x[0];
	return x[0] + sum / (double)n;
}

static struct bend fit(const double *x, size_t n, double mean, double cycles)
{
	double count = (double)n, half = (count - 1) / 2;
	double odd, even, squares = 0, xo = 0, oo = 0, xe = 0, ee = 0, e = 0;
	for (size_t i = 0; i < n; i++) {
		double apart = x[i] - mean;
		shapes_at(cycles, (double)i - half, count, &odd, &even);
		squares += apart * apart;
		xo += apart * odd;
		oo += odd * odd;
		xe += apart * even;
		ee += even * even;
		e += even;
	}
	struct bend b = { .cycles = cycles, .odd = xo / oo, .even = xe / (ee - e * e / count) };
	b.middle = mean - b.even * e / count;
	b.rest = fmax(squares - b.odd * xo - b.even * xe, 0);
	return b;
}

struct bend bend_find(const double *x, size_t n)
{
	double mean = mean_of(x, n);
	struct bend best = fit(x, n, mean, 0);
	for (double cycles = CYCLES_LEAST; cycles <= CYCLES_MOST; cycles *= CYCLES_RATIO) {
		struct bend b = fit(x, n, mean, cycles);
		if (b.rest < best.rest)
			best = b;
	}
	return best;
}

void bend_take(const struct bend *b, const double *x, size_t n, double *out)
{
	double odd, even;
	for (size_t i = 0; i < n; i++) {
		shapes_at(b->cycles, (double)i - ((double)n - 1) / 2, (double)n, &odd, &even);
		out[i] = x[i] - b->middle - b->odd * odd - b->even * even;
	}
}
