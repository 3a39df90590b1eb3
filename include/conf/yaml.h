/* YAML files: parsed by libyaml into a small tree with places, then walked over option tables.
 *
 * The tree is what later domains (probe targets, Orion's tests, `include:`d formats) read as well: scalars keep
 * their source text (`4.20` stays `4.20`), every node knows line and column. Anchors and aliases are expanded with a
 * bound (no billion laughs: every expanded node counts); duplicate keys, more than one document, merge keys (`<<`) and
 * tags of one's own (`!x`) are errors. JSON files are YAML too
 * (but for surrogate pairs in \u escapes and raw control characters, which are refused with a sentence).
 *
 * Bounds, checked while parsing: 4 MiB of file, depth 32, 100 000 nodes (keys of maps are not counted), 256 anchors.
 * Pure apart from reading the file. Memory: the arena; the input may be freed after the parse. Thread: any.
 *
 *     struct yaml_node *root;
 *     if (yaml_load_file(path, &arena, &root, &err) < 0 ||
 *         yaml_apply(path, root, sections, n, foreign, &arena, &err) < 0)
 *             log "err.place: err.text"
 */
#ifndef AUSPEX_CONF_YAML_H
#define AUSPEX_CONF_YAML_H

#include "conf/option.h"

#define YAML_MAX_BYTES (4u << 20)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 100000
#define YAML_MAX_ANCHORS 256

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_type type;
	unsigned line, column; /* from 1 */
	bool plain;            /* scalar written without quotes */
	struct view text;      /* scalars; a NUL byte follows (and "\0" may stand inside) */
	struct view key;       /* when a member of a map; a NUL byte follows */
	unsigned key_line, key_column;
	struct yaml_node *child, *next; /* first member/item; next sibling */
	size_t n;              /* members or items */
};

/* An empty document gives an empty map. `name` is used in places. 0, ERR_SYNTAX, ERR_DUPLICATE (naming both lines),
 * ERR_DEPTH, ERR_FULL (too many bytes, nodes or anchors), ERR_UNSUPPORTED or -ENOMEM, with err set. */
int yaml_parse(struct view text, const char *name, struct arena *arena, struct yaml_node **root, struct err *err);
/* Reads and parses a regular file. -errno when it cannot be read, ERR_TYPE when it is no regular file, else as above. */
int yaml_load_file(const char *path, struct arena *arena, struct yaml_node **root, struct err *err);
/* The member of that key; NULL if there is none, or `map` is NULL or no map. Linear. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* True for what stands for "nothing": a plain `~`, `null` or no text at all. */
bool yaml_is_null(const struct yaml_node *node);
/* "file:line:column" into err->place style text. */
void yaml_place(const char *name, const struct yaml_node *node, char *out, size_t size);

/* Walks the root map over the sections: each known section's keys set their fields; unknown sections and keys are
 * errors with the nearest known one ("unknown key retry.max_run: did you mean max_runs?") or the section the key belongs
 * to. Keys listed in `foreign` (NULL-terminated, may be NULL; "include" at the top, "http.listen" inside a section) are
 * left to others. A plain `null` or `~` keeps what was set before (the default); a key with no value at all is an error,
 * an empty section is not. On an error the values are partly changed: apply to a copy. */
int yaml_apply(const char *name, const struct yaml_node *root, const struct option_section *sections, size_t n,
	       const char *const *foreign, struct arena *arena, struct err *err);

#endif
