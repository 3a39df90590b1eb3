/* The alert engine: samples and events in, alerts out. No clock, no I/O: time is an argument.
 *
 *     idle ──bad──▶ pending ──for──▶ firing ──good (for clear)──▶ resolved
 *       ▲             │ not bad        │ ▲
 *       └─────────────┘                ▼ │    acknowledged (who, why, until), silenced (by a matching silence)
 *
 * Cost. Each series has a slot with the few numbers of the rules that match it; the slot is built when the series is
 * first seen. A sample costs one comparison per matching rule while nothing is wrong. Durations, absence and expiries
 * are looked at by alert_engine_sweep, which walks alerts that live and instances of absent rules only.
 *
 * Times. Durations (`for`, `clear`, `absent`) run on the monotonic clock from the moment a sample arrives, so steps of
 * the wall clock neither fire nor resolve anything. A sample that is older than the newest of its series, or older than
 * ten minutes when it arrives, is history and judges nothing. Silences and acknowledgements end by the wall clock.
 *
 * Everything is bounded: rules, instances (rule × series), silences, remembered alerts. Loop only.
 */
#ifndef AUSPEX_ALERT_ENGINE_H
#define AUSPEX_ALERT_ENGINE_H

#include "alert/silence.h"
#include "series/registry.h"
#include "series/sample.h"

struct alert_now {
	wall_ms wall;
	mono_us mono;
};

/* X(NAME, "text") */
#define ALERT_STATE_MAP(X) X(PENDING, "pending") X(FIRING, "firing") X(ACKNOWLEDGED, "acknowledged") X(SILENCED, "silenced") X(RESOLVED, "resolved")
enum alert_state {
#define X(name, text) ALERT_##name,
	ALERT_STATE_MAP(X)
#undef X
	ALERT_STATES
};
const char *alert_state_name(enum alert_state state);
int alert_state_find(struct view text); /* -1 if unknown */

/* An alert: one time of trouble of one rule on one series. Texts are its own: it outlives its rule. */
struct alert {
	int64_t id;
	enum alert_state state;
	enum event_severity severity;
	struct view name, series, condition, labels; /* labels: a JSON object */
	int event;                                    /* kind, for event rules; else -1 */
	double value;                                 /* newest; NaN = none */
	wall_ms since, fired, resolved;               /* condition came true; fired; ended; 0 = not yet */
	struct view ack_who, ack_why;                 /* ack_who.len 0 = not acknowledged */
	wall_ms ack_until;                            /* 0 = until it resolves */
	int64_t silence;                              /* id of the silence over it, or 0 */
	struct view reason;                           /* why it resolved, when not by itself; what the newest event said */
	/* the keeper's (alert_keep): which row, and what must still be written */
	int64_t row;
	uint64_t written;
	bool dirty;
	struct arena memory;
	struct alert *newer, *older; /* among the resolved ones */
};

/* What happened to an alert. PENDING is told once per episode. WITHDRAWN: pending, but it did not last. */
enum alert_change {
	ALERT_CAME_PENDING, ALERT_WITHDRAWN, ALERT_FIRED, ALERT_ACKED, ALERT_ACK_ENDED, ALERT_GOT_SILENCED, ALERT_SILENCE_ENDED,
	ALERT_GOT_RESOLVED, ALERT_FORGOTTEN,
};
/* Called inside the engine's functions; must not call the engine. WITHDRAWN and FORGOTTEN: the alert is freed after. */
typedef void (*alert_told)(void *arg, struct alert *alert, enum alert_change change, const struct alert_now *now);

struct alert_limits {
	uint32_t rules, instances, resolved; /* 0 = 10 000, 100 000, 1000 */
	int64_t resolved_ms;                 /* how long resolved ones are remembered; 0 = 24 h */
};

struct alert_engine;
/* The registry tells the keys of series; it must outlive the engine. NULL when out of memory. */
struct alert_engine *alert_engine_new(const struct registry *registry, const struct alert_limits *limits, alert_told told,
				      void *arg);
void alert_engine_free(struct alert_engine *e);

/* --- rules ---- */
/* Adds, or replaces the rule of that name: its alerts end, unless nothing changed. Judged at once by the newest values.
 * 0, ERR_FULL, -ENOMEM. */
int alert_engine_set_rule(struct alert_engine *e, const struct alert_rule *rule, const struct alert_now *now);
/* Its alerts resolve with `reason`. ERR_UNKNOWN. */
int alert_engine_drop_rule(struct alert_engine *e, struct view name, const char *reason, const struct alert_now *now);
const struct alert_rule *alert_engine_rule(const struct alert_engine *e, struct view name); /* NULL if unknown */
/* In order of addition; NULL past the end. */
const struct alert_rule *alert_engine_rule_at(const struct alert_engine *e, uint32_t i);
uint32_t alert_engine_rules(const struct alert_engine *e);
/* Series it matches so far, and alerts of it that are pending or firing. */
void alert_engine_rule_counts(const struct alert_engine *e, struct view name, uint32_t *matches, uint32_t *active);
/* A series that history knows but that has not spoken since the start: absent rules wait for it. */
int alert_engine_expect(struct alert_engine *e, struct view key, const struct alert_now *now);

/* --- what comes in ---- */
void alert_engine_tick(struct alert_engine *e, const struct tick *tick, const struct alert_now *now);
void alert_engine_event(struct alert_engine *e, const struct event *event, const struct alert_now *now);
/* Once a second. */
void alert_engine_sweep(struct alert_engine *e, const struct alert_now *now);

/* --- what people do ---- */
struct alert *alert_engine_find(const struct alert_engine *e, int64_t id); /* active or remembered */
/* 0; ERR_UNKNOWN: no such alert; ERR_CLOSED: not firing (pending or resolved); -ENOMEM. */
int alert_engine_ack(struct alert_engine *e, int64_t id, const struct alert_word *word, const struct alert_now *now);
/* Copies; gives it an id when it has none. ERR_FULL, -ENOMEM. */
int alert_engine_silence(struct alert_engine *e, const struct alert_silence *s, int64_t *id, const struct alert_now *now);
int alert_engine_unsilence(struct alert_engine *e, int64_t id, const struct alert_now *now); /* ERR_UNKNOWN */
/* In order of addition; NULL past the end. Ended ones leave in the sweep an hour after their end. */
const struct alert_silence *alert_engine_silence_at(const struct alert_engine *e, uint32_t i);

/* --- reading ---- */
uint32_t alert_engine_active(const struct alert_engine *e);
struct alert *alert_engine_active_at(const struct alert_engine *e, uint32_t i); /* NULL: that instance has no alert now */
uint32_t alert_engine_watched(const struct alert_engine *e);                    /* bound of the index above */
struct alert *alert_engine_newest_resolved(const struct alert_engine *e);       /* then ->older */
uint64_t alert_engine_refused(const struct alert_engine *e); /* matches past the bound on instances */

/* --- restart ---- */
/* An alert from the history, texts borrowed. Active ones need their rule: ERR_UNKNOWN without it (the caller keeps it as
 * resolved). `*out` is the engine's copy. */
int alert_engine_restore(struct alert_engine *e, const struct alert *stored, const struct alert_now *now, struct alert **out);
/* Numbers go on after these. */
void alert_engine_number_from(struct alert_engine *e, int64_t last_alert, int64_t last_silence);

#endif
