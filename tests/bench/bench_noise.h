/* Noise for benches: the same everywhere for the same seed (SplitMix64 begins xoshiro256**, Blackman & Vigna 2018; normal values by the
 * polar method of Marsaglia). */
#ifndef AUSPEX_BENCH_NOISE_H
#define AUSPEX_BENCH_NOISE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct bench_noise {
	uint64_t s[4];
	double spare;
	bool has_spare;
};

static inline struct bench_noise bench_noise_of(uint64_t seed)
{
	struct bench_noise n = { .has_spare = false };
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15ULL;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
		n.s[i] = z ^ (z >> 31);
	}
	return n;
}

static inline uint64_t bench_rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static inline double bench_uniform(struct bench_noise *n)
{
	uint64_t *s = n->s, out = bench_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = bench_rotate(s[3], 45);
	return ((double)(out >> 11) + 0.5) / 9007199254740992.0;
}

static inline double bench_gauss(struct bench_noise *n)
{
	double u, v, square;
	if (n->has_spare) {
		n->has_spare = false;
		return n->spare;
	}
	do {
		u = 2 * bench_uniform(n) - 1;
		v = 2 * bench_uniform(n) - 1;
		square = u * u + v * v;
	} while (square >= 1 || square == 0);
	double scale = sqrt(-2 * log(square) / square);
	n->has_spare = true;
	n->spare = v * scale;
	return u * scale;
}

#endif
