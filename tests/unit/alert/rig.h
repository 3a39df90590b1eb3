/* An engine with the time in the test's hand; what it tells is written down as "fired a.b 97;". */
#ifndef AUSPEX_TESTS_ALERT_RIG_H
#define AUSPEX_TESTS_ALERT_RIG_H

#include "support.h"

#include "alert/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define START_MS INT64_C(1795378244265)

struct rig {
	struct registry *registry;
	struct alert_engine *engine;
	struct alert_now now;
	struct alert_limits limits;
	struct arena arena;
	char told[4000];
};

static inline void rig_told(void *arg, struct alert *a, enum alert_change change, const struct alert_now *now)
{
	static const char *const words[] = { "pending",  "withdrawn",     "fired",    "acked",    "ack-ended",
					     "silenced", "silence-ended", "resolved", "forgotten" };
	struct rig *rig = arg;
	size_t len = strlen(rig->told);
	snprintf(rig->told + len, sizeof(rig->told) - len, "%s %.*s %g;", words[change], (int)a->series.len,
		 a->series.data, a->value);
}

static inline void rig_engine(struct rig *rig)
{
	rig->engine = alert_engine_new(rig->registry, &rig->limits, rig_told, rig);
	assert_non_null(rig->engine);
}

static inline int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	rig->registry = registry_new(1000);
	rig->now = (struct alert_now){ START_MS, 5000000 };
	arena_init(&rig->arena, 4096);
	rig_engine(rig);
	*state = rig;
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *rig = *state;
	alert_engine_free(rig->engine);
	registry_free(rig->registry);
	arena_fini(&rig->arena);
	free(rig);
	return 0;
}

static inline struct alert_rule rig_read(struct rig *rig, const char *json)
{
	struct yaml_node *root;
	struct alert_rule rule = { 0 };
	struct err err = { 0 };
	if (alert_tree_from_json(view_of(json), &rig->arena, &root, &err) < 0 ||
	    alert_rule_read(NULL, root, &rig->arena, &rule, &err) < 0)
		fail_msg("%s: %s", json, err.text);
	return rule;
}

static inline void rig_rule(struct rig *rig, const char *json)
{
	struct alert_rule rule = rig_read(rig, json);
	assert_int_equal(alert_engine_set_rule(rig->engine, &rule, &rig->now), 0);
}

static inline series_id rig_series(struct rig *rig, const char *key)
{
	series_id id;
	assert_int_equal(registry_intern(rig->registry, view_of(key), NULL, &id, NULL), 0);
	return id;
}

static inline void rig_at(struct rig *rig, const char *key, wall_ms t, double v)
{
	series_id id = rig_series(rig, key);
	struct tick tick = { 1, t, 1, &id, &v };
	alert_engine_tick(rig->engine, &tick, &rig->now);
}

static inline void rig_push(struct rig *rig, const char *key, double v)
{
	rig_at(rig, key, rig->now.wall, v);
}

/* Time passes, with a sweep each second. */
static inline void rig_pass(struct rig *rig, int seconds)
{
	for (; seconds > 0; seconds--) {
		rig->now.wall += 1000;
		rig->now.mono += 1000000;
		alert_engine_sweep(rig->engine, &rig->now);
	}
}

/* The same with a sample each second. */
static inline void rig_run(struct rig *rig, const char *key, double v, int seconds)
{
	for (; seconds > 0; seconds--) {
		rig_pass(rig, 1);
		rig_push(rig, key, v);
	}
}

/* What was told since the last question. */
static inline void rig_expect(struct rig *rig, const char *told)
{
	assert_string_equal(rig->told, told);
	rig->told[0] = 0;
}

/* The alert of a series that lives; NULL if there is none. */
static inline struct alert *rig_alert(struct rig *rig, const char *series)
{
	for (uint32_t i = 0; i < alert_engine_watched(rig->engine); i++) {
		struct alert *a = alert_engine_active_at(rig->engine, i);
		if (a && view_eq(a->series, view_of(series)))
			return a;
	}
	return NULL;
}

static inline void rig_event(struct rig *rig, enum event_kind kind, enum event_severity severity,
			     const char *subject)
{
	struct event e = {
		.kind = kind, .severity = severity, .subject = view_of(subject), .title = VIEW("it happened")
	};
	alert_engine_event(rig->engine, &e, &rig->now);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

#endif
