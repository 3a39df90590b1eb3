/* Streaming JSON writer into a buf. Commas, indentation and escaping are its business; nesting is the
 * caller's (asserted in debug builds). Nothing is allocated but the buffer's bytes; a failed buffer stays failed.
 *
 *     struct jw w = jw_init(&buf, JW_COMPACT);
 *     jw_obj(&w, NULL);
 *       jw_str(&w, "status", view_of("healthy"));
 *       jw_arr(&w, "items"); jw_i64(&w, NULL, 1); jw_end(&w);
 *     jw_end(&w);
 *
 * Inside an object pass the key; inside an array (and at the top) pass NULL.
 * Non-finite doubles are written as null. Strings are repaired to valid UTF-8.
 */
#ifndef AUSPEX_BASE_JSON_WRITE_H
#define AUSPEX_BASE_JSON_WRITE_H

#include "base/buf.h"

#include <stdint.h>

enum jw_style {
	JW_COMPACT, /* {"a":1,"b":[1,2]}      retry, fleet */
	JW_INDENT2, /* two spaces, ": "       retry export; empty containers as [] and {} */
	JW_INDENT4, /* four spaces, ": "      change */
};
#define JW_GO_ESCAPE 0x100 /* or'ed to a style: < > & U+2028 U+2029 as \u003c …, as Go's encoder does */

#define JW_MAX_DEPTH 64

struct jw {
	struct buf *out;
	uint16_t style;
	uint8_t depth;
	bool any;        /* something was written at this level */
	bool after_key;  /* jw_key was called, its value is due */
	uint64_t is_array; /* bit per level */
	uint64_t had_any;  /* `any` of the outer levels */
};

struct jw jw_init(struct buf *out, unsigned style);
void jw_obj(struct jw *w, const char *key);
void jw_arr(struct jw *w, const char *key);
void jw_end(struct jw *w); /* closes the innermost container */
void jw_str(struct jw *w, const char *key, struct view v);
void jw_cstr(struct jw *w, const char *key, const char *s); /* NULL writes null */
void jw_i64(struct jw *w, const char *key, int64_t v);
void jw_u64(struct jw *w, const char *key, uint64_t v);
void jw_double(struct jw *w, const char *key, double v);            /* shortest, num_format_double */
void jw_fixed(struct jw *w, const char *key, double v, int decimals); /* %.Nf */
void jw_bool(struct jw *w, const char *key, bool v);
void jw_null(struct jw *w, const char *key);
/* Already-encoded JSON. */
void jw_raw(struct jw *w, const char *key, struct view json);
/* A key that is not a C string literal; the next value is written with key NULL. */
void jw_key(struct jw *w, struct view key);

/* Appends a quoted, escaped string to any buffer; `style` bits as above. */
void json_append_string(struct buf *out, struct view v, unsigned style);

#endif
