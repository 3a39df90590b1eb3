/* The merging step of Hunter and Otava: of the places where windows fell apart, which hold in the whole series?
 *
 * The weakest - the largest p-value of at least max_p, and when there is none the smallest change of at most min_magnitude - is
 * deleted until none is left. After each deletion only the next place and the one after are computed anew: the one before keeps
 * what it was compared with, as in the originals, whose figures depend on it.
 *
 * A series that grows is merged again and again, so what cannot change any more is settled. To the left of a place that stays,
 * nothing ever depends on what is to its right: deletions compute anew to the right only, and they see no further than that place. So
 * left of such a barrier survivors are kept, and of the deletions only those that touched the barrier, or the place behind it, in their
 * order; the rest is run with these played in. Should the barrier fall, the one before it serves. All this changes no digit.
 *
 *     struct merge m = { .segments = &s, .x = x, .max_p = .001, .method = "some" };   // the rest zero
 *     merge_run(&m, places, n_places, n_kept, &result) */
#ifndef AUSPEX_DETECT_MERGE_H
#define AUSPEX_DETECT_MERGE_H

#include "detect/change.h"
#include "segments.h"

struct merge {
	const struct segments *segments; /* of x, to its end */
	const double *x;
	double max_p, min_magnitude;
	const char *method;

	/* A run: places from a barrier, or from the beginning, and their tournament. */
	struct place *places;
	double *tree;
	size_t leaves, cap;
	size_t left; /* place left of the first one, or 0 */
	/* What is known from earlier runs. */
	unsigned runs;
	struct change_point *memo;
	struct barrier *barriers;
	size_t n_barriers, barriers_cap;
	struct touch *touches; /* of all barriers, one after the other */
	size_t n_touches, touches_cap;
	struct change_point *settled; /* survivors left of the last barrier */
	size_t n_settled, settled_cap;
};

/* `at` ascends; its first `n_kept` places are the same in all later runs, and those given before come again. 0 or -ENOMEM. */
int merge_run(struct merge *m, const size_t *at, size_t n, size_t n_kept, struct change_result *out);
void merge_fini(struct merge *m);

#endif
