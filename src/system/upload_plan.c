#include "upload_plan.h"

#include <stdint.h>

#define LOOK_EVERY_US (1 * US_PER_S)   /* while a table is being made */
#define MAKE_TIME_US  (120 * US_PER_S) /* after that it is looked at as if it were new */

void upload_plan_init(struct upload_plan *p)
{
	*p = (struct upload_plan){ .expiry_due = false };
}

/* --- next ------------------------------------------------------------------------------------------------------------------- */

static enum upload_action next_of_table(const struct upload_lane_state *l)
{
	switch (l->phase) {
	case PHASE_ABSENT:
		return UPLOAD_MAKE;
	case PHASE_READY:
		return UPLOAD_REST;
	default:
		return UPLOAD_LOOK;
	}
}

static enum upload_action next_of_minutes(const struct upload_plan *p)
{
	if (p->expiry_due)
		return UPLOAD_EXPIRY;
	return p->has_items ? UPLOAD_PUT : UPLOAD_REST;
}

static enum upload_action next_of_registry(const struct upload_plan *p)
{
	if (p->leaving)
		return p->registered && !p->left ? UPLOAD_LEAVE : UPLOAD_REST;
	if (!p->found)
		return UPLOAD_FIND;
	if (!p->registered)
		return p->known ? UPLOAD_GREET : UPLOAD_ADD;
	return p->update_due ? UPLOAD_UPDATE : UPLOAD_REST;
}

static enum upload_action next_of(const struct upload_plan *p, enum upload_lane lane)
{
	const struct upload_lane_state *l = &p->lanes[lane];
	if (l->phase != PHASE_READY) /* who leaves begins nothing new */
		return p->leaving ? UPLOAD_REST : next_of_table(l);
	return lane == UPLOAD_MINUTES ? next_of_minutes(p) : next_of_registry(p);
}

struct upload_step upload_plan_next(const struct upload_plan *p, mono_us now)
{
	mono_us until = INT64_MAX;
	for (int lane = 0; lane < UPLOAD_LANES; lane++) {
		enum upload_action action = next_of(p, (enum upload_lane)lane);
		if (action == UPLOAD_REST)
			continue;
		if (p->lanes[lane].not_before <= now)
			return (struct upload_step){ action, (enum upload_lane)lane, 0 };
		if (p->lanes[lane].not_before < until)
			until = p->lanes[lane].not_before;
	}
	return (struct upload_step){ UPLOAD_REST, UPLOAD_MINUTES, until };
}

bool upload_plan_finished(const struct upload_plan *p, mono_us now)
{
	return upload_plan_next(p, now).action == UPLOAD_REST;
}

/* --- done ------------------------------------------------------------------------------------------------------------------- */

static void rest(struct upload_lane_state *l, mono_us first, mono_us now, double random)
{
	mono_us pause = first;
	for (unsigned i = 0; i < l->failures && pause < UPLOAD_REST_MAX_US; i++)
		pause *= 2;
	if (pause > UPLOAD_REST_MAX_US)
		pause = UPLOAD_REST_MAX_US;
	l->failures++;
	l->not_before = now + pause / 2 + (mono_us)((double)(pause / 2) * random);
}

static void make_ready(struct upload_plan *p, enum upload_lane lane, enum dynamo_form form)
{
	struct upload_lane_state *l = &p->lanes[lane];
	bool minutes =
		form == DYNAMO_FORM_MINUTES || form == DYNAMO_FORM_ID_NUMBER || form == DYNAMO_FORM_ID_TEXT;
	l->form = form;
	l->phase = (lane == UPLOAD_MINUTES ? minutes : form == DYNAMO_FORM_REGISTRY) ? PHASE_READY
										     : PHASE_FOREIGN;
	p->expiry_due |= lane == UPLOAD_MINUTES && l->phase == PHASE_READY && l->ours;
}

static enum dynamo_form own_form(enum upload_lane lane)
{
	return lane == UPLOAD_MINUTES ? DYNAMO_FORM_MINUTES : DYNAMO_FORM_REGISTRY;
}

