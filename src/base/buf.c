#include "base/buf.h"

#include "base/err.h"
#include "base/num.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST_CAP 64

static unsigned char ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool view_ieq(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower((unsigned char)a.data[i]) != ascii_lower((unsigned char)b.data[i]))
			return false;
	return true;
}

static bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct view view_trim(struct view v)
{
	while (v.len && ascii_space(v.data[0])) {
		v.data++;
		v.len--;
	}
	while (v.len && ascii_space(v.data[v.len - 1]))
		v.len--;
	return v;
}

void buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

/* The capacity never exceeds limit + 1 (the NUL), so the inline fast path needs no look at the limit. */
static size_t buf_next_cap(const struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST_CAP;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (b->limit && cap - 1 > b->limit)
		cap = b->limit + 1;
	return cap;
}

int buf_reserve(struct buf *b, size_t extra)
{
	if (b->failed)
		return -ENOMEM;
	if (extra >= SIZE_MAX - b->len - 1 || (b->limit && b->len + extra > b->limit)) {
		b->failed = true;
		return ERR_FULL;
	}
	size_t need = b->len + extra + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = buf_next_cap(b, need);
	char *data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return -ENOMEM;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

void buf_append_slow(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || buf_reserve(b, len) < 0)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	if (b->failed)
		return;
	va_list again;
	va_copy(again, ap);
	size_t room = b->cap - b->len;
	int n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < room) {
		b->len += (size_t)n;
	} else if (buf_reserve(b, (size_t)n) == 0) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_int(struct buf *b, long long v)
{
	char text[21];
	buf_append(b, text, num_format_i64(v, text));
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

const char *buf_str(struct buf *b)
{
	if (b->failed || b->len == 0)
		return "";
	b->data[b->len] = '\0';
	return b->data;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

void buf_shrink(struct buf *b, size_t keep)
{
	if (b->len || b->cap <= keep)
		return;
	if (keep == 0) {
		free(b->data);
		b->data = NULL;
		b->cap = 0;
		return;
	}
	char *data = realloc(b->data, keep);
	if (data) {
		b->data = data;
		b->cap = keep;
	}
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
