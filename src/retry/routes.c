/* The retry service's part of the HTTP API (contract section 3). */
#include "retry_impl.h"

#include "base/timefmt.h"
#include "run_stream.h"

#include <errno.h>

#define RECENT_DEFAULT 10
#define RECENT_AT_ONCE 256 /* more are streamed */
#define STATS_SPAN_NS  (24 * 3600 * NS_PER_S)

static void get_recent(struct http_request *req, void *ctx)
{
	struct retry *r = ctx;
	int64_t limit = http_query_i64(req, "limit", RECENT_DEFAULT);

	book_expire(r->book, clock_wall_ns(r->deps.clock));
	uint64_t n = limit <= 0 ? RECENT_DEFAULT : (uint64_t)limit;
	n = n < book_count(r->book) ? n : book_count(r->book);
	if (n > RECENT_AT_ONCE) {
		run_stream_recent(req, r->book, n);
		return;
	}
	struct jw *w = http_json(req);
	jw_obj(w, NULL);
	jw_u64(w, "count", n);
	jw_arr(w, "metrics");
	for (uint64_t seq = book_seek_newest(r->book, n); n && seq < book_next_seq(r->book); seq++) {
		struct run run;
		if (book_get(r->book, seq, http_arena(req), &run) == 0)
			run_write(w, &run);
	}
	jw_end(w);
	jw_end(w);
	http_send(req, 200);
}

/* A bound of a range: as given when it is RFC 3339, else the default. What lies outside the years we can
 * count is shown as given and counts as the end of time. */
struct bound {
	wall_ns t;
	int offset_s;
	struct view as_given; /* data NULL unless out of our range */
};

static struct bound query_bound(const struct http_request *req, const char *name, wall_ns fallback)
{
	struct bound b = { .t = fallback };
	struct view text = http_query(req, name);
	wall_ns t;
	int offset;

	int rc = text.data ? time_parse_rfc3339(text, &t, &offset) : ERR_MISSING;
	if (rc == 0) {
		b.t = t;
		b.offset_s = offset;
	} else if (rc == ERR_RANGE) {
		b.t = text.len && text.data[0] < '2' ? INT64_MIN : INT64_MAX;
		b.as_given = text;
	}
	return b;
}

static void write_bound(struct jw *w, const char *key, const struct bound *b)
{
	char text[TIMEFMT_MAX];
	size_t len;
	if (b->as_given.data) {
		jw_str(w, key, b->as_given);
		return;
	}
	len = time_format_rfc3339(b->t, b->offset_s, text);
	jw_str(w, key, (struct view){ text, len });
}

static double ratio(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : 0;
}

static void write_commands(struct jw *w, const struct book_stats *s)
{
	jw_arr(w, "top_commands");
	for (uint32_t i = 0; i < s->n_top; i++) {
		const struct book_command *c = &s->top[i];
		jw_obj(w, NULL);
		jw_str(w, "command", c->command);
		jw_u64(w, "count", c->count);
		jw_double(w, "success_rate", ratio(c->successes, c->count));
		jw_i64(w, "avg_duration", c->avg_duration_ns);
		jw_end(w);
	}
	jw_end(w);
}

static void write_hours(struct jw *w, const struct book_stats *s)
{
	char text[TIMEFMT_MAX];
	jw_arr(w, "hourly_breakdown");
	for (uint32_t i = 0; i < s->n_hours; i++) {
		const struct book_hour *h = &s->hours[i];
		jw_obj(w, NULL);
		size_t len = time_format_rfc3339(h->hour, 0, text);
		jw_str(w, "hour", (struct view){ text, len });
		jw_u64(w, "total_runs", h->runs);
		jw_double(w, "success_rate", ratio(h->successes, h->runs));
		jw_end(w);
	}
	jw_end(w);
}

static void write_stats(struct jw *w, const struct bound *start, const struct bound *end,
			const struct book_stats *s)
{
	jw_obj(w, NULL);
	jw_obj(w, "time_range");
	write_bound(w, "start", start);
	write_bound(w, "end", end);
	jw_end(w);
	jw_u64(w, "total_runs", s->runs);
	jw_u64(w, "successful_runs", s->successes);
	jw_u64(w, "failed_runs", s->runs - s->successes);
	jw_double(w, "success_rate", ratio(s->successes, s->runs));
	jw_double(w, "average_attempts", ratio(s->attempts, s->runs));
	jw_i64(w, "average_duration", s->avg_duration_ns);
	write_commands(w, s);
	write_hours(w, s);
	jw_end(w);
}

