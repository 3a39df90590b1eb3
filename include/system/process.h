/* A tracked process as clients get it with each sample (the option `track_processes` says which are tracked).
 *
 * Views are valid as long as the sample they come with. Units as in the names.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_H
#define AUSPEX_SYSTEM_PROCESS_H

#include "base/buf.h"

#include <stdint.h>

struct host_process {
	int32_t pid;
	struct view name;    /* any bytes */
	struct view cmdline; /* arguments joined by blanks; empty when the kernel does not tell */
	char state;          /* os/process.h knows the word for it */
	double cpu_percent;  /* of one core, so that several threads may exceed 100; 0 in its first sample */
	uint64_t rss_bytes, vms_bytes;
	uint32_t threads;
	double create_time;  /* Unix seconds; < 0 unknown */
};

#endif
