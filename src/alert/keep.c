/* What survives: a row per rule, alert and silence. Each write gets a number; now and then the store is asked whether
 * all up to the newest number arrived, and what did not is written anew. */
#include "alerts_impl.h"

#include <math.h>
#include <stdlib.h>

#define KEEP_ALERTS    50000
#define KEEP_ALERTS_NS (90 * INT64_C(86400) * NS_PER_S)
#define KEEP_SILENCES_NS                                                                                     \
	(400 * INT64_C(86400) * NS_PER_S) /* by their beginning: maintenance may be planned for a year */
#define ROW_UNKNOWN (-1)                  /* a lost write: there may be a row, or not */

static const struct store_column alert_columns[ALERT_COLUMNS] = {
	[COL_ID] = { "alert_id", STORE_INT, false },
	[COL_NAME] = { "name", STORE_TEXT, false },
	[COL_SERIES] = { "series", STORE_TEXT, false },
	[COL_STATE] = { "state", STORE_TEXT, false },
	[COL_SEVERITY] = { "severity", STORE_TEXT, false },
	[COL_VALUE] = { "value", STORE_REAL, false },
	[COL_SINCE] = { "since_ms", STORE_INT, false },
	[COL_FIRED] = { "fired_ms", STORE_INT, false },
	[COL_RESOLVED] = { "resolved_ms", STORE_INT, false },
	[COL_CONDITION] = { "condition", STORE_TEXT, false },
	[COL_LABELS] = { "labels", STORE_TEXT, false },
	[COL_EVENT] = { "event", STORE_TEXT, false },
	[COL_ACK_WHO] = { "ack_who", STORE_TEXT, false },
	[COL_ACK_WHY] = { "ack_why", STORE_TEXT, false },
	[COL_ACK_UNTIL] = { "ack_until_ms", STORE_INT, false },
	[COL_SILENCE] = { "silence_id", STORE_INT, false },
	[COL_REASON] = { "reason", STORE_TEXT, false },
};
static const struct store_column rule_columns[RULE_COLUMNS] = {
	[RULE_NAME] = { "name", STORE_TEXT, false },
	[RULE_JSON] = { "json", STORE_TEXT, false },
};
static const struct store_column silence_columns[SILENCE_COLUMNS] = {
	[SILENCE_ID] = { "silence_id", STORE_INT, false },
	[SILENCE_UNTIL] = { "until_ms", STORE_INT, false },
	[SILENCE_JSON] = { "json", STORE_TEXT, false },
};
/* Kept: rules and silences are what people asked for; alerts are trimmed here. */
const struct store_kind alert_kind = {
	.name = "alert", .columns = alert_columns, .n_columns = ALERT_COLUMNS, .version = 1, .kept = true
};
const struct store_kind alert_rule_kind = {
	.name = "alert_rule", .columns = rule_columns, .n_columns = RULE_COLUMNS, .version = 1, .kept = true
};
const struct store_kind alert_silence_kind = { .name = "alert_silence",
					       .columns = silence_columns,
					       .n_columns = SILENCE_COLUMNS,
					       .version = 1,
					       .kept = true };

/* --- alerts -------------------------------------------------------------------------------------------------------- */

static struct store_value text_or_null(struct view v)
{
	return v.len ? SV_TEXT(v) : SV_NULL;
}

static void fill_values(const struct alert *a, struct store_value *v)
{
	v[COL_ID] = SV_INT(a->id);
	v[COL_NAME] = SV_TEXT(a->name);
	v[COL_SERIES] = SV_TEXT(a->series);
	v[COL_STATE] = SV_TEXT(view_of(alert_state_name(a->state)));
	v[COL_SEVERITY] = SV_TEXT(view_of(event_severity_name(a->severity)));
	v[COL_VALUE] = isnan(a->value) ? SV_NULL : SV_REAL(a->value);
	v[COL_SINCE] = SV_INT(a->since);
	v[COL_FIRED] = SV_INT(a->fired);
	v[COL_RESOLVED] = SV_INT(a->resolved);
	v[COL_CONDITION] = SV_TEXT(a->condition);
	v[COL_LABELS] = SV_TEXT(a->labels);
	v[COL_EVENT] = a->event >= 0 ? SV_TEXT(view_of(event_kind_name((enum event_kind)a->event))) : SV_NULL;
	v[COL_ACK_WHO] = text_or_null(a->ack_who);
	v[COL_ACK_WHY] = text_or_null(a->ack_why);
	v[COL_ACK_UNTIL] = SV_INT(a->ack_until);
	v[COL_SILENCE] = SV_INT(a->silence);
	v[COL_REASON] = text_or_null(a->reason);
}

