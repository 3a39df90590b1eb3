#include "conf/cli.h"

#include "option_impl.h"
#include "wrap.h"

#include <stdio.h>

#define WIDTH      80
#define HELP_START 30 /* column of the help; longer names push it to the next line */

/* The left half stands already on the line since `start`. */
static void put_help(struct buf *out, size_t start, const char *help)
{
	size_t used = out->len - start;
	char indent[HELP_START + 1];
	memset(indent, ' ', HELP_START);
	indent[HELP_START] = 0;
	if (used + 2 > HELP_START)
		buf_printf(out, "\n%s", indent);
	else
		buf_append(out, indent, HELP_START - used);
	text_wrap(out, help, HELP_START, indent, WIDTH);
}

void cli_usage(const struct cli_flag *flags, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t start = out->len;
		if (flags[i].letter)
			buf_printf(out, "  -%c, ", flags[i].letter);
		else
			buf_puts(out, "      ");
		buf_printf(out, "--%s%s%s", flags[i].name, flags[i].arg ? " " : "",
			   flags[i].arg ? flags[i].arg : "");
		put_help(out, start, flags[i].help);
	}
}

static const char *value_name(enum option_type type)
{
	static const char *const names[] = {
		[OPT_T_BOOL] = "",      [OPT_T_INT] = " N",
		[OPT_T_NUM] = " N",     [OPT_T_DURATION] = " DURATION",
		[OPT_T_SIZE] = " SIZE", [OPT_T_STRING] = " TEXT",
		[OPT_T_PATH] = " PATH", [OPT_T_ENUM] = " CHOICE",
		[OPT_T_LIST] = " LIST", [OPT_T_MODE] = " MODE",
	};
	return names[type];
}

static void put_option(const char *section, const struct option *row, struct buf *out)
{
	char name[OPTION_NAME_MAX];
	struct buf help;
	size_t start = out->len;
	buf_init(&help);
	option_flag_name(section, row, name);
	buf_printf(out, "      --%s%s%s", row->type == OPT_T_BOOL ? "[no-]" : "", name,
		   value_name(row->type));
	buf_puts(&help, row->help);
	if (row->type == OPT_T_ENUM) {
		buf_puts(&help, " It is ");
		option_describe(row, &help);
		buf_putc(&help, '.');
	}
	if (row->def && *row->def)
		buf_printf(&help, " (default %s)", row->def);
	put_help(out, start, buf_str(&help));
	if (help.failed)
		out->failed = true;
	buf_fini(&help);
}

void cli_usage_options(const struct option_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->n; i++)
		if (!(table->rows[i].flags & OPT_HIDDEN))
			put_option(table->section, &table->rows[i], out);
}
