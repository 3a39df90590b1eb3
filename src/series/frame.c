#include "frame.h"

/* A value may start at any of 8 bit positions, so 56 bits are what one 64-bit load holds; wider ones are
 * exceptions. */
#define WIDTH_MAX      56
#define HAS_BASE       0x40u
#define HAS_EXCEPTIONS 0x80u
#define WIDTH_MASK     0x3fu

struct plan {
	bool has_base;
	uint64_t base;
	unsigned width, exceptions;
	size_t size;
};

static uint64_t coded(const struct plan *p, uint64_t residual)
{
	return p->has_base ? residual - p->base : zigzag(residual);
}

/* Chooses the width that makes the frame smallest. The base is set. */
static void plan_width(struct plan *p, const uint64_t *residuals, unsigned n)
{
	unsigned char count[65] = { 0 };
	unsigned top = 0, above = 0;
	size_t head = 1 + (p->has_base ? varint_size(zigzag(p->base)) : 0);

	for (unsigned i = 0; i < n; i++) {
		unsigned bits = bit_length(coded(p, residuals[i]));
		count[bits]++;
		top = bits > top ? bits : top;
	}
	p->size = SIZE_MAX;
	/* More exceptions than half the frame never pay; but a width that one load holds must be reached. */
	for (unsigned width = top; above * 2 <= n || p->size == SIZE_MAX; width--) {
		size_t size = head + (n * width + 7) / 8 + (above ? 1 + above : 0);
		for (unsigned b = width + 1; above && b <= top; b++)
			size += count[b] * (size_t)((b - width + 6) / 7);
		if (width <= WIDTH_MAX && size < p->size) {
			p->size = size;
			p->width = width;
			p->exceptions = above;
		}
		if (width == 0)
			break;
		above += count[width];
	}
}

static void try_plan(struct plan *best, struct plan p, const uint64_t *residuals, unsigned n)
{
	plan_width(&p, residuals, n);
	if (p.size < best->size)
		*best = p;
}

/* Candidates: zig-zag around 0, the least residual as base, and the second least (when one dip would spoil
 * it). */
static struct plan make_plan(const uint64_t *residuals, unsigned n)
{
	int64_t least = (int64_t)residuals[0], second = INT64_MAX;
	struct plan best = { .size = SIZE_MAX };

	for (unsigned i = 1; i < n; i++) {
		int64_t v = (int64_t)residuals[i];
		if (v < least) {
			second = least;
			least = v;
		} else if (v < second) {
			second = v;
		}
	}
	try_plan(&best, (struct plan){ .has_base = false }, residuals, n);
	if (least != 0)
		try_plan(&best, (struct plan){ .has_base = true, .base = (uint64_t)least }, residuals, n);
	if (n > 2 && second != least)
		try_plan(&best, (struct plan){ .has_base = true, .base = (uint64_t)second }, residuals, n);
	return best;
}

/* Least and greatest but one: what one spike in either direction cannot move. */
static void inner_range(const uint64_t *residuals, unsigned n, int64_t *low, int64_t *high)
{
	int64_t least = INT64_MAX, second = INT64_MAX, most = INT64_MIN, second_most = INT64_MIN;

	for (unsigned i = 0; i < n; i++) {
		int64_t v = (int64_t)residuals[i], up = v > least ? v : least, down = v < most ? v : most;
		second = up < second ? up : second;
		least = v < least ? v : least;
		second_most = down > second_most ? down : second_most;
		most = v > most ? v : most;
	}
	*low = n > 2 ? second : least;
	*high = n > 2 ? second_most : most;
}

unsigned frame_estimate(const uint64_t *residuals, unsigned n)
{
	unsigned bits = 0;
	uint64_t middle;
	int64_t low, high;

	inner_range(residuals, n, &low, &high);
	middle = (uint64_t)(low / 2 + high / 2);
	for (unsigned i = 0; i < n; i++)
		bits += bit_length(zigzag(residuals[i] - middle));
	return bits;
}

static void write_exceptions(const struct plan *p, const uint64_t *residuals, unsigned n, struct buf *out)
{
	wire_put_u8(out, p->exceptions);
	for (unsigned i = 0; i < n; i++) {
		uint64_t high = coded(p, residuals[i]) >> p->width;
		if (high == 0)
			continue;
		wire_put_u8(out, i);
		wire_put_varint(out, high);
	}
}

static void write_bits(const struct plan *p, const uint64_t *residuals, unsigned n, struct buf *out)
{
	uint64_t mask = ((uint64_t)1 << p->width) - 1, pending = 0;
	unsigned filled = 0;

	for (unsigned i = 0; i < n; i++) {
		pending |= (coded(p, residuals[i]) & mask) << filled;
		for (filled += p->width; filled >= 8; filled -= 8, pending >>= 8)
			wire_put_u8(out, (unsigned)(pending & 0xff));
	}
	if (filled)
		wire_put_u8(out, (unsigned)pending);
}

void frame_write(const uint64_t *residuals, unsigned n, struct buf *out)
{
	struct plan p = make_plan(residuals, n);

	wire_put_u8(out, p.width | (p.has_base ? HAS_BASE : 0) | (p.exceptions ? HAS_EXCEPTIONS : 0));
	if (p.has_base)
		wire_put_varint(out, zigzag(p.base));
	if (p.exceptions)
		write_exceptions(&p, residuals, n, out);
	if (p.width)
		write_bits(&p, residuals, n, out);
}

static uint64_t load_le(const unsigned char *p, size_t left)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8 && i < left; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void read_bits(const struct reader *bits, unsigned width, uint64_t *out, unsigned n)
{
	uint64_t mask = ((uint64_t)1 << width) - 1;
	size_t size = reader_left(bits);

	for (unsigned i = 0; i < n; i++) {
		size_t at = (size_t)i * width;
		out[i] = width ? (load_le(bits->p + at / 8, size - at / 8) >> (at % 8)) & mask : 0;
	}
}

/* The exceptions stand before the bits they complete: read twice, first only to find the end. */
static void skip_exceptions(struct reader *r, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		wire_get_u8(r);
		wire_get_varint(r);
	}
}

static void add_exceptions(struct reader *r, unsigned count, unsigned width, uint64_t *out, unsigned n)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned at = wire_get_u8(r);
		uint64_t high = wire_get_varint(r);
		if (at >= n) {
			r->failed = true;
			return;
		}
		out[at] |= high << width;
	}
}

void frame_read(struct reader *r, uint64_t *residuals, unsigned n)
{
	unsigned head = wire_get_u8(r), width = head & WIDTH_MASK;
	uint64_t base = head & HAS_BASE ? unzigzag(wire_get_varint(r)) : 0;
	unsigned exceptions = head & HAS_EXCEPTIONS ? wire_get_u8(r) : 0;
	struct reader high = *r, bits;

	skip_exceptions(r, exceptions);
	bits = reader_cut(r, ((uint64_t)n * width + 7) / 8);
	if (r->failed || width > WIDTH_MAX) {
		r->failed = true;
		return;
	}
	read_bits(&bits, width, residuals, n);
	add_exceptions(&high, exceptions, width, residuals, n);
	r->failed = high.failed;
	for (unsigned i = 0; i < n; i++)
		residuals[i] = head & HAS_BASE ? residuals[i] + base : unzigzag(residuals[i]);
}
