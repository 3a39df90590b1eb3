#include "app/kode_ignored.h"

#include "base/buf.h"

#define MOST_BYTES 1500

/* That program documents these keys; a value as given here asks for nothing. */
static const struct ignored {
	const char *section, *key, *harmless, *instead;
} ignored[] = {
	{ "daemon", "max_samples", "3600", "data_retention_hours bounds what is kept" },
	{ "export", "format", "json", "the files are JSON; auspex query gives CSV" },
	{ "export", "compress", "false", "the files are plain; the history beside them is compressed" },
	{ "export", "batch_size", NULL, "export_layout: upstream writes a file of each minute" },
	{ "integration", "enable_statsd", "false", "auspex run --statsd takes StatsD lines" },
	{ "integration", "statsd_host", NULL, NULL },
	{ "integration", "statsd_port", NULL, NULL },
	{ "security", "api_allowed_ips", NULL,
	  "no address is refused by it; leave api_host on this machine, or ask for api_auth_token" },
};

static const struct ignored *find_ignored(struct view section, struct view key)
{
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (view_eq(section, view_of(ignored[i].section)) && view_eq(key, view_of(ignored[i].key)))
			return &ignored[i];
	return NULL;
}

static bool is_harmless(const struct ignored *row, const struct yaml_node *node)
{
	if (yaml_is_null(node) || !row->instead)
		return true;
	return row->harmless && node->type == YAML_SCALAR && view_eq(node->text, view_of(row->harmless));
}

static const struct option_table *find_table(const struct option_section *sections, size_t n,
					     struct view section)
{
	for (size_t i = 0; i < n; i++)
		if (view_eq(section, view_of(sections[i].table->section)))
			return sections[i].table;
	return NULL;
}

static int shown(struct view key)
{
	return key.len < 40 ? (int)key.len : 40;
}

static void add_key(struct buf *out, const struct yaml_node *map, const struct yaml_node *node,
		    const struct option_table *table)
{
	const struct ignored *row = find_ignored(map->key, node->key);
	if (row ? is_harmless(row, node) : table && option_find(table, node->key))
		return;
	const char *near = row || !table ? NULL : option_nearest(table, node->key);
	buf_puts(out, out->len ? "; " : "settings without effect: ");
	buf_printf(out, "%.*s.%.*s (", shown(map->key), map->key.data, shown(node->key), node->key.data);
	if (near)
		buf_printf(out, "not known; %s?)", near);
	else
		buf_printf(out, "%s)", row ? row->instead : "not known");
}

const char *kode_ignored_keys(const struct yaml_node *root, const struct option_section *sections, size_t n,
			      struct arena *arena)
{
	struct buf out;
	buf_init(&out);
	for (const struct yaml_node *map = root ? root->child : NULL; map; map = map->next) {
		const struct option_table *table = find_table(sections, n, map->key);
		for (const struct yaml_node *node = map->type == YAML_MAP ? map->child : NULL;
		     node && out.len < MOST_BYTES; node = node->next)
			add_key(&out, map, node, table);
	}
	const char *line = out.len && !out.failed ? arena_strdup(arena, buf_str(&out)) : NULL;
	buf_fini(&out);
	return line;
}
