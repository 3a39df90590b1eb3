#include "floats.h"

#include <math.h>

#define LEAD_MAX 31 /* what 5 bits hold */

struct bit_writer {
	struct buf *out;
	unsigned byte, filled;
};

static void put_bits(struct bit_writer *w, uint64_t v, unsigned n)
{
	while (n > 0) {
		unsigned take = 8 - w->filled < n ? 8 - w->filled : n;
		unsigned bits = (unsigned)(v >> (n - take)) & ((1u << take) - 1);
		w->byte = w->byte << take | bits;
		w->filled += take;
		n -= take;
		if (w->filled == 8) {
			wire_put_u8(w->out, w->byte & 0xff);
			w->byte = w->filled = 0;
		}
	}
}

static void flush_bits(struct bit_writer *w)
{
	if (w->filled)
		put_bits(w, 0, 8 - w->filled);
}

struct bit_reader {
	struct reader *r;
	unsigned byte, left;
};

static uint64_t get_bits(struct bit_reader *b, unsigned n)
{
	uint64_t v = 0;

	while (n > 0) {
		unsigned take;
		if (b->left == 0) {
			b->byte = wire_get_u8(b->r);
			b->left = 8;
		}
		take = b->left < n ? b->left : n;
		v = v << take | ((b->byte >> (b->left - take)) & ((1u << take) - 1));
		b->left -= take;
		n -= take;
	}
	return v;
}

struct window {
	unsigned lead, length; /* length 0 = none yet */
};

static void put_xor(struct bit_writer *w, struct window *win, uint64_t x)
{
	unsigned lead, trail;

	if (x == 0) {
		put_bits(w, 0, 1);
		return;
	}
	lead = (unsigned)__builtin_clzll(x);
	lead = lead > LEAD_MAX ? LEAD_MAX : lead;
	trail = (unsigned)__builtin_ctzll(x);
	if (win->length && lead >= win->lead && trail >= 64 - win->lead - win->length) {
		put_bits(w, 2, 2);
	} else {
		*win = (struct window){ lead, 64 - lead - trail };
		put_bits(w, 3, 2);
		put_bits(w, win->lead, 5);
		put_bits(w, win->length - 1, 6);
	}
	put_bits(w, x >> (64 - win->lead - win->length), win->length);
}

static uint64_t get_xor(struct bit_reader *b, struct window *win)
{
	if (get_bits(b, 1) == 0)
		return 0;
	if (get_bits(b, 1) == 1) {
		win->lead = (unsigned)get_bits(b, 5);
		win->length = (unsigned)get_bits(b, 6) + 1;
	}
	if (win->length == 0 || win->lead + win->length > 64) {
		b->r->failed = true;
		return 0;
	}
	return get_bits(b, win->length) << (64 - win->lead - win->length);
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

void floats_write(const double *values, uint32_t n, struct buf *out)
{
	struct bit_writer w = { .out = out };
	struct window win = { 0, 0 };
	uint64_t before = 0;
	bool first = true;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t now = bits_of(values[i]);
		if (isnan(values[i]))
			continue;
		if (first)
			put_bits(&w, now, 64);
		else
			put_xor(&w, &win, now ^ before);
		first = false;
		before = now;
	}
	flush_bits(&w);
}

void floats_read(struct reader *r, double *values, uint32_t n)
{
	struct bit_reader b = { .r = r };
	struct window win = { 0, 0 };
	uint64_t bits = get_bits(&b, 64);

	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (i > 0)
			bits ^= get_xor(&b, &win);
		memcpy(&values[i], &bits, sizeof(bits));
	}
}
