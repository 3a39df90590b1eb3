/* Isolation forest (Liu, Ting, Zhou 2008): how quickly do random splits set a row apart from all others?
 *
 * 100 trees, each grown from up to 256 rows, no deeper than log2 of that; scores as scikit-learn gives them for its seed, tree for
 * tree (MT19937 for the seeds, a 32-bit xorshift in the trees, values as float), where all rows go into every tree. Of more rows each
 * tree takes a seeded uniform sample of its own.
 *
 *     struct forest_rows rows = { .values = v, .n = 10, .columns = 1 };   // v[row * columns + column]
 *     rc = forest_scores(&rows, 42, scores, NULL, NULL);                 // > FOREST_ANOMALY: an anomaly */
#ifndef AUSPEX_DETECT_FOREST_H
#define AUSPEX_DETECT_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOREST_ANOMALY 0.5

struct forest_rows {
	const float *values;
	size_t n, columns;
};

/* Fills scores[0..n), each 0..1. `cancelled` may be NULL; it is asked before each tree. 0, -ENOMEM or ERR_CANCELLED. Takes
 * O(100 n log 256). */
int forest_scores(const struct forest_rows *rows, uint32_t seed, double *scores, bool (*cancelled)(void *arg),
		  void *arg);

#endif
