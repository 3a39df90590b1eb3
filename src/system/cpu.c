#include "collector.h"
#include "instances.h"

#include "base/num.h"
#include "os/cpu.h"

#include <errno.h>
#include <stdlib.h>

#define CORES_MAX   1024
#define CORES_FIRST 32 /* room at the start */

#define MODE(name, decimals, help, mode) GAUGE_OF(name, decimals, "percent", help, "mode", mode)

static const struct metric all_busy =
	GAUGE("system.cpu.percent", 2, "percent", "Share of time all cores together were busy.");
static const struct metric all_modes[CPU_MODES] = {
#define X(name, label) MODE("system.cpu.mode", 2, "Share of time of all cores, by mode.", label),
	CPU_MODE_MAP(X)
#undef X
};

enum {
	KERNEL_SWITCHES,
	KERNEL_INTERRUPTS,
	KERNEL_SOFTIRQS,
	KERNEL_FORKS,
	KERNEL_RUNNING,
	KERNEL_BLOCKED,
	KERNEL_METRICS
};
static const struct metric kernel[KERNEL_METRICS] = {
	[KERNEL_SWITCHES] = GAUGE("system.context_switches", 1, "1/s", "Context switches per second."),
	[KERNEL_INTERRUPTS] = GAUGE("system.interrupts", 1, "1/s", "Interrupts per second."),
	[KERNEL_SOFTIRQS] = GAUGE("system.softirqs", 1, "1/s", "Soft interrupts per second."),
	[KERNEL_FORKS] = GAUGE("system.forks", 1, "1/s", "Processes and threads made per second."),
	[KERNEL_RUNNING] = GAUGE("system.tasks_running", 0, "", "Tasks that run or wait for a core."),
	[KERNEL_BLOCKED] = GAUGE("system.tasks_blocked", 0, "", "Tasks that wait for a disk."),
};

/* A core: its share of busy time, then its modes. */
#define CORE_METRICS (1 + CPU_MODES)
static const struct metric core_metrics[CORE_METRICS] = {
	GAUGE("system.core.percent", 1, "percent", "Share of time the core was busy."),
#define X(name, label) MODE("system.core.mode", 1, "Share of time of the core, by mode.", label),
	CPU_MODE_MAP(X)
#undef X
};
static const struct instances_type cores_type = {
	.metrics = core_metrics,
	.n_metrics = CORE_METRICS,
	.label = "cpu",
	.state_size = sizeof(struct cpu_times),
	.max = CORES_MAX,
};

struct cpu {
	struct procfile file;
	struct cpu_stat before;
	struct cpu_core *cores;
	uint32_t cap;
	struct instances seen;
	uint32_t busy, modes[CPU_MODES], kernel[KERNEL_METRICS];
};

/* More cores than there was room for: the next reading sees them all. */
static void make_room(struct cpu *s, uint32_t n)
{
	if (n <= s->cap || s->cap == CORES_MAX)
		return;
	uint32_t cap = n < CORES_MAX ? n : CORES_MAX;
	struct cpu_core *cores = realloc(s->cores, cap * sizeof(*cores));
	if (!cores)
		return;
	s->cores = cores;
	s->cap = cap;
}

static int cpu_init(void *state, struct columns *columns)
{
	struct cpu *s = state;
	s->file = (struct procfile)PROCFILE_INIT;
	instances_init(&s->seen, &cores_type);
	make_room(s, CORES_FIRST);
	s->busy = columns_add(columns, &all_busy, NULL, 0);
	for (size_t i = 0; i < CPU_MODES; i++)
		s->modes[i] = columns_add(columns, &all_modes[i], NULL, 0);
	for (size_t i = 0; i < KERNEL_METRICS; i++)
		s->kernel[i] = columns_add(columns, &kernel[i], NULL, 0);
	return 0;
}

static void emit_core(struct cpu *s, const struct cpu_core *core, struct collect *c, bool modes)
{
	char name[24];
	size_t len = num_format_i64(core->number, name);
	struct instance *i = instances_see(&s->seen, (struct view){ name, len });
	if (!i)
		return;
	struct cpu_times *before = instance_state(i);
	struct cpu_share share = cpu_share_between(before, &core->times);
	*before = core->times;
	if (!i->known || !share.known)
		return;
	instance_set(&s->seen, i, c->columns, 0, share.busy);
	for (uint32_t m = 0; modes && m < CPU_MODES; m++)
		instance_set(&s->seen, i, c->columns, 1 + m, share.mode[m]);
}

static void emit_all(struct cpu *s, const struct cpu_stat *now, struct collect *c)
{
	struct cpu_share share = cpu_share_between(&s->before.all, &now->all);
	c->sample->have |= HOST_CPU;
	c->sample->boot_time = (int64_t)now->boot_time;
	c->sample->cpu_percent = c->elapsed ? share.busy : 0;
	if (!c->elapsed)
		return;
	if (share.known) {
		c->sample->cpu_user = share.mode[CPU_USER] + share.mode[CPU_NICE];
		c->sample->cpu_system = 100 - share.mode[CPU_USER] - share.mode[CPU_NICE] -
					share.mode[CPU_IDLE] - share.mode[CPU_IOWAIT];
		c->sample->cpu_iowait = share.mode[CPU_IOWAIT];
		c->sample->cpu_idle = share.mode[CPU_IDLE];
		columns_set(c->columns, s->busy, share.busy);
		for (size_t i = 0; i < CPU_MODES; i++)
			columns_set(c->columns, s->modes[i], share.mode[i]);
	}
	const uint64_t pairs[][2] = {
		[KERNEL_SWITCHES] = { s->before.switches, now->switches },
		[KERNEL_INTERRUPTS] = { s->before.interrupts, now->interrupts },
		[KERNEL_SOFTIRQS] = { s->before.softirqs, now->softirqs },
		[KERNEL_FORKS] = { s->before.forks, now->forks },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		columns_set(c->columns, s->kernel[i], counter_rate(pairs[i][0], pairs[i][1], c->elapsed));
}

static int cpu_read(void *state, struct collect *c)
{
	struct cpu *s = state;
	struct cpu_stat now;
	int rc = cpu_stat_read(&s->file, c->opt->proc, c->text, &now, s->cores, s->cap);
	if (rc < 0)
		return rc;
	emit_all(s, &now, c);
	columns_set(c->columns, s->kernel[KERNEL_RUNNING], (double)now.running);
	columns_set(c->columns, s->kernel[KERNEL_BLOCKED], (double)now.blocked);
	c->sample->cores = now.n_cores;
	uint32_t n = now.n_cores < s->cap ? now.n_cores : s->cap;
	instances_begin(&s->seen);
	for (uint32_t i = 0; i < n; i++)
		emit_core(s, &s->cores[i], c, now.n_cores <= (uint64_t)c->opt->core_modes);
	instances_end(&s->seen, c->columns);
	make_room(s, now.n_cores);
	s->before = now;
	return 0;
}

static void cpu_fini(void *state)
{
	struct cpu *s = state;
	procfile_close(&s->file);
	instances_fini(&s->seen);
	free(s->cores);
}

const struct collector_type cpu_collector = {
	.name = "cpu",
	.state_size = sizeof(struct cpu),
	.init = cpu_init,
	.read = cpu_read,
	.fini = cpu_fini,
};
