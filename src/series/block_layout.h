/* The layout of a block, shared by its writer and its reader.
 *
 *     0xA5 version(1)
 *     n  columns                 varints
 *     first                      zig-zag varint, ms
 *     last - first               varint, ms
 *     length of times            varint
 *     times                      ints.h
 *     per column:
 *         id - id before         zig-zag varint (before the first: 0)
 *         length                 varint, of what follows
 *         kind(2) presence(2) decimals(4)     one byte, least significant bits first
 *         presence               presence.h
 *         present values         ints.h of value * 10^decimals, or floats.h
 *     CRC-32C of all above       4 bytes
 */
#ifndef AUSPEX_SERIES_BLOCK_LAYOUT_H
#define AUSPEX_SERIES_BLOCK_LAYOUT_H

#define BLOCK_MAGIC    0xA5u
#define BLOCK_VERSION  1u
#define BLOCK_CRC_SIZE 4

/* Times and scaled values stay below this, so that differences of differences fit a frame. */
#define BLOCK_INT_LIMIT (INT64_C(1) << 52)

enum column_kind { COLUMN_ABSENT, COLUMN_SCALED, COLUMN_FLOATS };

/* 10^decimals, 0..BLOCK_DECIMALS_MAX; exact in a double. */
double decimal_scale(int decimals);

#endif
