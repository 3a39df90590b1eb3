/* GET /api/system/processes: now from memory, then from the history. */
#include "process_log_impl.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "os/process.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LIMIT_DEFAULT 20
#define LIMIT_MOST    200
#define NEAR_NS       (60 * NS_PER_S) /* a moment older than that, or than three intervals, is no answer */

/* One process as the answer tells it. */
struct shown {
	struct process_record r;
	struct view name, cmdline;
	int64_t uid;
	double started; /* Unix seconds; < 0 unknown */
};

static void write_shown(struct jw *w, const struct shown *s)
{
	jw_obj(w, NULL);
	jw_i64(w, "pid", s->r.pid);
	jw_str(w, "name", s->name);
	jw_fixed(w, "cpu_percent", s->r.cpu_percent, 1);
	jw_u64(w, "rss_bytes", s->r.rss_bytes);
	jw_u64(w, "threads", s->r.threads);
	jw_cstr(w, "state", process_state_word(s->r.state));
	if (s->uid >= 0)
		jw_i64(w, "uid", s->uid);
	if (s->started >= 0)
		jw_fixed(w, "started", s->started, 2);
	jw_str(w, "cmdline", s->cmdline);
}

static void write_head(struct jw *w, wall_ns t, const char *source, int64_t total, enum process_order by)
{
	jw_obj(w, NULL);
	jw_fixed(w, "t", (double)(t / NS_PER_MS) / 1000.0, 3);
	jw_cstr(w, "source", source);
	jw_i64(w, "total", total);
	jw_cstr(w, "sort", by == PROCESS_BY_CPU ? "cpu" : "memory");
	jw_arr(w, "processes");
}

/* --- now ------------------------------------------------------------------------------------------------------------- */

static void write_details(struct jw *w, const struct process_details *d)
{
	jw_bool(w, "tracked", d != NULL);
	if (!d)
		return;
	if (d->fds >= 0)
		jw_i64(w, "fds", d->fds);
	if (isfinite(d->read_per_s))
		jw_fixed(w, "read_bytes_per_s", d->read_per_s, 0);
	if (isfinite(d->written_per_s))
		jw_fixed(w, "written_bytes_per_s", d->written_per_s, 0);
}

