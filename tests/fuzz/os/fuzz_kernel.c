/* Any bytes as a text of the kernel about the machine: what comes out keeps its promises. */
#include "os/cgroup.h"
#include "os/cpu.h"
#include "os/diskstats.h"
#include "os/load.h"
#include "os/memory.h"
#include "os/mounts.h"
#include "os/netdev.h"
#include "os/numbers.h"
#include "os/paging.h"
#include "os/pressure.h"
#include "os/protocols.h"
#include "os/sockstat.h"
#include "os/softnet.h"

#include <stdlib.h>

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool inside(struct view part, struct view whole)
{
	return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void try_machine(struct view text)
{
	struct cpu_stat cpu;
	struct cpu_core cores[3];
	struct memory_stat memory;
	struct load_stat load;
	struct paging paging;
	struct pressure pressure;
	struct softnet softnet;
	if (cpu_stat_parse(text, &cpu, cores, 3) == 0) {
		struct cpu_times none = { { 0 } };
		struct cpu_share s = cpu_share_between(&none, &cpu.all);
		require(s.busy >= 0 && s.busy <= 100.0001);
	}
	if (memory_parse(text, &memory) == 0) {
		struct memory_use u = memory_use_of(&memory);
		require(u.available <= u.total && u.used <= u.total && u.percent >= 0 && u.percent <= 100);
	}
	if (load_parse(text, &load) == 0)
		require(load.average[0] >= 0);
	paging_parse(text, &paging);
	if (pressure_parse(text, &pressure) == 0)
		require(pressure.some.known || pressure.full.known);
	softnet_parse(text, &softnet);
}

static void try_lists(struct view text)
{
	struct view rest = text;
	struct netdev dev;
	while (netdev_next(&rest, &dev))
		require(dev.name.len && inside(dev.name, text));
	struct disk disk;
	for (rest = text; disk_next(&rest, &disk);)
		require(disk.name.len && inside(disk.name, text));
	struct mount mount;
	for (rest = text; mount_next(&rest, &mount);) {
		char path[64];
		require(inside(mount.point, text) && inside(mount.type, text) && inside(mount.source, text));
		size_t n = mount_unescape(mount.point, path, sizeof(path));
		require(n < sizeof(path) && (n == 0 || strlen(path) == n));
	}
}

static void try_network(struct view text)
{
	static const struct protocol_row rows[] = {
		{ { "Tcp", 3 }, { "RetransSegs", 11 } },
		{ { "Tcp", 3 }, { "InErrs", 6 } },
		{ { "Udp6", 4 }, { "InErrors", 8 } },
	};
	uint64_t values[3] = { 0 };
	struct sockstat sockets;
	sockstat_init(&sockets);
	sockstat_parse(text, &sockets);
	require(sockstat_inet(&sockets) >= -1);
	protocols_parse(text, rows, 3, values);
	protocols_parse_list(text, rows, 3, values);
}

static void try_groups(struct view text)
{
	struct cgroup_cpu cpu;
	struct cgroup_io io;
	uint64_t numbers[3];
	int64_t number;
	cgroup_cpu_parse(text, &cpu);
	cgroup_io_parse(text, &io);
	numbers_parse(text, numbers, 3);
	number_parse_signed(text, &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size: reading past it is seen. */
	char *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	struct view text = { copy, size };
	try_machine(text);
	try_lists(text);
	try_network(text);
	try_groups(text);
	free(copy);
	return 0;
}