/* A success, or a failure that says where to go on. False: rest and try again. */
static bool look_done(struct upload_plan *p, enum upload_lane lane, const struct upload_outcome *o,
		      mono_us now)
{
	struct upload_lane_state *l = &p->lanes[lane];
	if (o->verdict == DYNAMO_DENIED) { /* may not look: then it is taken as it should be */
		make_ready(p, lane, own_form(lane));
		return true;
	}
	bool fresh = l->phase == PHASE_MAKING && now - l->made_at < MAKE_TIME_US;
	if (o->verdict == DYNAMO_ABSENT && !fresh) {
		l->phase = PHASE_ABSENT;
		return true;
	}
	if ((o->verdict == DYNAMO_OK && !o->table.active) || o->verdict == DYNAMO_ABSENT) {
		if (l->phase != PHASE_MAKING)
			l->made_at = now;
		l->phase = PHASE_MAKING;
		l->not_before = now + LOOK_EVERY_US;
		return true;
	}
	if (o->verdict != DYNAMO_OK)
		return false;
	make_ready(p, lane, o->table.form);
	return l->phase == PHASE_READY;
}

static bool make_done(struct upload_lane_state *l, const struct upload_outcome *o, mono_us now)
{
	if (o->verdict != DYNAMO_OK && o->verdict != DYNAMO_IN_USE)
		return false;
	l->ours = o->verdict == DYNAMO_OK;
	l->phase = PHASE_MAKING;
	l->made_at = now;
	l->not_before = now + LOOK_EVERY_US;
	return true;
}

/* May the host's item be changed in place? Else it is written whole, at once. */
static bool falls_back(struct upload_plan *p, const struct upload_outcome *o)
{
	if (o->verdict != DYNAMO_DENIED || p->whole)
		return false;
	p->whole = true;
	return true;
}

static bool registry_done(struct upload_plan *p, enum upload_action action, const struct upload_outcome *o)
{
	if (action != UPLOAD_FIND && action != UPLOAD_ADD && falls_back(p, o))
		return true;
	if (action == UPLOAD_FIND &&
	    o->verdict == DYNAMO_DENIED) { /* may not look: it greets, which adds it too */
		p->found = p->known = true;
		return true;
	}
	if (o->verdict != DYNAMO_OK)
		return false;
	if (action == UPLOAD_FIND) {
		p->found = true;
		p->known = o->found;
	} else if (action == UPLOAD_LEAVE) {
		p->left = true;
	} else if (action == UPLOAD_UPDATE) {
		p->update_due = false;
	} else {
		p->registered = true;
	}
	return true;
}

/* Has the table gone since it was looked at? */
static void look_again(struct upload_plan *p, enum upload_lane lane, const struct upload_outcome *o)
{
	if (o->verdict != DYNAMO_ABSENT)
		return;
	p->lanes[lane].phase = PHASE_UNKNOWN;
	if (lane == UPLOAD_REGISTRY)
		p->found = p->registered = p->known = false;
}

static bool apply(struct upload_plan *p, const struct upload_step *step, const struct upload_outcome *o,
		  mono_us now)
{
	switch (step->action) {
	case UPLOAD_REST:
		return true;
	case UPLOAD_LOOK:
		return look_done(p, step->lane, o, now);
	case UPLOAD_MAKE:
		return make_done(&p->lanes[step->lane], o, now);
	case UPLOAD_EXPIRY:
		p->expiry_due = false;
		return true;
	case UPLOAD_PUT:
		return o->verdict == DYNAMO_OK;
	default:
		return registry_done(p, step->action, o);
	}
}

void upload_plan_done(struct upload_plan *p, const struct upload_step *step, const struct upload_outcome *o,
		      mono_us now, double random)
{
	struct upload_lane_state *l = &p->lanes[step->lane];
	if (!apply(p, step, o, now)) {
		bool passes = dynamo_verdict_passes(o->verdict) || o->verdict == DYNAMO_IN_USE ||
			      o->verdict == DYNAMO_ABSENT;
		if (step->action >= UPLOAD_PUT)
			look_again(p, step->lane, o);
		rest(l, passes && l->phase != PHASE_FOREIGN ? UPLOAD_REST_MIN_US : UPLOAD_REST_SLOW_US, now,
		     random);
	} else if (step->action >= UPLOAD_PUT && step->action != UPLOAD_FIND) {
		l->failures = 0; /* only what was the purpose of it all ends a series of failures */
	}
}
