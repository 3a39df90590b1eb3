/* Mean and deviation of any stretch of a series that grows, in O(log n), the same to the last bit whatever was asked before and however
 * the series came to be: each stretch is put together from the same blocks. About one byte of memory per value. */
#ifndef AUSPEX_DETECT_SEGMENTS_H
#define AUSPEX_DETECT_SEGMENTS_H

#include "moments.h"

#define SEGMENTS_LEVELS 24 /* blocks of 64 values, then twice as many on each level */

struct segments {
	struct {
		struct moments *blocks;
		size_t n, cap;
	} levels[SEGMENTS_LEVELS];
	size_t n; /* values that were taken */
};

/* Zeroed memory is an empty series. Takes x[s->n..n). 0 or -ENOMEM. Amortised O(1) per value. */
int segments_take(struct segments *s, const double *x, size_t n);
/* Of x[from..to), to at most s->n. */
struct moments segments_of(const struct segments *s, const double *x, size_t from, size_t to);
void segments_fini(struct segments *s);

#endif
