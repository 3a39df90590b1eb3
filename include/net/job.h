/* CPU work on libuv's pool, cancellable.
 *
 * `work` runs on a pool thread with `state` to itself and may look at job_cancelled(); `done` runs on the loop exactly once and frees
 * state. Only CPU work over 2 ms belongs here (never blocking I/O: the pool has four threads).
 */
#ifndef AUSPEX_NET_JOB_H
#define AUSPEX_NET_JOB_H

#include <stdbool.h>
#include <uv.h>

struct job;
/* 0 or a code; *out may be NULL. */
int job_start(struct job **out, uv_loop_t *loop, void (*work)(struct job *j, void *state),
	      void (*done)(void *state, bool cancelled), void *state);
void job_cancel(struct job *j);            /* loop */
bool job_cancelled(const struct job *j);   /* any thread */

#endif
