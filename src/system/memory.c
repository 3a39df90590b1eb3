#include "collector.h"

#include "os/memory.h"

#define MIB 1048576.0

#define BYTES(name, help)   GAUGE(name, 0, "bytes", help)
#define PERCENT(name, help) GAUGE(name, 2, "percent", help)

/* Rows of the kernel that are series as they are. */
static const struct {
	enum memory_row row;
	struct metric metric;
} plain[] = {
	{ MEMORY_TOTAL, BYTES("system.memory.total", "Memory of the machine.") },
	{ MEMORY_FREE, BYTES("system.memory.free", "Memory used for nothing at all.") },
	{ MEMORY_AVAILABLE,
	  BYTES("system.memory.available", "Memory that programs can have without swapping.") },
	{ MEMORY_BUFFERS, BYTES("system.memory.buffers", "Caches of block devices.") },
	{ MEMORY_CACHED, BYTES("system.memory.cached", "Caches of files.") },
	{ MEMORY_ACTIVE, BYTES("system.memory.active", "Pages used lately.") },
	{ MEMORY_INACTIVE, BYTES("system.memory.inactive", "Pages not used lately.") },
	{ MEMORY_ANON, BYTES("system.memory.anonymous", "Pages of programs that no file stands behind.") },
	{ MEMORY_MAPPED, BYTES("system.memory.mapped", "Files mapped into programs.") },
	{ MEMORY_SHMEM, BYTES("system.memory.shared", "Shared memory and tmpfs.") },
	{ MEMORY_DIRTY, BYTES("system.memory.dirty", "Pages that wait to be written to disk.") },
	{ MEMORY_WRITEBACK, BYTES("system.memory.writeback", "Pages being written to disk.") },
	{ MEMORY_RECLAIMABLE,
	  BYTES("system.memory.slab_reclaimable", "Kernel objects that can be given up.") },
	{ MEMORY_UNRECLAIMABLE, BYTES("system.memory.slab_unreclaimable", "Kernel objects that cannot.") },
	{ MEMORY_KERNEL_STACK, BYTES("system.memory.kernel_stack", "Kernel stacks.") },
	{ MEMORY_PAGE_TABLES, BYTES("system.memory.page_tables", "Page tables.") },
	{ MEMORY_COMMITTED, BYTES("system.memory.committed", "Memory promised to programs.") },
	{ MEMORY_SWAP_TOTAL, BYTES("system.swap.total", "Swap space of the machine.") },
	{ MEMORY_SWAP_CACHED, BYTES("system.swap.cached", "Swapped pages that are in memory as well.") },
};
#define PLAIN (sizeof(plain) / sizeof(plain[0]))

/* What is made of several rows. */
enum {
	MEMORY_PERCENT,
	MEMORY_USED,
	COMMITTED_PERCENT,
	SWAP_PERCENT,
	SWAP_USED,
	HUGE_TOTAL,
	HUGE_FREE,
	DERIVED
};
static const struct metric derived[DERIVED] = {
	[MEMORY_PERCENT] =
		PERCENT("system.memory.percent", "Share of memory that cannot be had without swapping."),
	[MEMORY_USED] =
		BYTES("system.memory.used", "Memory used by programs and the kernel, without caches."),
	[COMMITTED_PERCENT] = PERCENT("system.memory.committed_percent",
				      "Promised memory as a share of the most that can be promised."),
	[SWAP_PERCENT] = PERCENT("system.swap.percent", "Share of the swap space that is used."),
	[SWAP_USED] = BYTES("system.swap.used", "Used swap space."),
	[HUGE_TOTAL] = BYTES("system.memory.huge_total", "Memory set aside as huge pages."),
	[HUGE_FREE] = BYTES("system.memory.huge_free", "Huge pages not in use."),
};

struct memory {
	struct procfile file;
	uint32_t plain[PLAIN], derived[DERIVED];
};

static int memory_init(void *state, struct columns *columns)
{
	struct memory *s = state;
	(void)columns;
	s->file = (struct procfile)PROCFILE_INIT;
	columns_unmake(s->plain, PLAIN);
	columns_unmake(s->derived, DERIVED);
	return 0;
}

/* NaN when the kernel does not tell. */
static double row(const struct memory_stat *m, enum memory_row r)
{
	return m->row[r] == MEMORY_ABSENT ? NAN : (double)m->row[r];
}

/* NaN also when there is no whole: a machine without swap has no share of it. */
static double share(double part, double whole)
{
	return whole > 0 && part >= 0 ? 100 * part / whole : NAN;
}

static bool is_swap(enum memory_row r)
{
	return r == MEMORY_SWAP_TOTAL || r == MEMORY_SWAP_CACHED;
}

static void emit(struct memory *s, const struct memory_stat *m, const struct memory_use *use,
		 struct collect *c)
{
	bool swap = row(m, MEMORY_SWAP_TOTAL) > 0, huge = row(m, MEMORY_HUGE_TOTAL) > 0;
	double swap_used = swap ? row(m, MEMORY_SWAP_TOTAL) - row(m, MEMORY_SWAP_FREE) : NAN;
	double huge_size = huge ? row(m, MEMORY_HUGE_SIZE) : NAN;
	const double values[DERIVED] = {
		[MEMORY_PERCENT] = use->percent,
		[MEMORY_USED] = (double)use->used,
		[COMMITTED_PERCENT] = share(row(m, MEMORY_COMMITTED), row(m, MEMORY_COMMIT_LIMIT)),
		[SWAP_PERCENT] = share(swap_used, row(m, MEMORY_SWAP_TOTAL)),
		[SWAP_USED] = swap_used >= 0 ? swap_used : NAN,
		[HUGE_TOTAL] = row(m, MEMORY_HUGE_TOTAL) * huge_size,
		[HUGE_FREE] = row(m, MEMORY_HUGE_FREE) * huge_size,
	};
	c->sample->swap_percent = swap ? values[SWAP_PERCENT] : 0;
	columns_put_all(c->columns, s->derived, derived, values, DERIVED);
	for (size_t i = 0; i < PLAIN; i++)
		columns_put(c->columns, &s->plain[i], &plain[i].metric,
			    swap || !is_swap(plain[i].row) ? row(m, plain[i].row) : NAN);
}

static int memory_collect(void *state, struct collect *c)
{
	struct memory *s = state;
	struct memory_stat m;
	int rc = memory_read(&s->file, c->opt->proc, c->text, &m);
	if (rc < 0)
		return rc;
	struct memory_use use = memory_use_of(&m);
	c->sample->have |= HOST_MEMORY;
	c->sample->memory_percent = use.percent;
	c->sample->memory_available_mb = (double)use.available / MIB;
	c->sample->memory_used_mb = (double)use.used / MIB;
	emit(s, &m, &use, c);
	return 0;
}

static void memory_fini(void *state)
{
	struct memory *s = state;
	procfile_close(&s->file);
}

const struct collector_type memory_collector = {
	.name = "memory",
	.state_size = sizeof(struct memory),
	.init = memory_init,
	.read = memory_collect,
	.fini = memory_fini,
};
