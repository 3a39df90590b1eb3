/* The engine's parts, for its files only. */
#ifndef AUSPEX_ALERT_ENGINE_IMPL_H
#define AUSPEX_ALERT_ENGINE_IMPL_H

#include "alert/engine.h"
#include "base/map.h"

#define NEVER INT64_MIN /* of monotonic times */

struct instance;

/* A rule in force, with its instances by series key. */
struct ruling {
	struct alert_rule rule;
	struct arena memory;
	size_t literal; /* bytes of the pattern before the first * or ? */
	bool exact;
	struct map by_key; /* struct instance * */
	uint32_t active;
};

/* A rule on one series. */
struct instance {
	struct ruling *ruling;
	struct alert *alert; /* NULL while idle */
	series_id series;    /* SERIES_NONE until it was seen; always for events */
	uint32_t watched;    /* index in engine->watched, or UINT32_MAX */
	mono_us seen;        /* newest sample or event, else birth */
	mono_us bad_since, good_since;
	mono_us told_pending;        /* when pending was last told */
	bool unconfirmed;            /* restored as pending: waits for a sample that says so again */
	double rate_value, rate_sum; /* last counter value; increase since rate_from */
	wall_ms rate_from;           /* 0 = no value yet */
	size_t key_len;
	char key[];
};

/* What a sample is compared with while nothing is wrong. */
struct gauge {
	double limit;
	uint8_t condition;
	bool busy; /* not idle, or a rate: judge in full */
	struct instance *instance;
};
struct slot {
	struct view key;
	wall_ms last_t; /* 0 = nothing yet */
	mono_us seen;
	double value;
	struct gauge *gauges;
	uint16_t n, cap;
	bool built;
};

struct muting {
	struct alert_silence silence;
	struct arena memory;
	bool active;
};

struct alert_engine {
	const struct registry *registry;
	struct alert_limits limits;
	alert_told told;
	void *arg;
	struct ruling **rulings;
	uint32_t n_rulings, cap_rulings, n_event_rulings;
	struct map by_name;
	struct slot *slots; /* by series id */
	uint32_t n_slots;
	struct instance **watched; /* with an alert, or of an absent rule */
	uint32_t n_watched, cap_watched;
	uint32_t n_instances, n_active;
	struct muting **mutings;
	uint32_t n_mutings, cap_mutings;
	struct alert *newest, *oldest; /* resolved */
	uint32_t n_resolved;
	int64_t last_alert, last_silence;
	uint64_t refused;
	uint32_t build_left;     /* in this tick */
	struct view event_title; /* while an event is judged */
};

static inline struct view instance_key(const struct instance *i)
{
	return (struct view){ i->key, i->key_len };
}

/* engine_slots.c */
/* The instance of that key, made where it is missing; NULL past the bounds (counted) or when out of memory. */
struct instance *engine_instance(struct alert_engine *e, struct ruling *r, struct view key,
				 const struct alert_now *now);
void engine_instance_free(struct alert_engine *e, struct instance *i);
bool engine_watch(struct alert_engine *e, struct instance *i);
void engine_unwatch(struct alert_engine *e, struct instance *i);
bool ruling_match(const struct ruling *r, struct view key);
/* Connects a new rule to the series known already and judges them by their newest values. */
void engine_slots_add(struct alert_engine *e, struct ruling *r, const struct alert_now *now);
void engine_slots_drop(struct alert_engine *e, const struct ruling *r);
/* The gauge follows the state of its instance. */
void engine_slot_busy(struct alert_engine *e, struct instance *i);

/* engine_life.c */
/* Takes one verdict: bad starts trouble, good ends it, neither (hysteresis) keeps what is. The instance may be freed when
 * it belongs to an event rule. */
void engine_judge(struct alert_engine *e, struct instance *i, bool bad, bool good, double value,
		  const struct alert_now *now);
void engine_resolve(struct alert_engine *e, struct instance *i, const char *reason,
		    const struct alert_now *now);
void engine_fire(struct alert_engine *e, struct instance *i, const struct alert_now *now);
/* state from ack and silence, told when it changed. */
void engine_overlay(struct alert_engine *e, struct instance *i, const struct alert_now *now);
void engine_alert_free(struct alert *a);
void engine_remember(struct alert_engine *e, struct alert *a);
void engine_forget_old(struct alert_engine *e, const struct alert_now *now);
struct alert *engine_alert_new(struct alert_engine *e, const struct ruling *r, struct view series,
			       const struct alert_now *now);
int engine_text(struct alert *a, struct view text, struct view *out);

/* engine_silence.c */
int64_t engine_silence_over(const struct alert_engine *e, const struct instance *i);
void engine_silences_sweep(struct alert_engine *e, const struct alert_now *now);

#endif
