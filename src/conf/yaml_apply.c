/* From the tree into the option structs, and what to say about keys that nobody knows. */
#include "conf/yaml.h"

#include "option_impl.h"

#include <errno.h>
#include <stdio.h>

struct walk {
	const char *name;
	const struct option_section *sections;
	size_t n;
	const char *const *foreign;
	struct arena *arena;
	struct err *err;
};

static void key_place(const struct walk *w, const struct yaml_node *node, char *out, size_t size)
{
	snprintf(out, size, "%s:%u:%u", w->name, node->key_line, node->key_column);
}

static bool in_section(const struct walk *w, size_t i, struct view section)
{
	return view_eq(view_of(w->sections[i].table->section), section);
}

static bool is_section(const struct walk *w, struct view name)
{
	for (size_t i = 0; i < w->n; i++)
		if (name.len && in_section(w, i, name))
			return true;
	return false;
}

/* "key" at the top, "section.key" below. */
static bool is_foreign(const struct walk *w, struct view section, struct view key)
{
	for (const char *const *f = w->foreign; f && *f; f++) {
		struct view name = view_of(*f);
		if (section.len == 0 && view_eq(name, key))
			return true;
		if (section.len && name.len == section.len + 1 + key.len && name.data[section.len] == '.' &&
		    memcmp(name.data, section.data, section.len) == 0 &&
		    memcmp(name.data + section.len + 1, key.data, key.len) == 0)
			return true;
	}
	return false;
}

/* The section another table keeps this key under; NULL if no table has it. */
static const char *section_of_key(const struct walk *w, struct view key)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct option *row = option_find(w->sections[i].table, key);
		if (row && !(row->flags & OPT_HIDDEN))
			return w->sections[i].table->section;
	}
	return NULL;
}

/* Everything that may stand in a section (at the top: sections and foreign keys, too). */
static const char *nearest_in(const struct walk *w, struct view section, struct view key)
{
	const char *names[512];
	size_t n = 0, most = sizeof(names) / sizeof(names[0]);
	for (size_t i = 0; i < w->n; i++) {
		const struct option_table *table = w->sections[i].table;
		if (section.len == 0 && *table->section && n < most)
			names[n++] = table->section;
		for (size_t k = 0; in_section(w, i, section) && k < table->n; k++)
			if (!(table->rows[k].flags & OPT_HIDDEN) && n < most)
				names[n++] = table->rows[k].key;
	}
	for (const char *const *f = w->foreign; f && *f && n < most; f++) {
		bool inside = section.len && strncmp(*f, section.data, section.len) == 0 &&
			      (*f)[section.len] == '.';
		if (inside || (section.len == 0 && !strchr(*f, '.')))
			names[n++] = inside ? *f + section.len + 1 : *f;
	}
	return text_nearest(key, names, n);
}

/* Without a near name the known ones are listed, as far as a line allows. */
static void list_known(const struct walk *w, struct view section, struct buf *out)
{
	const char *last = "";
	for (size_t i = 0; i < w->n; i++) {
		const struct option_table *table = w->sections[i].table;
		bool as_section = section.len == 0 && *table->section && strcmp(table->section, last) != 0;
		if (as_section) {
			buf_printf(out, "%s%s", out->len ? ", " : "", table->section);
			last = table->section;
		}
		for (size_t k = 0; in_section(w, i, section) && k < table->n; k++)
			if (!(table->rows[k].flags & OPT_HIDDEN) && out->len < 240)
				buf_printf(out, "%s%s", out->len ? ", " : "", table->rows[k].key);
	}
}

/* A key of another section, or one written with its section in front ("retry.max_runs: 5"). */
static bool hint_other_section(const struct walk *w, struct view section, struct view key, char *out,
			       size_t size)
{
	const char *dot = memrchr(key.data, '.', key.len);
	struct view bare = dot ? (struct view){ dot + 1, key.len - (size_t)(dot + 1 - key.data) } : key;
	const char *home = bare.len && bare.len < OPTION_NAME_MAX ? section_of_key(w, bare) : NULL;
	if (!home || (view_eq(view_of(home), section) && !dot))
		return false;
	if (*home)
		snprintf(out, size, "%.*s belongs under %s:", (int)bare.len, bare.data, home);
	else
		snprintf(out, size, "%.*s belongs at the top, under no section", (int)bare.len, bare.data);
	return true;
}

