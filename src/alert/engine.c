/* Making, rules, and the questions about them. */
#include "engine_impl.h"

#include <errno.h>
#include <stdlib.h>

static const char *const state_names[] = {
#define X(name, text) [ALERT_##name] = (text),
	ALERT_STATE_MAP(X)
#undef X
};

const char *alert_state_name(enum alert_state state)
{
	return (unsigned)state < ALERT_STATES ? state_names[state] : "unknown";
}

int alert_state_find(struct view text)
{
	for (int i = 0; i < ALERT_STATES; i++)
		if (view_eq(view_of(state_names[i]), text))
			return i;
	return -1;
}

struct alert_engine *alert_engine_new(const struct registry *registry, const struct alert_limits *limits,
				      alert_told told, void *arg)
{
	static const struct alert_limits defaults = { ALERT_RULES_MAX, 100000, 1000, MS_PER_DAY };
	struct alert_engine *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->registry = registry;
	e->limits = limits ? *limits : defaults;
	e->limits.rules = e->limits.rules ? e->limits.rules : defaults.rules;
	e->limits.instances = e->limits.instances ? e->limits.instances : defaults.instances;
	e->limits.resolved = e->limits.resolved ? e->limits.resolved : defaults.resolved;
	e->limits.resolved_ms = e->limits.resolved_ms ? e->limits.resolved_ms : defaults.resolved_ms;
	e->told = told;
	e->arg = arg;
	map_init(&e->by_name);
	return e;
}

static void free_instances(struct alert_engine *e, struct ruling *r)
{
	uint32_t pos = 0;
	struct view key;
	uint64_t value;
	while (map_next(&r->by_key, &pos, &key, &value)) {
		struct instance *i = (struct instance *)(uintptr_t)value;
		if (i->alert)
			engine_alert_free(i->alert);
		i->alert = NULL;
		engine_instance_free(e, i);
	}
}

static void free_ruling(struct alert_engine *e, struct ruling *r)
{
	free_instances(e, r);
	map_fini(&r->by_key);
	arena_fini(&r->memory);
	free(r);
}

void alert_engine_free(struct alert_engine *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->n_rulings; i++)
		free_ruling(e, e->rulings[i]);
	for (uint32_t i = 0; i < e->n_slots; i++)
		free(e->slots[i].gauges);
	for (uint32_t i = 0; i < e->n_mutings; i++) {
		arena_fini(&e->mutings[i]->memory);
		free(e->mutings[i]);
	}
	for (struct alert *a = e->newest, *older; a; a = older) {
		older = a->older;
		engine_alert_free(a);
	}
	map_fini(&e->by_name);
	free(e->rulings);
	free(e->slots);
	free(e->watched);
	free(e->mutings);
	free(e);
}

static struct ruling *find_ruling(const struct alert_engine *e, struct view name)
{
	uint64_t value;
	return map_get(&e->by_name, name, &value) ? (struct ruling *)(uintptr_t)value : NULL;
}

static struct ruling *make_ruling(const struct alert_rule *rule)
{
	struct ruling *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	arena_init(&r->memory, 512);
	map_init(&r->by_key);
	if (alert_rule_copy(&r->rule, rule, &r->memory) < 0) {
		arena_fini(&r->memory);
		free(r);
		return NULL;
	}
	struct view p = r->rule.series;
	while (r->literal < p.len && p.data[r->literal] != '*' && p.data[r->literal] != '?')
		r->literal++;
	r->exact = r->literal == p.len;
	return r;
}

