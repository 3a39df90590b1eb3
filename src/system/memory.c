#include "os/memory.h"
#include "collector.h"

#define MIB 1048576.0

#define BYTES(name, help)   GAUGE(name, 0, "bytes", help)
#define PERCENT(name, help) GAUGE(name, 2, "percent", help)

enum { PERCENT_MEMORY, PERCENT_SWAP, PERCENT_COMMITTED, USED_MEMORY, USED_SWAP, DERIVED };
static const struct metric derived[DERIVED] = {
	[PERCENT_MEMORY] =
		PERCENT("system.memory.percent", "Share of memory that cannot be had without swapping."),
	[PERCENT_SWAP] = PERCENT("system.swap.percent", "Share of the swap space that is used."),
	[PERCENT_COMMITTED] = PERCENT("system.memory.committed_percent",
				      "Promised memory as a share of the most that can be promised."),
	[USED_MEMORY] =
		BYTES("system.memory.used", "Memory used by programs and the kernel, without caches."),
	[USED_SWAP] = BYTES("system.swap.used", "Used swap space."),
};

/* Rows that are series as they are. */
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

/* Machines that use huge pages only. */
static const struct metric huge_metrics[] = {
	BYTES("system.memory.huge_total", "Memory set aside as huge pages."),
	BYTES("system.memory.huge_free", "Huge pages not in use."),
};

struct memory {
	struct procfile file;
	uint32_t derived[DERIVED], plain[PLAIN], huge[2];
	bool made; /* what depends on this kernel and machine */
};

static int memory_init(void *state, struct columns *columns)
{
	struct memory *s = state;
	s->file = (struct procfile)PROCFILE_INIT;
	for (size_t i = 0; i < DERIVED; i++)
		s->derived[i] = COLUMN_NONE;
	s->derived[PERCENT_MEMORY] = columns_add(columns, &derived[PERCENT_MEMORY], NULL, 0);
	s->derived[USED_MEMORY] = columns_add(columns, &derived[USED_MEMORY], NULL, 0);
	return 0;
}

static bool has(const struct memory_stat *m, enum memory_row row)
{
	return m->row[row] != MEMORY_ABSENT && m->row[row] > 0;
}

static bool is_swap(enum memory_row row)
{
	return row == MEMORY_SWAP_TOTAL || row == MEMORY_SWAP_CACHED;
}

/* At the first reading: what this kernel tells. Swap may be turned on later, so its total always speaks. */
static void make_columns(struct memory *s, const struct memory_stat *m, struct columns *columns)
{
	for (size_t i = 0; i < PLAIN; i++)
		s->plain[i] = m->row[plain[i].row] == MEMORY_ABSENT
				      ? COLUMN_NONE
				      : columns_add(columns, &plain[i].metric, NULL, 0);
	for (size_t i = 0; i < 2; i++)
		s->huge[i] = has(m, MEMORY_HUGE_TOTAL) ? columns_add(columns, &huge_metrics[i], NULL, 0)
						       : COLUMN_NONE;
	if (has(m, MEMORY_COMMIT_LIMIT))
		s->derived[PERCENT_COMMITTED] = columns_add(columns, &derived[PERCENT_COMMITTED], NULL, 0);
	s->made = true;
}

static void emit_swap(struct memory *s, const struct memory_stat *m, struct collect *c)
{
	if (!has(m, MEMORY_SWAP_TOTAL) || m->row[MEMORY_SWAP_FREE] > m->row[MEMORY_SWAP_TOTAL])
		return;
	if (s->derived[USED_SWAP] == COLUMN_NONE) {
		s->derived[USED_SWAP] = columns_add(c->columns, &derived[USED_SWAP], NULL, 0);
		s->derived[PERCENT_SWAP] = columns_add(c->columns, &derived[PERCENT_SWAP], NULL, 0);
	}
	double total = (double)m->row[MEMORY_SWAP_TOTAL];
	double used = total - (double)m->row[MEMORY_SWAP_FREE];
	columns_set(c->columns, s->derived[USED_SWAP], used);
	columns_set(c->columns, s->derived[PERCENT_SWAP], 100 * used / total);
}

static void emit_detail(struct memory *s, const struct memory_stat *m, struct collect *c)
{
	for (size_t i = 0; i < PLAIN; i++)
		if (m->row[plain[i].row] != MEMORY_ABSENT &&
		    (!is_swap(plain[i].row) || has(m, MEMORY_SWAP_TOTAL)))
			columns_set(c->columns, s->plain[i], (double)m->row[plain[i].row]);
	if (has(m, MEMORY_COMMIT_LIMIT) && m->row[MEMORY_COMMITTED] != MEMORY_ABSENT)
		columns_set(c->columns, s->derived[PERCENT_COMMITTED],
			    100 * (double)m->row[MEMORY_COMMITTED] / (double)m->row[MEMORY_COMMIT_LIMIT]);
	if (has(m, MEMORY_HUGE_TOTAL) && m->row[MEMORY_HUGE_SIZE] != MEMORY_ABSENT) {
		double size = (double)m->row[MEMORY_HUGE_SIZE];
		columns_set(c->columns, s->huge[0], (double)m->row[MEMORY_HUGE_TOTAL] * size);
		if (m->row[MEMORY_HUGE_FREE] != MEMORY_ABSENT)
			columns_set(c->columns, s->huge[1], (double)m->row[MEMORY_HUGE_FREE] * size);
	}
}

static int memory_collect(void *state, struct collect *c)
{
	struct memory *s = state;
	struct memory_stat m;
	int rc = memory_read(&s->file, c->opt->proc, c->text, &m);
	if (rc < 0)
		return rc;
	if (!s->made)
		make_columns(s, &m, c->columns);
	struct memory_use use = memory_use_of(&m);
	c->sample->have |= HOST_MEMORY;
	c->sample->memory_percent = use.percent;
	c->sample->memory_available_mb = (double)use.available / MIB;
	c->sample->memory_used_mb = (double)use.used / MIB;
	columns_set(c->columns, s->derived[PERCENT_MEMORY], use.percent);
	columns_set(c->columns, s->derived[USED_MEMORY], (double)use.used);
	emit_detail(s, &m, c);
	emit_swap(s, &m, c);
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
