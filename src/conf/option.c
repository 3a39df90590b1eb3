#include "option_impl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct option *option_find(const struct option_table *table, struct view key)
{
	for (size_t i = 0; i < table->n; i++)
		if (view_eq(view_of(table->rows[i].key), key))
			return &table->rows[i];
	return NULL;
}

int option_set_text(const struct option *row, void *values, struct view text, const char *place,
		    struct arena *arena, struct err *err)
{
	struct option_target t = { NULL, row, values, place, arena, err };
	return option_assign(&t, text);
}

int option_set_list(const struct option *row, void *values, const struct view *items, size_t n,
		    const char *place, struct arena *arena, struct err *err)
{
	struct option_target t = { NULL, row, values, place, arena, err };
	return option_assign_list(&t, items, n);
}

static int set_default(const struct option_target *t)
{
	if (!t->row->def)
		return 0; /* the zeroed field: NULL, empty list, 0 */
	int rc = option_assign(t, view_of(t->row->def));
	/* Only a programmer can meet this: whatever was wrong with the text, the table is. */
	return rc == 0 || rc == -ENOMEM
		       ? rc
		       : err_set(t->err, ERR_SYNTAX, "default", "%s.%s: the default \"%s\" is wrong",
				 t->section, t->row->key, t->row->def);
}

int option_defaults(const struct option_section *sections, size_t n, struct arena *arena, struct err *err)
{
	for (size_t s = 0; s < n; s++) {
		const struct option_table *table = sections[s].table;
		memset(sections[s].values, 0, table->size);
		for (size_t i = 0; i < table->n; i++) {
			struct option_target t = { table->section, &table->rows[i], sections[s].values,
						   "default",      arena,           err };
			int rc = set_default(&t);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static bool text_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool list_same(const struct option_list *a, const struct option_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!text_same(a->items[i], b->items[i]))
			return false;
	return true;
}

static bool value_same(const struct option *row, const void *before, const void *after)
{
	const void *a = option_field_const(row, before), *b = option_field_const(row, after);
	switch (row->type) {
	case OPT_T_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case OPT_T_NUM:
		return *(const double *)a == *(const double *)b;
	case OPT_T_ENUM:
		return *(const int *)a == *(const int *)b;
	case OPT_T_STRING:
	case OPT_T_PATH:
		return text_same(*(const char *const *)a, *(const char *const *)b);
	case OPT_T_LIST:
		return list_same(a, b);
	case OPT_T_INT:
	case OPT_T_DURATION:
	case OPT_T_SIZE:
	case OPT_T_MODE:
		break;
	}
	return *(const int64_t *)a == *(const int64_t *)b;
}

void option_diff(const struct option_table *table, const void *before, const void *after,
		 void (*cb)(void *arg, const struct option *row, bool restart), void *arg)
{
	for (size_t i = 0; i < table->n; i++)
		if (!value_same(&table->rows[i], before, after))
			cb(arg, &table->rows[i], !(table->rows[i].flags & OPT_RELOAD));
}

void option_name(const char *section, const struct option *row, char *out)
{
	bool prefixed = section && *section;
	snprintf(out, OPTION_NAME_MAX, "%s%s%s", prefixed ? section : "", prefixed ? "." : "", row->key);
}

void option_flag_name(const char *section, const struct option *row, char *out)
{
	option_name(section, row, out);
	for (char *p = out; *p; p++)
		if (*p == '_' || *p == '.')
			*p = '-';
}

void option_env_name(const char *section, const struct option *row, char *out)
{
	char name[OPTION_NAME_MAX];
	option_name(section, row, name);
	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	snprintf(out, OPTION_NAME_MAX, "AUSPEX_%.*s", OPTION_NAME_MAX - 8, name);
}
