/* Child processes: own process group, limits, time-out, captured output.
 *
 * The child gets its own group so that a kill reaches its descendants; stdin is /dev/null unless given; stdout and stderr are captured up
 * to a bound each (the rest is read and counted). At the time-out the group gets SIGTERM, after `grace_ms` SIGKILL. Limits by rlimit.
 * Nothing of ours leaks into it (all our descriptors are close-on-exec). Loop only.
 */
#ifndef AUSPEX_NET_CHILD_H
#define AUSPEX_NET_CHILD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#include <uv.h>

struct child_spec {
	const char *const *argv; /* NULL-terminated; argv[0] looked up in PATH */
	const char *const *env;  /* NULL-terminated "K=V", or NULL = ours */
	const char *cwd;         /* or NULL */
	struct view input;       /* written to stdin, then closed */
	int64_t timeout_ms;      /* 0 = none */
	int64_t grace_ms;        /* default 2000 */
	size_t max_output;       /* per stream, default 1 MiB */
	int64_t max_memory_bytes, max_cpu_s, max_files; /* rlimits, 0 = unchanged */
};
struct child_result {
	int code;        /* 0 = it ran; -ENOENT, -EACCES, … = it did not start; -ETIMEDOUT; ERR_CANCELLED */
	int exit_status; /* -1 when killed */
	int signal;      /* 0, or the signal that ended it */
	struct view out, err;
	uint64_t out_cut, err_cut; /* bytes beyond max_output */
	mono_us elapsed_us;
};
struct child;
/* Copies the spec. `done` once, never from inside this call. */
int child_start(struct child **out, uv_loop_t *loop, const struct child_spec *spec,
		void (*done)(void *arg, const struct child_result *r), void *arg, struct err *err);
/* SIGTERM now, SIGKILL after the grace; `done` still comes. */
void child_cancel(struct child *c);
int child_pid(const struct child *c);

#endif
