#include "wrap.h"

void text_wrap(struct buf *out, const char *text, size_t column, const char *prefix, size_t width)
{
	bool first = true;
	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t len = strcspn(text, " \n");
		if (!first && column + 1 + len > width) {
			buf_printf(out, "\n%s", prefix);
			column = strlen(prefix);
		} else if (!first) {
			buf_putc(out, ' ');
			column++;
		}
		buf_append(out, text, len);
		column += len;
		text += len;
		first = false;
	}
	buf_putc(out, '\n');
}
