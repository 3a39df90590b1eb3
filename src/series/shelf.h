/* A shelf keeps the sealed blocks of one tier in the order they were sealed, across all tracks, so that the oldest
 * can go first in O(1); each block also hangs in its track's chain, where queries find it.
 *
 * Blocks lie one behind the other in chunks of one size. They leave about as they came, so a chunk empties as a whole: blocks of
 * all sizes come and go for months without fraying the heap.
 */
#ifndef AUSPEX_SERIES_SHELF_H
#define AUSPEX_SERIES_SHELF_H

#include "series/block.h"

struct chunk {
	size_t size, used; /* bytes, with this head */
	uint32_t blocks;   /* not yet dropped */
};

struct chain;
struct sealed {
	struct sealed *older, *newer;  /* on the shelf */
	struct sealed *before, *after; /* in the chain */
	struct chain *chain;
	struct chunk *chunk;
	wall_ms first, last;
	uint32_t n, len;
	char data[]; /* the encoded block */
};

struct chain {
	struct sealed *first, *last;
	wall_ms since; /* from here on nothing was dropped; INT64_MIN = nothing ever was */
};

struct shelf {
	struct sealed *oldest, *newest;
	struct chunk *filled; /* the one that takes the next block; NULL at first */
	size_t chunk_bytes;   /* size of a chunk; a block that is larger gets one of its own */
	size_t bytes;         /* used in all chunks */
};

static inline struct view sealed_view(const struct sealed *s)
{
	return (struct view){ s->data, s->len };
}
/* What a chain forgot: data up to `last`. */
void chain_forget(struct chain *chain, wall_ms last);
/* Copies the block. 0 or -ENOMEM. */
int shelf_add(struct shelf *shelf, struct chain *chain, struct view block, wall_ms first, wall_ms last,
	      uint32_t n);
/* Frees one block, the oldest when `s` is NULL. */
void shelf_drop(struct shelf *shelf, struct sealed *s);
/* Frees every block whose last time is before `cutoff`. */
void shelf_expire(struct shelf *shelf, wall_ms cutoff);
/* Frees everything. */
void shelf_fini(struct shelf *shelf);

#endif
