/* The life of an alert: pending, firing, resolved; and the memory of those that ended. */
#include "engine_impl.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define TELL_PENDING_EVERY_US (10 * 60 * US_PER_S) /* a series that flaps must not fill the timeline */

int engine_text(struct alert *a, struct view text, struct view *out)
{
	char *copy = arena_strndup(&a->memory, text.data ? text.data : "", text.len);
	if (!copy)
		return -ENOMEM;
	*out = (struct view){ copy, text.len };
	return 0;
}

void engine_alert_free(struct alert *a)
{
	arena_fini(&a->memory);
	free(a);
}

static int describe(struct alert *a, const struct ruling *r)
{
	struct buf text;
	buf_init(&text);
	alert_rule_describe(&r->rule, &text);
	int rc = engine_text(a, (struct view){ text.data, text.len }, &a->condition);
	buf_clear(&text);
	struct jw w = jw_init(&text, JW_COMPACT);
	alert_labels_write(&w, NULL, &r->rule.labels);
	if (rc == 0)
		rc = engine_text(a, (struct view){ text.data, text.len }, &a->labels);
	rc = text.failed ? -ENOMEM : rc;
	buf_fini(&text);
	return rc;
}

struct alert *engine_alert_new(struct alert_engine *e, const struct ruling *r, struct view series,
			       const struct alert_now *now)
{
	struct alert *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	arena_init(&a->memory, 512);
	a->severity = r->rule.severity;
	a->event = r->rule.condition == ALERT_EVENT ? (int)r->rule.event : -1;
	a->value = NAN;
	a->since = now->wall;
	if (describe(a, r) < 0 || engine_text(a, r->rule.name, &a->name) < 0 ||
	    engine_text(a, series, &a->series) < 0 || engine_text(a, e->event_title, &a->reason) < 0) {
		engine_alert_free(a);
		return NULL;
	}
	a->id = ++e->last_alert;
	return a;
}

/* --- the resolved ones --------------------------------------------------------------------------------------------- */

static void forget_oldest(struct alert_engine *e, const struct alert_now *now)
{
	struct alert *a = e->oldest;
	e->oldest = a->newer;
	if (e->oldest)
		e->oldest->older = NULL;
	else
		e->newest = NULL;
	e->n_resolved--;
	e->told(e->arg, a, ALERT_FORGOTTEN, now);
	engine_alert_free(a);
}

void engine_remember(struct alert_engine *e, struct alert *a)
{
	a->newer = NULL;
	a->older = e->newest;
	if (e->newest)
		e->newest->newer = a;
	else
		e->oldest = a;
	e->newest = a;
	e->n_resolved++;
}

void engine_forget_old(struct alert_engine *e, const struct alert_now *now)
{
	while (e->oldest && (e->n_resolved > e->limits.resolved ||
			     e->oldest->resolved < now->wall - e->limits.resolved_ms))
		forget_oldest(e, now);
}

/* --- transitions --------------------------------------------------------------------------------------------------- */

void engine_overlay(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	struct alert *a = i->alert;
	if (!a || a->state == ALERT_PENDING || a->state == ALERT_RESOLVED)
		return;
	enum alert_state before = a->state;
	a->silence = engine_silence_over(e, i);
	a->state = a->silence ? ALERT_SILENCED : a->ack_who.len ? ALERT_ACKNOWLEDGED : ALERT_FIRING;
	if (a->state == before)
		return;
	enum alert_change change = a->state == ALERT_SILENCED       ? ALERT_GOT_SILENCED
				   : before == ALERT_SILENCED       ? ALERT_SILENCE_ENDED
				   : a->state == ALERT_ACKNOWLEDGED ? ALERT_ACKED
								    : ALERT_ACK_ENDED;
	e->told(e->arg, a, change, now);
}

void engine_fire(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	struct alert *a = i->alert;
	a->fired = now->wall;
	a->silence = engine_silence_over(e, i);
	a->state = a->silence ? ALERT_SILENCED : ALERT_FIRING;
	e->told(e->arg, a, ALERT_FIRED, now);
}

static void leave(struct alert_engine *e, struct instance *i)
{
	i->alert = NULL;
	i->bad_since = i->good_since = NEVER;
	i->ruling->active--;
	e->n_active--;
	engine_slot_busy(e, i);
	if (i->ruling->rule.condition != ALERT_ABSENT)
		engine_unwatch(e, i);
	if (i->ruling->rule.condition == ALERT_EVENT) /* subjects come and go without end */
		engine_instance_free(e, i);
}

static void withdraw(struct alert_engine *e, struct instance *i, const struct alert_now *now)
{
	struct alert *a = i->alert;
	leave(e, i);
	a->state = ALERT_RESOLVED;
	e->told(e->arg, a, ALERT_WITHDRAWN, now);
	engine_alert_free(a);
}

void engine_resolve(struct alert_engine *e, struct instance *i, const char *reason,
		    const struct alert_now *now)
{
	struct alert *a = i->alert;
	if (a->state == ALERT_PENDING) {
		withdraw(e, i, now);
		return;
	}
	leave(e, i);
	a->state = ALERT_RESOLVED;
	a->resolved = now->wall;
	if (reason)
		engine_text(a, view_of(reason), &a->reason); /* without memory it goes unexplained */
	engine_remember(e, a);
	e->told(e->arg, a, ALERT_GOT_RESOLVED, now);
	engine_forget_old(e, now);
}

static void begin(struct alert_engine *e, struct instance *i, double value, const struct alert_now *now)
{
	if (!engine_watch(e, i))
		return; /* tried again with the next sample */
	i->alert = engine_alert_new(e, i->ruling, instance_key(i), now);
	if (!i->alert) {
		if (i->ruling->rule.condition != ALERT_ABSENT)
			engine_unwatch(e, i);
		return;
	}
	i->alert->value = value;
	i->bad_since = now->mono;
	i->good_since = NEVER;
	i->unconfirmed = false;
	i->ruling->active++;
	e->n_active++;
	engine_slot_busy(e, i);
	if (i->ruling->rule.for_us == 0) {
		engine_fire(e, i, now);
	} else if (i->told_pending == NEVER || now->mono - i->told_pending >= TELL_PENDING_EVERY_US) {
		i->told_pending = now->mono;
		e->told(e->arg, i->alert, ALERT_CAME_PENDING, now);
	}
}

static void stay_firing(struct alert_engine *e, struct instance *i, bool good, const struct alert_now *now)
{
	if (!good)
		i->good_since = NEVER;
	else if (i->good_since == NEVER)
		i->good_since = now->mono;
	if (good && now->mono - i->good_since >= i->ruling->rule.clear_us)
		engine_resolve(e, i, NULL, now);
}

void engine_judge(struct alert_engine *e, struct instance *i, bool bad, bool good, double value,
		  const struct alert_now *now)
{
	if (!i->alert) {
		if (bad)
			begin(e, i, value, now);
		return;
	}
	i->alert->value = value;
	if (i->alert->state != ALERT_PENDING) {
		stay_firing(e, i, good, now);
		return;
	}
	if (!bad) {
		withdraw(e, i, now);
		return;
	}
	i->unconfirmed = false;
	if (now->mono - i->bad_since >= i->ruling->rule.for_us)
		engine_fire(e, i, now);
}
