/* Processes: how many there are in which state, and what the tracked ones use, by name. */
#include "collector.h"
#include "instances.h"
#include "process_scan.h"

#include <errno.h>
#include <stdlib.h>

#define NAMES_MAX 64 /* names of tracked processes that get series at a time */

enum { COUNT_RUNNING, COUNT_SLEEPING, COUNT_DISK, COUNT_STOPPED, COUNT_ZOMBIE, COUNT_IDLE, COUNTS };
#define COUNT(state) GAUGE_OF("system.processes", 0, "", "Processes, by state.", "state", state)
static const struct metric count_metrics[COUNTS] = {
	[COUNT_RUNNING] = COUNT("running"), [COUNT_SLEEPING] = COUNT("sleeping"),
	[COUNT_DISK] = COUNT("disk_sleep"), [COUNT_STOPPED] = COUNT("stopped"),
	[COUNT_ZOMBIE] = COUNT("zombie"),   [COUNT_IDLE] = COUNT("idle"),
};
static const struct metric threads_metric = GAUGE("system.threads", 0, "", "Threads of all processes.");

/* All processes of one name together: the name outlives each of them. */
enum { NAME_COUNT, NAME_CPU, NAME_RSS, NAME_THREADS, NAME_FDS, NAME_READ, NAME_WRITTEN, NAME_METRICS };
static const struct metric name_metrics[NAME_METRICS] = {
	[NAME_COUNT] = GAUGE("system.process.count", 0, "", "Tracked processes of that name."),
	[NAME_CPU] = GAUGE("system.process.cpu", 1, "percent", "CPU time they use, in percent of one core."),
	[NAME_RSS] = GAUGE("system.process.rss", 0, "bytes", "Their resident memory."),
	[NAME_THREADS] = GAUGE("system.process.threads", 0, "", "Their threads."),
	[NAME_FDS] =
		GAUGE("system.process.fds", 0, "", "Their open descriptors, of those that may be asked."),
	[NAME_READ] = GAUGE("system.process.read_bytes", 0, "bytes/s",
			    "What they have read from disks per second, of those that may be asked."),
	[NAME_WRITTEN] = GAUGE("system.process.written_bytes", 0, "bytes/s",
			       "What they have written to disks per second, of those that may be asked."),
};
struct by_name {
	double sum[NAME_METRICS]; /* NaN: not measured */
	uint32_t round;
};
static const struct instances_type names_type = { .metrics = name_metrics,
						  .n_metrics = NAME_METRICS,
						  .label = "process",
						  .state_size = sizeof(struct by_name),
						  .max = NAMES_MAX };

struct processes {
	struct process_scan *scan; /* made at the first reading, which knows where to look */
	const struct system_options *opt;
	struct instances names;
	uint32_t counts[COUNTS], threads;
};

static int processes_init(void *state, struct columns *columns)
{
	struct processes *s = state;
	instances_init(&s->names, &names_type);
	for (size_t i = 0; i < COUNTS; i++)
		s->counts[i] = columns_add(columns, &count_metrics[i], NULL, 0);
	s->threads = columns_add(columns, &threads_metric, NULL, 0);
	return 0;
}

static int begin_scan(struct processes *s, const struct system_options *opt)
{
	s->scan = malloc(sizeof(*s->scan));
	int rc = s->scan ? process_scan_init(s->scan, opt->proc) : -ENOMEM;
	if (rc < 0) {
		free(s->scan);
		s->scan = NULL;
	}
	return rc;
}

static int count_of(char state)
{
	switch (state) {
	case 'R':
		return COUNT_RUNNING;
	case 'D':
		return COUNT_DISK;
	case 'T':
	case 't':
		return COUNT_STOPPED;
	case 'Z':
	case 'X':
	case 'x':
		return COUNT_ZOMBIE;
	case 'I':
		return COUNT_IDLE;
	default:
		return COUNT_SLEEPING;
	}
}

