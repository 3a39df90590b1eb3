#include "segments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 64u

static int add(struct segments *s, unsigned level, struct moments m)
{
	if (s->levels[level].n == s->levels[level].cap) {
		size_t cap = s->levels[level].cap ? 2 * s->levels[level].cap : 8;
		struct moments *grown = realloc(s->levels[level].blocks, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->levels[level].blocks = grown;
		s->levels[level].cap = cap;
	}
	s->levels[level].blocks[s->levels[level].n++] = m;
	return 0;
}

int segments_take(struct segments *s, const double *x, size_t n)
{
	for (size_t at = s->levels[0].n * BLOCK; at + BLOCK <= n; at += BLOCK) {
		int rc = add(s, 0, moments_of(x + at, BLOCK));
		for (unsigned l = 0; rc == 0 && l + 1 < SEGMENTS_LEVELS && s->levels[l].n % 2 == 0; l++) {
			const struct moments *pair = &s->levels[l].blocks[s->levels[l].n - 2];
			rc = add(s, l + 1, moments_join(pair[0], pair[1]));
		}
		if (rc < 0)
			return rc;
	}
	s->n = n;
	return 0;
}

struct moments segments_of(const struct segments *s, const double *x, size_t from, size_t to)
{
	struct moments sum = { 0, 0, 0 };
	if (to - from <= 2 * BLOCK)
		return moments_of(x + from, to - from);
	while (from < to) {
		size_t length = BLOCK - from % BLOCK, level = 0;
		if (length < BLOCK || to - from < BLOCK) {
			length = length < to - from ? length : to - from;
			sum = moments_join(sum, moments_of(x + from, length));
		} else {
			while (level + 1 < SEGMENTS_LEVELS && from % (2 * length) == 0 &&
			       to - from >= 2 * length) {
				level++;
				length *= 2;
			}
			sum = moments_join(sum, s->levels[level].blocks[from / length]);
		}
		from += length;
	}
	return sum;
}

void segments_fini(struct segments *s)
{
	for (unsigned l = 0; l < SEGMENTS_LEVELS; l++)
		free(s->levels[l].blocks);
	memset(s, 0, sizeof(*s));
}
