/* What the parts of masking share. Private to masking; pure. */
#ifndef AUSPEX_BASE_MASK_PARTS_H
#define AUSPEX_BASE_MASK_PARTS_H

#include "base/buf.h"

static inline bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Is c one of the characters of `set`? NUL never is. */
static inline bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* The byte at i, or a blank past either end, which every rule takes for an end. */
static inline char at(struct view v, size_t i)
{
	return i < v.len ? v.data[i] : ' ';
}

/* False when nothing in the text can be a secret: the cheap look that an innocent command pays for. */
bool mask_suspect(struct view text);

/* Length of the token that `v` begins with (AKIA…, ghp_…, xox?-…, eyJ… tokens, a PEM private key), or 0. The
 * caller sees to it that a word begins here. */
size_t mask_shape(struct view v);

/* An opening quote at i, escaped or not: how many bytes (backslashes included), 0 for none. */
size_t quote_len(struct view v, size_t i);
/* Where the text behind an opening quote of `n` bytes ends: at the same quote with as many backslashes before it.
 * The end of the text when it is never closed. */
size_t quoted_end(struct view v, size_t from, size_t n, char quote);

/* Which quote a place stands inside of. Zero-initialise; ask for rising places only, so that a text of any length is
 * read once. */
struct quote_state {
	size_t read;  /* bytes looked at */
	char open;    /* the quote that is open there, 0 for none */
	size_t close; /* where it closes */
};
/* The quote around the byte at i: one that opened at the start of a word and is closed later (an apostrophe in prose
 * does neither). 0 for none. */
char quote_around(struct quote_state *q, struct view v, size_t i);

#endif
