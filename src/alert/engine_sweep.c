/* What time alone brings about: durations that are over, absence, acknowledgements that end. And events, whose alerts live by
 * time alone. */
#include "engine_impl.h"

#include "series/key.h"

#include <math.h>

#define STALE_US (24 * 3600 * US_PER_S) /* nobody can say any more that it is still so */
#define UNCONFIRMED_US                                                                                       \
	(10 * 60 * US_PER_S) /* a pending alert from before a restart waits this long for a sample */
#define STALE_REASON "no samples for 24 hours"

static mono_us last_seen(const struct alert_engine *e, const struct instance *i)
{
	const struct slot *slot = i->series == SERIES_NONE ? NULL : &e->slots[i->series];
	return slot && slot->last_t && slot->seen > i->seen ? slot->seen : i->seen;
}

static void sweep_absent(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	int64_t silent_us = now->mono - last_seen(e, i);
	bool bad = silent_us >= i->ruling->rule.window_us;
	if (bad) /* a sample that comes says good by itself */
		engine_judge(e, i, true, false, (double)silent_us / (double)US_PER_S, now);
}

static void sweep_pending(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	if (i->unconfirmed) {
		if (now->mono - i->seen >= UNCONFIRMED_US)
			engine_resolve(e, i, NULL, now);
	} else if (now->mono - i->bad_since >= i->ruling->rule.for_us) {
		engine_fire(e, i, now);
	}
}

static void sweep_firing(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	const struct alert_rule *rule = &i->ruling->rule;
	struct alert *a = i->alert;
	if (a->ack_who.len && a->ack_until && now->wall >= a->ack_until) {
		a->ack_who = a->ack_why = VIEW("");
		a->ack_until = 0;
		engine_overlay(e, i, now);
	}
	if (rule->condition == ALERT_EVENT) {
		if (now->mono - i->seen >= rule->clear_us)
			engine_resolve(e, i, NULL, now);
	} else if (i->good_since != NEVER && now->mono - i->good_since >= rule->clear_us) {
		engine_resolve(e, i, NULL, now);
	} else if (rule->condition != ALERT_ABSENT && now->mono - last_seen(e, i) >= STALE_US) {
		engine_resolve(e, i, STALE_REASON, now);
	}
}

void alert_engine_sweep(struct alert_engine *e, const struct alert_now *now)
{
	engine_silences_sweep(e, now);
	for (uint32_t at = e->n_watched;
	     at-- > 0;) { /* backwards: who leaves is replaced by one that was looked at */
		struct instance *i = e->watched[at];
		bool absent = i->ruling->rule.condition == ALERT_ABSENT;
		if (i->alert && i->alert->state == ALERT_PENDING)
			sweep_pending(e, i, now);
		else if (i->alert)
			sweep_firing(e, i, now);
		if (absent) /* these instances stay */
			sweep_absent(e, i, now);
	}
	engine_forget_old(e, now);
}

static void take_event(struct alert_engine *e, struct ruling *r, const struct event *event,
		       const struct alert_now *now)
{
	struct instance *i = engine_instance(e, r, event->subject, now);
	if (!i)
		return;
	i->seen = now->mono;
	double count = i->alert && !isnan(i->alert->value) ? i->alert->value + 1 : 1;
	e->event_title = event->title;
	engine_judge(e, i, true, false, count, now);
	e->event_title = VIEW("");
	if (!i->alert)
		engine_instance_free(e, i); /* no memory for an alert: nothing may stay behind */
}

void alert_engine_event(struct alert_engine *e, const struct event *event, const struct alert_now *now)
{
	for (uint32_t i = 0; e->n_event_rulings && i < e->n_rulings; i++) {
		struct ruling *r = e->rulings[i];
		const struct alert_rule *rule = &r->rule;
		if (rule->condition == ALERT_EVENT && rule->event == event->kind &&
		    event->severity >= rule->event_severity &&
		    (rule->series.len == 0 || series_key_match(rule->series, event->subject)))
			take_event(e, r, event, now);
	}
}
