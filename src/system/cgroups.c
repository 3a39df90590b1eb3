/* Services and containers: what the busiest control groups of version 2 use, and how long they wait for it. */
#include "cgroups.h"
#include "collector.h"
#include "instances.h"

#include "os/cgroup.h"
#include "os/numbers.h"
#include "os/pressure.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCAN_US    (60 * US_PER_S)
#define GROUPS_MAX 200

enum {
	CPU,
	THROTTLED,
	MEMORY,
	MEMORY_SHARE,
	OOM_KILLS,
	READ_BYTES,
	WRITE_BYTES,
	TASKS,
	CPU_PRESSURE,
	MEMORY_PRESSURE,
	IO_PRESSURE,
	GROUP_METRICS
};
static const struct metric metrics[GROUP_METRICS] = {
	[CPU] = GAUGE("system.cgroup.cpu_percent", 2, "percent",
		      "Processor time of a service or container, in percent of one core."),
	[THROTTLED] = GAUGE("system.cgroup.throttled_percent", 2, "percent",
			    "Share of time its limit held it back."),
	[MEMORY] = GAUGE("system.cgroup.memory", 0, "bytes",
			 "Memory of a service or container, its caches included."),
	[MEMORY_SHARE] = GAUGE("system.cgroup.memory_percent", 2, "percent",
			       "The same as a share of its limit, if it has one."),
	[OOM_KILLS] = COUNTER("system.cgroup.oom_kills", 0, "", "Its processes killed for want of memory."),
	[READ_BYTES] =
		GAUGE("system.cgroup.read_bytes", 0, "bytes/s", "Bytes it read from disks per second."),
	[WRITE_BYTES] =
		GAUGE("system.cgroup.write_bytes", 0, "bytes/s", "Bytes it wrote to disks per second."),
	[TASKS] = GAUGE("system.cgroup.tasks", 0, "", "Its processes and threads."),
	[CPU_PRESSURE] = GAUGE_OF("system.cgroup.pressure", 2, "percent",
				  "Share of time its tasks waited, by resource.", "of", "cpu"),
	[MEMORY_PRESSURE] = GAUGE_OF("system.cgroup.pressure", 2, "percent",
				     "Share of time its tasks waited, by resource.", "of", "memory"),
	[IO_PRESSURE] = GAUGE_OF("system.cgroup.pressure", 2, "percent",
				 "Share of time its tasks waited, by resource.", "of", "io"),
};

enum {
	FILE_CPU,
	FILE_MEMORY,
	FILE_LIMIT,
	FILE_EVENTS,
	FILE_IO,
	FILE_TASKS,
	FILE_CPU_PRESSURE,
	FILE_MEMORY_PRESSURE,
	FILE_IO_PRESSURE,
	FILES
};
static const char *const names[FILES] = {
	"cpu.stat",     "memory.current", "memory.max",      "memory.events", "io.stat",
	"pids.current", "cpu.pressure",   "memory.pressure", "io.pressure",
};

struct group {
	bool opened;
	struct procfile files[FILES];
	bool absent[FILES]; /* not every controller is on everywhere */
	struct cgroup_cpu cpu;
	struct cgroup_io io;
	uint64_t stalled[3];
	bool known; /* what is above */
};

static void group_gone(void *state)
{
	struct group *g = state;
	for (size_t i = 0; g->opened && i < FILES; i++)
		procfile_close(&g->files[i]);
}

static const struct instances_type groups_type = {
	.metrics = metrics,
	.n_metrics = GROUP_METRICS,
	.label = "cgroup",
	.state_size = sizeof(struct group),
	.max = GROUPS_MAX,
	.gone = group_gone,
};

struct cgroups {
	struct instances seen;
	struct cgroup_found *before;
	size_t n_before;
	mono_us scan_at;
	char root[512]; /* of the tree; "" before it was found */
};

static int cgroups_init(void *state, struct columns *columns)
{
	struct cgroups *s = state;
	(void)columns;
	instances_init(&s->seen, &groups_type);
	return 0;
}

/* Alone, or beside version 1. */
static bool find_root(struct cgroups *s, const char *sys)
{
	static const char *const places[] = { "fs/cgroup", "fs/cgroup/unified" };
	for (size_t i = 0; i < 2; i++) {
		char path[sizeof(s->root) + 32];
		snprintf(path, sizeof(path), "%s/%s/cgroup.controllers", sys, places[i]);
		if (access(path, R_OK) == 0) {
			snprintf(s->root, sizeof(s->root), "%.400s/%s", sys, places[i]);
			return true;
		}
	}
	return false;
}

static bool is_kept(void *arg, const char *path)
{
	const struct cgroups *s = arg;
	for (uint32_t i = 0; i < s->seen.n; i++)
		if (strcmp(s->seen.items[i]->name, path) == 0)
			return true;
	return false;
}

