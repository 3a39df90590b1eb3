/* A series made ready for a search of steps in Gaussian noise: in units of its own noise, which steps do not raise. */
#ifndef AUSPEX_DETECT_PELT_NOISE_H
#define AUSPEX_DETECT_PELT_NOISE_H

#include <stddef.h>

/* Standard deviation of the noise: the median distance of neighbours (first differences hardly see steps), in normal standard
 * deviations / sqrt 2. Where more than half of all neighbours agree - rounded values, constant stretches - their root mean square
 * instead, which is right for rounded noise and too large beside steps, so that fewer are told. From 65 536 distances at most.
 * 0 for values that are all the same; negative: out of memory. */
double pelt_noise(const double *x, size_t n);

/* (x[i] - x[0]) / noise of x[0..n), 1e12 at most. A lone value that stands out from both neighbours on one side, or an outermost one
 * from its only neighbour, by more than PELT_LONE is no level: the nearer neighbour takes its place. */
#define PELT_LONE 5.0
double pelt_value(const double *x, size_t n, size_t i, double noise);

#endif