static void answer_now(struct http_request *r, const struct host_sample *s, enum process_order by,
		       uint32_t limit)
{
	const struct process *top[LIMIT_MOST];
	char text[4096], cmdline[1024];
	struct process_scan *scan = s->scan;
	struct view arguments;
	uint32_t n = process_table_top(&scan->table, by, top, limit);
	struct jw *w = http_json(r);
	write_head(w, s->t, "now", scan->table.n, by);
	for (uint32_t i = 0; i < n; i++) {
		const struct process *p = top[i];
		process_read_arguments(scan->source, p->pid, text, sizeof(text), &arguments);
		struct shown one = { { 0, p->pid, p->cpu_percent, p->rss_bytes, p->threads, p->state },
				     process_name_of(p),
				     { cmdline,
				       process_scan_cmdline(scan, arguments, cmdline, sizeof(cmdline)) },
				     p->uid,
				     process_create_time(scan, p) };
		write_shown(w, &one);
		jw_u64(w, "vms_bytes", p->vms_bytes);
		jw_i64(w, "parent", p->parent);
		write_details(w, process_details_of(scan, p));
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	http_send(r, 200);
}

/* --- then ------------------------------------------------------------------------------------------------------------ */

/* A question to the history: first the moment, then one process after the other. */
struct asking {
	struct http_request *request; /* NULL: who asked has gone */
	struct store *store;
	struct store_read read;
	enum process_order by;
	uint32_t limit, n, next;
	wall_ns t, oldest;
	int64_t total;
	bool found;
	struct arena arena; /* names */
	struct shown shown[PROCESS_RECORD_MOST];
};

static void free_asking(struct asking *a)
{
	arena_fini(&a->arena);
	free(a);
}

static void on_asker_gone(struct http_request *r, void *state)
{
	struct asking *a = state;
	(void)r;
	a->request = NULL;
}

static int compare_cpu(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;
	return x->r.cpu_percent > y->r.cpu_percent ? -1 : x->r.cpu_percent < y->r.cpu_percent;
}

static int compare_memory(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;
	return x->r.rss_bytes > y->r.rss_bytes ? -1 : x->r.rss_bytes < y->r.rss_bytes;
}

static void on_moment(struct store_read *read, const struct store_row *row)
{
	struct asking *a = read->arg;
	struct view bytes = row->values[TOP_ENTRIES].v;
	if (row->t < a->oldest) /* nobody was noted down at that time */
		return;
	a->found = true;
	a->t = row->t;
	a->total = row->values[TOP_TOTAL].i;
	while (a->n < PROCESS_RECORD_MOST && process_record_take(&bytes, &a->shown[a->n].r) == 1) {
		a->shown[a->n].uid = -1;
		a->shown[a->n++].started = -1;
	}
	qsort(a->shown, a->n, sizeof(a->shown[0]), a->by == PROCESS_BY_CPU ? compare_cpu : compare_memory);
	if (a->n > a->limit)
		a->n = a->limit;
}

static struct view keep(struct asking *a, const struct store_value *v)
{
	const char *copy = v->null || !v->v.len ? NULL : arena_strndup(&a->arena, v->v.data, v->v.len);
	return (struct view){ copy, copy ? v->v.len : 0 };
}

static void on_seen(struct store_read *read, const struct store_row *row)
{
	struct asking *a = read->arg;
	struct shown *s = &a->shown[a->next];
	const struct store_value *v = row->values;
	if (row->id != s->r.seen) /* that one is not there any more */
		return;
	s->name = keep(a, &v[SEEN_NAME]);
	s->cmdline = keep(a, &v[SEEN_CMDLINE]);
	s->uid = v[SEEN_UID].null ? -1 : v[SEEN_UID].i;
	s->started = v[SEEN_STARTED].null ? -1 : v[SEEN_STARTED].d;
}

static void answer_then(struct asking *a)
{
	struct jw *w = http_json(a->request);
	write_head(w, a->t, a->found ? "history" : "none", a->total, a->by);
	for (uint32_t i = 0; i < a->n; i++) {
		write_shown(w, &a->shown[i]);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	http_send(a->request, 200);
}

static void on_seen_read(struct store_read *read, int status);

/* Asks for the next process whose name is needed, or answers. */
static void ask_next(struct asking *a)
{
	while (a->next < a->n && !a->shown[a->next].r.seen)
		a->next++;
	if (!a->request || a->next == a->n) {
		if (a->request)
			answer_then(a);
		free_asking(a);
		return;
	}
	struct store_query q = { .kind = &process_seen_kind,
				 .after_id = a->shown[a->next].r.seen - 1,
				 .limit = 1 };
	a->read = (struct store_read){ .row = on_seen, .done = on_seen_read, .arg = a };
	store_query(a->store, &q, &a->read);
}

static void fail(struct asking *a, int status, const char *sentence)
{
	if (a->request)
		http_error(a->request, status, "%s", sentence);
	free_asking(a);
}

static void on_seen_read(struct store_read *read, int status)
{
	struct asking *a = read->arg;
	if (status < 0) {
		fail(a, 503, "the history cannot be read");
		return;
	}
	a->next++;
	ask_next(a);
}

static void on_moment_read(struct store_read *read, int status)
{
	struct asking *a = read->arg;
	if (status < 0)
		fail(a, 503, "the history cannot be read");
	else
		ask_next(a);
}

static void ask_history(struct http_request *r, struct process_log *l, wall_ns t, enum process_order by,
			uint32_t limit)
{
	struct asking *a = calloc(1, sizeof(*a));
	if (!a) {
		http_error(r, 503, "out of memory");
		return;
	}
	int64_t near = 3 * l->opt.interval_ns > NEAR_NS ? 3 * l->opt.interval_ns : NEAR_NS;
	*a = (struct asking){
		.request = r, .store = l->deps.store, .by = by, .limit = limit, .t = t, .oldest = t - near
	};
	arena_init(&a->arena, 2048);
	http_defer(r, on_asker_gone, a);
	struct store_query q = {
		.kind = &process_top_kind, .until = t + 1, .newest_first = true, .limit = 1
	};
	a->read = (struct store_read){ .row = on_moment, .done = on_moment_read, .arg = a };
	store_query(a->store, &q, &a->read);
}

/* --- the route ---------------------------------------------------------------------------------------------------------- */

static bool read_order(struct http_request *r, enum process_order *by)
{
	struct view v = http_query(r, "sort");
	*by = PROCESS_BY_CPU;
	if (!v.len || view_eq(v, VIEW("cpu")))
		return true;
	*by = PROCESS_BY_MEMORY;
	if (view_eq(v, VIEW("memory")))
		return true;
	http_error(r, 400, "sort: use cpu or memory");
	return false;
}

static void get_processes(struct http_request *r, void *ctx)
{
	struct process_log *l = ctx;
	const struct host_sample *last = system_last(l->deps.system);
	wall_ns now = clock_wall_ns(l->deps.clock), t = now;
	struct view when = http_query(r, "t");
	int64_t limit = http_query_i64(r, "limit", LIMIT_DEFAULT);
	enum process_order by;
	if (!read_order(r, &by))
		return;
	if (when.len && time_parse_any(when, now, &t) < 0) {
		http_error(r, 400,
			   "t: use RFC 3339, Unix seconds or milliseconds, or a relative time such as -1h");
		return;
	}
	limit = limit < 1 ? 1 : limit > LIMIT_MOST ? LIMIT_MOST : limit;
	bool present = !when.len || (last && t >= last->t);
	if (!present)
		ask_history(r, l, t, by, (uint32_t)limit);
	else if (last && (last->have & HOST_PROCESSES))
		answer_now(r, last, by, (uint32_t)limit);
	else
		http_error(r, 503, "no process was looked at yet");
}

static const struct http_param params[] = {
	{ "t", "query", "string", "The moment: RFC 3339, Unix seconds or milliseconds, -1h; absent: now." },
	{ "sort", "query", "string", "cpu (default) or memory." },
	{ "limit", "query", "integer", "1 to 200, 20 unless told; the history has some of each order." },
};
const struct http_route process_routes[] = {
	{ METHOD_GET, "/api/system/processes", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_processes,
	  .params = params, .n_params = sizeof(params) / sizeof(params[0]),
	  .summary = "The processes that use most CPU or memory, now or at a moment of the past",
	  .response = "{\"type\":\"object\",\"required\":[\"t\",\"source\",\"total\",\"sort\",\"processes\"],"
		      "\"properties\":{\"t\":{\"type\":\"number\"},\"source\":{\"enum\":[\"now\",\"history\","
		      "\"none\"]},"
		      "\"total\":{\"type\":\"integer\"},\"sort\":{\"enum\":[\"cpu\",\"memory\"]},"
		      "\"processes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}" },
};
const size_t process_n_routes = sizeof(process_routes) / sizeof(process_routes[0]);
