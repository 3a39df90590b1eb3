#include "fleet.h"
#include "sampler.h"
#include "schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBSCRIBERS   8
#define APART_US      (100 * US_PER_MS)
#define SELF_EVERY_US (10 * US_PER_S)

#define OPTIONS struct system_options
static const struct option rows[] = {
	OPT_BOOL(OPTIONS, enabled, "enabled", "true", 0, "Sample this machine."),
	OPT_DURATION(OPTIONS, interval_ns, "interval", "1s", 0.1, 3600, OPT_RELOAD,
		     "Time from one sample to the next."),
	OPT_PATH(OPTIONS, proc, "proc", "/proc", 0, "Where the kernel's process files are."),
	OPT_PATH(OPTIONS, sys, "sys", "/sys", 0, "Where the kernel's device files are."),
	OPT_INT(OPTIONS, core_modes, "core_modes", "16", 0, 1024, "cores", 0,
		"Up to so many cores each mode of each core is a series; on larger machines only how busy "
		"each core is."),
	OPT_INT(OPTIONS, top_cgroups, "top_cgroups", "20", 0, 200, "groups", 0,
		"So many services and containers, the busiest, get series of their own."),
	OPT_LIST(OPTIONS, skip_interfaces, "skip_interfaces",
		 "veth*,ifb*,docker*,br-*,virbr*,cali*,cni*,flannel*,tunl*,dummy*", 0,
		 "Patterns of network interfaces that get no series of their own."),
	OPT_LIST(OPTIONS, skip_disks, "skip_disks", "loop*,ram*,zram*,fd*,sr*", 0,
		 "Patterns of block devices that get no series; partitions never do."),
	OPT_LIST(OPTIONS, skip_filesystems, "skip_filesystems", "fuse.*,iso9660,overlay,ramfs,squashfs,tmpfs",
		 0,
		 "Patterns of types of file systems that get no series; those without space never do, and "
		 "what is "
		 "mounted at / always does."),
	OPT_LIST(OPTIONS, skip_mounts, "skip_mounts", "/var/lib/docker/*,/var/lib/containers/*,/run/user/*",
		 0, "Patterns of places where file systems are mounted that get no series."),
	OPT_LIST(OPTIONS, skip_alerts, "skip_alerts", "", OPT_RELOAD,
		 "Patterns of built-in alert rules that are not wanted; * for none of them. GET "
		 "/api/alerts/rules lists them."),
	OPT_LIST(OPTIONS, track_processes, "track_processes", "", OPT_RELOAD,
		 "Programs whose processes are watched one by one, and told to clients: names, with or "
		 "without a "
		 "version behind them."),
	OPT_BOOL(OPTIONS, auto_track_python, "auto_track_python", "true", OPT_RELOAD,
		 "Watch every process with python in its name as well."),
#define X(name, every, help)                                                                                 \
	OPT_DURATION(OPTIONS, every_ns[COLLECTOR_##name], #name, every, 0, 3600, OPT_RELOAD,                 \
		     "How often " help " are read, at most with every sample; 0: never."),
	COLLECTOR_MAP(X)
#undef X
};
const struct option_table system_option_table = { "system", "The host", rows, sizeof(rows) / sizeof(rows[0]),
						  sizeof(OPTIONS) };

struct system {
	struct system_deps deps;
	const struct system_options *opt;
	struct sampler *sampler;
	struct schedule schedule;
	uv_timer_t timer;
	mono_us self_at;
	struct fleet_row fleet;
	struct buf record; /* of it */
	char name[256];    /* of this machine */
	struct {
		host_sample_cb cb;
		void *arg;
	} subscribers[SUBSCRIBERS];
	size_t n_subscribers;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void on_timer(uv_timer_t *timer);

/* The loop's timers know milliseconds: rounded up, so that it is not woken too early to find nothing due. */
static void arm(struct system *s)
{
	uv_update_time(s->deps.loop);
	mono_us wait = schedule_wait(&s->schedule, clock_mono_us(s->deps.clock));
	uv_timer_start(&s->timer, on_timer, (uint64_t)((wait + US_PER_MS - 1) / US_PER_MS), 0);
}

static void publish_record(struct system *s, const struct host_sample *sample)
{
	if (!fleet_row_add(&s->fleet, sample))
		return;
	buf_clear(&s->record);
	fleet_row_write(&s->fleet, sample, view_of(s->name), &s->record);
	struct fleet_record record = { sample->t / NS_PER_MS,
				       view_of(s->name),
				       { s->record.data, s->record.len } };
	if (!s->record.failed)
		hub_fleet(s->deps.hub, &record); /* a full hub counts what it drops */
}

static void on_timer(uv_timer_t *timer)
{
	struct system *s = timer->data;
	wall_ns t = clock_wall_ns(s->deps.clock);
	mono_us mono = clock_mono_us(s->deps.clock);
	uint64_t tick;
	if (schedule_take(&s->schedule, mono, &tick)) {
		sampler_take(s->sampler, tick, t, mono);
		for (size_t i = 0; i < s->n_subscribers; i++)
			s->subscribers[i].cb(s->subscribers[i].arg, sampler_last(s->sampler));
		publish_record(s, sampler_last(s->sampler));
		if (mono >= s->self_at) {
			s->self_at = mono + SELF_EVERY_US;
			sampler_publish_self(s->sampler, t / NS_PER_MS, s->schedule.missed);
		}
	}
	arm(s);
}

int system_new(struct system **out, const struct system_deps *deps, const struct system_options *opt,
	       struct err *err)
{
	struct system *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;
	if (!s)
		return err_set(err, rc, NULL, "out of memory");
	s->deps = *deps;
	s->opt = opt;
	buf_init(&s->record);
	if (gethostname(s->name, sizeof(s->name) - 1) < 0 || !s->name[0])
		memcpy(s->name, "unknown", sizeof("unknown"));
	rc = sampler_new(&s->sampler, deps, opt);
	if (rc == 0)
		rc = uv_timer_init(deps->loop, &s->timer);
	if (rc < 0) {
		sampler_free(s->sampler);
		free(s);
		return err_set(err, rc, "system", "the host cannot be sampled: %s", err_text(rc));
	}
	s->timer.data = s;
	mono_us now = clock_mono_us(deps->clock);
	schedule_init(&s->schedule, now, opt->interval_ns / NS_PER_US);
	s->self_at = now + SELF_EVERY_US;
	arm(s);
	*out = s;
	return 0;
}

void system_reconfigure(struct system *s, const struct system_options *opt)
{
	s->opt = opt;
	if (!sampler_reconfigure(s->sampler, opt))
		return;
	/* At once, but not so close to the newest sample that the two are hard to tell apart. */
	const struct host_sample *last = sampler_last(s->sampler);
	mono_us now = clock_mono_us(s->deps.clock), apart = last ? last->mono + APART_US : 0;
	schedule_restart(&s->schedule, now > apart ? now : apart, opt->interval_ns / NS_PER_US);
	arm(s);
}

int system_on_sample(struct system *s, host_sample_cb cb, void *arg)
{
	if (s->n_subscribers == SUBSCRIBERS)
		return ERR_FULL;
	s->subscribers[s->n_subscribers].cb = cb;
	s->subscribers[s->n_subscribers++].arg = arg;
	return 0;
}

const struct host_sample *system_last(const struct system *s)
{
	return sampler_last(s->sampler);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct system *s = handle->data;
	void (*cb)(void *arg) = s->closed;
	void *arg = s->closed_arg;
	sampler_free(s->sampler);
	buf_fini(&s->record);
	free(s);
	if (cb)
		cb(arg);
}

void system_close(struct system *s, void (*cb)(void *arg), void *arg)
{
	s->closed = cb;
	s->closed_arg = arg;
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

/* --- routes -------------------------------------------------------------------------------------------------------- */

static void get_system(struct http_request *r, void *ctx)
{
	const struct system *s = ctx;
	const struct host_sample *last = system_last(s);
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	if (last)
		jw_fixed(w, "t", (double)(last->t / NS_PER_MS) / 1000.0, 3);
	jw_fixed(w, "interval", (double)s->opt->interval_ns / 1e9, 3);
	jw_u64(w, "samples", last ? last->number : 0);
	jw_u64(w, "missed", s->schedule.missed);
	sampler_write(s->sampler, w);
	jw_end(w);
	http_send(r, 200);
}

const struct http_route system_routes[] = {
	{ METHOD_GET, "/api/system", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_system,
	  .summary = "The newest sample of this machine, and what each collector costs",
	  .response = "{\"type\":\"object\",\"required\":[\"interval\",\"samples\",\"missed\",\"series\","
		      "\"collectors\"],"
		      "\"properties\":{\"series\":{\"type\":\"object\"},\"collectors\":{\"type\":\"array\","
		      "\"items\":"
		      "{\"type\":\"object\"}}}}" },
};
const size_t system_n_routes = sizeof(system_routes) / sizeof(system_routes[0]);
