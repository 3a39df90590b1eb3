/* From a series to the rules that watch it: what every sample goes through. */
#include "engine_impl.h"

#include "series/key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LATE_MS    (10 * MS_PER_MINUTE) /* older on arrival: history, not news */
#define FUTURE_MS  (5 * MS_PER_S)       /* a newest sample beyond this lies in a future that was taken back */
#define BUILD_MOST 1000000              /* rules compared per tick for series seen first: some 7 ms */
#define GAUGES_MAX 60000

bool ruling_match(const struct ruling *r, struct view key)
{
	if (key.len < r->literal || memcmp(key.data, r->rule.series.data, r->literal) != 0)
		return false;
	return r->exact ? key.len == r->literal : series_key_match(r->rule.series, key);
}

/* --- instances ----------------------------------------------------------------------------------------------------- */

bool engine_watch(struct alert_engine *e, struct instance *i)
{
	if (i->watched != UINT32_MAX)
		return true;
	if (e->n_watched == e->cap_watched) {
		uint32_t cap = e->cap_watched ? e->cap_watched * 2 : 64;
		struct instance **grown = realloc(e->watched, cap * sizeof(*grown));
		if (!grown)
			return false;
		e->watched = grown;
		e->cap_watched = cap;
	}
	i->watched = e->n_watched;
	e->watched[e->n_watched++] = i;
	return true;
}

void engine_unwatch(struct alert_engine *e, struct instance *i)
{
	if (i->watched == UINT32_MAX)
		return;
	e->watched[i->watched] = e->watched[--e->n_watched];
	e->watched[i->watched]->watched = i->watched;
	i->watched = UINT32_MAX;
}

struct instance *engine_instance(struct alert_engine *e, struct ruling *r, struct view key,
				 const struct alert_now *now)
{
	uint64_t value;
	if (map_get(&r->by_key, key, &value))
		return (struct instance *)(uintptr_t)value;
	struct instance *i =
		e->n_instances < e->limits.instances ? calloc(1, sizeof(*i) + key.len + 1) : NULL;
	if (!i) {
		e->refused++;
		return NULL;
	}
	i->ruling = r;
	i->series = SERIES_NONE;
	i->watched = UINT32_MAX;
	i->seen = now->mono;
	i->bad_since = i->good_since = i->told_pending = NEVER;
	i->key_len = key.len;
	memcpy(i->key, key.data, key.len);
	if ((r->rule.condition == ALERT_ABSENT && !engine_watch(e, i)) ||
	    map_put(&r->by_key, instance_key(i), (uintptr_t)i) < 0) {
		engine_unwatch(e, i);
		free(i);
		e->refused++;
		return NULL;
	}
	e->n_instances++;
	return i;
}

void engine_instance_free(struct alert_engine *e, struct instance *i)
{
	map_del(&i->ruling->by_key, instance_key(i));
	engine_unwatch(e, i);
	e->n_instances--;
	free(i);
}

/* --- slots --------------------------------------------------------------------------------------------------------- */

static bool is_busy(const struct instance *i)
{
	enum alert_condition c = i->ruling->rule.condition;
	return i->alert || c == ALERT_RATE_ABOVE || c == ALERT_RATE_BELOW;
}

static void connect(struct alert_engine *e, struct slot *slot, series_id id, struct ruling *r,
		    const struct alert_now *now)
{
	if (slot->n == slot->cap) {
		uint16_t cap = slot->cap ? (uint16_t)(slot->cap * 2) : 2;
		struct gauge *grown = cap < GAUGES_MAX ? realloc(slot->gauges, cap * sizeof(*grown)) : NULL;
		if (!grown) {
			e->refused++;
			return;
		}
		slot->gauges = grown;
		slot->cap = cap;
	}
	struct instance *i = engine_instance(e, r, slot->key, now);
	if (!i)
		return;
	i->series = id;
	if (slot->last_t)
		i->seen = slot->seen;
	slot->gauges[slot->n++] = (struct gauge){ r->rule.limit, (uint8_t)r->rule.condition, is_busy(i), i };
}

static void build(struct alert_engine *e, struct slot *slot, series_id id, const struct alert_now *now)
{
	const struct series *s = registry_get(e->registry, id);
	slot->built = true;
	if (!s)
		return;
	slot->key = s->key;
	for (uint32_t i = 0; i < e->n_rulings; i++)
		if (e->rulings[i]->rule.condition != ALERT_EVENT && ruling_match(e->rulings[i], slot->key))
			connect(e, slot, id, e->rulings[i], now);
}

