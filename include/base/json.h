/* JSON reader: one pass that frames and parses, into a flat tape; zero-copy.
 *
 * The tape is an array of nodes in document order. An object is its node followed by
 * key, value, key, value, …; an array is its node followed by its values. Every node
 * carries the index one past its last descendant (`end`), so skipping is one read.
 *
 *     index  0        1     2      3     4        5     6
 *            OBJECT   KEY   STRING KEY   ARRAY    NUM   NUM
 *            end=7    "a"   "x"    "b"   end=7    1     2
 *
 * Lenient (the default, for intake): invalid UTF-8 is repaired on reading a string,
 * numbers too large are clamped, the last of duplicate keys wins, lone surrogates read
 * as U+FFFD, NUL bytes in strings are kept, raw control characters in strings accepted.
 * Grammar itself is strict in both modes: no comments, no trailing commas, no bare words,
 * numbers per RFC 8259. JSON_STRICT (configuration) also refuses duplicates, invalid UTF-8
 * and raw control characters.
 *
 * Memory: the doc owns its node array and reuses it from parse to parse; strings are views
 * of the input, which must outlive them. Not thread-safe; one doc per owner.
 *
 *     struct json_doc d; json_doc_init(&d);
 *     size_t used;
 *     int rc = json_parse(&d, text, len, 0, &used);   // 0: one complete value in text[0..used)
 *     json_ref run = json_get(&d, 0, VIEW("command"));
 */
#ifndef AUSPEX_BASE_JSON_H
#define AUSPEX_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT, JSON_KEY };

struct json_node {
	uint32_t off; /* first byte of the value's text; for strings the byte after the quote */
	uint32_t len; /* bytes of the text; strings without quotes. Containers: number of values or pairs */
	uint32_t end; /* index one past the last descendant */
	uint8_t type;
	uint8_t flags; /* JSON_F_* */
};
#define JSON_F_ESCAPED 1u   /* the string holds backslashes */
#define JSON_F_NONASCII 2u  /* the string holds bytes >= 0x80 */
#define JSON_F_INTEGER 4u   /* the number has neither fraction nor exponent */

struct json_doc {
	const char *text;
	size_t text_len;
	struct json_node *nodes;
	uint32_t n, cap;
	uint32_t max_depth; /* default 64 */
	uint32_t max_nodes; /* default 4 M; ERR_FULL past it */
	size_t error_off;   /* where a failed parse stopped */
	const char *error_text; /* what is wrong there ("expected ':' after a key"); static, NULL after success */
};
typedef uint32_t json_ref; /* index into nodes */
#define JSON_NONE UINT32_MAX

#define JSON_STRICT 1u

void json_doc_init(struct json_doc *d);
void json_doc_fini(struct json_doc *d);

/* Parses the first value of text after optional white space. 0 (and *used = bytes consumed including
 * leading white space, none trailing), ERR_MORE (input ended inside the value, or only white space; a
 * top-level number at the end of input counts as complete), ERR_SYNTAX, ERR_DEPTH, ERR_FULL, -ENOMEM. On
 * an error error_off holds the place. `len` at most 2^31. */
int json_parse(struct json_doc *d, const char *text, size_t len, unsigned flags, size_t *used);
/* As json_parse, and only white space may follow. Fills `err` with "line:column" and a sentence. */
int json_parse_all(struct json_doc *d, const char *text, size_t len, unsigned flags, struct err *err);

/* Finds where the first top-level value ends, byte by byte and resumable, without building a tape: for
 * documents that arrive in pieces. Zero-initialise. Feed only new bytes; returns true when the value is
 * complete, with *end = offset one past it relative to `data`. Only objects and arrays are framed; what
 * begins with another byte sets `not_container` and returns true at the next newline (offset of it + 1).
 * Brackets are counted, not matched: json_parse judges. */
struct json_frame {
	uint32_t depth;
	bool started, in_string, escaped, not_container;
};
bool json_frame_feed(struct json_frame *f, const char *data, size_t len, size_t *end);

static inline enum json_type json_type(const struct json_doc *d, json_ref r)
{
	return r == JSON_NONE ? JSON_NULL : (enum json_type)d->nodes[r].type;
}
/* Walking. For objects, `json_first` gives the first KEY (its value is ref + 1); `json_next` steps from KEY to
 * KEY or value to value. JSON_NONE at the end or when `container` is no container / empty. */
static inline json_ref json_first(const struct json_doc *d, json_ref container)
{
	if (container >= d->n)
		return JSON_NONE;
	const struct json_node *c = &d->nodes[container];
	return (c->type == JSON_ARRAY || c->type == JSON_OBJECT) && c->end > container + 1 ? container + 1 : JSON_NONE;
}
static inline json_ref json_next(const struct json_doc *d, json_ref container, json_ref current)
{
	if (container >= d->n || current >= d->n)
		return JSON_NONE;
	json_ref value = current + (d->nodes[current].type == JSON_KEY);
	json_ref next = value < d->n ? d->nodes[value].end : JSON_NONE;
	return next < d->nodes[container].end ? next : JSON_NONE;
}
/* Value of a key, last duplicate wins; exact bytes first, `json_get_fold` also ASCII case-insensitively (Go's rule:
 * exact or folded, last in the document wins). JSON_NONE if absent or not an object. */
json_ref json_get(const struct json_doc *d, json_ref object, struct view key);
json_ref json_get_fold(const struct json_doc *d, json_ref object, struct view key);
/* The raw text of a string or key (escapes not decoded) / of any scalar / of a whole container. */
struct view json_raw(const struct json_doc *d, json_ref r);

/* Decoded text of a STRING or KEY: a view of the input when nothing had to change, else a copy in `arena`,
 * repaired to valid UTF-8. An empty view with data NULL when out of memory or not a string. */
struct view json_string(const struct json_doc *d, json_ref r, struct arena *arena);
/* Numbers: clamped to the type's range (doubles to ±DBL_MAX), fractions truncated toward zero for integers.
 * `*out` is untouched and ERR_TYPE returned for other types. */
int json_i64(const struct json_doc *d, json_ref r, int64_t *out);
int json_double(const struct json_doc *d, json_ref r, double *out);
int json_bool(const struct json_doc *d, json_ref r, bool *out);

#endif
