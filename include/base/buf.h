/* A growing byte buffer for text that is being built.
 *
 * Failure is sticky: once memory runs out (or `limit` is passed) `failed` is set, the
 * content stays as it was and further appends do nothing; check once at the end.
 * Data is kept NUL-terminated after buf_str(). Not thread-safe.
 */
#ifndef AUSPEX_BASE_BUF_H
#define AUSPEX_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A borrowed run of bytes; not NUL-terminated. */
struct view {
	const char *data;
	size_t len;
};
#define VIEW(literal) ((struct view){ (literal), sizeof(literal) - 1 })
static inline struct view view_of(const char *s) { return (struct view){ s, s ? strlen(s) : 0 }; }
static inline bool view_eq(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
/* ASCII case-insensitive. */
bool view_ieq(struct view a, struct view b);
/* Without ASCII white space at both ends. */
struct view view_trim(struct view v);

struct buf {
	char *data;
	size_t len, cap;
	size_t limit; /* most bytes of content, 0 = none; set before the first append */
	bool failed;
};

void buf_init(struct buf *b);
/* Makes room for `extra` more bytes (plus a NUL). 0 or -ENOMEM / ERR_FULL (and failed). */
int buf_reserve(struct buf *b, size_t extra);
void buf_append_slow(struct buf *b, const void *data, size_t len);
static inline void buf_append(struct buf *b, const void *data, size_t len)
{
	if (len < b->cap - b->len && !b->failed) { /* strictly less: room for the NUL; cap 0 falls through */
		memcpy(b->data + b->len, data, len);
		b->len += len;
	} else {
		buf_append_slow(b, data, len);
	}
}
static inline void buf_puts(struct buf *b, const char *s) { buf_append(b, s, strlen(s)); }
static inline void buf_view(struct buf *b, struct view v)
{
	if (v.len) /* an empty view may have no data */
		buf_append(b, v.data, v.len);
}
static inline void buf_putc(struct buf *b, char c) { buf_append(b, &c, 1); }
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Decimal integer, without printf. */
void buf_int(struct buf *b, long long v);
/* Removes the first `n` bytes. */
void buf_consume(struct buf *b, size_t n);
/* The text, NUL-terminated, owned by the buffer until the next change. "" if failed/empty. */
const char *buf_str(struct buf *b);
void buf_clear(struct buf *b); /* len = 0 and failed = false; keeps memory */
/* Gives memory above `keep` bytes of capacity back; content must be empty. */
void buf_shrink(struct buf *b, size_t keep);
void buf_fini(struct buf *b);

#endif
