/* Bytes of a block, written to a buf and read back with every length checked: little-endian, LEB128 varints. */
#ifndef AUSPEX_SERIES_WIRE_H
#define AUSPEX_SERIES_WIRE_H

#include "base/buf.h"

#include <stdint.h>

struct reader {
	const unsigned char *p, *end;
	bool failed; /* sticky: something was read past the end or malformed; reads give 0 from then on */
};

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->p);
}

/* The next `n` bytes as a reader of their own. */
static inline struct reader reader_cut(struct reader *r, uint64_t n)
{
	struct reader part = { r->p, r->p, r->failed };

	if (n > reader_left(r)) {
		r->failed = part.failed = true;
	} else {
		r->p += n;
		part.end = r->p;
	}
	return part;
}

static inline unsigned wire_get_u8(struct reader *r)
{
	if (reader_left(r) == 0) {
		r->failed = true;
		return 0;
	}
	return *r->p++;
}

static inline uint64_t wire_get_varint(struct reader *r)
{
	uint64_t v = 0;

	if (reader_left(r) > 0 && *r->p < 0x80) /* most are this short */
		return *r->p++;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned byte = wire_get_u8(r);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	r->failed = true;
	return 0;
}

static inline void wire_put_u8(struct buf *b, unsigned v)
{
	buf_putc(b, (char)v);
}

static inline void wire_put_varint(struct buf *b, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	buf_append(b, bytes, n);
}

static inline unsigned bit_length(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static inline size_t varint_size(uint64_t v)
{
	return v ? (bit_length(v) + 6) / 7 : 1;
}

/* Small magnitudes of either sign become small numbers. */
static inline uint64_t zigzag(uint64_t v)
{
	return (v << 1) ^ (uint64_t)((int64_t)v >> 63);
}

static inline uint64_t unzigzag(uint64_t v)
{
	return (v >> 1) ^ -(v & 1);
}

#endif
