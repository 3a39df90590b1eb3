/* A run of doubles, bit for bit: XOR with the one before, without the zero bits at both ends
 * (Pelkonen et al., "Gorilla", VLDB 2015, section 4.1.2).
 *
 *     first     8 bytes
 *     then      0                                       same as before
 *               10 bits                                 the last window of meaningful bits fits
 *               11 lead(5) length-1(6) bits             a new window
 */
#ifndef AUSPEX_SERIES_FLOATS_H
#define AUSPEX_SERIES_FLOATS_H

#include "wire.h"

/* Absent values (NaN) are skipped; n values are looked at, at least one is present. */
void floats_write(const double *values, uint32_t n, struct buf *out);
/* Fills n values; sets r->failed on hostile bytes. */
void floats_read(struct reader *r, double *values, uint32_t n);

#endif
