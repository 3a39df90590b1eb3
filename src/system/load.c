#include "collector.h"

#include "os/load.h"

enum { LOAD_1, LOAD_5, LOAD_15, LOAD_TASKS, LOAD_METRICS };
#define AVERAGE(name, help) GAUGE(name, 2, "", help)
static const struct metric metrics[LOAD_METRICS] = {
	[LOAD_1] = AVERAGE("system.load1", "Tasks that ran or waited, averaged over a minute."),
	[LOAD_5] = AVERAGE("system.load5", "The same over five minutes."),
	[LOAD_15] = AVERAGE("system.load15", "The same over fifteen minutes."),
	[LOAD_TASKS] = GAUGE("system.tasks", 0, "", "Processes and threads."),
};

struct load {
	struct procfile file;
	uint32_t columns[LOAD_METRICS];
};

static int load_init(void *state, struct columns *columns)
{
	(void)columns;
	struct load *s = state;
	s->file = (struct procfile)PROCFILE_INIT;
	columns_unmake(s->columns, LOAD_METRICS);
	return 0;
}

static int load_collect(void *state, struct collect *c)
{
	struct load *s = state;
	struct load_stat now;
	int rc = load_read(&s->file, c->opt->proc, c->text, &now);
	if (rc < 0)
		return rc;
	c->sample->have |= HOST_LOAD;
	c->sample->load_1m = now.average[0];
	c->sample->load_5m = now.average[1];
	c->sample->load_15m = now.average[2];
	const double values[LOAD_METRICS] = {
		[LOAD_1] = now.average[0],
		[LOAD_5] = now.average[1],
		[LOAD_15] = now.average[2],
		[LOAD_TASKS] = now.tasks ? (double)now.tasks : NAN, /* not every system tells */
	};
	columns_put_all(c->columns, s->columns, metrics, values, LOAD_METRICS);
	return 0;
}

static void load_fini(void *state)
{
	struct load *s = state;
	procfile_close(&s->file);
}

const struct collector_type load_collector = {
	.name = "load",
	.state_size = sizeof(struct load),
	.init = load_init,
	.read = load_collect,
	.fini = load_fini,
};
