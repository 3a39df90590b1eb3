#include "impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ax_put_bytes(struct ax_text *t, const char *data, size_t len)
{
	if (t->full || len > t->cap - t->len) {
		t->full = true;
		return;
	}
	if (t->data)
		memcpy(t->data + t->len, data, len);
	t->len += len;
}

void ax_put(struct ax_text *t, const char *text)
{
	ax_put_bytes(t, text, strlen(text));
}

/* Length of the UTF-8 sequence at p (NUL-terminated), 0 if it is none: no overlong forms, no surrogates. */
static size_t utf8_length(const unsigned char *p)
{
	size_t n = p[0] < 0x80                   ? 1
		   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						 : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

static void put_escaped(struct ax_text *t, unsigned char c)
{
	char out[8];
	if (c == '"' || c == '\\')
		snprintf(out, sizeof(out), "\\%c", c);
	else
		snprintf(out, sizeof(out), "\\u%04x", c);
	ax_put(t, out);
}

void ax_put_string(struct ax_text *t, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	ax_put(t, "\"");
	while (*p && !t->full) {
		const unsigned char *plain = p;
		while (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
			p++;
		ax_put_bytes(t, (const char *)plain, (size_t)(p - plain));
		if (!*p)
			break;
		size_t n = *p >= 0x80 ? utf8_length(p) : 0;
		if (n)
			ax_put_bytes(t, (const char *)p, n);
		else if (*p >= 0x80)
			ax_put(t, "\xef\xbf\xbd");
		else
			put_escaped(t, *p);
		p += n ? n : 1;
	}
	ax_put(t, "\"");
}

/* printf writes the decimal point of the program's locale, which may be several bytes. */
static void put_plain_number(struct ax_text *t, const char *number)
{
	bool foreign = false;
	for (const char *p = number; *p; p++) {
		if (strchr("0123456789+-eE", *p)) {
			ax_put_bytes(t, p, 1);
			foreign = false;
		} else if (!foreign) {
			ax_put(t, ".");
			foreign = true;
		}
	}
}

void ax_put_double(struct ax_text *t, double v)
{
	char number[AX_NUMBER_MAX];
	if (v > -1e15 && v < 1e15 && v == (double)(long long)v) {
		snprintf(number, sizeof(number), "%.0f", v);
	} else {
		snprintf(number, sizeof(number), "%.15g", v);
		if (strtod(number, NULL) != v)
			snprintf(number, sizeof(number), "%.17g", v);
	}
	put_plain_number(t, number);
}

void ax_put_seconds(struct ax_text *t, double seconds)
{
	char number[AX_NUMBER_MAX];
	snprintf(number, sizeof(number), "%.3f", seconds);
	put_plain_number(t, number);
}

void ax_put_int(struct ax_text *t, long long v)
{
	char number[AX_NUMBER_MAX];
	snprintf(number, sizeof(number), "%lld", v);
	ax_put(t, number);
}
