/* A frame: up to 64 residuals at one bit width, with exceptions.
 *
 *     byte    width (6 bits) | 0x40 has a base | 0x80 has exceptions
 *     base    zig-zag varint; residuals are stored as differences above it. Without a base they are zig-zag
 *     count, then per exception its position (byte) and the bits above `width` (varint)
 *     bits    n * width, least significant first, padded to a byte
 *
 * Exceptions keep one spike from widening all (the idea of PFOR, Zukowski et al., ICDE 2006). A frame of equal
 * residuals has width 0: one byte, or a few with its base. Residuals are taken modulo 2^64. Pure.
 */
#ifndef AUSPEX_SERIES_FRAME_H
#define AUSPEX_SERIES_FRAME_H

#include "wire.h"

#define FRAME_VALUES 64

/* How much is left to say, in bits: for comparing predictors, far cheaper than planning the frame. 1 <= n <= FRAME_VALUES. */
unsigned frame_estimate(const uint64_t *residuals, unsigned n);
void frame_write(const uint64_t *residuals, unsigned n, struct buf *out);
/* Fills `residuals`; sets r->failed on hostile bytes. */
void frame_read(struct reader *r, uint64_t *residuals, unsigned n);

#endif
