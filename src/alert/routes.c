/* What can be read, and the table of routes. */
#include "alerts_impl.h"

#include <math.h>
#include <stdlib.h>

#define LIST_DEFAULT 500
#define LIST_MAX     10000

/* --- one of each --------------------------------------------------------------------------------------------------- */

static const struct alert_silence *find_silence(const struct alert_engine *e, int64_t id)
{
	const struct alert_silence *silence;
	for (uint32_t i = 0; (silence = alert_engine_silence_at(e, i)); i++)
		if (silence->id == id)
			return silence;
	return NULL;
}

static void write_sayings(struct jw *w, const struct alerts *s, const struct alert *a)
{
	const struct alert_silence *silence = a->silence ? find_silence(s->engine, a->silence) : NULL;
	if (a->ack_who.len) {
		jw_obj(w, "acknowledged");
		jw_str(w, "who", a->ack_who);
		jw_str(w, "why", a->ack_why);
		alert_time_write(w, "until", a->ack_until);
		jw_end(w);
	}
	if (silence && a->state != ALERT_RESOLVED) {
		jw_obj(w, "silenced");
		jw_i64(w, "id", silence->id);
		jw_str(w, "who", silence->who);
		jw_str(w, "why", silence->why);
		alert_time_write(w, "until", silence->until);
		jw_end(w);
	}
}

void write_alert(struct jw *w, const char *key, const struct alerts *s, const struct alert *a)
{
	struct buf title;
	jw_obj(w, key);
	jw_i64(w, "id", a->id);
	jw_str(w, "name", a->name);
	jw_str(w, "series", a->series);
	jw_cstr(w, "state", alert_state_name(a->state));
	jw_cstr(w, "severity", event_severity_name(a->severity));
	jw_double(w, "value", a->value);
	alert_time_write(w, "since", a->since);
	alert_time_write(w, "fired", a->fired);
	alert_time_write(w, "resolved", a->resolved);
	jw_str(w, "condition", a->condition);
	if (a->event >= 0)
		jw_cstr(w, "event", event_kind_name((enum event_kind)a->event));
	buf_init(&title);
	tell_sentence(a, &title);
	jw_str(w, "title", (struct view){ title.data, title.len });
	buf_fini(&title);
	if (a->reason.len)
		jw_str(w, "reason", a->reason);
	jw_raw(w, "labels", a->labels.len ? a->labels : VIEW("{}"));
	write_sayings(w, s, a);
	jw_end(w);
}

void write_rule(struct jw *w, const char *key, const struct alerts *s, const struct alert_rule *rule)
{
	uint32_t matches, active;
	struct buf condition;
	alert_engine_rule_counts(s->engine, rule->name, &matches, &active);
	jw_obj(w, key);
	alert_rule_write(w, rule);
	buf_init(&condition);
	alert_rule_describe(rule, &condition);
	jw_str(w, "condition", (struct view){ condition.data, condition.len });
	buf_fini(&condition);
	jw_cstr(w, "source", rule->built_in ? "default" : rule->from_file ? "file" : "api");
	jw_u64(w, "matches", matches);
	jw_u64(w, "active", active);
	jw_end(w);
}

void write_silence(struct jw *w, const char *key, const struct alert_silence *silence, wall_ms now)
{
	jw_obj(w, key);
	jw_i64(w, "id", silence->id);
	jw_cstr(w, "state", now < silence->from ? "planned" : now < silence->until ? "active" : "ended");
	alert_silence_write(w, silence);
	jw_end(w);
}

/* --- the list of alerts -------------------------------------------------------------------------------------------- */

struct list {
	const struct alert **items;
	size_t n;
	unsigned states, severities; /* bits; 0 = all */
};

/* "firing,pending" → bits. False after an error answer. */
static bool read_names(struct http_request *r, const char *param, int (*find)(struct view), const char *known,
		       unsigned *bits)
{
	struct view rest = http_query(r, param);
	*bits = 0;
	while (rest.len) {
		const char *comma = memchr(rest.data, ',', rest.len);
		struct view word = { rest.data, comma ? (size_t)(comma - rest.data) : rest.len };
		rest = (struct view){ word.data + word.len + (comma != NULL),
				      rest.len - word.len - (comma != NULL) };
		word = view_trim(word);
		int found = find(word);
		if (found < 0) {
			http_error(r, 400, "%s: \"%.*s\" is unknown; write one or more of %s", param,
				   word.len > 60 ? 60 : (int)word.len, word.data, known);
			return false;
		}
		*bits |= 1u << found;
	}
	return true;
}

