/* Walking a text of the kernel: lines, words, unsigned numbers. For the pure parsers of this room; nothing is copied or allocated.
 *
 * A cursor is a view that gets shorter from the front. Numbers saturate at UINT64_MAX: a text that is too large to be true must not
 * become a small number. Thread: any.
 */
#ifndef AUSPEX_OS_SCAN_H
#define AUSPEX_OS_SCAN_H

#include "base/buf.h"

#include <stdint.h>

/* Takes the next line (without its end) off the front. False at the end of the text. */
static inline bool scan_line(struct view *text, struct view *line)
{
	if (text->len == 0)
		return false;
	const char *end = memchr(text->data, '\n', text->len);
	size_t n = end ? (size_t)(end - text->data) : text->len;
	*line = (struct view){ text->data, n };
	n += end != NULL;
	text->data += n;
	text->len -= n;
	return true;
}

static inline void scan_blanks(struct view *text)
{
	while (text->len && (*text->data == ' ' || *text->data == '\t')) {
		text->data++;
		text->len--;
	}
}

/* Takes the next run of non-blanks. False when there is none. */
static inline bool scan_word(struct view *text, struct view *word)
{
	scan_blanks(text);
	size_t n = 0;
	while (n < text->len && text->data[n] != ' ' && text->data[n] != '\t' && text->data[n] != '\n')
		n++;
	*word = (struct view){ text->data, n };
	text->data += n;
	text->len -= n;
	return n > 0;
}

/* Takes the next decimal number; blanks before it are skipped. False (and nothing taken but blanks) when no digit comes. */
static inline bool scan_u64(struct view *text, uint64_t *out)
{
	scan_blanks(text);
	size_t n = 0;
	uint64_t v = 0;
	while (n < text->len && (unsigned)(text->data[n] - '0') < 10) {
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(text->data[n] - '0'), &v)) {
			v = UINT64_MAX;
			do
				n++;
			while (n < text->len && (unsigned)(text->data[n] - '0') < 10);
			break;
		}
		n++;
	}
	text->data += n;
	text->len -= n;
	if (n == 0)
		return false;
	*out = v;
	return true;
}

/* Takes up to `max` numbers; returns how many there were. */
static inline unsigned scan_numbers(struct view *text, uint64_t *out, unsigned max)
{
	unsigned n = 0;
	while (n < max && scan_u64(text, &out[n]))
		n++;
	return n;
}

/* Takes `prefix` off the front if it is there. */
static inline bool scan_prefix(struct view *text, struct view prefix)
{
	if (text->len < prefix.len || memcmp(text->data, prefix.data, prefix.len) != 0)
		return false;
	text->data += prefix.len;
	text->len -= prefix.len;
	return true;
}

/* A decimal with a fraction, such as "12.34", in hundredths; more digits are cut. */
static inline bool scan_hundredths(struct view *text, uint64_t *out)
{
	uint64_t whole, part = 0;
	if (!scan_u64(text, &whole))
		return false;
	if (text->len && *text->data == '.') {
		unsigned digits = 0;
		text->data++;
		text->len--;
		while (text->len && (unsigned)(*text->data - '0') < 10) {
			if (digits++ < 2)
				part = part * 10 + (uint64_t)(*text->data - '0');
			text->data++;
			text->len--;
		}
		if (digits == 1)
			part *= 10;
	}
	*out = whole > (UINT64_MAX - part) / 100 ? UINT64_MAX : whole * 100 + part;
	return true;
}

#endif
