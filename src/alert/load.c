/* Start: what the history holds comes back. */
#include "alerts_impl.h"

#include <math.h>

#define LOAD_MOST     100000
#define LOAD_RESOLVED 1000

struct loading {
	struct alerts *s;
	const struct alert_now *now;
	struct arena arena;
	uint32_t bad, rules, alerts;
};

static void load_all(struct loading *l, const struct store_query *q,
		     void (*row)(void *arg, const struct store_row *row))
{
	int rc = store_load(l->s->deps.store, q, row, l);
	if (rc < 0)
		LOG(l->s->deps.log, LOG_WARN, "alert", "stored alerts are not shown until the next start",
		    LF_S("error", err_text(rc)));
	if (l->bad)
		LOG(l->s->deps.log, LOG_WARN, "alert", "stored rows could not be read",
		    LF_S("table", q->kind->name), LF_I("rows", l->bad));
	arena_fini(&l->arena);
}

static void rule_row(void *arg, const struct store_row *row)
{
	struct loading *l = arg;
	struct yaml_node *root;
	struct alert_rule rule;
	struct err err = { 0 };
	arena_reset(&l->arena);
	if (alert_tree_from_json(row->values[RULE_JSON].v, &l->arena, &root, &err) < 0 ||
	    alert_rule_read(NULL, root, &l->arena, &rule, &err) < 0 ||
	    alert_engine_set_rule(l->s->engine, &rule, l->now) < 0)
		l->bad++;
}

void load_rules(struct alerts *s, const struct alert_now *now)
{
	struct loading l = { .s = s, .now = now };
	struct store_query q = { .kind = &alert_rule_kind, .limit = LOAD_MOST };
	arena_init(&l.arena, 4096);
	load_all(&l, &q, rule_row);
}

static void silence_row(void *arg, const struct store_row *row)
{
	struct loading *l = arg;
	struct yaml_node *root;
	struct alert_silence silence;
	struct err err = { 0 };
	int64_t id = row->values[SILENCE_ID].i;
	alert_engine_number_from(l->s->engine, 0, id);
	if (row->values[SILENCE_UNTIL].i <= l->now->wall)
		return;
	arena_reset(&l->arena);
	if (alert_tree_from_json(row->values[SILENCE_JSON].v, &l->arena, &root, &err) < 0 ||
	    alert_silence_read(root, l->now->wall * NS_PER_MS, &l->arena, &silence, &err) < 0) {
		l->bad++;
		return;
	}
	silence.id = id;
	l->bad += alert_engine_silence(l->s->engine, &silence, NULL, l->now) < 0;
}

void load_silences(struct alerts *s, const struct alert_now *now)
{
	struct loading l = { .s = s, .now = now };
	struct store_query q = { .kind = &alert_silence_kind, .limit = LOAD_MOST };
	arena_init(&l.arena, 4096);
	load_all(&l, &q, silence_row);
}

static struct view text_of(const struct store_value *v)
{
	return v->null || !v->v.data ? VIEW("") : v->v;
}

static bool read_row(const struct store_row *row, struct alert *a)
{
	const struct store_value *v = row->values;
	int state = alert_state_find(text_of(&v[COL_STATE])),
	    severity = event_severity_find(text_of(&v[COL_SEVERITY]));
	if (state < 0 || severity < 0)
		return false;
	*a = (struct alert){
		.id = v[COL_ID].i,
		.state = (enum alert_state)state,
		.severity = (enum event_severity)severity,
		.name = text_of(&v[COL_NAME]),
		.series = text_of(&v[COL_SERIES]),
		.condition = text_of(&v[COL_CONDITION]),
		.labels = text_of(&v[COL_LABELS]),
		.event = v[COL_EVENT].null ? -1 : event_kind_find(v[COL_EVENT].v),
		.value = v[COL_VALUE].null ? NAN : v[COL_VALUE].d,
		.since = v[COL_SINCE].i,
		.fired = v[COL_FIRED].i,
		.resolved = v[COL_RESOLVED].i,
		.ack_who = text_of(&v[COL_ACK_WHO]),
		.ack_why = text_of(&v[COL_ACK_WHY]),
		.ack_until = v[COL_ACK_UNTIL].i,
		.silence = v[COL_SILENCE].i,
		.reason = text_of(&v[COL_REASON]),
		.row = row->id,
	};
	return true;
}

static void alert_row(void *arg, const struct store_row *row)
{
	struct loading *l = arg;
	struct alert stored, *a = NULL;
	if (!read_row(row, &stored)) {
		l->bad++;
		return;
	}
	if (stored.state == ALERT_RESOLVED && stored.resolved < l->now->wall - MS_PER_DAY)
		return;
	int rc = alert_engine_restore(l->s->engine, &stored, l->now, &a);
	if (rc != ERR_UNKNOWN || stored.state == ALERT_PENDING) {
		if (rc == ERR_UNKNOWN)
			keep_withdrawn(l->s, &stored);
		return;
	}
	stored.state = ALERT_RESOLVED; /* what watched over it has gone meanwhile */
	stored.resolved = l->now->wall;
	stored.reason = VIEW("its rule was removed or changed");
	if (alert_engine_restore(l->s->engine, &stored, l->now, &a) == 0) {
		tell_change(l->s, a, ALERT_GOT_RESOLVED, l->now);
		keep_alert(l->s, a, l->now);
	}
}

void load_alerts(struct alerts *s, const struct alert_now *now)
{
	struct store *store = s->deps.store;
	int64_t last = store_last_id(store, &alert_kind);
	/* Ids are numbered apart from rows, and never fewer than these. */
	alert_engine_number_from(s->engine, last, 0);
	for (int state = ALERT_STATES - 1; state >= 0; state--) { /* the resolved ones first, oldest first */
		struct loading l = { .s = s, .now = now };
		struct store_query q = { .kind = &alert_kind, .limit = LOAD_MOST, .n_equals = 1 };
		q.equals[0] =
			(struct store_equals){ "state",
					       SV_TEXT(view_of(alert_state_name((enum alert_state)state))) };
		if (state == ALERT_RESOLVED)
			q.after_id = last > LOAD_RESOLVED ? last - LOAD_RESOLVED : 0;
		arena_init(&l.arena, 4096);
		load_all(&l, &q, alert_row);
	}
}
