#include "base/json_write.h"

#include "base/num.h"
#include "base/utf8.h"

#include "json_scan.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define STYLE_MASK 0xff

struct jw jw_init(struct buf *out, unsigned style)
{
	return (struct jw){ .out = out, .style = (uint16_t)style };
}

static void indent(struct jw *w)
{
	static const char spaces[] = "\n                                                                ";
	unsigned n = w->depth * ((w->style & STYLE_MASK) == JW_INDENT2 ? 2u : 4u);
	unsigned first = n < sizeof(spaces) - 2 ? n : (unsigned)sizeof(spaces) - 2;
	buf_append(w->out, spaces, first + 1);
	for (n -= first; n; n -= first) {
		first = n < sizeof(spaces) - 2 ? n : (unsigned)sizeof(spaces) - 2;
		buf_append(w->out, spaces + 1, first);
	}
}

/* The comma and line break that a value needs before it. */
static void separate(struct jw *w)
{
	if (w->any)
		buf_append(w->out, ",", 1);
	if ((w->style & STYLE_MASK) != JW_COMPACT && w->depth)
		indent(w);
	w->any = true;
}

static void colon(struct jw *w)
{
	buf_append(w->out, ": ", (w->style & STYLE_MASK) == JW_COMPACT ? 1 : 2);
}

/* Everything before a value. A key that is a C literal needs no escaping; after jw_key nothing is due. */
static void begin(struct jw *w, const char *key)
{
	if (!key) {
		if (w->after_key)
			w->after_key = false;
		else
			separate(w);
		return;
	}
	assert(!w->after_key);
	size_t len = strlen(key);
	separate(w);
	if (len + 4 < w->out->cap - w->out->len && !w->out->failed) {
		char *p = w->out->data + w->out->len;
		*p++ = '"';
		memcpy(p, key, len);
		p += len;
		*p++ = '"';
		*p++ = ':';
		*p = ' ';
		w->out->len += len + ((w->style & STYLE_MASK) == JW_COMPACT ? 3 : 4);
		return;
	}
	buf_append(w->out, "\"", 1);
	buf_append(w->out, key, len);
	buf_append(w->out, "\"", 1);
	colon(w);
}

static void push_level(struct jw *w, const char *key, bool array)
{
	assert(w->depth < JW_MAX_DEPTH);
	begin(w, key);
	buf_append(w->out, array ? "[" : "{", 1);
	uint64_t bit = UINT64_C(1) << (w->depth & 63);
	w->is_array = array ? w->is_array | bit : w->is_array & ~bit;
	w->had_any = w->any ? w->had_any | bit : w->had_any & ~bit;
	w->depth++;
	w->any = false;
}

void jw_obj(struct jw *w, const char *key)
{
	push_level(w, key, false);
}
void jw_arr(struct jw *w, const char *key)
{
	push_level(w, key, true);
}

void jw_end(struct jw *w)
{
	assert(w->depth > 0 && !w->after_key);
	if (!w->depth)
		return;
	w->depth--;
	if (w->any && (w->style & STYLE_MASK) != JW_COMPACT)
		indent(w);
	uint64_t bit = UINT64_C(1) << (w->depth & 63);
	buf_append(w->out, w->is_array & bit ? "]" : "}", 1);
	w->any = w->had_any & bit;
}

void jw_key(struct jw *w, struct view key)
{
	separate(w);
	json_append_string(w->out, key, w->style);
	colon(w);
	w->after_key = true;
}

void jw_str(struct jw *w, const char *key, struct view v)
{
	begin(w, key);
	json_append_string(w->out, v, w->style);
}

void jw_cstr(struct jw *w, const char *key, const char *s)
{
	if (s)
		jw_str(w, key, view_of(s));
	else
		jw_null(w, key);
}

void jw_i64(struct jw *w, const char *key, int64_t v)
{
	char text[24];
	begin(w, key);
	buf_append(w->out, text, num_format_i64(v, text));
}

void jw_u64(struct jw *w, const char *key, uint64_t v)
{
	char text[24], *p = text + sizeof(text);
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	begin(w, key);
	buf_append(w->out, p, (size_t)(text + sizeof(text) - p));
}

