/* The service's parts, for its files only. */
#ifndef AUSPEX_ALERT_ALERTS_IMPL_H
#define AUSPEX_ALERT_ALERTS_IMPL_H

#include "alert/alerts.h"

struct alerts {
	struct alerts_deps deps;
	struct alert_engine *engine;
	int subscription;
	uv_timer_t timer;
	struct buf text; /* of the event being told */
	struct buf detail;
	uint64_t writes, safe;            /* numbered writes; all up to `safe` are committed */
	struct keep_check *check;         /* the question to the store that is out, or NULL */
	bool rules_dirty, silences_dirty; /* to be written anew, all of them */
	uint64_t rules_written, silences_written;
	uint64_t refused_told;
	uint32_t ticks;
	void (*closed)(void *arg);
	void *closed_arg;
};

struct alert_now alerts_now(const struct alerts *s);

/* keep.c: rows of the history */
void keep_alert(struct alerts *s, struct alert *a, const struct alert_now *now);
void keep_withdrawn(struct alerts *s, struct alert *a);
void keep_rule(struct alerts *s, const struct alert_rule *rule);
void keep_no_rule(struct alerts *s, struct view name);
void keep_silence(struct alerts *s, const struct alert_silence *silence);
void keep_no_silence(struct alerts *s, int64_t id);
/* Asks the store, if no question is out, whether all that was written arrived; with that it commits at once. */
void keep_ask(struct alerts *s);
/* What could not be written is tried again; then asks. */
void keep_sweep(struct alerts *s, const struct alert_now *now);
/* The answer to the question that is out will find nobody. */
void keep_abandon_check(struct alerts *s);
void keep_trim(struct alerts *s, const struct alert_now *now);

/* load.c */
void load_rules(struct alerts *s, const struct alert_now *now);
void load_silences(struct alerts *s, const struct alert_now *now);
void load_alerts(struct alerts *s, const struct alert_now *now);

/* Columns, shared by keep.c and load.c. */
enum {
	COL_ID,
	COL_NAME,
	COL_SERIES,
	COL_STATE,
	COL_SEVERITY,
	COL_VALUE,
	COL_SINCE,
	COL_FIRED,
	COL_RESOLVED,
	COL_CONDITION,
	COL_LABELS,
	COL_EVENT,
	COL_ACK_WHO,
	COL_ACK_WHY,
	COL_ACK_UNTIL,
	COL_SILENCE,
	COL_REASON,
	ALERT_COLUMNS
};
enum { RULE_NAME, RULE_JSON, RULE_COLUMNS };
enum { SILENCE_ID, SILENCE_UNTIL, SILENCE_JSON, SILENCE_COLUMNS };

/* tell.c: transitions on the timeline */
void tell_change(struct alerts *s, const struct alert *a, enum alert_change change,
		 const struct alert_now *now);
/* True for an alert about alerts: it must not raise another one. */
bool tell_is_about_alerts(const struct event *event);
/* "disk full: app.disk is 97.2, above 95 for 5m" */
void tell_sentence(const struct alert *a, struct buf *out);

/* routes_write.c */
void post_rule(struct http_request *r, void *ctx);
void delete_rule(struct http_request *r, void *ctx);
void post_ack(struct http_request *r, void *ctx);
void post_silence(struct http_request *r, void *ctx);
void post_silences(struct http_request *r, void *ctx);
void delete_silence(struct http_request *r, void *ctx);
/* routes.c: one alert as the list shows it */
void write_alert(struct jw *w, const char *key, const struct alerts *s, const struct alert *a);
void write_rule(struct jw *w, const char *key, const struct alerts *s, const struct alert_rule *rule);
void write_silence(struct jw *w, const char *key, const struct alert_silence *silence, wall_ms now);

#endif
