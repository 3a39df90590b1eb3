#include "conf/goflag.h"

#include "goquote.h"

#include <stdlib.h>

/* Two spaces before the name, eight before the help, as the guide prints it. */
#define HELP_INDENT "        "

static const char *type_name(enum goflag_type type)
{
	static const char *const names[] = {
		[GOFLAG_BOOL] = "",
		[GOFLAG_INT] = " int",
		[GOFLAG_STRING] = " string",
		[GOFLAG_DURATION] = " duration",
	};
	return names[type];
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct goflag *const *)a)->name, (*(const struct goflag *const *)b)->name);
}

static void put_flag(const struct goflag *flag, struct buf *out)
{
	buf_printf(out, "  -%s%s\n" HELP_INDENT, flag->name, type_name(flag->type));
	for (const char *p = flag->help; *p; p++) {
		buf_putc(out, *p);
		if (*p == '\n')
			buf_puts(out, HELP_INDENT);
	}
	if (flag->def_text) {
		buf_puts(out, " (default ");
		if (flag->type == GOFLAG_STRING)
			go_quote(out, view_of(flag->def_text));
		else
			buf_puts(out, flag->def_text);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

void goflag_usage(const struct goflag *flags, size_t n, struct buf *out)
{
	const struct goflag **sorted = malloc((n ? n : 1) * sizeof(const struct goflag *));
	if (!sorted) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = &flags[i];
	qsort(sorted, n, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < n; i++)
		put_flag(sorted[i], out);
	free(sorted);
}
