/* Blocks: many samples in few bytes. One shared time column, any number of value columns.
 *
 * Values whose series declares a resolution are scaled to integers (v * 10^decimals, rounded), written as zig-zag
 * deltas and bit-packed in small frames (each frame its own width); where scaling would not fit or the resolution is
 * unknown, XOR of consecutive doubles (Gorilla, VLDB 2015) is the fallback; the encoder takes the smaller. NaN (not measured) is a bitmap.
 * The layout is self-describing and versioned, little-endian, ends with a CRC-32C; a decoder reads any single column without
 * touching the others.
 *
 * Pure. Decoding hostile bytes is safe: ERR_CORRUPT.
 */
#ifndef AUSPEX_SERIES_BLOCK_H
#define AUSPEX_SERIES_BLOCK_H

#include "base/buf.h"
#include "base/err.h"
#include "series/sample.h"

#define BLOCK_MAX_SAMPLES 65536

struct block_column {
	uint32_t id;          /* caller's id for the series (the store's, which survives restarts) */
	int decimals;         /* declared resolution, -1 = none */
	const double *values; /* n values; NaN = absent */
};

/* Appends one encoded block. times ascending (equal allowed), n in 1..BLOCK_MAX_SAMPLES. 0, ERR_RANGE or -ENOMEM. */
int block_encode(const wall_ms *times, uint32_t n, const struct block_column *columns, uint32_t n_columns,
		 struct buf *out);

struct block_info {
	uint32_t n, n_columns;
	wall_ms first, last;
};
/* Checks the CRC and every length. */
int block_check(struct view block, struct block_info *info);
/* Ids of the columns; `ids` has room for info.n_columns. */
int block_columns(struct view block, uint32_t *ids);
/* Decodes the times and one column; both arrays have room for info.n. ERR_MISSING when the block has no such column. */
int block_times(struct view block, wall_ms *times);
int block_values(struct view block, uint32_t id, double *values);

#endif
