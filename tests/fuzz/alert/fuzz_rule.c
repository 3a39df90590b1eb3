/* Rules and silences, one JSON object a line: what is read is written so that it reads back the same; then an engine lives with them
 * for a while, and what it holds stays within its bounds. */
#include "alert/engine.h"

#include <math.h>
#include <stdlib.h>

#define NOW INT64_C(1795378325250)

static void told(void *arg, struct alert *a, enum alert_change change, const struct alert_now *now)
{
	(void)now;
	if (a->id <= 0 || a->name.len == 0 ||
	    (change == ALERT_GOT_RESOLVED) !=
		    (a->state == ALERT_RESOLVED && change != ALERT_WITHDRAWN && change != ALERT_FORGOTTEN))
		abort();
	(*(int *)arg)++;
}

static struct yaml_node *tree(struct view text, struct arena *arena)
{
	struct yaml_node *root = NULL;
	struct err err = { 0 };
	int rc = alert_tree_from_json(text, arena, &root, &err);
	if (rc < 0 && !err.text[0])
		abort();
	return rc == 0 ? root : NULL;
}

static void read_rule(struct yaml_node *root, struct alert_engine *e, struct arena *arena,
		      const struct alert_now *now)
{
	struct alert_rule rule, again;
	struct err err = { 0 };
	struct buf out;
	if (alert_rule_read(NULL, root, arena, &rule, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_obj(&w, NULL);
	alert_rule_write(&w, &rule);
	jw_end(&w);
	struct yaml_node *written = tree((struct view){ out.data, out.len }, arena);
	if (!written || alert_rule_read(NULL, written, arena, &again, &err) < 0 ||
	    !alert_rule_same(&rule, &again))
		abort();
	alert_engine_set_rule(e, &rule, now);
	buf_fini(&out);
}

static void read_silence(struct yaml_node *root, struct alert_engine *e, struct arena *arena,
			 const struct alert_now *now)
{
	struct alert_silence silence;
	struct err err = { 0 };
	if (alert_silence_read(root, now->wall * NS_PER_MS, arena, &silence, &err) == 0)
		alert_engine_silence(e, &silence, NULL, now);
	else if (!err.text[0])
		abort();
}

static void live(struct alert_engine *e, struct registry *registry, const uint8_t *data, size_t size,
		 struct alert_now *now)
{
	static const char *const keys[] = { "a", "a.b", "app.disk{m=/}", "app.disk{m=/var}" };
	for (size_t i = 0; i + 1 < size && i < 2000; i += 2) {
		series_id id;
		double v = (double)(int8_t)data[i];
		if (registry_intern(registry, view_of(keys[data[i + 1] % 4]), NULL, &id, NULL) < 0)
			continue;
		struct tick tick = { 1, now->wall - (data[i + 1] & 4 ? 5000 : 0), 1, &id, &v };
		struct event event = { .kind = (enum event_kind)(data[i] % EVENT_KINDS),
				       .subject = view_of(keys[data[i] % 4]),
				       .title = VIEW("t") };
		struct alert_word word = { VIEW("w"), VIEW(""), data[i] & 1 ? now->wall + 1000 : 0 };
		alert_engine_tick(e, &tick, now);
		if (data[i + 1] & 8)
			alert_engine_event(e, &event, now);
		if (data[i + 1] & 16)
			alert_engine_ack(e, data[i] % 8, &word, now);
		if ((data[i + 1] & 0xe0) == 0xe0 && alert_engine_rule_at(e, 0))
			alert_engine_drop_rule(e, alert_engine_rule_at(e, 0)->name, "fuzz", now);
		now->wall += (int64_t)data[i + 1] * 100;
		now->mono += (int64_t)data[i + 1] * 100000;
		alert_engine_sweep(e, now);
		if (alert_engine_active(e) > alert_engine_watched(e))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct alert_limits limits = {
		.rules = 8, .instances = 20, .resolved = 5, .resolved_ms = 60000
	};
	struct alert_now now = { NOW, US_PER_S };
	int changes = 0;
	struct registry *registry = registry_new(100);
	struct alert_engine *e = alert_engine_new(registry, &limits, told, &changes);
	struct arena arena;
	const char *p = (const char *)data, *end = p + size;
	arena_init(&arena, 4096);
	while (e && p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct view line = { p, (size_t)((newline ? newline : end) - p) };
		struct yaml_node *root = tree(line, &arena);
		if (root && yaml_get(root, "match"))
			read_silence(root, e, &arena, &now);
		else if (root)
			read_rule(root, e, &arena, &now);
		p = newline ? newline + 1 : end;
		arena_reset(&arena); /* the engine has copies of its own */
	}
	if (e)
		live(e, registry, data, size, &now);
	alert_engine_free(e);
	registry_free(registry);
	arena_fini(&arena);
	return 0;
}
