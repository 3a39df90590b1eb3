/* What the upload does next: a state machine over verdicts. Pure: no request, no clock, no chance of its own.
 *
 * Two lanes, one per table, so that trouble with the registry never holds the minutes up:
 *
 *     minutes     look ─ absent ─> make ─> wait until active ─> expiry ─> put, put, …
 *     registry    look ─ absent ─> make ─> wait until active ─> find ─> add or greet ─> update, update, … ─> leave
 *
 * After a failure a lane rests: half a second doubling to five minutes, the later half of it by chance, so that a fleet does not come back at one
 * instant; 15 s doubling where somebody must act first (credentials, permissions, a table of another form). A table that vanishes is looked for, and
 * made, again.
 *
 *     struct upload_step step = upload_plan_next(&plan, now);
 *     …send what step.action says…
 *     upload_plan_done(&plan, step.action, &outcome, now, random);
 */
#ifndef AUSPEX_SYSTEM_UPLOAD_PLAN_H
#define AUSPEX_SYSTEM_UPLOAD_PLAN_H

#include "dynamo_document.h"
#include "dynamo_error.h"

enum upload_lane { UPLOAD_MINUTES, UPLOAD_REGISTRY, UPLOAD_LANES };

enum upload_action {
	UPLOAD_REST,   /* until step.until */
	UPLOAD_LOOK,   /* DescribeTable */
	UPLOAD_MAKE,   /* CreateTable */
	UPLOAD_EXPIRY, /* UpdateTimeToLive, once, whatever comes of it */
	UPLOAD_PUT,    /* PutItem or BatchWriteItem of what is held */
	UPLOAD_FIND,   /* GetItem of this host */
	UPLOAD_ADD,    /* PutItem of this host */
	UPLOAD_GREET,  /* UpdateItem: it is back */
	UPLOAD_UPDATE, /* UpdateItem of the minute */
	UPLOAD_LEAVE,  /* UpdateItem: offline */
};
/* The registry's actions with the whole item instead of an UpdateItem, where that is not permitted, are the same ones with plan.whole. */

enum upload_phase { PHASE_UNKNOWN, PHASE_ABSENT, PHASE_MAKING, PHASE_READY, PHASE_FOREIGN };

struct upload_lane_state {
	enum upload_phase phase;
	enum dynamo_form form; /* when ready */
	bool ours;             /* made by us */
	unsigned failures;     /* in a row */
	mono_us not_before;
	mono_us made_at;
};

struct upload_plan {
	struct upload_lane_state lanes[UPLOAD_LANES];
	bool expiry_due;
	/* set by the caller */
	bool has_items; /* something is held to be put */
	bool update_due;
	bool leaving;
	/* of the registry */
	bool found;      /* we know whether the host is there */
	bool registered; /* it is */
	bool known;      /* it was there before us */
	bool whole;      /* UpdateItem is not permitted */
	bool left;
};

struct upload_step {
	enum upload_action action;
	enum upload_lane lane;
	mono_us until; /* of a rest; INT64_MAX: until something changes */
};

struct upload_outcome {
	enum dynamo_verdict verdict;
	struct dynamo_table_state table; /* of a look that went well */
	bool found;                      /* of a find that went well */
};

#define UPLOAD_REST_MIN_US  (US_PER_S / 2)
#define UPLOAD_REST_SLOW_US (15 * US_PER_S)
#define UPLOAD_REST_MAX_US  (300 * US_PER_S)

void upload_plan_init(struct upload_plan *p);
struct upload_step upload_plan_next(const struct upload_plan *p, mono_us now);
/* `random` is in [0, 1). */
void upload_plan_done(struct upload_plan *p, const struct upload_step *step, const struct upload_outcome *o,
		      mono_us now, double random);
/* Nothing more can come of this plan in time: it has left, or trouble keeps it from leaving. */
bool upload_plan_finished(const struct upload_plan *p, mono_us now);

#endif
