/* Tables of the kernel that can run full: open files, tracked connections; and what its receive loop had to leave. */
#include "collector.h"

#include "os/numbers.h"
#include "os/softnet.h"

enum {
	FILES_OPEN,
	FILES_PERCENT,
	CONNTRACK,
	CONNTRACK_PERCENT,
	SOFTNET_PROCESSED,
	SOFTNET_DROPPED,
	SOFTNET_SQUEEZED,
	KERNEL_METRICS
};
static const struct metric metrics[KERNEL_METRICS] = {
	[FILES_OPEN] = GAUGE("system.files.open", 0, "", "Open files of the whole machine."),
	[FILES_PERCENT] = GAUGE("system.files.percent", 2, "percent",
				"Open files as a share of the limit of the whole machine."),
	[CONNTRACK] = GAUGE("system.conntrack.entries", 0, "", "Connections the firewall keeps track of."),
	[CONNTRACK_PERCENT] =
		GAUGE("system.conntrack.percent", 2, "percent", "The same as a share of its table."),
	[SOFTNET_PROCESSED] = GAUGE("system.softnet.processed", 1, "1/s",
				    "Packets taken from the receive queues per second."),
	[SOFTNET_DROPPED] = GAUGE("system.softnet.dropped", 1, "1/s",
				  "Packets dropped per second: receive queue of a core full."),
	[SOFTNET_SQUEEZED] = GAUGE("system.softnet.squeezed", 1, "1/s",
				   "Times per second that the receive loop ran out of its share."),
};

struct kernel {
	struct procfile files, tracked, tracked_max, softnet;
	uint32_t columns[KERNEL_METRICS];
	struct softnet before;
	mono_us look_at; /* for connection tracking, on machines without it */
};

static int kernel_init(void *state, struct columns *columns)
{
	struct kernel *s = state;
	(void)columns;
	s->files = s->tracked = s->tracked_max = s->softnet = (struct procfile)PROCFILE_INIT;
	columns_unmake(s->columns, KERNEL_METRICS);
	return 0;
}

static int read_numbers(struct procfile *f, struct collect *c, const char *path, uint64_t *out, unsigned n)
{
	int rc = procfile_read(f, c->opt->proc, path, c->text);
	return rc < 0 ? rc : numbers_parse((struct view){ c->text->data, c->text->len }, out, n);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : NAN;
}

static void put(struct kernel *s, struct collect *c, size_t metric, double value)
{
	columns_put(c->columns, &s->columns[metric], &metrics[metric], value);
}

static void read_conntrack(struct kernel *s, struct collect *c)
{
	uint64_t entries, most;
	if (c->mono < s->look_at)
		return;
	if (read_numbers(&s->tracked, c, "sys/net/netfilter/nf_conntrack_count", &entries, 1) < 0 ||
	    read_numbers(&s->tracked_max, c, "sys/net/netfilter/nf_conntrack_max", &most, 1) < 0) {
		s->look_at = c->mono + 60 * US_PER_S;
		return;
	}
	put(s, c, CONNTRACK, (double)entries);
	put(s, c, CONNTRACK_PERCENT, share(entries, most));
}

/* The words wrap at 32 bits: their difference does not, unless a core went. */
static double rate32(uint32_t before, uint32_t now, mono_us elapsed)
{
	uint32_t grown = now - before;
	return elapsed > 0 && grown < UINT32_MAX / 2 ? (double)grown * 1e6 / (double)elapsed : NAN;
}

static void read_softnet(struct kernel *s, struct collect *c)
{
	struct softnet now;
	if (procfile_read(&s->softnet, c->opt->proc, "net/softnet_stat", c->text) < 0 ||
	    softnet_parse((struct view){ c->text->data, c->text->len }, &now) < 0)
		return;
	if (s->before.cores == now.cores) {
		put(s, c, SOFTNET_PROCESSED, rate32(s->before.processed, now.processed, c->elapsed));
		put(s, c, SOFTNET_DROPPED, rate32(s->before.dropped, now.dropped, c->elapsed));
		put(s, c, SOFTNET_SQUEEZED, rate32(s->before.squeezed, now.squeezed, c->elapsed));
	}
	s->before = now;
}

static int kernel_read(void *state, struct collect *c)
{
	struct kernel *s = state;
	uint64_t files[3]; /* taken, unused, limit */
	int rc = read_numbers(&s->files, c, "sys/fs/file-nr", files, 3);
	if (rc < 0)
		return rc;
	put(s, c, FILES_OPEN, (double)files[0]);
	put(s, c, FILES_PERCENT, share(files[0], files[2]));
	read_conntrack(s, c);
	read_softnet(s, c);
	return 0;
}

static void kernel_fini(void *state)
{
	struct kernel *s = state;
	procfile_close(&s->files);
	procfile_close(&s->tracked);
	procfile_close(&s->tracked_max);
	procfile_close(&s->softnet);
}

const struct collector_type kernel_collector = {
	.name = "kernel",
	.state_size = sizeof(struct kernel),
	.init = kernel_init,
	.read = kernel_read,
	.fini = kernel_fini,
};
