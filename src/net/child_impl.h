/* child.c (life on the loop) asks child_spawn.c for a running process.
 *
 * It forks itself instead of using uv_spawn, because limits must hold before the program starts, and a slow
 * exec (a hung mount) must not hold the loop: how exec went is told through a pipe that the loop reads.
 */
#ifndef AUSPEX_NET_CHILD_IMPL_H
#define AUSPEX_NET_CHILD_IMPL_H

#include "net/child.h"

#include <sys/types.h>

enum child_stage { CHILD_STAGE_CWD = 1, CHILD_STAGE_LIMIT, CHILD_STAGE_EXEC };

/* What the report pipe carries when the program could not be started; nothing and EOF when it was. */
struct child_report {
	int stage;
	int error; /* errno */
};

struct child_process {
	pid_t pid;                     /* also its session and group */
	int out_fd, err_fd, report_fd; /* read ends, non-blocking, close-on-exec; the caller's */
};

/* 0, or -errno of what failed before or in fork; then nothing is left open. */
int child_spawn(struct child_process *out, const struct child_spec *spec, struct err *err);

#endif
