/* What people say: acknowledgements, silences; and alerts that come back after a restart. */
#include "engine_impl.h"

#include <errno.h>
#include <stdlib.h>

#define KEEP_ENDED_MS MS_PER_HOUR

int64_t engine_silence_over(const struct alert_engine *e, const struct instance *i)
{
	for (uint32_t m = 0; m < e->n_mutings; m++)
		if (e->mutings[m]->active &&
		    alert_silence_match(&e->mutings[m]->silence, &i->ruling->rule, instance_key(i)))
			return e->mutings[m]->silence.id;
	return 0;
}

static void overlay_all(struct alert_engine *e, const struct alert_now *now)
{
	for (uint32_t i = 0; i < e->n_watched; i++)
		engine_overlay(e, e->watched[i], now);
}

static void drop_muting(struct alert_engine *e, uint32_t at)
{
	struct muting *m = e->mutings[at];
	memmove(&e->mutings[at], &e->mutings[at + 1], (e->n_mutings - at - 1) * sizeof(*e->mutings));
	e->n_mutings--;
	arena_fini(&m->memory);
	free(m);
}

void engine_silences_sweep(struct alert_engine *e, const struct alert_now *now)
{
	bool changed = false;
	for (uint32_t i = 0; i < e->n_mutings; i++) {
		struct muting *m = e->mutings[i];
		bool active = alert_silence_active(&m->silence, now->wall);
		changed |= active != m->active;
		m->active = active;
	}
	if (changed)
		overlay_all(e, now);
	for (uint32_t i = e->n_mutings; i-- > 0;)
		if (e->mutings[i]->silence.until + KEEP_ENDED_MS <= now->wall)
			drop_muting(e, i);
}