static int append_alert(struct alerts *s, struct alert *a, const struct store_value *values)
{
	int64_t row = store_next_id(s->deps.store, &alert_kind);
	int rc = store_append(s->deps.store, &alert_kind, a->since * NS_PER_MS, values, STORE_MUST);
	if (rc == 0)
		a->row = row;
	return rc;
}

static int update_alert(struct alerts *s, const struct alert *a, const struct store_value *values)
{
	static const int changing[] = { COL_STATE,   COL_VALUE,     COL_FIRED,   COL_RESOLVED, COL_ACK_WHO,
					COL_ACK_WHY, COL_ACK_UNTIL, COL_SILENCE, COL_REASON };
	enum { N = sizeof(changing) / sizeof(changing[0]) };
	const char *names[N];
	struct store_value changed[N];
	for (int i = 0; i < N; i++) {
		names[i] = alert_columns[changing[i]].name;
		changed[i] = values[changing[i]];
	}
	return store_update(s->deps.store, &alert_kind, a->row, names, changed, N);
}

void keep_alert(struct alerts *s, struct alert *a, const struct alert_now *now)
{
	struct store_value values[ALERT_COLUMNS];
	int rc = 0;
	(void)now;
	fill_values(a, values);
	if (a->row == ROW_UNKNOWN) {
		rc = store_delete(s->deps.store, &alert_kind, "alert_id", &values[COL_ID]);
		if (rc == 0)
			a->row = 0;
	}
	if (rc == 0)
		rc = a->row ? update_alert(s, a, values) : append_alert(s, a, values);
	a->dirty = rc < 0;
	a->written = ++s->writes;
}

void keep_withdrawn(struct alerts *s, struct alert *a)
{
	struct store_value id = SV_INT(a->id);
	if (a->row) /* a row that stays for want of room is dropped at the next start: no sample will confirm it */
		store_delete(s->deps.store, &alert_kind, "alert_id", &id);
}

/* --- rules and silences -------------------------------------------------------------------------------------------- */

static int append_rule(struct alerts *s, const struct alert_rule *rule, wall_ns t)
{
	struct buf json;
	buf_init(&json);
	struct jw w = jw_init(&json, JW_COMPACT);
	jw_obj(&w, NULL);
	alert_rule_write(&w, rule);
	jw_end(&w);
	struct store_value values[RULE_COLUMNS] = { [RULE_NAME] = SV_TEXT(rule->name),
						    [RULE_JSON] =
							    SV_TEXT(((struct view){ json.data, json.len })) };
	int rc =
		json.failed ? ERR_FULL : store_append(s->deps.store, &alert_rule_kind, t, values, STORE_MUST);
	buf_fini(&json);
	return rc;
}

void keep_rule(struct alerts *s, const struct alert_rule *rule)
{
	struct store_value name = SV_TEXT(rule->name);
	int rc = store_delete(s->deps.store, &alert_rule_kind, "name", &name);
	if (rc == 0)
		rc = append_rule(s, rule, clock_wall_ns(s->deps.clock));
	s->rules_dirty |= rc < 0;
	s->rules_written = ++s->writes;
}

void keep_no_rule(struct alerts *s, struct view name)
{
	struct store_value value = SV_TEXT(name);
	s->rules_dirty |= store_delete(s->deps.store, &alert_rule_kind, "name", &value) < 0;
	s->rules_written = ++s->writes;
}

static int append_silence(struct alerts *s, const struct alert_silence *silence, wall_ns t)
{
	struct buf json;
	buf_init(&json);
	struct jw w = jw_init(&json, JW_COMPACT);
	jw_obj(&w, NULL);
	alert_silence_write(&w, silence);
	jw_end(&w);
	struct store_value values[SILENCE_COLUMNS] = { [SILENCE_ID] = SV_INT(silence->id),
						       [SILENCE_UNTIL] = SV_INT(silence->until),
						       [SILENCE_JSON] = SV_TEXT(
							       ((struct view){ json.data, json.len })) };
	int rc = json.failed ? ERR_FULL
			     : store_append(s->deps.store, &alert_silence_kind, t, values, STORE_MUST);
	buf_fini(&json);
	return rc;
}

