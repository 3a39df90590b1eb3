/* YAML files: parsed by libyaml into a small tree with places, then walked over option tables.
 *
 * The tree is what later domains (probe targets, Orion's tests, `include:`d formats) read as well: scalars keep
 * their source text (`4.20` stays `4.20`), every node knows line and column. Anchors and aliases are expanded with a
 * bound (no billion laughs); duplicate keys and more than one document are errors. JSON files are YAML too.
 * Bounds: 4 MiB of file, depth 32, 100 000 nodes. Pure apart from reading the file. Memory: the arena.
 */
#ifndef AUSPEX_CONF_YAML_H
#define AUSPEX_CONF_YAML_H

#include "conf/option.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_type type;
	unsigned line, column; /* from 1 */
	bool plain;            /* scalar written without quotes */
	struct view text;      /* scalars */
	struct view key;       /* when a member of a map */
	unsigned key_line, key_column;
	struct yaml_node *child, *next; /* first member/item; next sibling */
	size_t n;              /* members or items */
};

/* An empty document gives an empty map. `name` is used in places. 0 or a code with err set. */
int yaml_parse(struct view text, const char *name, struct arena *arena, struct yaml_node **root, struct err *err);
/* Reads and parses a regular file. -ENOENT and friends with a sentence. */
int yaml_load_file(const char *path, struct arena *arena, struct yaml_node **root, struct err *err);
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* "file:line:column" into err->place style text. */
void yaml_place(const char *name, const struct yaml_node *node, char *out, size_t size);

/* Walks the root map over the sections: each known section's keys set their fields; unknown sections and keys are
 * errors with the nearest known one ("retry.max_run: did you mean max_runs?"). Keys listed in `foreign` (NULL-terminated,
 * may be NULL) are left to others (`include`, `listen`, …). */
int yaml_apply(const char *name, const struct yaml_node *root, const struct option_section *sections, size_t n,
	       const char *const *foreign, struct arena *arena, struct err *err);

#endif
