/* The merging step of Hunter and Otava: of the places where windows fell apart, which hold in the whole series?
 *
 * The weakest - the largest p-value of at least max_p, and when there is none the smallest change of at most min_magnitude - is
 * deleted until none is left. After each deletion only the next place and the one after are computed anew: the one before keeps
 * what it was compared with, as in the originals, whose figures depend on it.
 *
 *     struct merge m = { .segments = &s, .x = x, .max_p = .001 };
 *     merge_run(&m, places, n_places, &result) */
#ifndef AUSPEX_DETECT_MERGE_H
#define AUSPEX_DETECT_MERGE_H

#include "detect/change.h"
#include "segments.h"

struct merge {
	const struct segments *segments; /* of x, to its end */
	const double *x;
	double max_p, min_magnitude;
	struct place *places; /* grows; freed by merge_fini */
	size_t cap;
};

/* `at` ascends; result points carry `method`. 0 or -ENOMEM. O(k log k) tests for k places. */
int merge_run(struct merge *m, const size_t *at, size_t n, const char *method, struct change_result *out);
void merge_fini(struct merge *m);

#endif