static void get_stats(struct http_request *req, void *ctx)
{
	struct retry *r = ctx;
	wall_ns now = clock_wall_ns(r->deps.clock);
	struct bound start = query_bound(req, "start", now - STATS_SPAN_NS),
		     end = query_bound(req, "end", now);
	struct book_stats stats;

	if (book_stats(r->book, now, start.t, end.t, http_arena(req), &stats) < 0) {
		http_error(req, 500, "Failed to get statistics");
		return;
	}
	write_stats(http_json(req), &start, &end, &stats);
	http_send(req, 200);
}

static void get_export(struct http_request *req, void *ctx)
{
	struct retry *r = ctx;
	char date[TIMEFMT_MAX], name[96];
	wall_ns now = clock_wall_ns(r->deps.clock);

	book_expire(r->book, now);
	time_format_local_date(now, date);
	snprintf(name, sizeof(name), "attachment; filename=retry-metrics-%.20s.json", date);
	http_set_header(req, "Content-Disposition", name);
	run_stream_export(req, r->book);
}

static void get_daemon_stats(struct http_request *req, void *ctx)
{
	struct retry *r = ctx;
	char text[TIMEFMT_MAX];
	struct jw *w = http_json(req);

	book_expire(r->book, clock_wall_ns(r->deps.clock));
	jw_obj(w, NULL);
	size_t len = time_format_rfc3339(book_last_cleanup(r->book), 0, text);
	jw_str(w, "last_cleanup", (struct view){ text, len });
	len = duration_format(r->opt.max_age_ns, text);
	jw_str(w, "max_age", (struct view){ text, len });
	jw_i64(w, "max_size", r->opt.max_runs);
	jw_u64(w, "total_metrics", book_count(r->book));
	jw_end(w);
	http_send(req, 200);
}

static void write_attempts(struct jw *w, const struct book_durations *d)
{
	jw_arr(w, "attempts");
	for (int i = 0; i < BOOK_ATTEMPTS; i++) {
		if (!d->attempts[i])
			continue;
		jw_obj(w, NULL);
		jw_i64(w, "attempts", i + 1);
		jw_bool(w, "or_more", i + 1 == BOOK_ATTEMPTS);
		jw_u64(w, "runs", d->attempts[i]);
		jw_end(w);
	}
	jw_end(w);
}

static void get_durations(struct http_request *req, void *ctx)
{
	static const double shares[] = { 0.5, 0.9, 0.95, 0.99 };
	static const char *const names[] = { "p50", "p90", "p95", "p99" };
	struct retry *r = ctx;
	wall_ns now = clock_wall_ns(r->deps.clock);
	struct bound start = query_bound(req, "start", now - STATS_SPAN_NS),
		     end = query_bound(req, "end", now);
	struct book_durations found;
	double ns[4];

	if (book_durations(r->book, now, start.t, end.t, shares, 4, ns, http_arena(req), &found) < 0) {
		http_error(req, 503, "out of memory");
		return;
	}
	struct jw *w = http_json(req);
	jw_obj(w, NULL);
	jw_obj(w, "time_range");
	write_bound(w, "start", &start);
	write_bound(w, "end", &end);
	jw_end(w);
	jw_u64(w, "runs", found.runs);
	jw_double(w, "relative_error", BOOK_DURATION_ERROR);
	for (int i = 0; i < 4; i++)
		jw_double(w, names[i], ns[i] / (double)NS_PER_S);
	jw_double(w, "max", (double)found.max_ns / (double)NS_PER_S);
	write_attempts(w, &found);
	jw_end(w);
	http_send(req, 200);
}

#define ATTEMPT_SCHEMA                                                                                       \
	"{\"type\":\"object\",\"properties\":{\"duration_seconds\":{\"type\":\"number\"},\"exit_code\":{"    \
	"\"type\":"                                                                                          \
	"\"integer\"},\"success\":{\"type\":\"boolean\"}}}"
