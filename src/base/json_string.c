#include "base/utf8.h"

#include "json_tape.h"

/* Reading strings: escapes decoded, whatever is not UTF-8 replaced. */

#define REPLACEMENT      "\xEF\xBF\xBD" /* U+FFFD */
#define REPLACEMENT_SIZE 3
#define REPLACEMENT_CODE 0xFFFDu

int json_hex4(const char *p)
{
	int v = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
		v = v << 4 | digit;
	}
	return v;
}

static size_t utf8_encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* After \uXXXX; `*p` behind it. A high surrogate takes the low one that follows; alone, either reads as
 * U+FFFD. */
static uint32_t join_surrogates(uint32_t unit, const char **p, const char *end)
{
	if (unit < 0xD800 || unit > 0xDFFF)
		return unit;
	if (unit > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return REPLACEMENT_CODE;
	uint32_t low = (uint32_t)json_hex4(*p + 2);
	if (low < 0xDC00 || low > 0xDFFF)
		return REPLACEMENT_CODE;
	*p += 6;
	return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

size_t json_unescape(const char **p, const char *end, char out[4])
{
	char c = (*p)[1];
	*p += 2;
	switch (c) {
	case 'u': {
		uint32_t unit = (uint32_t)json_hex4(*p);
		*p += 4;
		return utf8_encode(join_surrogates(unit, p, end), out);
	}
	case 'b':
		c = '\b';
		break;
	case 'f':
		c = '\f';
		break;
	case 'n':
		c = '\n';
		break;
	case 'r':
		c = '\r';
		break;
	case 't':
		c = '\t';
		break;
	default: /* the quote, the backslash and the slash stand for themselves */
		break;
	}
	out[0] = c;
	return 1;
}

/* Copies a run without escapes, each byte that is not UTF-8 replaced. */
static char *copy_repaired(char *out, const char *p, size_t len)
{
	for (;;) {
		size_t valid = utf8_valid_prefix(p, len);
		memcpy(out, p, valid);
		out += valid;
		if (valid == len)
			return out;
		memcpy(out, REPLACEMENT, REPLACEMENT_SIZE);
		out += REPLACEMENT_SIZE;
		p += valid + 1;
		len -= valid + 1;
	}
}

struct view json_string(const struct json_doc *d, json_ref r, struct arena *arena)
{
	struct view none = { NULL, 0 };
	if (r >= d->n || (d->nodes[r].type != JSON_STRING && d->nodes[r].type != JSON_KEY))
		return none;
	struct view raw = json_raw(d, r);
	unsigned flags = d->nodes[r].flags;
	bool valid = !(flags & JSON_F_NONASCII) || utf8_valid(raw);
	if (valid && !(flags & JSON_F_ESCAPED))
		return raw;
	/* an escape never grows; a bad byte may triple */
	char *copy = arena_alloc(arena, valid ? raw.len : raw.len * REPLACEMENT_SIZE);
	if (!copy)
		return none;
	char *out = copy;
	for (const char *p = raw.data, *end = raw.data + raw.len; p < end;) {
		const char *run = memchr(p, '\\', (size_t)(end - p));
		size_t len = (size_t)((run ? run : end) - p);
		out = copy_repaired(out, p, len);
		p += len;
		if (p < end)
			out += json_unescape(&p, end, out);
	}
	return (struct view){ copy, (size_t)(out - copy) };
}