static void hint_in_section(const struct walk *w, struct view section, struct view key, char *out,
			    size_t size)
{
	const char *near = nearest_in(w, section, key);
	if (near) {
		snprintf(out, size, "did you mean %s?", near);
		return;
	}
	struct buf known;
	buf_init(&known);
	list_known(w, section, &known);
	snprintf(out, size, "known here are %s", known.len ? buf_str(&known) : "no keys");
	buf_fini(&known);
}

static int fail_unknown(const struct walk *w, const struct yaml_node *node, struct view section)
{
	char place[256], shown[OPTION_SHOWN_MAX], hint[320];
	key_place(w, node, place, sizeof(place));
	option_quote_shown(node->key, shown);
	/* A name that needs no quotes is shown without them. */
	shown[strlen(shown) - 1] = 0;
	bool is_map = section.len == 0 && node->type == YAML_MAP;
	if (!hint_other_section(w, section, node->key, hint, sizeof(hint)))
		hint_in_section(w, section, node->key, hint, sizeof(hint));
	return err_set(w->err, ERR_UNKNOWN, place, "unknown %s %.*s%s%s: %s", is_map ? "section" : "key",
		       (int)section.len, section.data ? section.data : "", section.len ? "." : "", shown + 1,
		       hint);
}

static int apply_list(const struct walk *w, const struct option_target *t, const struct yaml_node *list)
{
	struct view *items = arena_alloc(w->arena, (list->n + 1) * sizeof(*items));
	size_t n = 0;
	if (!items)
		return option_fail(t, -ENOMEM, "out of memory");
	for (const struct yaml_node *item = list->child; item; item = item->next) {
		if (item->type != YAML_SCALAR)
			return option_fail(t, ERR_TYPE, "item %zu is a %s; write one text per item", n + 1,
					   item->type == YAML_LIST ? "list" : "map");
		items[n++] = item->text;
	}
	return option_assign_list(t, items, n);
}

static int apply_value(const struct walk *w, const struct option_section *section, const struct option *row,
		       const struct yaml_node *node)
{
	char place[256];
	yaml_place(w->name, node, place, sizeof(place));
	struct option_target t = { section->table->section, row, section->values, place, w->arena, w->err };
	if (node->type == YAML_LIST)
		return apply_list(w, &t, node);
	if (node->type == YAML_SCALAR && node->plain && node->text.len == 0)
		return option_fail(&t, ERR_MISSING,
				   "no value; write one, or remove the line for the default%s%s",
				   row->def && *row->def ? " " : "", row->def ? row->def : "");
	if (node->type == YAML_SCALAR)
		return yaml_is_null(node) ? 0 : option_assign(&t, node->text);
	struct buf want;
	buf_init(&want);
	option_describe(row, &want);
	int rc = option_fail(&t, ERR_TYPE, "takes a value, not keys of its own; write %s", buf_str(&want));
	buf_fini(&want);
	return rc;
}

static int apply_key(const struct walk *w, struct view section, const struct yaml_node *node)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct option *row =
			in_section(w, i, section) ? option_find(w->sections[i].table, node->key) : NULL;
		if (row)
			return apply_value(w, &w->sections[i], row, node);
	}
	return is_foreign(w, section, node->key) ? 0 : fail_unknown(w, node, section);
}

static int apply_section(const struct walk *w, const struct yaml_node *node)
{
	char place[256];
	if (yaml_is_null(node))
		return 0;
	yaml_place(w->name, node, place, sizeof(place));
	if (node->type != YAML_MAP)
		return err_set(w->err, ERR_TYPE, place,
			       "%.*s: is a section; put its keys on lines of their own, indented",
			       (int)node->key.len, node->key.data);
	for (const struct yaml_node *m = node->child; m; m = m->next) {
		int rc = apply_key(w, node->key, m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int yaml_apply(const char *name, const struct yaml_node *root, const struct option_section *sections,
	       size_t n, const char *const *foreign, struct arena *arena, struct err *err)
{
	struct walk w = { name, sections, n, foreign, arena, err };
	char place[256];
	yaml_place(name, root, place, sizeof(place));
	if (root->type != YAML_MAP)
		return err_set(err, ERR_TYPE, place,
			       "the file must hold sections (\"retry:\" and the like), not a %s",
			       root->type == YAML_LIST ? "list" : "single value");
	for (const struct yaml_node *m = root->child; m; m = m->next) {
		int rc = is_section(&w, m->key) ? apply_section(&w, m) : apply_key(&w, VIEW(""), m);
		if (rc < 0)
			return rc;
	}
	return 0;
}
