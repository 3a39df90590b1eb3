/* Starting: in the foreground or detached, always with one answer to whoever started it. */
#ifndef AUSPEX_APP_LAUNCH_H
#define AUSPEX_APP_LAUNCH_H

#include "app/plan.h"

/* Makes the plan and runs the daemon until it is told to stop. Faults are printed to stderr behind `prefix` ("Error starting daemon: ")
 * unless prefix is NULL. With `detach` the daemon goes to the background first: the call returns in the caller's process only after the
 * child is ready (exit 0, "Daemon started with PID N" on stdout) or has failed (its sentence on stderr, exit 1).
 * Returns the exit status. */
struct launch {
	const struct plan_source *source;
	const char *load_prefix;  /* "Error loading configuration: " */
	const char *start_prefix; /* "Error starting daemon: " */
	bool detach;
};
int launch_daemon(const struct launch *launch);

#endif
