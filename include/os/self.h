/* What the kernel says of this very process: for self metrics, `doctor` and /api/daemon/performance.
 *
 * One backend file per system (self_linux.c, self_darwin.c). The Linux text parsers are pure and public so that tests can feed
 * them captured and hostile texts. Thread: any.
 */
#ifndef AUSPEX_OS_SELF_H
#define AUSPEX_OS_SELF_H

#include "base/buf.h"
#include "base/clock.h"

struct self_usage {
	int64_t rss_bytes;           /* resident set */
	int64_t private_dirty_bytes; /* memory only we pay for; -1 unknown */
	int64_t virtual_bytes;
	int64_t open_fds, max_fds;   /* -1 unknown */
	int64_t threads;
	double user_cpu_s, system_cpu_s; /* whole process, since start */
};

/* Reads all of it; what a system cannot tell is -1. 0 or -errno of the first thing that failed. */
int self_usage_read(struct self_usage *out);
/* The calling thread steps back behind the others of this process when they want the processor at the same time: for threads
 * that nobody waits for by the millisecond. Where the system will not, it stays as it is. */
void self_thread_step_back(void);

/* Is `pid` alive (zombies count as gone), and is it this program? `exe_same` is set true when its executable is the same file as
 * ours, or cannot be read but its name matches. 0 alive, -ESRCH gone; -EPERM counts as alive. */
int process_probe(int64_t pid, bool *exe_same);

/* --- pure parsers (Linux texts) ---------------------------------------------------------------------------------- */
/* "Private_Dirty:      1234 kB" of smaps_rollup, in bytes; -1 when absent. */
int64_t smaps_private_dirty(struct view text);
/* One "Name:\t   123 kB" or "Name:\t12" row of /proc/PID/status; -1 when absent or malformed. kB rows are returned in bytes. */
int64_t status_field(struct view text, struct view name);
/* State letter of /proc/PID/stat (comm may hold spaces and parentheses); 0 when malformed. */
char stat_state(struct view text);

#endif