static int scan(struct cgroups *s, struct collect *c)
{
	struct cgroup_walk w = { .root = s->root, .text = c->text };
	w.found = malloc(CGROUP_LOOKED_MAX * sizeof(*w.found));
	int rc = w.found ? cgroup_walk(&w) : -ENOMEM;
	if (rc < 0) {
		free(w.found);
		return rc;
	}
	cgroup_rank(&w, s->before, s->n_before, is_kept, s);
	instances_begin(&s->seen);
	for (size_t i = 0; i < w.n && i < (size_t)c->opt->top_cgroups; i++)
		instances_see(&s->seen, view_of(w.found[i].path));
	instances_end(&s->seen, c->columns);
	free(s->before);
	s->before = w.found;
	s->n_before = w.n;
	struct cgroup_found *kept = realloc(w.found, (w.n ? w.n : 1) * sizeof(*w.found));
	if (kept)
		s->before = kept;
	return 0;
}

static bool read_text(struct cgroups *s, struct instance *i, int file, struct collect *c, struct view *text)
{
	struct group *g = instance_state(i);
	char path[INSTANCE_NAME_MAX + 32];
	if (g->absent[file])
		return false;
	snprintf(path, sizeof(path), "%s/%s", i->name, names[file]);
	int rc = procfile_read(&g->files[file], s->root, path, c->text);
	g->absent[file] = rc == -ENOENT || rc == -EOPNOTSUPP;
	*text = (struct view){ c->text->data, c->text->len };
	return rc == 0;
}

static double read_number(struct cgroups *s, struct instance *i, int file, struct collect *c)
{
	struct view text;
	uint64_t v;
	return read_text(s, i, file, c, &text) && numbers_parse(text, &v, 1) == 0 ? (double)v : NAN;
}

static void emit_cpu(struct cgroups *s, struct instance *i, struct collect *c, double *values)
{
	struct group *g = instance_state(i);
	struct cgroup_cpu now;
	struct view text;
	if (!read_text(s, i, FILE_CPU, c, &text) || cgroup_cpu_parse(text, &now) < 0)
		return;
	if (g->known) {
		values[CPU] = counter_rate(g->cpu.usage_us, now.usage_us, c->elapsed) / 1e4;
		if (now.throttled_us)
			values[THROTTLED] =
				counter_rate(g->cpu.throttled_us, now.throttled_us, c->elapsed) / 1e4;
	}
	g->cpu = now;
}

static void emit_io(struct cgroups *s, struct instance *i, struct collect *c, double *values)
{
	struct group *g = instance_state(i);
	struct cgroup_io now;
	struct view text;
	if (!read_text(s, i, FILE_IO, c, &text))
		return;
	cgroup_io_parse(text, &now);
	if (g->known) {
		values[READ_BYTES] = counter_rate(g->io.read_bytes, now.read_bytes, c->elapsed);
		values[WRITE_BYTES] = counter_rate(g->io.write_bytes, now.write_bytes, c->elapsed);
	}
	g->io = now;
}

static void emit_pressure(struct cgroups *s, struct instance *i, struct collect *c, double *values)
{
	struct group *g = instance_state(i);
	for (int k = 0; k < 3; k++) {
		struct pressure now;
		struct view text;
		if (!read_text(s, i, FILE_CPU_PRESSURE + k, c, &text) || pressure_parse(text, &now) < 0 ||
		    !now.some.known)
			continue;
		if (g->known) {
			double share = counter_rate(g->stalled[k], now.some.total_us, c->elapsed) / 1e4;
			values[CPU_PRESSURE + k] = share > 100 ? 100 : share;
		}
		g->stalled[k] = now.some.total_us;
	}
}

static void emit(struct cgroups *s, struct instance *i, struct collect *c)
{
	struct group *g = instance_state(i);
	double values[GROUP_METRICS];
	struct view text;
	uint64_t kills;
	for (size_t k = 0; k < GROUP_METRICS; k++)
		values[k] = NAN;
	for (size_t k = 0; !g->opened && k < FILES; k++)
		g->files[k] = (struct procfile)PROCFILE_INIT;
	g->opened = true;
	emit_cpu(s, i, c, values);
	emit_io(s, i, c, values);
	emit_pressure(s, i, c, values);
	values[MEMORY] = read_number(s, i, FILE_MEMORY, c);
	values[MEMORY_SHARE] =
		100 * values[MEMORY] / read_number(s, i, FILE_LIMIT, c); /* "max" is no number */
	values[TASKS] = read_number(s, i, FILE_TASKS, c);
	if (read_text(s, i, FILE_EVENTS, c, &text) && number_named(text, VIEW("oom_kill"), &kills) == 0)
		values[OOM_KILLS] = (double)kills;
	g->known = true;
	for (uint32_t k = 0; k < GROUP_METRICS; k++)
		instance_set(&s->seen, i, c->columns, k, isfinite(values[k]) ? values[k] : NAN);
}

static int cgroups_read(void *state, struct collect *c)
{
	struct cgroups *s = state;
	int rc = 0;
	if (!*s->root && !find_root(s, c->opt->sys))
		return -ENOENT;
	if (c->mono >= s->scan_at) {
		s->scan_at = c->mono + SCAN_US;
		rc = scan(s, c);
	}
	for (uint32_t i = 0; rc == 0 && i < s->seen.n; i++)
		emit(s, s->seen.items[i], c);
	return rc;
}

static void cgroups_fini(void *state)
{
	struct cgroups *s = state;
	instances_fini(&s->seen);
	free(s->before);
}

const struct collector_type cgroups_collector = {
	.name = "cgroups",
	.state_size = sizeof(struct cgroups),
	.init = cgroups_init,
	.read = cgroups_read,
	.fini = cgroups_fini,
};
