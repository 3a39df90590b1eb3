/* A sampling CPU profiler of this process, for the profiling endpoints.
 *
 * While it runs, SIGPROF arrives `hz` times per second of CPU the process uses (ITIMER_PROF) on the thread that used it, and the handler
 * notes that thread's stack in memory set aside beforehand. The result is the legacy binary CPU profile that `pprof` reads:
 * machine words [0, 3, 0, period in µs, 0], then per distinct stack [count, depth, pc…], then [0, 1, 0], then the text of the memory map.
 * (Format: gperftools, docs/cpuprofile-fileformat.html.)
 *
 * One at a time per process: a signal handler has no argument, so the one in use stands in a static pointer, the only writable static of
 * this room. Thread: start and stop from one thread.
 */
#ifndef AUSPEX_OS_PROFILER_H
#define AUSPEX_OS_PROFILER_H

#include "base/buf.h"

#include <stdint.h>

#define PROFILER_DEPTH 48

struct profiler;
/* Room for `max_samples` stacks; further ones are counted as lost. 0, -EBUSY when one runs already, -ENOMEM, -errno. */
int profiler_start(struct profiler **out, unsigned hz, unsigned max_samples);
/* Ends it, appends the profile to `out` (NULL: throws it away) and frees it. 0 or -ENOMEM. *lost may be NULL. */
int profiler_stop(struct profiler *p, struct buf *out, uint64_t *lost);

/* One line per thread of this process: "name state". For the text profile of threads. */
void profiler_threads(void (*cb)(void *arg, int64_t tid, const char *name, char state), void *arg);

#endif
