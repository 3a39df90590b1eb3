/* GET /api/daemon/performance: the keys that clients of the retry guide know, filled from the allocator and the kernel. */
#include "app/parts.h"

#include "os/self.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void write_memory(struct jw *w, const struct self_usage *u)
{
	int64_t arena = 0, in_use = 0, free_bytes = 0, mapped = 0, chunks = 0;
#ifdef __GLIBC__
	struct mallinfo2 m = mallinfo2();
	arena = (int64_t)m.arena;
	in_use = (int64_t)(m.uordblks + m.hblkhd);
	free_bytes = (int64_t)m.fordblks;
	mapped = (int64_t)m.hblkhd;
	chunks = (int64_t)(m.ordblks + m.hblks);
#endif
	jw_obj(w, "memory");
	jw_i64(w, "alloc_bytes", in_use);
	jw_i64(w, "total_alloc_bytes", in_use);
	jw_i64(w, "sys_bytes", u->virtual_bytes);
	jw_i64(w, "heap_alloc_bytes", in_use);
	jw_i64(w, "heap_sys_bytes", arena + mapped);
	jw_i64(w, "heap_idle_bytes", free_bytes);
	jw_i64(w, "heap_inuse_bytes", in_use);
	jw_i64(w, "heap_released_bytes", 0);
	jw_i64(w, "heap_objects", chunks);
	jw_i64(w, "stack_inuse_bytes", 0);
	jw_i64(w, "stack_sys_bytes", 0);
	jw_i64(w, "rss_bytes", u->rss_bytes);
	jw_i64(w, "private_dirty_bytes", u->private_dirty_bytes);
	jw_end(w);
}

/* There is no garbage collector; the group stays because clients read it. */
static void write_gc(struct jw *w)
{
	jw_obj(w, "gc");
	jw_i64(w, "num_gc", 0);
	jw_i64(w, "num_forced_gc", 0);
	jw_i64(w, "gc_cpu_fraction", 0);
	jw_cstr(w, "last_gc_time", "1970-01-01T00:00:00Z");
	jw_i64(w, "pause_total_ns", 0);
	jw_i64(w, "last_pause_ns", 0);
	jw_end(w);
}

static const char *go_arch(const char *machine)
{
	if (view_eq(view_of(machine), VIEW("x86_64")))
		return "amd64";
	if (view_eq(view_of(machine), VIEW("aarch64")))
		return "arm64";
	return machine;
}

static void write_runtime(struct daemon *d, struct jw *w, const struct self_usage *u)
{
	struct utsname name;
	bool known = uname(&name) == 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	jw_obj(w, "runtime");
	jw_i64(w, "goroutines", u->threads > 0 ? u->threads : 1);
	jw_i64(w, "gomaxprocs", cpus);
	jw_i64(w, "num_cpu", cpus);
	jw_cstr(w, "go_version", "auspex-" AUSPEX_VERSION);
	jw_cstr(w, "compiler", "cc " __VERSION__);
	jw_cstr(w, "arch", known ? go_arch(name.machine) : "unknown");
#ifdef __APPLE__
	jw_cstr(w, "os", "darwin");
#else
	jw_cstr(w, "os", "linux");
#endif
	jw_double(w, "cpu_user_seconds", u->user_cpu_s);
	jw_double(w, "cpu_system_seconds", u->system_cpu_s);
	jw_i64(w, "open_fds", u->open_fds);
	jw_double(w, "uptime_seconds", (double)(clock_mono_us(d->clock) - d->started_mono) / 1e6);
	jw_end(w);
}

static void get_performance(struct http_request *r, void *ctx)
{
	struct self_usage usage;
	self_usage_read(&usage); /* what is unknown stays -1 or 0 */
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	write_gc(w);
	write_memory(w, &usage);
	write_runtime(ctx, w, &usage);
	jw_end(w);
	http_send(r, 200);
}

const struct http_route api_daemon_routes[] = {
	{ METHOD_GET, "/api/daemon/performance", FAMILY_RETRY, ACCESS_READ, LIMIT_NONE, get_performance,
	  .summary = "Memory, CPU and runtime of the daemon itself",
	  .response = "{\"type\":\"object\",\"required\":[\"memory\",\"gc\",\"runtime\"]}" },
};
const size_t api_daemon_n = sizeof(api_daemon_routes) / sizeof(api_daemon_routes[0]);
