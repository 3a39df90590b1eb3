/* Words into lines of a page: for comments in files and help on terminals. */
#ifndef AUSPEX_CONF_WRAP_H
#define AUSPEX_CONF_WRAP_H

#include "base/buf.h"

/* Appends `text` broken at blanks so that lines end before column `width`; `column` is where the first line already
 * stands, `prefix` begins every following one. Ends with a newline. A word longer than the line is not cut. */
void text_wrap(struct buf *out, const char *text, size_t column, const char *prefix, size_t width);

#endif