int alert_engine_silence(struct alert_engine *e, const struct alert_silence *s, int64_t *id,
			 const struct alert_now *now)
{
	if (e->n_mutings >= ALERT_SILENCES_MAX)
		return ERR_FULL;
	if (e->n_mutings == e->cap_mutings) {
		uint32_t cap = e->cap_mutings ? e->cap_mutings * 2 : 8;
		struct muting **grown = realloc(e->mutings, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		e->mutings = grown;
		e->cap_mutings = cap;
	}
	struct muting *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	arena_init(&m->memory, 512);
	if (alert_silence_copy(&m->silence, s, &m->memory) < 0) {
		arena_fini(&m->memory);
		free(m);
		return -ENOMEM;
	}
	if (!m->silence.id)
		m->silence.id = ++e->last_silence;
	m->active = alert_silence_active(&m->silence, now->wall);
	e->mutings[e->n_mutings++] = m;
	if (id)
		*id = m->silence.id;
	if (m->active)
		overlay_all(e, now);
	return 0;
}

int alert_engine_unsilence(struct alert_engine *e, int64_t id, const struct alert_now *now)
{
	for (uint32_t i = 0; i < e->n_mutings; i++) {
		if (e->mutings[i]->silence.id != id)
			continue;
		drop_muting(e, i);
		overlay_all(e, now);
		return 0;
	}
	return ERR_UNKNOWN;
}

const struct alert_silence *alert_engine_silence_at(const struct alert_engine *e, uint32_t i)
{
	return i < e->n_mutings ? &e->mutings[i]->silence : NULL;
}

static struct instance *find_active(const struct alert_engine *e, int64_t id)
{
	for (uint32_t i = 0; i < e->n_watched; i++)
		if (e->watched[i]->alert && e->watched[i]->alert->id == id)
			return e->watched[i];
	return NULL;
}

struct alert *alert_engine_find(const struct alert_engine *e, int64_t id)
{
	struct instance *i = find_active(e, id);
	struct alert *a = i ? i->alert : e->newest;
	while (a && a->id != id)
		a = a->older;
	return a;
}

int alert_engine_ack(struct alert_engine *e, int64_t id, const struct alert_word *word,
		     const struct alert_now *now)
{
	struct instance *i = find_active(e, id);
	if (!i)
		return alert_engine_find(e, id) ? ERR_CLOSED : ERR_UNKNOWN;
	struct alert *a = i->alert;
	struct view who, why;
	if (a->state == ALERT_PENDING)
		return ERR_CLOSED;
	if (engine_text(a, word->who, &who) < 0 || engine_text(a, word->why, &why) < 0)
		return -ENOMEM;
	bool again = a->state == ALERT_ACKNOWLEDGED ||
		     a->state == ALERT_SILENCED; /* the state stays, yet it was said */
	a->ack_who = who;
	a->ack_why = why;
	a->ack_until = word->until;
	if (again)
		e->told(e->arg, a, ALERT_ACKED, now);
	else
		engine_overlay(e, i, now);
	return 0;
}

/* --- restart ------------------------------------------------------------------------------------------------------- */

static int copy_texts(struct alert *to, const struct alert *from)
{
	int rc = engine_text(to, from->ack_who, &to->ack_who);
	if (rc == 0)
		rc = engine_text(to, from->ack_why, &to->ack_why);
	return rc == 0 ? engine_text(to, from->reason, &to->reason) : rc;
}

static void copy_figures(struct alert *to, const struct alert *from)
{
	to->id = from->id;
	to->state = from->state;
	to->severity = from->severity;
	to->event = from->event;
	to->value = from->value;
	to->since = from->since;
	to->fired = from->fired;
	to->resolved = from->resolved;
	to->ack_until = from->ack_until;
	to->silence = from->silence;
	to->row = from->row;
}

static int restore_resolved(struct alert_engine *e, const struct alert *stored, struct alert **out)
{
	struct alert *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	arena_init(&a->memory, 512);
	copy_figures(a, stored);
	if (copy_texts(a, stored) < 0 || engine_text(a, stored->name, &a->name) < 0 ||
	    engine_text(a, stored->series, &a->series) < 0 ||
	    engine_text(a, stored->condition, &a->condition) < 0 ||
	    engine_text(a, stored->labels, &a->labels) < 0) {
		engine_alert_free(a);
		return -ENOMEM;
	}
	engine_remember(e, a);
	*out = a;
	return 0;
}

int alert_engine_restore(struct alert_engine *e, const struct alert *stored, const struct alert_now *now,
			 struct alert **out)
{
	uint64_t value;
	alert_engine_number_from(e, stored->id, 0);
	if (stored->state == ALERT_RESOLVED)
		return restore_resolved(e, stored, out);
	if (!map_get(&e->by_name, stored->name, &value))
		return ERR_UNKNOWN;
	struct ruling *r = (struct ruling *)(uintptr_t)value;
	bool fits = (r->rule.condition == ALERT_EVENT) == (stored->event >= 0);
	if (!fits || (stored->event < 0 && !ruling_match(r, stored->series)))
		return ERR_UNKNOWN;
	struct instance *i = engine_instance(e, r, stored->series, now);
	if (!i || i->alert || !engine_watch(e, i))
		return i && i->alert ? ERR_UNKNOWN : -ENOMEM;
	int64_t last = e->last_alert;
	struct alert *a = engine_alert_new(e, r, stored->series, now);
	if (!a || copy_texts(a, stored) < 0) {
		if (a)
			engine_alert_free(a);
		return -ENOMEM;
	}
	e->last_alert = last;
	copy_figures(a, stored);
	a->severity = r->rule.severity;
	i->alert = a;
	int64_t lasted_ms = now->wall > stored->since ? now->wall - stored->since : 0;
	int64_t hold_us = r->rule.for_us;
	i->bad_since = now->mono - (lasted_ms < hold_us / US_PER_MS ? lasted_ms * US_PER_MS : hold_us);
	i->unconfirmed = a->state == ALERT_PENDING && r->rule.condition != ALERT_ABSENT;
	r->active++;
	e->n_active++;
	engine_slot_busy(e, i);
	*out = a;
	engine_overlay(e, i, now);
	return 0;
}
