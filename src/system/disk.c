/* Block devices: traffic, how long requests take, how busy the device is. */
#include "collector.h"
#include "instances.h"

#include "os/diskstats.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define DISKS_MAX 64

/* Always series. */
enum {
	READ_BYTES,
	WRITE_BYTES,
	READS,
	WRITES,
	UTIL,
	QUEUE,
	IN_FLIGHT,
	AWAIT,
	READ_AWAIT,
	WRITE_AWAIT,
	/* series once they count something */
	READS_MERGED,
	WRITES_MERGED,
	DISCARDS,
	DISCARD_BYTES,
	FLUSHES,
	DISK_METRICS
};
static const struct metric metrics[DISK_METRICS] = {
	[READ_BYTES] = GAUGE("system.disk.read_bytes", 0, "bytes/s", "Bytes read per second."),
	[WRITE_BYTES] = GAUGE("system.disk.write_bytes", 0, "bytes/s", "Bytes written per second."),
	[READS] = GAUGE("system.disk.reads", 1, "1/s", "Read requests per second."),
	[WRITES] = GAUGE("system.disk.writes", 1, "1/s", "Write requests per second."),
	[UTIL] =
		GAUGE("system.disk.util", 1, "percent", "Share of time with at least one request under way."),
	[QUEUE] = GAUGE("system.disk.queue", 2, "", "Requests under way, on average."),
	[IN_FLIGHT] = GAUGE("system.disk.in_flight", 0, "", "Requests under way at this instant."),
	[AWAIT] = GAUGE("system.disk.await", 2, "ms",
			"Mean time of a request, waiting included; absent while there is none."),
	[READ_AWAIT] = GAUGE("system.disk.read_await", 2, "ms", "Mean time of a read request."),
	[WRITE_AWAIT] = GAUGE("system.disk.write_await", 2, "ms", "Mean time of a write request."),
	[READS_MERGED] =
		GAUGE("system.disk.reads_merged", 1, "1/s", "Read requests per second that joined another."),
	[WRITES_MERGED] = GAUGE("system.disk.writes_merged", 1, "1/s",
				"Write requests per second that joined another."),
	[DISCARDS] = GAUGE("system.disk.discards", 1, "1/s", "Discard requests per second."),
	[DISCARD_BYTES] = GAUGE("system.disk.discard_bytes", 0, "bytes/s", "Bytes discarded per second."),
	[FLUSHES] = GAUGE("system.disk.flushes", 1, "1/s", "Flush requests per second."),
};

struct device {
	bool looked, part; /* of another device: counted there already */
	uint64_t counter[DISK_COUNTERS];
};
static const struct instances_type devices_type = {
	.metrics = metrics,
	.n_metrics = DISK_METRICS,
	.label = "disk",
	.state_size = sizeof(struct device),
	.max = DISKS_MAX,
};

struct disks {
	struct procfile file;
	struct instances seen;
};

static int disk_init(void *state, struct columns *columns)
{
	struct disks *s = state;
	(void)columns;
	s->file = (struct procfile)PROCFILE_INIT;
	instances_init(&s->seen, &devices_type);
	return 0;
}

static bool is_part(const char *sys, struct view name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/class/block/%.*s/partition", sys, (int)name.len, name.data);
	return n > 0 && n < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* What a counter grew by; NaN when it fell. */
static double grown(const uint64_t *before, const uint64_t *now, enum disk_counter k)
{
	return now[k] >= before[k] ? (double)(now[k] - before[k]) : NAN;
}

static double mean(double ms, double requests)
{
	return requests > 0 ? ms / requests : NAN;
}

static void emit(struct disks *s, struct instance *i, const uint64_t *before, const uint64_t *now,
		 struct collect *c)
{
	double g[DISK_COUNTERS], seconds = (double)c->elapsed / 1e6;
	for (int k = 0; k < DISK_COUNTERS; k++)
		g[k] = grown(before, now, (enum disk_counter)k);
	double util = g[DISK_BUSY_MS] / (seconds * 10), sector = DISK_SECTOR_BYTES / seconds;
	const double values[DISK_METRICS] = {
		[READ_BYTES] = g[DISK_READ_SECTORS] * sector,
		[WRITE_BYTES] = g[DISK_WRITE_SECTORS] * sector,
		[READS] = g[DISK_READS] / seconds,
		[WRITES] = g[DISK_WRITES] / seconds,
		[UTIL] = util > 100 ? 100 : util,
		[QUEUE] = g[DISK_QUEUE_MS] / (seconds * 1000),
		[IN_FLIGHT] = (double)now[DISK_IN_FLIGHT],
		[AWAIT] = mean(g[DISK_READ_MS] + g[DISK_WRITE_MS], g[DISK_READS] + g[DISK_WRITES]),
		[READ_AWAIT] = mean(g[DISK_READ_MS], g[DISK_READS]),
		[WRITE_AWAIT] = mean(g[DISK_WRITE_MS], g[DISK_WRITES]),
		[READS_MERGED] = now[DISK_READS_MERGED] ? g[DISK_READS_MERGED] / seconds : NAN,
		[WRITES_MERGED] = now[DISK_WRITES_MERGED] ? g[DISK_WRITES_MERGED] / seconds : NAN,
		[DISCARDS] = now[DISK_DISCARDS] ? g[DISK_DISCARDS] / seconds : NAN,
		[DISCARD_BYTES] = now[DISK_DISCARDS] ? g[DISK_DISCARD_SECTORS] * sector : NAN,
		[FLUSHES] = now[DISK_FLUSHES] ? g[DISK_FLUSHES] / seconds : NAN,
	};
	for (uint32_t k = 0; k < DISK_METRICS; k++)
		instance_set(&s->seen, i, c->columns, k, values[k]);
	if (isfinite(values[READ_BYTES]) && isfinite(values[WRITE_BYTES]))
		c->sample->disk_bytes_per_s += values[READ_BYTES] + values[WRITE_BYTES];
}

/* A device that never did anything gets no place: kernels list whole rows of such. */
static void see(struct disks *s, const struct disk *d, struct collect *c)
{
	if ((!d->counter[DISK_READS] && !d->counter[DISK_WRITES]) ||
	    instances_skip(&c->opt->skip_disks, d->name))
		return;
	struct instance *i = instances_see(&s->seen, d->name);
	if (!i)
		return;
	struct device *device = instance_state(i);
	if (!device->looked) {
		device->looked = true;
		device->part = is_part(c->opt->sys, d->name);
	}
	if (!device->part && i->known && c->elapsed)
		emit(s, i, device->counter, d->counter, c);
	memcpy(device->counter, d->counter, sizeof(device->counter));
}

static int disk_read(void *state, struct collect *c)
{
	struct disks *s = state;
	struct disk d;
	int rc = procfile_read(&s->file, c->opt->proc, "diskstats", c->text);
	if (rc < 0)
		return rc;
	struct view text = { c->text->data, c->text->len };
	c->sample->disk_bytes_per_s = 0;
	instances_begin(&s->seen);
	while (disk_next(&text, &d))
		see(s, &d, c);
	instances_end(&s->seen, c->columns);
	return 0;
}

static void disk_fini(void *state)
{
	struct disks *s = state;
	procfile_close(&s->file);
	instances_fini(&s->seen);
}

const struct collector_type disk_collector = {
	.name = "disk",
	.state_size = sizeof(struct disks),
	.init = disk_init,
	.read = disk_read,
	.fini = disk_fini,
};
