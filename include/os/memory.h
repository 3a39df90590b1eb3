/* Memory of the machine: /proc/meminfo, and what it means.
 *
 *     MemTotal:       24684084 kB
 *     HugePages_Total:       0
 *
 * Every row is kept as bytes (pages for the HugePages_ counts); one the kernel does not tell is MEMORY_ABSENT. Source: proc(5). Thread: any.
 */
#ifndef AUSPEX_OS_MEMORY_H
#define AUSPEX_OS_MEMORY_H

#include "os/procfile.h"

#include <stdint.h>

#define MEMORY_ABSENT UINT64_MAX

/* X(NAME, "row of the kernel") */
#define MEMORY_MAP(X) \
	X(TOTAL, "MemTotal") X(FREE, "MemFree") X(AVAILABLE, "MemAvailable") X(BUFFERS, "Buffers") X(CACHED, "Cached") \
	X(SWAP_CACHED, "SwapCached") X(ACTIVE, "Active") X(INACTIVE, "Inactive") X(SWAP_TOTAL, "SwapTotal") X(SWAP_FREE, "SwapFree") \
	X(DIRTY, "Dirty") X(WRITEBACK, "Writeback") X(ANON, "AnonPages") X(MAPPED, "Mapped") X(SHMEM, "Shmem") X(SLAB, "Slab") \
	X(RECLAIMABLE, "SReclaimable") X(UNRECLAIMABLE, "SUnreclaim") X(KERNEL_STACK, "KernelStack") X(PAGE_TABLES, "PageTables") \
	X(COMMIT_LIMIT, "CommitLimit") X(COMMITTED, "Committed_AS") X(HUGE_TOTAL, "HugePages_Total") X(HUGE_FREE, "HugePages_Free") \
	X(HUGE_SIZE, "Hugepagesize")
enum memory_row {
#define X(name, text) MEMORY_##name,
	MEMORY_MAP(X)
#undef X
	MEMORY_ROWS
};

struct memory_stat {
	uint64_t row[MEMORY_ROWS];
};

/* 0; ERR_SYNTAX when MemTotal or MemFree is missing. */
int memory_parse(struct view text, struct memory_stat *out);
/* The backend of this system; `text` is scratch. */
int memory_read(struct procfile *f, const char *proc, struct buf *text, struct memory_stat *out);

/* What people mean by it, in bytes; all at most `total`. */
struct memory_use {
	uint64_t total, available, used;
	double percent; /* (total - available) / total, 0..100; 0 without memory */
};
/* available: the kernel's word; where it gives none, what can be freed without swapping (free + buffers + cached); where it is more than
 * there is (some containers), free. used: total - free - buffers - cached - reclaimable slab; where that is negative, total - free. */
struct memory_use memory_use_of(const struct memory_stat *m);

#endif