static int find_severity(struct view v)
{
	return event_severity_find(v);
}

static void take(struct list *l, const struct alert *a)
{
	if (a && (!l->states || l->states >> a->state & 1) &&
	    (!l->severities || l->severities >> a->severity & 1))
		l->items[l->n++] = a;
}

/* What needs somebody comes first: firing, then spoken for, then pending; the worst first, then the newest. */
static int by_need(const void *x, const void *y)
{
	static const int rank[ALERT_STATES] = { [ALERT_FIRING] = 0,
						[ALERT_ACKNOWLEDGED] = 1,
						[ALERT_SILENCED] = 2,
						[ALERT_PENDING] = 3,
						[ALERT_RESOLVED] = 4 };
	const struct alert *a = *(const struct alert *const *)x, *b = *(const struct alert *const *)y;
	if (rank[a->state] != rank[b->state])
		return rank[a->state] - rank[b->state];
	if (a->state != ALERT_RESOLVED && a->severity != b->severity)
		return (int)b->severity - (int)a->severity;
	return a->id < b->id ? 1 : -1;
}

static void get_alerts(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	struct list l = { 0 };
	if (!read_names(r, "state", alert_state_find, "pending, firing, acknowledged, silenced, resolved",
			&l.states) ||
	    !read_names(r, "severity", find_severity, "info, warning, critical", &l.severities))
		return;
	size_t most = alert_engine_active(s->engine);
	for (const struct alert *a = alert_engine_newest_resolved(s->engine); a; a = a->older)
		most++;
	l.items = arena_alloc(http_arena(r), (most + 1) * sizeof(*l.items));
	if (!l.items) {
		http_error(r, 503, "out of memory");
		return;
	}
	for (uint32_t i = 0; i < alert_engine_watched(s->engine); i++)
		take(&l, alert_engine_active_at(s->engine, i));
	for (const struct alert *a = alert_engine_newest_resolved(s->engine); a; a = a->older)
		take(&l, a);
	qsort(l.items, l.n, sizeof(*l.items), by_need);
	int64_t limit = http_query_i64(r, "limit", LIST_DEFAULT);
	size_t shown = limit < 1 ? LIST_DEFAULT : limit > LIST_MAX ? LIST_MAX : (size_t)limit;
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_arr(w, "alerts");
	for (size_t i = 0; i < l.n && i < shown; i++)
		write_alert(w, NULL, s, l.items[i]);
	jw_end(w);
	jw_u64(w, "total", l.n);
	jw_end(w);
	http_send(r, 200);
}

static void get_rules(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	const struct alert_rule *rule;
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_arr(w, "rules");
	for (uint32_t i = 0; (rule = alert_engine_rule_at(s->engine, i)); i++)
		write_rule(w, NULL, s, rule);
	jw_end(w);
	jw_end(w);
	http_send(r, 200);
}

static void get_silences(struct http_request *r, void *ctx)
{
	struct alerts *s = ctx;
	const struct alert_silence *silence;
	wall_ms now = alerts_now(s).wall;
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_arr(w, "silences");
	for (uint32_t i = 0; (silence = alert_engine_silence_at(s->engine, i)); i++)
		write_silence(w, NULL, silence, now);
	jw_end(w);
	jw_end(w);
	http_send(r, 200);
}

/* --- the table ----------------------------------------------------------------------------------------------------- */

static const struct http_param list_params[] = {
	{ "state", "query", "string",
	  "Only these states, separated by commas: pending, firing, acknowledged, silenced, resolved." },
	{ "severity", "query", "string",
	  "Only these severities, separated by commas: info, warning, critical." },
	{ "limit", "query", "integer", "At most so many; default 500, at most 10000." },
};
static const struct http_param id_param[] = { { "id", "path", "integer",
						"Number of the alert or silence." } };
static const struct http_param id_query[] = { { "id", "query", "integer", "Number of the silence." } };
static const struct http_param name_param[] = { { "name", "path", "string", "Name of the rule." } };
static const struct http_param name_query[] = { { "name", "query", "string", "Name of the rule." } };

#define BODY_MAX (64 * 1024)
#define WORD_SCHEMA                                                                                          \
	"{\"type\":\"object\",\"required\":[\"who\"],\"properties\":{\"who\":{\"type\":\"string\"},\"why\":" \
	"{\"type\":\"string\"},"                                                                             \
	"\"until\":{\"type\":[\"string\",\"number\"]}}}"
