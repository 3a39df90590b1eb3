/* The list of collectors: one row here and one file `src/system/NAME.c` that exports `const struct collector_type NAME_collector`.
 *
 * X(name, how often, sentence). They read in this order. "100ms" means every sample, for nothing is sampled more often; what the kernel
 * renews seldom, or what costs more, says a longer time. The row is the option `system.NAME`, too: a duration, or 0 for off.
 */
#ifndef AUSPEX_SYSTEM_COLLECTORS_H
#define AUSPEX_SYSTEM_COLLECTORS_H

/* Every system. */
#define COLLECTOR_MAP_CORE(X)                                                                            \
	X(cpu, "100ms", "CPU time by mode, all cores and each one")                                      \
	X(memory, "100ms", "memory and swap")                                                            \
	X(load, "100ms", "load averages")                                                                \
	X(network, "100ms", "interfaces and their sum")                                                  \
	X(processes, "100ms", "processes")

/* Systems with a /proc. */
#define COLLECTOR_MAP_LINUX(X)                                                                           \
	X(disk, "1s", "block devices")                                                                   \
	X(paging, "1s", "faults, paging and swapping")                                                   \
	X(pressure, "1s", "pressure stall information")                                                  \
	X(protocols, "1s", "TCP, UDP and IP counters")                                                   \
	X(kernel, "5s", "open files, tracked connections and the receive loop")                          \
	X(connections, "10s", "TCP sockets by state")                                                    \
	X(filesystem, "10s", "file systems")                                                             \
	X(links, "10s", "links of interfaces")                                                           \
	X(sensors, "10s", "temperatures")                                                                \
	X(cgroups, "10s", "services and containers")

#ifdef __linux__
#define COLLECTOR_MAP(X) COLLECTOR_MAP_CORE(X) COLLECTOR_MAP_LINUX(X)
#else
#define COLLECTOR_MAP(X) COLLECTOR_MAP_CORE(X)
#endif

enum collector_index {
#define X(name, every, help) COLLECTOR_##name,
	COLLECTOR_MAP(X)
#undef X
	COLLECTORS
};

#endif
