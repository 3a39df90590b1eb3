/* What is written from the rows alone: the default file and the manual page. */
#include "option_impl.h"

#include "wrap.h"

#define COMMENT_WIDTH 96

static bool is_first_of_name(const struct option_table *const *tables, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(tables[k]->section, tables[i]->section) == 0)
			return false;
	return true;
}

static void put_comment(struct buf *out, const char *indent, const char *text)
{
	struct buf prefix;
	buf_init(&prefix);
	buf_printf(&prefix, "%s# ", indent);
	buf_puts(out, buf_str(&prefix));
	text_wrap(out, text, prefix.len, buf_str(&prefix), COMMENT_WIDTH);
	buf_fini(&prefix);
}

static void put_default_list(const char *text, struct buf *out)
{
	size_t n = 0;
	buf_putc(out, '[');
	for (; *text; text += *text == ',') {
		struct view item = { text, strcspn(text, ",") };
		text += item.len;
		item = view_trim(item);
		if (!item.len)
			continue;
		buf_puts(out, n++ ? ", " : "");
		yaml_put_quoted(out, item);
	}
	buf_putc(out, ']');
}

static void put_default_value(const struct option *row, struct buf *out)
{
	if (row->type == OPT_T_LIST)
		put_default_list(row->def, out);
	else if (row->type == OPT_T_ENUM)
		yaml_put_word(out, view_of(row->def));
	else if (row->type == OPT_T_STRING || row->type == OPT_T_PATH || row->type == OPT_T_MODE)
		yaml_put_quoted(out, view_of(row->def));
	else
		buf_puts(out, row->def);
}

/* First the sentence, then what may be written and whether a reload applies it, then the line itself. */
static void write_default_row(const struct option *row, const char *indent, struct buf *out)
{
	struct buf note;
	buf_init(&note);
	option_describe(row, &note);
	buf_puts(&note, row->flags & OPT_RELOAD ? "; a reload applies it" : "; needs a restart");
	put_comment(out, indent, row->help);
	put_comment(out, indent, buf_str(&note));
	if (row->def) {
		buf_printf(out, "%s%s: ", indent, row->key);
		put_default_value(row, out);
		buf_putc(out, '\n');
	} else {
		buf_printf(out, "%s# %s:\n", indent, row->key);
	}
	if (note.failed)
		out->failed = true;
	buf_fini(&note);
}

static void write_default_rows(const struct option_table *table, struct buf *out)
{
	const char *indent = *table->section ? "  " : "";
	bool any = false;
	for (size_t i = 0; i < table->n; i++) {
		if (table->rows[i].flags & OPT_HIDDEN)
			continue;
		if (any)
			buf_putc(out, '\n');
		write_default_row(&table->rows[i], indent, out);
		any = true;
	}
}

void option_write_default_yaml(const struct option_table *const *tables, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_first_of_name(tables, i))
			continue;
		if (i)
			buf_putc(out, '\n');
		put_comment(out, "", tables[i]->title);
		if (*tables[i]->section)
			buf_printf(out, "%s:\n", tables[i]->section);
		for (size_t k = i; k < n; k++)
			if (strcmp(tables[k]->section, tables[i]->section) == 0)
				write_default_rows(tables[k], out);
	}
}

void option_put_roff(struct buf *out, const char *text)
{
	for (bool start = true; *text; start = *text++ == '\n') {
		if (start && (*text == '.' || *text == '\''))
			buf_puts(out, "\\&");
		if (*text == '\\')
			buf_puts(out, "\\e");
		else if (*text == '-')
			buf_puts(out, "\\-");
		else
			buf_putc(out, *text);
	}
}

static void write_man_facts(const char *section, const struct option *row, struct buf *out)
{
	char flag[OPTION_NAME_MAX], env[OPTION_NAME_MAX];
	struct buf text;
	buf_init(&text);
	buf_puts(&text, "Takes ");
	option_describe(row, &text);
	if (row->def && *row->def)
		buf_puts(&text, "; the default is ");
	for (const char *p = row->def ? row->def : ""; *p; p++)
		buf_puts(&text, *p == ',' ? ", " : (const char[]){ *p, 0 }); /* a line can break there */
	option_flag_name(section, row, flag);
	option_env_name(section, row, env);
	buf_printf(&text, ". Flag --%s, environment %s. %s", flag, env,
		   row->flags & OPT_RELOAD ? "A reload applies it." : "A change needs a restart.");
	option_put_roff(out, buf_str(&text));
	buf_putc(out, '\n');
	if (text.failed)
		out->failed = true;
	buf_fini(&text);
}

static void write_man_row(const char *section, const struct option *row, struct buf *out)
{
	char name[OPTION_NAME_MAX];
	option_name(section, row, name);
	buf_puts(out, ".TP\n.B ");
	option_put_roff(out, name);
	buf_putc(out, '\n');
	option_put_roff(out, row->help);
	buf_putc(out, '\n');
	write_man_facts(section, row, out);
}

void option_write_man(const struct option_table *const *tables, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, ".SS ");
		option_put_roff(out, tables[i]->title);
		buf_putc(out, '\n');
		for (size_t k = 0; k < tables[i]->n; k++)
			if (!(tables[i]->rows[k].flags & OPT_HIDDEN))
				write_man_row(tables[i]->section, &tables[i]->rows[k], out);
	}
}