#define RULE_SCHEMA                                                                                          \
	"{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\"},"       \
	"\"series\":{\"type\":\"string\"},"                                                                  \
	"\"event\":{\"type\":\"string\"},\"subject\":{\"type\":\"string\"},\"min_severity\":{\"type\":"      \
	"\"string\"},\"above\":{\"type\":\"number\"},"                                                       \
	"\"below\":{\"type\":\"number\"},\"absent\":{\"type\":[\"string\",\"number\"]},\"rate\":{\"type\":[" \
	"\"number\",\"object\"]},"                                                                           \
	"\"window\":{\"type\":[\"string\",\"number\"]},\"for\":{\"type\":[\"string\",\"number\"]},"          \
	"\"clear\":{\"type\":[\"number\",\"string\",\"object\"]},\"severity\":{\"type\":\"string\"},"        \
	"\"labels\":{\"type\":\"object\"}}}"
#define SILENCE_SCHEMA                                                                                       \
	"{\"type\":\"object\",\"required\":[\"match\",\"until\",\"who\"],\"properties\":{\"match\":{"        \
	"\"type\":\"object\"},"                                                                              \
	"\"from\":{\"type\":[\"string\",\"number\"]},\"until\":{\"type\":[\"string\",\"number\"]},\"who\":{" \
	"\"type\":\"string\"},"                                                                              \
	"\"why\":{\"type\":\"string\"}}}"

const struct http_route alert_routes[] = {
	{ METHOD_GET, "/api/alerts", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_alerts, .params = list_params,
	  .n_params = 3, .summary = "Alerts that live, then those resolved within the last day",
	  .response = "{\"type\":\"object\",\"required\":[\"alerts\"],\"properties\":{\"alerts\":{\"type\":"
		      "\"array\",\"items\":{\"type\":\"object\","
		      "\"required\":[\"id\",\"name\",\"series\",\"state\",\"severity\",\"value\",\"since\"]}}"
		      "}}" },
	{ METHOD_GET, "/api/alerts/rules", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_rules,
	  .summary = "Alert rules", .response = "{\"type\":\"object\",\"required\":[\"rules\"]}" },
	{ METHOD_POST, "/api/alerts/rules", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, post_rule,
	  .max_body = BODY_MAX,
	  .summary = "Makes a rule, or replaces the one of that name; answered after the commit",
	  .request = RULE_SCHEMA, .response = "{\"type\":\"object\",\"required\":[\"rule\"]}" },
	{ METHOD_DELETE, "/api/alerts/rules", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, delete_rule,
	  .params = name_query, .n_params = 1, .summary = "Removes a rule" },
	{ METHOD_DELETE, "/api/alerts/rules/{name}", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, delete_rule,
	  .params = name_param, .n_params = 1, .summary = "Removes a rule" },
	{ METHOD_POST, "/api/alerts/{id}/ack", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, post_ack,
	  .max_body = BODY_MAX, .params = id_param, .n_params = 1,
	  .summary = "Acknowledges a firing alert: who, why, until when", .request = WORD_SCHEMA },
	{ METHOD_POST, "/api/alerts/{id}/silence", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, post_silence,
	  .max_body = BODY_MAX, .params = id_param, .n_params = 1,
	  .summary = "Silences this rule on this series: who, why, until when", .request = WORD_SCHEMA },
	{ METHOD_GET, "/api/alerts/silences", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_silences,
	  .summary = "Silences and maintenance windows",
	  .response = "{\"type\":\"object\",\"required\":[\"silences\"]}" },
	{ METHOD_POST, "/api/alerts/silences", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, post_silences,
	  .max_body = BODY_MAX,
	  .summary = "Silences matching alerts, now or in a window to come; answered after the commit",
	  .request = SILENCE_SCHEMA, .response = "{\"type\":\"object\",\"required\":[\"silence\"]}" },
	{ METHOD_DELETE, "/api/alerts/silences", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, delete_silence,
	  .params = id_query, .n_params = 1, .summary = "Ends a silence" },
	{ METHOD_DELETE, "/api/alerts/silences/{id}", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, delete_silence,
	  .params = id_param, .n_params = 1, .summary = "Ends a silence" },
};
const size_t alert_n_routes = sizeof(alert_routes) / sizeof(alert_routes[0]);