void keep_silence(struct alerts *s, const struct alert_silence *silence)
{
	s->silences_dirty |= append_silence(s, silence, clock_wall_ns(s->deps.clock)) < 0;
	s->silences_written = ++s->writes;
}

void keep_no_silence(struct alerts *s, int64_t id)
{
	struct store_value value = SV_INT(id);
	s->silences_dirty |= store_delete(s->deps.store, &alert_silence_kind, "silence_id", &value) < 0;
	s->silences_written = ++s->writes;
}

/* --- trying again -------------------------------------------------------------------------------------------------- */

static void rewrite_rules(struct alerts *s)
{
	const struct alert_rule *rule;
	wall_ns t = clock_wall_ns(s->deps.clock);
	store_trim(s->deps.store, &alert_rule_kind, t, -1); /* all that were; the new ones bear `t` */
	s->rules_dirty = false;
	for (uint32_t i = 0; (rule = alert_engine_rule_at(s->engine, i)); i++)
		if (!rule->from_file)
			s->rules_dirty |= append_rule(s, rule, t) < 0;
	s->rules_written = ++s->writes;
}

static void rewrite_silences(struct alerts *s)
{
	const struct alert_silence *silence;
	wall_ns t = clock_wall_ns(s->deps.clock);
	store_trim(s->deps.store, &alert_silence_kind, t, -1);
	s->silences_dirty = false;
	for (uint32_t i = 0; (silence = alert_engine_silence_at(s->engine, i)); i++)
		s->silences_dirty |= append_silence(s, silence, t) < 0;
	s->silences_written = ++s->writes;
}

static void doubt(struct alert *a, uint64_t safe)
{
	if (a && a->written > safe) {
		a->dirty = true;
		a->row = ROW_UNKNOWN;
	}
}

static void doubt_everything_since(struct alerts *s)
{
	for (uint32_t i = 0; i < alert_engine_watched(s->engine); i++)
		doubt(alert_engine_active_at(s->engine, i), s->safe);
	for (struct alert *a = alert_engine_newest_resolved(s->engine); a; a = a->older)
		doubt(a, s->safe);
	s->rules_dirty |= s->rules_written > s->safe;
	s->silences_dirty |= s->silences_written > s->safe;
}

struct keep_check {
	struct store_ticket ticket;
	struct alerts *s; /* NULL after the close */
	uint64_t up_to;
};

static void checked(struct store_ticket *ticket, int status)
{
	struct keep_check *check = ticket->arg;
	struct alerts *s = check->s;
	if (s && status == 0)
		s->safe = check->up_to;
	else if (s)
		doubt_everything_since(s);
	if (s)
		s->check = NULL;
	free(check);
}

void keep_ask(struct alerts *s)
{
	if (s->check || s->safe == s->writes || !(s->check = calloc(1, sizeof(*s->check))))
		return; /* asked again with the next sweep */
	s->check->s = s;
	s->check->up_to = s->writes;
	s->check->ticket.done = checked;
	s->check->ticket.arg = s->check;
	store_commit(s->deps.store, &s->check->ticket);
}

void keep_sweep(struct alerts *s, const struct alert_now *now)
{
	struct alert *a;
	for (uint32_t i = 0; i < alert_engine_watched(s->engine); i++)
		if ((a = alert_engine_active_at(s->engine, i)) && (a->dirty || !a->row))
			keep_alert(s, a, now);
	for (a = alert_engine_newest_resolved(s->engine); a; a = a->older)
		if (a->dirty)
			keep_alert(s, a, now);
	if (s->rules_dirty)
		rewrite_rules(s);
	if (s->silences_dirty)
		rewrite_silences(s);
	keep_ask(s);
}

void keep_abandon_check(struct alerts *s)
{
	if (s->check)
		s->check->s = NULL;
}

void keep_trim(struct alerts *s, const struct alert_now *now)
{
	store_trim(s->deps.store, &alert_kind, now->wall * NS_PER_MS - KEEP_ALERTS_NS, KEEP_ALERTS);
	store_trim(s->deps.store, &alert_silence_kind, now->wall * NS_PER_MS - KEEP_SILENCES_NS, -1);
}
