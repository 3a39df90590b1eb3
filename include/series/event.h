/* Events: what happened, on one timeline for all domains. The timeline keeps the newest ones in RAM; the store keeps
 * them all. Loop only. */
#ifndef AUSPEX_SERIES_EVENT_H
#define AUSPEX_SERIES_EVENT_H

#include "base/buf.h"
#include "base/clock.h"

/* X(NAME, "text") */
#define EVENT_KIND_MAP(X)                                                            \
	X(START, "start")                                                            \
	X(STOP, "stop")                                                              \
	X(CONFIG, "config")                                                          \
	X(DATA_LOSS, "data_loss")                                                    \
	X(STORE, "store")                                                            \
	X(RUN_FAILED, "run_failed")                                                  \
	X(THRESHOLD, "threshold")                                                    \
	X(CHANGE_POINT, "change_point")                                              \
	X(ANOMALY, "anomaly")                                                        \
	X(TIER, "tier_escalation")                                                   \
	X(ALERT, "alert")                                                            \
	X(CASCADE, "cascade")                                                        \
	X(DRIFT, "drift")                                                            \
	X(TRAINING, "training")                                                      \
	X(PROCESS, "process")                                                        \
	X(NOTE, "note")

enum event_kind {
#define X(name, text) EVENT_##name,
	EVENT_KIND_MAP(X)
#undef X
	EVENT_KINDS
};
_Static_assert(EVENT_KINDS <= 32, "a set of kinds is a word of 32 bits");
#define EVENT_BIT(kind) (UINT32_C(1) << (unsigned)(kind))
enum event_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* Views are borrowed for the call; who keeps an event copies them. */
struct event {
	int64_t id; /* 0 until the timeline numbered it */
	wall_ms t;
	enum event_kind kind;
	enum event_severity severity;
	struct view subject; /* what it is about: a series key, a command, a server, "daemon" */
	struct view title;   /* one sentence */
	struct view detail;  /* a JSON object as text, or empty */
};

const char *event_kind_name(enum event_kind kind);
const char *event_severity_name(enum event_severity s); /* info, warning, critical */
/* The number of a name; -1 if unknown. */
int event_kind_find(struct view text);
/* Reads "alert", "start,stop" or "-run_failed" (all but that one) into a set of bits. ERR_UNKNOWN: `*bad` is the name. */
int event_kinds_parse(struct view text, uint32_t *kinds, struct view *bad);
int event_severity_find(struct view text);

/* The newest events in RAM, numbered; bounded by count and bytes of text, the oldest leave. NULL when out of memory.
 * Both bounds are taken at once (untouched pages cost nothing) and adding never allocates. */
struct timeline;
struct timeline *timeline_new(uint32_t max_events, size_t max_bytes);
void timeline_free(struct timeline *t);
/* Numbering goes on after the highest id the store knows. */
void timeline_start_after(struct timeline *t, int64_t last_id);
/* Copies the event; gives it the next id if it has none (loading history: ascending ids, before new events). Returns
 * the id, or ERR_RANGE: texts longer than max_bytes together, an unknown kind, or an id not above the newest held. */
int64_t timeline_add(struct timeline *t, const struct event *e);
int64_t timeline_oldest_id(const struct timeline *t); /* 0 when empty */

struct event_filter {
	wall_ms since, until; /* since <= t < until; until 0 = no end */
	int64_t before;       /* only ids below it; 0 = any */
	uint32_t kinds;       /* EVENT_BIT of each wanted; 0 = any */
	enum event_severity severity; /* at least this */
	struct view subject;  /* empty = any; exact or glob with * and ? */
	uint32_t limit;       /* most events wanted; 0 = none */
};
/* Checks everything but the limit. */
bool event_filter_match(const struct event_filter *f, const struct event *e);
/* Newest first, at most filter->limit. The views are valid during the callback, which must not add events. */
void timeline_query(const struct timeline *t, const struct event_filter *filter,
		    void (*cb)(void *arg, const struct event *e), void *arg);
/* What came after `after_id`, oldest first: for a live stream that was cut and resumes. Same rules. */
void timeline_replay(const struct timeline *t, int64_t after_id, void (*cb)(void *arg, const struct event *e),
		     void *arg);

#endif
