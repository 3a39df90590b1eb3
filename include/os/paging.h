/* What the memory management did: /proc/vmstat, lines of "name number", counted since boot. Source: proc(5), mm/vmstat.c. Thread: any. */
#ifndef AUSPEX_OS_PAGING_H
#define AUSPEX_OS_PAGING_H

#include "base/buf.h"

#include <stdint.h>

/* X(NAME, "row of the kernel"); a row that ends in `*` is the sum of all that begin so */
#define PAGING_MAP(X) \
	X(IN_KIB, "pgpgin") X(OUT_KIB, "pgpgout") X(SWAP_IN, "pswpin") X(SWAP_OUT, "pswpout") X(FAULTS, "pgfault") \
	X(MAJOR_FAULTS, "pgmajfault") X(STEAL_KSWAPD, "pgsteal_kswapd") X(STEAL_DIRECT, "pgsteal_direct") \
	X(SCAN_KSWAPD, "pgscan_kswapd") X(SCAN_DIRECT, "pgscan_direct") X(STALLS, "allocstall*") X(OOM_KILLS, "oom_kill") \
	X(COMPACT_STALLS, "compact_stall")
enum paging_row {
#define X(name, text) PAGING_##name,
	PAGING_MAP(X)
#undef X
	PAGING_ROWS
};
#define PAGING_ABSENT UINT64_MAX

struct paging {
	uint64_t row[PAGING_ROWS]; /* PAGING_ABSENT: this kernel does not tell */
};

/* 0; ERR_SYNTAX when no row was found. */
int paging_parse(struct view text, struct paging *out);

#endif