static int add_ruling(struct alert_engine *e, struct ruling *r)
{
	if (e->n_rulings == e->cap_rulings) {
		uint32_t cap = e->cap_rulings ? e->cap_rulings * 2 : 16;
		struct ruling **grown = realloc(e->rulings, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		e->rulings = grown;
		e->cap_rulings = cap;
	}
	if (map_put(&e->by_name, r->rule.name, (uintptr_t)r) < 0)
		return -ENOMEM;
	e->rulings[e->n_rulings++] = r;
	e->n_event_rulings += r->rule.condition == ALERT_EVENT;
	return 0;
}

int alert_engine_set_rule(struct alert_engine *e, const struct alert_rule *rule, const struct alert_now *now)
{
	struct ruling *old = find_ruling(e, rule->name);
	if (old && alert_rule_same(&old->rule, rule)) {
		old->rule.from_file = rule->from_file;
		old->rule.built_in = rule->built_in;
		return 0;
	}
	if (!old && e->n_rulings >= e->limits.rules)
		return ERR_FULL;
	struct ruling *r = make_ruling(rule);
	if (!r)
		return -ENOMEM;
	if (old)
		alert_engine_drop_rule(e, rule->name, "its rule was changed", now);
	int rc = add_ruling(e, r);
	if (rc < 0) {
		free_ruling(e, r);
		return rc;
	}
	if (rule->condition == ALERT_EVENT)
		return 0;
	engine_slots_add(e, r, now);
	if (rule->condition == ALERT_ABSENT && r->exact) /* waits for a series that may never have come */
		engine_instance(e, r, r->rule.series, now);
	return 0;
}

int alert_engine_drop_rule(struct alert_engine *e, struct view name, const char *reason,
			   const struct alert_now *now)
{
	struct ruling *r = find_ruling(e, name);
	uint32_t pos = 0, at = 0;
	struct view key;
	uint64_t value;
	if (!r)
		return ERR_UNKNOWN;
	engine_slots_drop(e, r);
	while (map_next(&r->by_key, &pos, &key, &value)) {
		struct instance *i = (struct instance *)(uintptr_t)value;
		i->series = SERIES_NONE; /* its gauge has gone */
		if (i->alert)
			engine_resolve(e, i, reason, now);
	}
	while (e->rulings[at] != r)
		at++;
	memmove(&e->rulings[at], &e->rulings[at + 1], (e->n_rulings - at - 1) * sizeof(*e->rulings));
	e->n_rulings--;
	e->n_event_rulings -= r->rule.condition == ALERT_EVENT;
	map_del(&e->by_name, r->rule.name);
	free_ruling(e, r);
	return 0;
}

const struct alert_rule *alert_engine_rule(const struct alert_engine *e, struct view name)
{
	struct ruling *r = find_ruling(e, name);
	return r ? &r->rule : NULL;
}

const struct alert_rule *alert_engine_rule_at(const struct alert_engine *e, uint32_t i)
{
	return i < e->n_rulings ? &e->rulings[i]->rule : NULL;
}

uint32_t alert_engine_rules(const struct alert_engine *e)
{
	return e->n_rulings;
}

void alert_engine_rule_counts(const struct alert_engine *e, struct view name, uint32_t *matches,
			      uint32_t *active)
{
	struct ruling *r = find_ruling(e, name);
	*matches = r ? r->by_key.count : 0;
	*active = r ? r->active : 0;
}

int alert_engine_expect(struct alert_engine *e, struct view key, const struct alert_now *now)
{
	int rc = 0;
	for (uint32_t i = 0; i < e->n_rulings; i++)
		if (e->rulings[i]->rule.condition == ALERT_ABSENT && ruling_match(e->rulings[i], key))
			rc = engine_instance(e, e->rulings[i], key, now) ? rc : ERR_FULL;
	return rc;
}

uint32_t alert_engine_active(const struct alert_engine *e)
{
	return e->n_active;
}

uint32_t alert_engine_watched(const struct alert_engine *e)
{
	return e->n_watched;
}

struct alert *alert_engine_active_at(const struct alert_engine *e, uint32_t i)
{
	return i < e->n_watched ? e->watched[i]->alert : NULL;
}

struct alert *alert_engine_newest_resolved(const struct alert_engine *e)
{
	return e->newest;
}

uint64_t alert_engine_refused(const struct alert_engine *e)
{
	return e->refused;
}

void alert_engine_number_from(struct alert_engine *e, int64_t last_alert, int64_t last_silence)
{
	e->last_alert = last_alert > e->last_alert ? last_alert : e->last_alert;
	e->last_silence = last_silence > e->last_silence ? last_silence : e->last_silence;
}
