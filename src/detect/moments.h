/* Count, mean and squares of values, joined without cancellation (Chan, Golub, LeVeque 1979). Equal values give exactly their value
 * and exactly 0. */
#ifndef AUSPEX_DETECT_MOMENTS_H
#define AUSPEX_DETECT_MOMENTS_H

#include <math.h>
#include <stddef.h>

struct moments {
	double n, mean;
	double squares; /* sum of squared distances from the mean */
};

/* n = 0 gives zeros. */
struct moments moments_of(const double *x, size_t n);

static inline struct moments moments_join(struct moments a, struct moments b)
{
	if (a.n == 0 || b.n == 0)
		return a.n == 0 ? b : a;
	double n = a.n + b.n, apart = b.mean - a.mean;
	return (struct moments){ n, a.mean + apart * (b.n / n),
				 a.squares + b.squares + apart * apart * (a.n * b.n / n) };
}

/* Population standard deviation. */
static inline double moments_sd(const struct moments *m)
{
	return m->n > 0 ? sqrt(m->squares / m->n) : 0;
}

#endif