void jw_double(struct jw *w, const char *key, double v)
{
	char text[NUM_DOUBLE_MAX];
	begin(w, key);
	buf_append(w->out, text, num_format_double(v, text));
}

/* printf uses the locale's decimal point; the daemon never calls setlocale, a library's host program may. */
static void point_fix(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '-' && (text[i] < '0' || text[i] > '9'))
			text[i] = '.';
}

void jw_fixed(struct jw *w, const char *key, double v, int decimals)
{
	char text[512]; /* DBL_MAX has 309 digits before the point */
	if (!isfinite(v)) {
		jw_null(w, key);
		return;
	}
	decimals = decimals < 0 ? 0 : decimals > 100 ? 100 : decimals;
	int len = snprintf(text, sizeof(text), "%.*f", decimals, v);
	point_fix(text, (size_t)len);
	begin(w, key);
	buf_append(w->out, text, (size_t)len);
}

void jw_bool(struct jw *w, const char *key, bool v)
{
	begin(w, key);
	buf_append(w->out, v ? "true" : "false", v ? 4 : 5);
}

void jw_null(struct jw *w, const char *key)
{
	begin(w, key);
	buf_append(w->out, "null", 4);
}

void jw_raw(struct jw *w, const char *key, struct view json)
{
	begin(w, key);
	buf_view(w->out, json);
}

/* Escapes one byte that may not stand in a string as it is. */
static void append_escape(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[] = "btn\0fr"; /* from 0x08; 0x0b has none */
	char e[6] = { '\\', (char)c };
	if (c == '"' || c == '\\') {
		buf_append(out, e, 2);
	} else if (c >= '\b' && c <= '\r' && letters[c - '\b']) {
		e[1] = letters[c - '\b'];
		buf_append(out, e, 2);
	} else {
		memcpy(e + 1, "u00", 3);
		e[4] = hex[c >> 4];
		e[5] = hex[c & 15];
		buf_append(out, e, 6);
	}
}

/* Go's encoder also escapes the two line separators that old JavaScript took for line ends. `p` stands at a
 * byte
 * >= 0x80; the run of such bytes is repaired and appended. Returns its end. */
static const char *append_high_go(struct buf *out, const char *p, const char *end)
{
	const char *run = p;
	for (; p < end && (unsigned char)*p >= 0x80; p++) {
		if (end - p < 3 || memcmp(p, "\xE2\x80", 2) != 0 || ((unsigned char)p[2] & 0xFE) != 0xA8)
			continue;
		utf8_append_repaired(out, (struct view){ run, (size_t)(p - run) });
		buf_append(out, p[2] & 1 ? "\\u2029" : "\\u2028", 6);
		p += 2;
		run = p + 1;
	}
	utf8_append_repaired(out, (struct view){ run, (size_t)(p - run) });
	return p;
}

static void append_plain(struct buf *out, const char *p, const char *end)
{
	while (p < end) {
		uint64_t high = 0;
		const char *stop = scan_string(p, end, SCAN_CONTROL, &high);
		struct view run = { p, (size_t)(stop - p) };
		if (high)
			utf8_append_repaired(out, run);
		else
			buf_view(out, run);
		if (stop < end)
			append_escape(out, (unsigned char)*stop++);
		p = stop;
	}
}

static void append_go(struct buf *out, const char *p, const char *end)
{
	while (p < end) {
		uint64_t high = 0;
		const char *stop = scan_string(p, end, SCAN_GO, &high);
		buf_append(out, p, (size_t)(stop - p));
		p = stop;
		if (p == end)
			break;
		if ((unsigned char)*p >= 0x80)
			p = append_high_go(out, p, end);
		else
			append_escape(out, (unsigned char)*p++);
	}
}

void json_append_string(struct buf *out, struct view v, unsigned style)
{
	buf_append(out, "\"", 1);
	if (v.len) {
		if (style & JW_GO_ESCAPE)
			append_go(out, v.data, v.data + v.len);
		else
			append_plain(out, v.data, v.data + v.len);
	}
	buf_append(out, "\"", 1);
}
