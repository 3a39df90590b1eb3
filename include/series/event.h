/* Events: what happened, on one timeline for all domains. */
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
	X(NOTE, "note")

enum event_kind {
#define X(name, text) EVENT_##name,
	EVENT_KIND_MAP(X)
#undef X
	EVENT_KINDS
};
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
/* -1 if unknown. */
int event_kind_find(struct view text);
int event_severity_find(struct view text);

/* The newest events in RAM, numbered; bounded by count and bytes, the oldest leave. */
struct timeline;
struct timeline *timeline_new(uint32_t max_events, size_t max_bytes);
void timeline_free(struct timeline *t);
/* Numbering goes on after the highest id the store knows. */
void timeline_start_after(struct timeline *t, int64_t last_id);
/* Copies the event; gives it the next id if it has none. Returns the id, or a negative code. */
int64_t timeline_add(struct timeline *t, const struct event *e);
int64_t timeline_oldest_id(const struct timeline *t); /* 0 when empty */

struct event_filter {
	wall_ms since, until; /* since <= t < until; until 0 = no end */
	int kind;             /* -1 = any */
	struct view subject;  /* empty = any; exact or glob with * */
	uint32_t limit;
};
bool event_filter_match(const struct event_filter *f, const struct event *e);
/* Newest first, at most filter->limit. */
void timeline_query(const struct timeline *t, const struct event_filter *filter,
		    void (*cb)(void *arg, const struct event *e), void *arg);

#endif
