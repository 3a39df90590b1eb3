/* `config show`: the current values as YAML or JSON. */
#include "option_impl.h"

#include "base/utf8.h"

#include <ctype.h>

/* Sections may be spread over several tables, but a map has each key once: the first of a name writes for
 * all. */
static bool is_first_of_name(const struct option_section *sections, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(sections[k].table->section, sections[i].table->section) == 0)
			return false;
	return true;
}

/* Bytes of the code point at s (valid UTF-8). */
static size_t code_point(const unsigned char *s, unsigned *cp)
{
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	*cp = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*cp = *cp << 6 | (s[i] & 0x3fu);
	return len;
}

/* What YAML refuses or folds when it stands raw between double quotes. */
static bool needs_escape(unsigned cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
	       (cp >= 0xfffe && cp <= 0xffff);
}

void yaml_put_quoted(struct buf *out, struct view text)
{
	struct buf clean;
	buf_init(&clean);
	utf8_append_repaired(&clean, text);
	const unsigned char *s = (const unsigned char *)buf_str(&clean);
	buf_putc(out, '"');
	for (size_t i = 0; i < clean.len;) {
		unsigned cp;
		size_t len = code_point(s + i, &cp);
		if (cp == '"' || cp == '\\')
			buf_printf(out, "\\%c", (char)cp);
		else if (cp == '\n' || cp == '\t')
			buf_puts(out, cp == '\n' ? "\\n" : "\\t");
		else if (needs_escape(cp))
			buf_printf(out, "\\u%04x", cp);
		else
			buf_append(out, s + i, len);
		i += len;
	}
	buf_putc(out, '"');
	if (clean.failed)
		out->failed = true;
	buf_fini(&clean);
}

void yaml_put_word(struct buf *out, struct view text)
{
	static const char *const taken[] = { "y", "n", "yes", "no", "on", "off", "true", "false", "null" };
	bool bare = text.len > 0;
	for (size_t i = 0; i < text.len && bare; i++)
		bare = isalpha((unsigned char)text.data[i]) ||
		       (i && (text.data[i] == '_' || text.data[i] == '-'));
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]) && bare; i++)
		bare = !view_ieq(text, view_of(taken[i]));
	if (bare)
		buf_view(out, text);
	else
		yaml_put_quoted(out, text);
}

static void put_yaml_list(const struct option_list *list, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? ", " : "");
		yaml_put_quoted(out, view_of(list->items[i]));
	}
	buf_putc(out, ']');
}

static void put_yaml_value(const struct option *row, const void *values, struct buf *out)
{
	if (row->type == OPT_T_LIST && !(row->flags & OPT_SECRET)) {
		put_yaml_list(option_field_const(row, values), out);
		return;
	}
	if ((row->type == OPT_T_STRING || row->type == OPT_T_PATH) &&
	    !*(const char *const *)option_field_const(row, values)) {
		buf_puts(out, "null");
		return;
	}
	struct buf text;
	buf_init(&text);
	option_get_text(row, values, &text);
	bool quoted = row->type == OPT_T_STRING || row->type == OPT_T_PATH || row->type == OPT_T_MODE ||
		      row->flags & OPT_SECRET;
	if (row->type == OPT_T_ENUM && !quoted)
		yaml_put_word(out, (struct view){ buf_str(&text), text.len });
	else if (quoted)
		yaml_put_quoted(out, (struct view){ buf_str(&text), text.len });
	else
		buf_append(out, buf_str(&text), text.len);
	buf_fini(&text);
}

static void write_section_yaml(const struct option_section *section, struct buf *out)
{
	const struct option_table *table = section->table;
	for (size_t i = 0; i < table->n; i++) {
		buf_printf(out, "%s%s: ", *table->section ? "  " : "", table->rows[i].key);
		put_yaml_value(&table->rows[i], section->values, out);
		buf_putc(out, '\n');
	}
}

void option_write_yaml(const struct option_section *sections, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = sections[i].table->section;
		if (!is_first_of_name(sections, i))
			continue;
		if (*name)
			buf_printf(out, "%s:\n", name);
		for (size_t k = i; k < n; k++)
			if (strcmp(sections[k].table->section, name) == 0)
				write_section_yaml(&sections[k], out);
	}
}

static void write_json_list(const struct option *row, const struct option_list *list, struct jw *w)
{
	jw_arr(w, row->key);
	for (size_t i = 0; i < list->n; i++)
		jw_cstr(w, NULL, row->flags & OPT_SECRET ? "***" : list->items[i]);
	jw_end(w);
}

static void write_json_text(const struct option *row, const void *values, struct jw *w)
{
	struct buf text;
	buf_init(&text);
	option_get_text(row, values, &text);
	jw_str(w, row->key, (struct view){ buf_str(&text), text.len });
	buf_fini(&text);
}

static void write_json_value(const struct option *row, const void *values, struct jw *w)
{
	const void *field = option_field_const(row, values);
	bool is_text = row->type == OPT_T_STRING || row->type == OPT_T_PATH;
	if (is_text && !*(const char *const *)field)
		jw_null(w, row->key);
	else if (row->type == OPT_T_LIST)
		write_json_list(row, field, w);
	else if (row->flags & OPT_SECRET)
		write_json_text(row, values, w);
	else if (row->type == OPT_T_BOOL)
		jw_bool(w, row->key, *(const bool *)field);
	else if (row->type == OPT_T_INT || row->type == OPT_T_SIZE)
		jw_i64(w, row->key, *(const int64_t *)field);
	else if (row->type == OPT_T_NUM)
		jw_double(w, row->key, *(const double *)field);
	else
		write_json_text(row, values, w);
}

static void write_section_json(const struct option_section *section, struct jw *w)
{
	for (size_t i = 0; i < section->table->n; i++)
		write_json_value(&section->table->rows[i], section->values, w);
}

void option_write_json(const struct option_section *sections, size_t n, struct jw *w)
{
	jw_obj(w, NULL);
	for (size_t i = 0; i < n; i++) {
		const char *name = sections[i].table->section;
		if (!is_first_of_name(sections, i))
			continue;
		if (*name)
			jw_obj(w, name);
		for (size_t k = i; k < n; k++)
			if (strcmp(sections[k].table->section, name) == 0)
				write_section_json(&sections[k], w);
		if (*name)
			jw_end(w);
	}
	jw_end(w);
}
