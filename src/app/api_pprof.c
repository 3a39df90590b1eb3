/* /debug/pprof/: profiles of the daemon itself, as far as a C program has them, in forms that the pprof tool reads. 404 unless profiling is on. */
#include "app/parts.h"

#include "os/profiler.h"
#include "os/self.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define HZ              100
#define SECONDS_DEFAULT 30
#define SECONDS_MAX     300
#define MAX_SAMPLES     16384 /* 7 MB while a profile is taken: 160 s of one busy core */

/* A CPU profile under way. */
struct taking {
	struct daemon *d;
	struct http_request *r; /* NULL when the peer has gone */
	struct profiler *profiler;
	uv_timer_t timer;
};

static bool is_on(struct http_request *r, const struct daemon *d)
{
	if (!d->plan->settings.core.profiling)
		http_error(r, 404, "404 page not found"); /* as if there were no such routes */
	return d->plan->settings.core.profiling;
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void finish(struct taking *t)
{
	t->d->taking = NULL;
	if (t->r) {
		http_defer(t->r, NULL, NULL);
		http_set_type(t->r, "application/octet-stream");
		http_set_header(t->r, "Content-Disposition", "attachment; filename=\"profile\"");
	}
	int rc = profiler_stop(t->profiler, t->r ? http_out(t->r) : NULL, NULL);
	if (t->r && rc == 0)
		http_send(t->r, 200);
	else if (t->r)
		http_error(t->r, 503, "out of memory");
	uv_close((uv_handle_t *)&t->timer, timer_closed);
}

static void time_is_up(uv_timer_t *timer)
{
	finish(timer->data);
}

static void peer_gone(struct http_request *r, void *state)
{
	struct taking *t = state;
	(void)r;
	t->r = NULL;
	finish(t);
}

void pprof_stop(struct daemon *d)
{
	if (d->taking)
		finish(d->taking);
}

static void get_profile(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	if (!is_on(r, d))
		return;
	int64_t seconds = http_query_i64(r, "seconds", SECONDS_DEFAULT);
	if (seconds < 1)
		seconds = SECONDS_DEFAULT;
	if (seconds > SECONDS_MAX) {
		http_error(r, 400, "seconds must be at most %d", SECONDS_MAX);
		return;
	}
	struct taking *t = d->stopping ? NULL : calloc(1, sizeof(*t));
	int rc = t ? profiler_start(&t->profiler, HZ, MAX_SAMPLES) : -ENOMEM;
	if (rc < 0) {
		free(t);
		http_error(r, 503,
			   rc == -EBUSY ? "a CPU profile is being taken already; try again later"
					: "no CPU profile now: %s",
			   err_text(rc));
		return;
	}
	t->d = d;
	t->r = r;
	t->timer.data = t;
	d->taking = t;
	uv_timer_init(&d->loop, &t->timer);
	uv_timer_start(&t->timer, time_is_up, (uint64_t)seconds * 1000, 0);
	http_defer(r, peer_gone, t);
}

/* The allocator does not know who asked, so the heap is one entry; the figures behind # are what Go's text has. */
static void get_heap(struct http_request *r, void *ctx)
{
	struct self_usage usage;
	size_t in_use = 0, blocks = 0, arena = 0, idle = 0;
	if (!is_on(r, ctx))
		return;
	self_usage_read(&usage);
#ifdef __GLIBC__
	struct mallinfo2 m = mallinfo2();
	in_use = m.uordblks + m.hblkhd;
	blocks = m.hblks + 1;
	arena = m.arena + m.hblkhd;
	idle = m.fordblks;
#endif
	http_set_type(r, "text/plain; charset=utf-8");
	buf_printf(http_out(r),
		   "heap profile: %zu: %zu [%zu: %zu] @ heap/1\n\n# runtime.MemStats\n# Alloc = %zu\n# "
		   "TotalAlloc = %zu\n# Sys = %lld\n"
		   "# HeapAlloc = %zu\n# HeapSys = %zu\n# HeapIdle = %zu\n# HeapInuse = %zu\n# NumGC = 0\n# "
		   "MaxRSS = %lld\n",
		   blocks, in_use, blocks, in_use, in_use, in_use, (long long)usage.virtual_bytes, in_use,
		   arena, idle, in_use, (long long)usage.rss_bytes);
	http_send(r, 200);
}

struct threads {
	struct buf lines;
	unsigned n;
};

static void note_thread(void *arg, int64_t tid, const char *name, char state)
{
	struct threads *t = arg;
	t->n++;
	buf_printf(&t->lines, "1 @\n#\tthread %lld\t%s\t%c\n\n", (long long)tid, name, state ? state : '?');
}

/* What Go calls goroutines are our threads. */
static void get_goroutine(struct http_request *r, void *ctx)
{
	struct threads t = { .n = 0 };
	if (!is_on(r, ctx))
		return;
	buf_init(&t.lines);
	profiler_threads(note_thread, &t);
	http_set_type(r, "text/plain; charset=utf-8");
	buf_printf(http_out(r), "goroutine profile: total %u\n", t.n);
	buf_append(http_out(r), t.lines.data, t.lines.len);
	buf_fini(&t.lines);
	http_send(r, 200);
}

static void get_index(struct http_request *r, void *ctx)
{
	if (!is_on(r, ctx))
		return;
	http_set_type(r, "text/html; charset=utf-8");
	buf_puts(http_out(r), "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
			      "charset=\"utf-8\"><title>/debug/pprof/</title></head><body>\n"
			      "<h1>/debug/pprof/</h1>\n<p>Profiles of this daemon:</p>\n<ul>\n"
			      "<li><a href=\"goroutine?debug=1\">goroutine</a>: its threads</li>\n"
			      "<li><a href=\"heap?debug=1\">heap</a>: what the allocator holds</li>\n"
			      "<li><a href=\"profile?seconds=5\">profile</a>: a CPU profile (5 s) for "
			      "<code>pprof</code></li>\n"
			      "</ul>\n</body></html>\n");
	http_send(r, 200);
}

static const struct http_param profile_params[] = {
	{ "seconds", "query", "integer", "How long to sample; default 30, at most 300." },
};
const struct http_route api_pprof_routes[] = {
	{ METHOD_GET, "/debug/pprof/", FAMILY_RETRY, ACCESS_LOCAL, LIMIT_NONE, get_index,
	  .summary = "The profiles there are", .content_type = "text/html" },
	{ METHOD_GET, "/debug/pprof/profile", FAMILY_RETRY, ACCESS_LOCAL, LIMIT_NONE, get_profile,
	  .params = profile_params, .n_params = 1, .summary = "A CPU profile that pprof reads",
	  .content_type = "application/octet-stream" },
	{ METHOD_GET, "/debug/pprof/heap", FAMILY_RETRY, ACCESS_LOCAL, LIMIT_NONE, get_heap,
	  .summary = "What the allocator holds", .content_type = "text/plain" },
	{ METHOD_GET, "/debug/pprof/goroutine", FAMILY_RETRY, ACCESS_LOCAL, LIMIT_NONE, get_goroutine,
	  .summary = "The daemon's threads", .content_type = "text/plain" },
};
const size_t api_pprof_n = sizeof(api_pprof_routes) / sizeof(api_pprof_routes[0]);
