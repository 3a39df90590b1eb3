/* Pressure stall information: how long tasks waited for the processor, memory or a disk. */
#include "collector.h"

#include "os/pressure.h"

#include <errno.h>

enum { RESOURCE_CPU, RESOURCE_MEMORY, RESOURCE_IO, RESOURCE_IRQ, RESOURCES };
static const char *const files[RESOURCES] = { "pressure/cpu", "pressure/memory", "pressure/io",
					      "pressure/irq" };

/* A line of a file: its share of the time since the last reading, and the kernel's own averages. */
enum { LINE_PERCENT, LINE_AVG10, LINE_AVG60, LINE_AVG300, LINE_METRICS };
#define PERCENT_HELP "Share of the last interval in which tasks waited, by resource; full: all of them did."
#define AVG10_HELP   "The same over ten seconds, as the kernel averages."
#define AVG60_HELP   "The same over a minute."
#define AVG300_HELP  "The same over five minutes."
#define LINE(resource)                                                                                       \
	{                                                                                                    \
		GAUGE_OF("system.pressure.percent", 2, "percent", PERCENT_HELP, "of", resource),             \
			GAUGE_OF("system.pressure.avg10", 2, "percent", AVG10_HELP, "of", resource),         \
			GAUGE_OF("system.pressure.avg60", 2, "percent", AVG60_HELP, "of", resource),         \
			GAUGE_OF("system.pressure.avg300", 2, "percent", AVG300_HELP, "of", resource),       \
	}
/* The machine as a whole has no full pressure on the processor, and no other on interrupts. */
enum { CPU_SOME, MEMORY_SOME, MEMORY_FULL, IO_SOME, IO_FULL, IRQ_FULL, LINES };
static const struct metric metrics[LINES][LINE_METRICS] = {
	[CPU_SOME] = LINE("cpu_some"),       [MEMORY_SOME] = LINE("memory_some"),
	[MEMORY_FULL] = LINE("memory_full"), [IO_SOME] = LINE("io_some"),
	[IO_FULL] = LINE("io_full"),         [IRQ_FULL] = LINE("irq_full"),
};

struct line {
	uint32_t columns[LINE_METRICS];
	bool known;
	uint64_t total_us;
};
struct pressures {
	struct procfile files[RESOURCES];
	struct line lines[LINES];
};

static int pressure_init(void *state, struct columns *columns)
{
	struct pressures *s = state;
	(void)columns;
	for (size_t i = 0; i < RESOURCES; i++)
		s->files[i] = (struct procfile)PROCFILE_INIT;
	for (size_t i = 0; i < LINES; i++)
		columns_unmake(s->lines[i].columns, LINE_METRICS);
	return 0;
}

static void emit(struct line *s, const struct metric *m, const struct pressure_line *now, struct collect *c)
{
	if (!now->known)
		return;
	double share = s->known ? counter_rate(s->total_us, now->total_us, c->elapsed) / 1e4 : NAN;
	const double values[LINE_METRICS] = {
		[LINE_PERCENT] = share > 100 ? 100 : share, /* the kernel books a stall when it ends */
		[LINE_AVG10] = now->avg10,
		[LINE_AVG60] = now->avg60,
		[LINE_AVG300] = now->avg300,
	};
	columns_put_all(c->columns, s->columns, m, values, LINE_METRICS);
	s->known = true;
	s->total_us = now->total_us;
}

static int pressure_read(void *state, struct collect *c)
{
	static const struct {
		int some, full;
	} lines[RESOURCES] = {
		{ CPU_SOME, -1 }, { MEMORY_SOME, MEMORY_FULL }, { IO_SOME, IO_FULL }, { -1, IRQ_FULL }
	};
	struct pressures *s = state;
	int rc = -ENOENT;
	for (size_t i = 0; i < RESOURCES; i++) {
		struct pressure now;
		int failed = procfile_read(&s->files[i], c->opt->proc, files[i], c->text);
		if (failed == 0)
			failed = pressure_parse((struct view){ c->text->data, c->text->len }, &now);
		if (failed == 0 && lines[i].some >= 0)
			emit(&s->lines[lines[i].some], metrics[lines[i].some], &now.some, c);
		if (failed == 0 && lines[i].full >= 0)
			emit(&s->lines[lines[i].full], metrics[lines[i].full], &now.full, c);
		if (failed == 0 || rc == -ENOENT)
			rc = failed;
		if (rc == -ENOENT) /* a kernel without the first has none of them */
			break;
	}
	/* Switched off at boot, the files are there and refuse to speak. */
	return rc == -EOPNOTSUPP ? -ENOENT : rc;
}

static void pressure_fini(void *state)
{
	struct pressures *s = state;
	for (size_t i = 0; i < RESOURCES; i++)
		procfile_close(&s->files[i]);
}

const struct collector_type pressure_collector = {
	.name = "pressure",
	.state_size = sizeof(struct pressures),
	.init = pressure_init,
	.read = pressure_read,
	.fini = pressure_fini,
};
