/* What the reader's files share; private to base. */
#ifndef AUSPEX_BASE_JSON_TAPE_H
#define AUSPEX_BASE_JSON_TAPE_H

#include "base/json.h"

/* What JSON_STRICT adds, judged over the tape of a parse that answered `rc` (containers closed). Returns `rc`, or
 * ERR_SYNTAX with error_off and error_text set to the first offence, or -ENOMEM. `stop` = bytes looked at. */
int json_check_strict(struct json_doc *d, size_t stop, int rc);

/* Value of four hexadecimal digits, or -1. */
int json_hex4(const char *p);

/* One decoded step of an escaped text: `*p` at a backslash of text the parser accepted; advances over the escape (both
 * halves of a surrogate pair) and writes 1..4 bytes of UTF-8. Returns how many. */
size_t json_unescape(const char **p, const char *end, char out[4]);

#endif