static struct slot *slot_of(struct alert_engine *e, series_id id, const struct alert_now *now)
{
	if (id >= e->n_slots) {
		uint32_t n = e->n_slots ? e->n_slots : 64;
		while (n <= id && n < registry_cap(e->registry))
			n *= 2;
		struct slot *grown = id < n ? realloc(e->slots, n * sizeof(*grown)) : NULL;
		if (!grown)
			return NULL;
		memset(grown + e->n_slots, 0, (n - e->n_slots) * sizeof(*grown));
		e->slots = grown;
		e->n_slots = n;
	}
	if (!e->slots[id].built) {
		if (e->build_left < e->n_rulings)
			return NULL; /* its turn comes with its next sample: no tick may hold the loop */
		e->build_left -= e->n_rulings;
		build(e, &e->slots[id], id, now);
	}
	return &e->slots[id];
}

void engine_slot_busy(struct alert_engine *e, struct instance *i)
{
	if (i->series == SERIES_NONE)
		return;
	struct slot *slot = &e->slots[i->series];
	for (uint16_t g = 0; g < slot->n; g++)
		if (slot->gauges[g].instance == i)
			slot->gauges[g].busy = is_busy(i);
}

void engine_slots_drop(struct alert_engine *e, const struct ruling *r)
{
	for (uint32_t id = 0; id < e->n_slots; id++) {
		struct slot *slot = &e->slots[id];
		for (uint16_t g = 0; g < slot->n;)
			if (slot->gauges[g].instance->ruling == r)
				slot->gauges[g] = slot->gauges[--slot->n];
			else
				g++;
	}
}

/* --- judging ------------------------------------------------------------------------------------------------------- */

/* Increase per second as of a counter: a fall is a restart from zero. False while it is not known yet. */
static bool rate_of(struct instance *i, wall_ms t, double v, double *rate)
{
	const struct alert_rule *rule = &i->ruling->rule;
	if (i->rate_from == 0 || t <= i->rate_from) { /* first value, or the clock was set back */
		i->rate_from = t;
		i->rate_value = v;
		i->rate_sum = 0;
		return false;
	}
	i->rate_sum += v >= i->rate_value ? v - i->rate_value : v > 0 ? v : 0;
	i->rate_value = v;
	int64_t span_ms = t - i->rate_from;
	if (span_ms * US_PER_MS < rule->window_us)
		return false;
	*rate = i->rate_sum * (double)MS_PER_S / (double)span_ms;
	i->rate_from = t;
	i->rate_sum = 0;
	return true;
}

static void judge_value(struct alert_engine *e, struct instance *i, wall_ms t, double v,
			const struct alert_now *now)
{
	const struct alert_rule *rule = &i->ruling->rule;
	switch (rule->condition) {
	case ALERT_RATE_ABOVE:
	case ALERT_RATE_BELOW:
		if (!rate_of(i, t, v, &v))
			return;
		break;
	case ALERT_ABSENT:
		engine_judge(e, i, false, true, NAN, now);
		return;
	default:
		break;
	}
	if (rule->condition == ALERT_ABOVE || rule->condition == ALERT_RATE_ABOVE)
		engine_judge(e, i, v > rule->limit, v <= rule->clear_at, v, now);
	else
		engine_judge(e, i, v < rule->limit, v >= rule->clear_at, v, now);
}

static bool is_late(const struct slot *slot, wall_ms t, const struct alert_now *now)
{
	if (t < now->wall - LATE_MS)
		return true;
	return slot->last_t && t <= slot->last_t && slot->last_t <= now->wall + FUTURE_MS;
}

static void take_sample(struct alert_engine *e, series_id id, wall_ms t, double v,
			const struct alert_now *now)
{
	struct slot *slot = slot_of(e, id, now);
	if (!slot || is_late(slot, t, now))
		return;
	slot->last_t = t;
	slot->seen = now->mono;
	slot->value = v;
	for (uint16_t g = 0; g < slot->n; g++) {
		const struct gauge *gauge = &slot->gauges[g];
		bool bad = gauge->condition == ALERT_ABOVE
				   ? v > gauge->limit
				   : gauge->condition == ALERT_BELOW && v < gauge->limit;
		if (bad || gauge->busy)
			judge_value(e, gauge->instance, t, v, now);
	}
}

void alert_engine_tick(struct alert_engine *e, const struct tick *tick, const struct alert_now *now)
{
	e->build_left = e->n_rulings > BUILD_MOST ? e->n_rulings : BUILD_MOST;
	for (uint32_t i = 0; i < tick->n; i++)
		if (!isnan(tick->values[i]))
			take_sample(e, tick->series[i], tick->t, tick->values[i], now);
}

void engine_slots_add(struct alert_engine *e, struct ruling *r, const struct alert_now *now)
{
	for (series_id id = 0; id < e->n_slots; id++) {
		struct slot *slot = &e->slots[id];
		if (!slot->built || !ruling_match(r, slot->key))
			continue;
		uint16_t before = slot->n;
		connect(e, slot, id, r, now);
		if (slot->n > before && slot->last_t && now->mono - slot->seen < LATE_MS * US_PER_MS &&
		    r->rule.condition != ALERT_ABSENT)
			judge_value(e, slot->gauges[slot->n - 1].instance, slot->last_t, slot->value, now);
	}
}