#define RUN_SCHEMA                                                                                           \
	"{\"type\":\"object\",\"properties\":{\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"}," \
	"\"metrics\":{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"string\"},\"command_"      \
	"hash\":"                                                                                            \
	"{\"type\":\"string\"},\"final_status\":{\"type\":\"string\"},\"total_duration_seconds\":{\"type\":" \
	"\"number\"},\"total_attempts\":{\"type\":\"integer\"},\"successful_attempts\":{\"type\":"           \
	"\"integer\"},"                                                                                      \
	"\"failed_attempts\":{\"type\":\"integer\"},\"attempts\":{\"type\":\"array\","                       \
	"\"items\":" ATTEMPT_SCHEMA "},"                                                                     \
	"\"timestamp\":{\"type\":\"integer\"}}}}}"

static const char recent_schema[] = "{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\"},"
				    "\"metrics\":{\"type\":\"array\",\"items\":" RUN_SCHEMA "}}}";
static const char export_schema[] = "{\"type\":\"array\",\"items\":" RUN_SCHEMA "}";
static const char stats_schema[] =
	"{\"type\":\"object\",\"properties\":{\"time_range\":{\"type\":\"object\"},\"total_runs\":{\"type\":"
	"\"integer\"},"
	"\"successful_runs\":{\"type\":\"integer\"},\"failed_runs\":{\"type\":\"integer\"},\"success_rate\":{"
	"\"type\":"
	"\"number\"},\"average_attempts\":{\"type\":\"number\"},\"average_duration\":{\"type\":\"integer\"},"
	"\"top_commands\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"hourly_breakdown\":{"
	"\"type\":\"array\","
	"\"items\":{\"type\":\"object\"}}}}";
static const char durations_schema[] =
	"{\"type\":\"object\",\"required\":[\"runs\"],\"properties\":{\"time_range\":{\"type\":\"object\"},"
	"\"runs\":{\"type\":\"integer\"},\"relative_error\":{\"type\":\"number\"},\"p50\":{\"type\":"
	"\"number\"},"
	"\"p90\":{\"type\":\"number\"},\"p95\":{\"type\":\"number\"},\"p99\":{\"type\":\"number\"},\"max\":{"
	"\"type\":\"number\"},\"attempts\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}";
static const char daemon_schema[] =
	"{\"type\":\"object\",\"properties\":{\"last_cleanup\":{\"type\":\"string\"},\"max_age\":{\"type\":"
	"\"string\"},"
	"\"max_size\":{\"type\":\"integer\"},\"total_metrics\":{\"type\":\"integer\"}}}";

static const struct http_param recent_params[] = {
	{ "limit", "query", "integer", "How many runs, newest last; default 10." },
};
static const struct http_param stats_params[] = {
	{ "start", "query", "string", "RFC 3339 time, exclusive; default 24 hours ago." },
	{ "end", "query", "string", "RFC 3339 time, exclusive; default now." },
};

const struct http_route retry_routes[] = {
	{ .methods = METHOD_GET,
	  .path = "/api/metrics/recent",
	  .family = FAMILY_RETRY,
	  .access = ACCESS_READ,
	  .handle = get_recent,
	  .params = recent_params,
	  .n_params = 1,
	  .summary = "The newest runs, oldest of them first.",
	  .response = recent_schema },
	{ .methods = METHOD_GET,
	  .path = "/api/metrics/stats",
	  .family = FAMILY_RETRY,
	  .access = ACCESS_READ,
	  .handle = get_stats,
	  .params = stats_params,
	  .n_params = 2,
	  .summary = "Aggregated statistics of a range of time.",
	  .response = stats_schema },
	{ .methods = METHOD_GET,
	  .path = "/api/retry/durations",
	  .family = FAMILY_OWN,
	  .access = ACCESS_READ,
	  .handle = get_durations,
	  .params = stats_params,
	  .n_params = 2,
	  .summary = "How long runs took (percentiles in seconds) and how many attempts they needed.",
	  .response = durations_schema },
	{ .methods = METHOD_GET,
	  .path = "/api/metrics/export",
	  .family = FAMILY_RETRY,
	  .access = ACCESS_READ,
	  .handle = get_export,
	  .summary = "All runs held, oldest first, as a file.",
	  .response = export_schema },
	{ .methods = METHOD_GET,
	  .path = "/api/daemon/stats",
	  .family = FAMILY_RETRY,
	  .access = ACCESS_READ,
	  .handle = get_daemon_stats,
	  .summary = "What the run store holds and may hold.",
	  .response = daemon_schema },
};
const size_t retry_n_routes = sizeof(retry_routes) / sizeof(retry_routes[0]);
