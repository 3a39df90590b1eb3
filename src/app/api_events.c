/* GET /api/events: the timeline, newest first; RAM first, then the history behind it. */
#include "app/parts.h"

#include <stdlib.h>

#define EVENTS_DEFAULT 100
#define EVENTS_MAX     1000
#define STORED_MAX     10000 /* rows of the history looked at for one answer */

struct events_query {
	struct http_request *r; /* NULL when the peer has gone */
	struct store_read read;
	struct event_filter filter;
	char subject[512];
	int64_t oldest_ram; /* ids from here on were answered from RAM */
	uint32_t written, looked_at;
	struct jw *w;
};

static void write_event(void *arg, const struct event *e)
{
	struct events_query *q = arg;
	event_write_json(q->w, NULL, e);
	q->written++;
}

static void finish(struct events_query *q)
{
	jw_end(q->w);
	jw_bool(q->w, "more", q->written >= q->filter.limit || q->looked_at >= STORED_MAX);
	jw_end(q->w);
	http_send(q->r, 200);
}

static void stored_row(struct store_read *read, const struct store_row *row)
{
	struct events_query *q = read->arg;
	struct event e;
	q->looked_at++;
	if (!q->r || q->written >= q->filter.limit || !event_from_row(row, &e))
		return;
	if ((q->oldest_ram && e.id >= q->oldest_ram) || !event_filter_match(&q->filter, &e))
		return;
	write_event(q, &e);
}

static void stored_done(struct store_read *read, int status)
{
	struct events_query *q = read->arg;
	(void)status; /* what RAM and the readable part of the history hold has been written */
	if (q->r) {
		http_defer(q->r, NULL, NULL);
		finish(q);
	}
	free(q);
}

static void peer_gone(struct http_request *r, void *state)
{
	struct events_query *q = state;
	(void)r;
	q->r = NULL;
}

/* Reads kind and severity; false after an error answer. */
static bool read_kinds(struct http_request *r, struct events_query *q)
{
	struct view v = http_query(r, "kind"), bad;
	if (v.len && event_kinds_parse(v, &q->filter.kinds, &bad) < 0) {
		http_error(r, 400,
			   "kind: \"%.*s\" is unknown; one of start, stop, config, data_loss, run_failed, "
			   "alert, …",
			   (int)bad.len, bad.data);
		return false;
	}
	v = http_query(r, "severity");
	int severity = v.len ? event_severity_find(v) : SEVERITY_INFO;
	if (severity < 0) {
		http_error(r, 400, "severity: \"%.*s\" is unknown; one of info, warning, critical",
			   (int)v.len, v.data);
		return false;
	}
	q->filter.severity = (enum event_severity)severity;
	return true;
}

/* The one kind of a set; -1: none, or several. */
static int only_kind(uint32_t kinds)
{
	for (int k = 0; k < EVENT_KINDS; k++)
		if (kinds == EVENT_BIT(k))
			return k;
	return -1;
}

/* Reads the parameters; false after an error answer. */
static bool read_filter(struct http_request *r, wall_ns now, struct events_query *q)
{
	wall_ns since = 0, until = 0;
	if (!api_query_time(r, "since", API_AGO, now, &since) ||
	    !api_query_time(r, "until", API_NOW, now, &until))
		return false;
	q->filter = (struct event_filter){ .since = since / NS_PER_MS, .until = until / NS_PER_MS };
	if (!read_kinds(r, q))
		return false;
	struct view v = http_query(r, "subject");
	if (v.len >= sizeof(q->subject)) {
		http_error(r, 400, "subject is longer than %zu bytes", sizeof(q->subject) - 1);
		return false;
	}
	if (v.data) {
		memcpy(q->subject, v.data, v.len);
		q->filter.subject = (struct view){ q->subject, v.len };
	}
	q->filter.before = http_query_i64(r, "before", 0);
	int64_t limit = http_query_i64(r, "limit", EVENTS_DEFAULT);
	q->filter.limit = limit < 1 ? EVENTS_DEFAULT : limit > EVENTS_MAX ? EVENTS_MAX : (uint32_t)limit;
	return true;
}

static void get_events(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct events_query *q = calloc(1, sizeof(*q));
	if (!q) {
		http_error(r, 503, "out of memory");
		return;
	}
	q->r = r;
	if (!read_filter(r, clock_wall_ns(d->clock), q)) {
		free(q);
		return;
	}
	q->w = http_json(r);
	jw_obj(q->w, NULL);
	jw_arr(q->w, "events");
	timeline_query(d->timeline, &q->filter, write_event, q);
	q->oldest_ram = timeline_oldest_id(d->timeline);
	if (q->written >= q->filter.limit || q->oldest_ram <= 1 || !store_is_durable(d->store)) {
		finish(q);
		free(q);
		return;
	}
	struct store_query stored = { .kind = &event_kind_record,
				      .since = q->filter.since * NS_PER_MS,
				      .until = q->filter.until * NS_PER_MS,
				      .newest_first = true,
				      .after_id =
					      q->filter.before, /* a row's id is never above its event's */
				      .limit = STORED_MAX };
	int kind = only_kind(q->filter.kinds);
	if (kind >= 0) {
		stored.equals[0] =
			(struct store_equals){ "kind",
					       SV_TEXT(view_of(event_kind_name((enum event_kind)kind))) };
		stored.n_equals = 1;
	}
	q->read = (struct store_read){ .row = stored_row, .done = stored_done, .arg = q };
	http_defer(r, peer_gone, q);
	store_query(d->store, &stored, &q->read);
}

static const struct http_param params[] = {
	{ "since", "query", "string", "Earliest time: RFC 3339, Unix seconds, or relative (-1h)." },
	{ "until", "query", "string", "Latest time, exclusive." },
	{ "kind", "query", "string",
	  "Only these kinds, with commas between them; after a leading -, all but these." },
	{ "severity", "query", "string", "At least this: info, warning or critical." },
	{ "subject", "query", "string", "Only this subject; * stands for any characters." },
	{ "before", "query", "integer", "Only events with a lower id: with until, the next page." },
	{ "limit", "query", "integer", "At most so many, newest first; default 100, at most 1000." },
};
const struct http_route api_events_routes[] = {
	{ METHOD_GET, "/api/events", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_events, .params = params,
	  .n_params = 7, .summary = "The timeline of events, newest first",
	  .response = "{\"type\":\"object\",\"required\":[\"events\"],\"properties\":{\"events\":{\"type\":"
		      "\"array\",\"items\":{\"type\":\"object\","
		      "\"required\":[\"id\",\"t\",\"kind\",\"severity\",\"subject\",\"title\"]}},\"more\":{"
		      "\"type\":\"boolean\"}}}" },
};
const size_t api_events_n = sizeof(api_events_routes) / sizeof(api_events_routes[0]);
