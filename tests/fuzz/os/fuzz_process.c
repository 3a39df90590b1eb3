/* Any bytes as what the kernel says of a process. */
#include "os/process.h"

#include <stdlib.h>

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct process_units units = { 100, 4096 };
	struct view text = { (const char *)data, size };
	struct process_stat stat;
	struct process_io io;
	uint64_t vms, rss;
	char joined[64];
	if (process_stat_parse(text, &units, &stat) == 0)
		require(stat.pid > 0 && stat.parent >= 0 && stat.comm_len <= PROCESS_COMM_MAX);
	process_statm_parse(text, &units, &vms, &rss);
	process_io_parse(text, &io);
	require(process_btime_parse(text) >= -1);
	struct view base = process_base_name(text), comm = { text.data, size < 15 ? size : 15 };
	require(base.len <= size);
	struct view name = process_name(comm, text);
	require(name.len <= size && name.len >= comm.len);
	require(process_join_arguments(text, joined, sizeof(joined)) <= sizeof(joined));
	return 0;
}
