/* What the memory management does: faults, paging, swapping, reclaim, processes killed for want of memory. */
#include "collector.h"

#include "os/paging.h"

#include <unistd.h>

#define KIB 1024.0

enum {
	FAULTS,
	MAJOR_FAULTS,
	READ_BYTES,
	WRITTEN_BYTES,
	SWAP_IN,
	SWAP_OUT,
	SCANNED,
	STOLEN,
	STALLS,
	COMPACT_STALLS,
	RATES
};
static const struct metric rates[RATES] = {
	[FAULTS] = GAUGE("system.paging.faults", 1, "1/s", "Page faults per second."),
	[MAJOR_FAULTS] = GAUGE("system.paging.major_faults", 1, "1/s",
			       "Page faults per second that waited for a disk."),
	[READ_BYTES] =
		GAUGE("system.paging.read_bytes", 0, "bytes/s", "Bytes paged in from disks per second."),
	[WRITTEN_BYTES] =
		GAUGE("system.paging.written_bytes", 0, "bytes/s", "Bytes paged out to disks per second."),
	[SWAP_IN] = GAUGE("system.swap.in_bytes", 0, "bytes/s", "Bytes swapped in per second."),
	[SWAP_OUT] = GAUGE("system.swap.out_bytes", 0, "bytes/s", "Bytes swapped out per second."),
	[SCANNED] = GAUGE("system.paging.scanned", 1, "1/s",
			  "Pages looked at per second to find some to give up."),
	[STOLEN] = GAUGE("system.paging.reclaimed", 1, "1/s", "Pages given up per second."),
	[STALLS] = GAUGE("system.paging.stalls", 1, "1/s",
			 "Allocations per second that had to give pages up themselves."),
	[COMPACT_STALLS] = GAUGE("system.paging.compact_stalls", 1, "1/s",
				 "Allocations per second that had to move pages together themselves."),
};
static const struct metric oom_kills =
	COUNTER("system.memory.oom_kills", 0, "", "Processes killed for want of memory since boot.");

struct paging_state {
	struct procfile file;
	struct paging before;
	uint32_t columns[RATES], oom;
	double page_bytes;
};

static int paging_init(void *state, struct columns *columns)
{
	struct paging_state *s = state;
	(void)columns;
	s->file = (struct procfile)PROCFILE_INIT;
	s->page_bytes = (double)sysconf(_SC_PAGESIZE);
	columns_unmake(s->columns, RATES);
	columns_unmake(&s->oom, 1);
	return 0;
}

/* Sum of the rates of two rows; one that the kernel does not have counts as nothing. NaN when neither is known. */
static double rate(const struct paging_state *s, const struct paging *now, mono_us elapsed, enum paging_row a,
		   enum paging_row b)
{
	const enum paging_row rows[2] = { a, b };
	double sum = NAN;
	for (int i = 0; i < (a == b ? 1 : 2); i++) {
		uint64_t was = s->before.row[rows[i]], is = now->row[rows[i]];
		if (is == PAGING_ABSENT || was == PAGING_ABSENT)
			continue;
		double r = counter_rate(was, is, elapsed);
		sum = isnan(sum) ? r : sum + r;
	}
	return sum;
}

static int paging_read(void *state, struct collect *c)
{
	struct paging_state *s = state;
	struct paging now;
	int rc = procfile_read(&s->file, c->opt->proc, "vmstat", c->text);
	if (rc == 0)
		rc = paging_parse((struct view){ c->text->data, c->text->len }, &now);
	if (rc < 0)
		return rc;
#define ONE(row)  rate(s, &now, c->elapsed, PAGING_##row, PAGING_##row)
#define TWO(a, b) rate(s, &now, c->elapsed, PAGING_##a, PAGING_##b)
	const double values[RATES] = {
		[FAULTS] = ONE(FAULTS),
		[MAJOR_FAULTS] = ONE(MAJOR_FAULTS),
		[READ_BYTES] = ONE(IN_KIB) * KIB,
		[WRITTEN_BYTES] = ONE(OUT_KIB) * KIB,
		[SWAP_IN] = ONE(SWAP_IN) * s->page_bytes,
		[SWAP_OUT] = ONE(SWAP_OUT) * s->page_bytes,
		[SCANNED] = TWO(SCAN_KSWAPD, SCAN_DIRECT),
		[STOLEN] = TWO(STEAL_KSWAPD, STEAL_DIRECT),
		[STALLS] = ONE(STALLS),
		[COMPACT_STALLS] = ONE(COMPACT_STALLS),
	};
#undef ONE
#undef TWO
	columns_put_all(c->columns, s->columns, rates, values, RATES);
	if (now.row[PAGING_OOM_KILLS] != PAGING_ABSENT)
		columns_put(c->columns, &s->oom, &oom_kills, (double)now.row[PAGING_OOM_KILLS]);
	s->before = now;
	return 0;
}

static void paging_fini(void *state)
{
	struct paging_state *s = state;
	procfile_close(&s->file);
}

const struct collector_type paging_collector = {
	.name = "paging",
	.state_size = sizeof(struct paging_state),
	.init = paging_init,
	.read = paging_read,
	.fini = paging_fini,
};
