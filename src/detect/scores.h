/* Normal scores: each value is replaced by what a normal sample would show at its rank (van der Waerden; ranks as Blom 1958, values that
 * are equal share the mean of theirs). Whatever the values' distribution, scores of noise are normal noise: what is calibrated for that holds
 * for all. Pure. Thread: any, one per `struct scores`. */
#ifndef AUSPEX_DETECT_SCORES_H
#define AUSPEX_DETECT_SCORES_H

#include "base/arena.h"

#include <stddef.h>

struct score_rank {
	double value;
	size_t at;
};
/* Room to rank in. */
struct scores {
	struct score_rank *ranks, *spare; /* ranks: ascending by value after scores_of */
	double *normal;                   /* scores of n different values, ascending */
	size_t n;                         /* whose they are */
};

/* Room for n values, from `arena`. 0 or -ENOMEM. */
int scores_init(struct scores *s, struct arena *arena, size_t n);
/* out[i] is the score of x[i]; `out` may be x. n <= that of scores_init. */
void scores_of(struct scores *s, const double *x, size_t n, double *out);

/* Normal deviate that is exceeded with probability 1 - p, 0 < p < 1 (Hastings 1955, Abramowitz & Stegun 26.2.23, error below 5e-4). */
double normal_quantile(double p);

#endif
