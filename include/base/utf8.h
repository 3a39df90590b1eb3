/* UTF-8 repair. Pure. Thread: any. */
#ifndef AUSPEX_BASE_UTF8_H
#define AUSPEX_BASE_UTF8_H

#include "base/buf.h"

/* Length of the valid prefix (RFC 3629: no overlongs, surrogates or > U+10FFFF). Fast on ASCII. */
size_t utf8_valid_prefix(const char *s, size_t len);
static inline bool utf8_valid(struct view v) { return utf8_valid_prefix(v.data, v.len) == v.len; }
/* Appends with each invalid byte replaced by U+FFFD (as Go does). */
void utf8_append_repaired(struct buf *b, struct view v);

#endif
