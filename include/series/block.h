/* Blocks: many samples in few bytes. One shared time column, any number of value columns.
 *
 * Values whose series declares a resolution are scaled to integers (v * 10^decimals, rounded); the encoder takes out
 * what is predictable (a level, a line, the value before, the slope before), divides by what all differences share,
 * and packs the rest in frames of 64 with their own bit width and exceptions for spikes. Without a declared
 * resolution the same is done when the values are decimals exactly; where scaling does not fit, XOR of
 * consecutive doubles (Gorilla, VLDB 2015) keeps them bit for bit. NaN (not measured) is a bitmap or a list of runs.
 * The layout is self-describing and versioned (src/series/block_layout.h), little-endian, ends with a CRC-32C; a decoder
 * reads any single column without decoding the others.
 *
 *     struct buf b;
 *     buf_init(&b);
 *     block_encode(times, n, columns, n_columns, &b);
 *     block_check((struct view){ b.data, b.len }, &info);     // once, then as often as needed:
 *     block_times(view, times);
 *     block_values(view, id, values);
 *
 * Pure. Thread: any. Decoding hostile bytes is safe: ERR_CORRUPT, or numbers without meaning where only the CRC could have
 * told; nothing outside the arrays is touched.
 */
#ifndef AUSPEX_SERIES_BLOCK_H
#define AUSPEX_SERIES_BLOCK_H

#include "base/buf.h"
#include "base/err.h"
#include "series/sample.h"

#define BLOCK_MAX_SAMPLES 65536
#define BLOCK_DECIMALS_MAX 15

struct block_column {
	uint32_t id;          /* caller's id for the series (the store's, which survives restarts) */
	int decimals;         /* declared resolution, 0..BLOCK_DECIMALS_MAX; anything else = none */
	const double *values; /* n values; NaN = absent */
};

/* Appends one encoded block. times ascending (equal allowed) and within 2^52 of 1970, n in 1..BLOCK_MAX_SAMPLES;
 * any number of columns, 0 included. 0, ERR_RANGE (nothing appended) or -ENOMEM (out->failed). */
int block_encode(const wall_ms *times, uint32_t n, const struct block_column *columns, uint32_t n_columns,
		 struct buf *out);
/* What encoding at this resolution and decoding makes of a value: the double nearest to a multiple of 10^-decimals;
 * the value itself when it is kept bit for bit. Idempotent. (One value that does not fit makes a whole
 * column be kept bit for bit.) */
double block_round(double v, int decimals);

struct block_info {
	uint32_t n, n_columns;
	wall_ms first, last;
};
/* Checks the CRC and every length. 0, ERR_CORRUPT, or ERR_VERSION for a layout this program does not know. */
int block_check(struct view block, struct block_info *info);
/* The CRC alone: enough where the block was checked when it was made, and the functions below check each length they use. Codes as above. */
int block_check_sum(struct view block, struct block_info *info);
/* The functions below do not check the CRC again: call one of the two first when a block comes from outside. */

/* Ids of the columns, in the order they were given; `ids` has room for info.n_columns. 0 or ERR_CORRUPT, ERR_VERSION. */
int block_columns(struct view block, uint32_t *ids);
/* Decodes the times, or one column; the array has room for info.n. 0, ERR_CORRUPT or ERR_VERSION; ERR_MISSING when the
 * block has no such column. On an error the array's content is undefined. */
int block_times(struct view block, wall_ms *times);
int block_values(struct view block, uint32_t id, double *values);
/* The same for the columns with ids id .. id + n_ids - 1 in one walk through the block: values[i * info.n ..] are those of id + i, NaN for a
 * column that is not there; ERR_MISSING when none is. */
int block_values_run(struct view block, uint32_t id, uint32_t n_ids, double *values);

#endif