static void emit_counts(struct processes *s, struct columns *columns)
{
	uint32_t counts[COUNTS] = { 0 };
	uint64_t threads = 0;
	for (uint32_t i = 0; i < s->scan->table.n; i++) {
		const struct process *p = &s->scan->table.rows[i];
		if (p->read_at < 0)
			continue;
		counts[count_of(p->state)]++;
		threads += p->threads;
	}
	for (size_t i = 0; i < COUNTS; i++)
		columns_set(columns, s->counts[i], counts[i]);
	columns_set(columns, s->threads, (double)threads);
}

/* The fleet's schema asks for it. */
static double java_percent(const struct process_table *t, uint32_t cores)
{
	double sum = 0;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->rows[i].read_at >= 0 && view_eq(process_name_of(&t->rows[i]), VIEW("java")))
			sum += t->rows[i].cpu_percent;
	return cores ? sum / cores : NAN;
}

static void add(double *sum, double v)
{
	if (isfinite(v))
		*sum = isfinite(*sum) ? *sum + v : v;
}

static void add_one(struct by_name *n, const struct process *p, const struct process_details *d)
{
	add(&n->sum[NAME_COUNT], 1);
	add(&n->sum[NAME_CPU], p->cpu_percent);
	add(&n->sum[NAME_RSS], (double)p->rss_bytes);
	add(&n->sum[NAME_THREADS], p->threads);
	if (d->fds >= 0)
		add(&n->sum[NAME_FDS], (double)d->fds);
	add(&n->sum[NAME_READ], d->read_per_s);
	add(&n->sum[NAME_WRITTEN], d->written_per_s);
}

static void emit_names(struct processes *s, struct columns *columns)
{
	instances_begin(&s->names);
	for (uint32_t i = 0; i < s->scan->table.n; i++) {
		const struct process *p = &s->scan->table.rows[i];
		const struct process_details *d = process_details_of(s->scan, p);
		struct instance *at = d ? instances_see(&s->names, process_name_of(p)) : NULL;
		if (!at)
			continue;
		struct by_name *n = instance_state(at);
		if (n->round != s->names.round)
			for (size_t m = 0; m < NAME_METRICS; m++)
				n->sum[m] = NAN;
		n->round = s->names.round;
		add_one(n, p, d);
	}
	instances_end(&s->names, columns);
	for (uint32_t i = 0; i < s->names.n; i++) {
		struct by_name *n = instance_state(s->names.items[i]);
		for (uint32_t m = 0; m < NAME_METRICS; m++)
			instance_set(&s->names, s->names.items[i], columns, m, n->sum[m]);
	}
}

static int processes_read(void *state, struct collect *c)
{
	struct processes *s = state;
	int rc = s->scan ? 0 : begin_scan(s, c->opt);
	if (rc < 0)
		return rc;
	if (s->opt != c->opt) { /* at first, and after each reload */
		struct process_rules rules = { &c->opt->track_processes, c->opt->auto_track_python,
					       c->opt->mask_secrets };
		process_scan_rules(s->scan, &rules);
		s->opt = c->opt;
	}
	rc = process_scan_read(s->scan, c->mono);
	if (rc < 0)
		return rc;
	emit_counts(s, c->columns);
	emit_names(s, c->columns);
	c->sample->cpu_java = java_percent(&s->scan->table, c->sample->cores);
	c->sample->scan = s->scan;
	c->sample->processes = s->scan->tracked;
	c->sample->n_processes = s->scan->n_tracked;
	c->sample->have |= HOST_PROCESSES;
	return 0;
}

static void processes_fini(void *state)
{
	struct processes *s = state;
	instances_fini(&s->names);
	if (s->scan)
		process_scan_fini(s->scan);
	free(s->scan);
}

const struct collector_type processes_collector = {
	.name = "processes",
	.state_size = sizeof(struct processes),
	.init = processes_init,
	.read = processes_read,
	.fini = processes_fini,
};
