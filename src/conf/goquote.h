/* Go's %q: a double-quoted string in Go syntax, as its flag package repeats a user's value. */
#ifndef AUSPEX_CONF_GOQUOTE_H
#define AUSPEX_CONF_GOQUOTE_H

#include "base/buf.h"

/* Appends strconv.Quote(text). Exact for ASCII, invalid UTF-8 and common text; what Unicode calls unprintable is
 * decided by the ranges people meet (C1 controls, spaces, format characters, surrogates, private use, noncharacters),
 * not by the full table of unassigned code points. */
void go_quote(struct buf *out, struct view text);

#endif
