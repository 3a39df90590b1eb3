#include "http_chunk.h"

#include "base/err.h"

#include <errno.h>

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER_START, TRAILER, TRAILER_LF, END_LF };

#define LINE_MAX_BYTES    512  /* of a size line with its extensions */
#define TRAILER_MAX_BYTES 4096 /* of all trailer lines */

void http_chunk_init(struct http_chunk *d)
{
	*d = (struct http_chunk){ .state = SIZE };
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A byte that may stand inside an extension or a trailer line. */
static bool line_byte(char c)
{
	return (unsigned char)c >= 0x20 || c == '\t';
}

static int size_byte(struct http_chunk *d, char c)
{
	int v = hex_value(c);
	if (v >= 0) {
		if (++d->digits > 15)
			return ERR_SYNTAX;
		d->left = d->left * 16 + (uint64_t)v;
		return 0;
	}
	if (d->digits == 0)
		return ERR_SYNTAX;
	if (c == '\r')
		d->state = SIZE_LF;
	else if (c == ';' || c == ' ' || c == '\t')
		d->state = EXTENSION;
	else
		return ERR_SYNTAX;
	return 0;
}

/* One byte of framing (everything but DATA). 1 = the message ends here. */
static int frame_byte(struct http_chunk *d, char c)
{
	switch (d->state) {
	case SIZE:
		return size_byte(d, c);
	case EXTENSION:
		if (c == '\r')
			d->state = SIZE_LF;
		else if (!line_byte(c) || ++d->overhead > LINE_MAX_BYTES)
			return ERR_SYNTAX;
		return 0;
	case SIZE_LF:
		d->state = d->left ? DATA : TRAILER_START;
		d->overhead = 0;
		return c == '\n' ? 0 : ERR_SYNTAX;
	case DATA_CR:
		d->state = DATA_LF;
		return c == '\r' ? 0 : ERR_SYNTAX;
	case DATA_LF:
		http_chunk_init(d);
		return c == '\n' ? 0 : ERR_SYNTAX;
	case TRAILER_START:
		if (c == '\r') {
			d->state = END_LF;
			return 0;
		}
		d->state = TRAILER;
		return c != ' ' && c != '\t' && line_byte(c) ? 0 : ERR_SYNTAX;
	case TRAILER:
		if (c == '\r')
			d->state = TRAILER_LF;
		else if (!line_byte(c) || ++d->overhead > TRAILER_MAX_BYTES)
			return ERR_SYNTAX;
		return 0;
	case TRAILER_LF:
		d->state = TRAILER_START;
		return c == '\n' ? 0 : ERR_SYNTAX;
	default: /* END_LF */
		return c == '\n' ? 1 : ERR_SYNTAX;
	}
}

int http_chunk_feed(struct http_chunk *d, const char *data, size_t len, size_t *used, struct buf *body,
		    size_t max)
{
	size_t i = 0;
	int code = 0;

	while (code == 0 && i < len) {
		if (d->state != DATA) {
			code = frame_byte(d, data[i++]);
			/* Refused as soon as the size is known, not when the bytes are here. */
			if (code == 0 && d->state == DATA && d->left > max - body->len)
				code = ERR_FULL;
			continue;
		}
		size_t n = len - i < d->left ? len - i : (size_t)d->left;
		buf_append(body, data + i, n);
		if (body->failed)
			code = -ENOMEM;
		i += n;
		d->left -= n;
		if (d->left == 0)
			d->state = DATA_CR;
	}
	*used = i;
	return code;
}
