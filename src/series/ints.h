/* A run of integers: what is predictable is taken out, the rest goes to frames.
 *
 *     byte      predictor
 *     first     zig-zag varint
 *     unit      varint: the greatest common divisor of all differences (memory comes in pages, times in seconds)
 *     step      zig-zag varint, in units
 *     frames    of 64 residuals
 *
 * Predictors, of q = (k - first) / unit:
 *     level     q[i] = i * step + r               noise around a level or a line; a tick on a grid with jitter
 *     delta     q[i] = q[i-1] + step + r          walks, counters, a tick that drifts
 *     delta2    q[i] = q[i-1] + d, d += r         smooth curves, d starts as step
 * The encoder tries each and takes the smallest. |k| < 2^53, n >= 1. Pure.
 */
#ifndef AUSPEX_SERIES_INTS_H
#define AUSPEX_SERIES_INTS_H

#include "frame.h"

/* Overwrites `k`. */
void ints_write(int64_t *k, uint32_t n, struct buf *out);

struct ints_reader {
	struct reader *r;
	uint32_t n, done;
	unsigned predictor;
	uint64_t first, unit, step, q, slope;
};
/* Reads the head; then each ints_next gives up to FRAME_VALUES numbers and returns how many, 0 at the end or when
 * r->failed. Bytes that were not made by ints_write give any numbers. */
void ints_open(struct ints_reader *in, struct reader *r, uint32_t n);
unsigned ints_next(struct ints_reader *in, int64_t out[FRAME_VALUES]);

#endif
