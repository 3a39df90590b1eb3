/* Any bytes as a configuration file: parsed, applied, and what was accepted is written and must load again to
 * the same values. */
#include "conf/yaml.h"

#include "base/json.h"
#include "base/json_write.h"

#include <stdlib.h>

struct fuzz_options {
	bool on;
	int64_t count, age, size, mode;
	double share;
	const char *host, *key, *dir;
	int level;
	struct option_list names;
};

static const struct option rows[] = {
	OPT_BOOL(struct fuzz_options, on, "on", "true", 0, "On."),
	OPT_INT(struct fuzz_options, count, "count", "5", 0, 100, "runs", OPT_RELOAD, "Count."),
	OPT_DURATION(struct fuzz_options, age, "age", "24h", 1, 31536000, 0, "Age."),
	OPT_SIZE(struct fuzz_options, size, "size", "1 MiB", 0, 1e12, 0, "Size."),
	OPT_MODE(struct fuzz_options, mode, "mode", "0600", 0, "Mode."),
	OPT_NUM(struct fuzz_options, share, "share", "0.5", 0, 0, "", 0, "Share."),
	OPT_STRING(struct fuzz_options, host, "host", "", 0, "Host."),
	OPT_STRING(struct fuzz_options, key, "key", "", OPT_SECRET, "Key."),
	OPT_PATH(struct fuzz_options, dir, "dir", "/x", 0, "Dir."),
	OPT_ENUM(struct fuzz_options, level, "level", "info", "debug|info|warn|error", 0, "Level."),
	OPT_LIST(struct fuzz_options, names, "names", "a,b", 0, "Names."),
};
static const struct option_table table = { "a", "A", rows, sizeof(rows) / sizeof(rows[0]),
					   sizeof(struct fuzz_options) };
static const struct option_table top = { "", "Top", rows, 5, sizeof(struct fuzz_options) };
static const char *const foreign[] = { "include", "a.sockets", NULL };

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* Secrets are masked on the way out, so they may differ. */
static void on_diff(void *arg, const struct option *row, bool restart)
{
	(void)restart;
	*(bool *)arg |= !(row->flags & OPT_SECRET);
}

static void check_written(const struct option_section *sections, struct arena *arena)
{
	struct fuzz_options a = { 0 }, b = { 0 };
	struct option_section again[] = { { &top, &a }, { &table, &b } };
	struct yaml_node *root;
	struct buf out, json;
	struct err err = { 0 };
	bool differs = false;
	buf_init(&out);
	buf_init(&json);
	option_write_yaml(sections, 2, &out);
	struct jw w = jw_init(&json, JW_COMPACT);
	option_write_json(sections, 2, &w);
	require(option_defaults(again, 2, arena, &err) == 0);
	require(yaml_parse((struct view){ buf_str(&out), out.len }, "out", arena, &root, &err) == 0);
	require(yaml_apply("out", root, again, 2, NULL, arena, &err) == 0);
	option_diff(&top, sections[0].values, &a, on_diff, &differs);
	option_diff(&table, sections[1].values, &b, on_diff, &differs);
	require(!differs);
	struct json_doc doc;
	json_doc_init(&doc);
	require(json_parse_all(&doc, buf_str(&json), json.len, JSON_STRICT, &err) == 0);
	json_doc_fini(&doc);
	buf_fini(&out);
	buf_fini(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_options a, b;
	struct option_section sections[] = { { &top, &a }, { &table, &b } };
	struct yaml_node *root = NULL;
	struct arena arena;
	struct err err = { 0 };
	arena_init(&arena, 0);
	require(option_defaults(sections, 2, &arena, &err) == 0);
	int rc = yaml_parse((struct view){ (const char *)data, size }, "in", &arena, &root, &err);
	if (rc == 0)
		rc = yaml_apply("in", root, sections, 2, foreign, &arena, &err);
	/* Every refusal has a code, a place and a sentence. */
	require(rc <= 0 && err.code == rc && (rc == 0 || (err.place[0] && err.text[0])));
	if (rc == 0)
		check_written(sections, &arena);
	arena_fini(&arena);
	return 0;
}
