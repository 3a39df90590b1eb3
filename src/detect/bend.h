/* A smooth bend through a whole series: a parabola, or a part of a wave - an arc of a season that was not yet seen twice, a drift that
 * comes to rest. Steps explain such a series, too; a bend that explains it better is the likelier story.
 *
 * How well the two can be told apart: of waves of 24 points whose height is 2.5 standard deviations of the noise, begun anywhere, `auto`
 * calls 25 to 45 of 100 a step where 20 points are seen, 3 where 28 are, at most 2 from 30 on. At 20 points no test does better without
 * losing steps: the likelihood ratio of the two shapes, set so that it calls 2 of 100 such waves steps, misses 40 of 100 steps of that height.
 *
 * Least squares: a constant and two shapes, of the parabola or of one of a few wave lengths between half of the series and 1 / 0.6 of
 * it. About the middle of the series the shapes are odd and even, so that each is fitted by itself.
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_BEND_H
#define AUSPEX_DETECT_BEND_H

#include <stddef.h>

struct bend {
	double cycles; /* waves in the series; 0: a parabola */
	double middle, odd, even;
	double rest; /* sum of squares that it leaves */
};

#define BEND_LEAST  8 /* fewer points tell none */
#define BEND_SPENDS 2 /* parameters beside the mean; of few wave lengths the choice costs little */

/* The best one of x[0..n), n >= BEND_LEAST. */
struct bend bend_find(const double *x, size_t n);
/* out = x without it; may be the same array. */
void bend_take(const struct bend *b, const double *x, size_t n, double *out);

#endif
