/* The daemon: every part made, connected, run and taken down in order. */
#ifndef AUSPEX_APP_DAEMON_H
#define AUSPEX_APP_DAEMON_H

#include "app/plan.h"

struct daemon;

/* Runs until SIGTERM or SIGINT. `ready` is called once everything listens and the pid file is written. 0 after a clean stop; a code
 * with a sentence when it could not start (-EALREADY: already running). `source` makes the plan again at SIGHUP. */
int daemon_run(struct plan *plan, const struct plan_source *source, void (*ready)(void *arg), void *arg,
	       struct err *err);

#endif
