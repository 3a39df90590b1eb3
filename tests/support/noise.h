/* Noise that is the same everywhere for the same seed (xorshift, Marsaglia 2003; normal values by Box and Muller), and what it is measured by. */
#ifndef AUSPEX_TESTS_NOISE_H
#define AUSPEX_TESTS_NOISE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct noise {
	uint64_t state;
	double last; /* value, for noise that depends on the one before */
};

static inline double uniform(struct noise *n)
{
	n->state ^= n->state << 13;
	n->state ^= n->state >> 7;
	n->state ^= n->state << 17;
	return ((double)(n->state >> 11) + 0.5) / 9007199254740992.0;
}

static inline double gauss(struct noise *n)
{
	return sqrt(-2 * log(uniform(n))) * cos(6.283185307179586 * uniform(n));
}

/* From a state that is not 0; the first values of states near each other are alike, so they are left out. */
static inline struct noise noise_from(uint64_t state)
{
	struct noise n = { state, 0 };
	for (int i = 0; i < 20; i++)
		uniform(&n);
	return n;
}

static inline struct noise noise_of(uint64_t seed)
{
	return noise_from(88172645463325252ULL + seed * 7919ULL);
}

/* The yardstick of detectors: the largest two-sample |t| over all places and its place, one point being enough for a side. */
static inline double largest_t(const double *x, size_t n, size_t *at)
{
	double mean = 0, squares = 0, sum = 0, most = 0;
	*at = 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean);
	for (size_t i = 1; i < n; i++) {
		sum += x[i - 1] - mean;
		double gain = sum * sum * (double)n / ((double)i * (double)(n - i));
		if (gain > most) {
			most = gain;
			*at = i;
		}
	}
	return sqrt(most / (squares - most) * (double)(n - 2));
}

#endif
