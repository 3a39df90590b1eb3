/* What one sampling instant knows of the host: the core set that clients get, beside the many series on the hub.
 *
 * Made once per sample by the sampler; collectors fill their part, in the order of their list. A part that was never read is absent from
 * `have`; one that could not be read this time keeps its last values and stays in `have`. The sample and what it points to are valid during
 * the call they come with. Units as in the names: MiB are 1048576 bytes.
 */
#ifndef AUSPEX_SYSTEM_SAMPLE_H
#define AUSPEX_SYSTEM_SAMPLE_H

#include "base/clock.h"

#include <stdbool.h>

/* Parts of `have`. */
#define HOST_CPU       1u
#define HOST_MEMORY    2u
#define HOST_LOAD      4u
#define HOST_NETWORK   8u
#define HOST_PROCESSES 16u

/* Sums over all interfaces, lo included, since boot. */
struct host_network {
	uint64_t bytes_sent, bytes_recv, packets_sent, packets_recv;
	int64_t active_connections; /* TCP and UDP sockets of both families in every state; -1 unknown */
	/* per second since the sample before; NaN in the first one and after a counter fell */
	double bytes_sent_per_s, bytes_recv_per_s, packets_sent_per_s, packets_recv_per_s;
};

struct host_process; /* system/process.h */
struct process_scan; /* src/system/process_scan.h */

struct host_sample {
	uint64_t number; /* 1 is the first one */
	wall_ns t;       /* before anything was read */
	mono_us mono;    /* the same instant */
	unsigned have;

	double cpu_percent; /* 0..100 of all cores together, since the sample before; 0 in the first one */
	double memory_percent, memory_available_mb, memory_used_mb;
	double load_1m, load_5m, load_15m;
	struct host_network network;
	/* what the fleet schema asks for beside that; NaN or -1: not known */
	uint32_t cores;                                    /* 0 unknown */
	double cpu_user, cpu_system, cpu_iowait, cpu_idle; /* percent, since the sample before; NaN in the first */
	double cpu_java; /* what processes of the name java use, of all cores together, as each was last read */
	double swap_percent;
	double disk_percent;                       /* of the fullest file system that can be written */
	double disk_bytes_per_s;                   /* read and written, all disks */
	int64_t close_wait_front, close_wait_back; /* TCP sockets that their peer has left: accepted; opened by us */
	int64_t boot_time;                         /* Unix seconds; 0 unknown */

	const struct host_process *processes; /* the tracked ones, by pid */
	uint32_t n_processes;
	struct process_scan *scan; /* all of them, for this room */
};

/* Called on the loop once per sample, after the last collector; must not close the room. */
typedef void (*host_sample_cb)(void *arg, const struct host_sample *sample);

#endif
