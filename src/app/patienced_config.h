/* What patienced can be told, and where from: explicit flag, environment, file, default, in this order.
 *
 * The table of keys serves the JSON file (`max_metrics`) and the environment (`RETRY_MAX_METRICS`, and with lower rank
 * `PATIENCE_MAX_METRICS`); the flags are that program's own.
 */
#ifndef AUSPEX_APP_PATIENCED_CONFIG_H
#define AUSPEX_APP_PATIENCED_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/goflag.h"
#include "conf/option.h"

#define PATIENCED_SOCKET   "/tmp/retry-daemon.sock"
#define PATIENCED_PID_FILE "/tmp/retry-daemon.pid"

/* Its settings. Strings live in the arena of the load, in the argument vector, or are constant. */
struct patienced {
	const char *config, *socket, *pid_file, *log_level, *bind, *api_key, *state_dir;
	int64_t port, max_metrics, max_age_ns, max_connections, socket_mode;
	bool enable_http, enable_profiling, persist, mask_secrets;
	bool background, status, stop, version; /* what to do instead of running in the foreground */
	struct option_list aliases;
	bool aliases_set; /* by the file, maybe to none */
};

#define PATIENCED_FLAGS 13

void patienced_defaults(struct patienced *c);
/* Rows that store into `c`. */
void patienced_flags(struct patienced *c, struct goflag out[PATIENCED_FLAGS]);
/* Defaults, the file that -config names, the environment, the flags; then every bound is checked. A code with place and
 * sentence. */
int patienced_load(struct patienced *c, int argc, char **argv, const char *const *env, struct arena *arena,
		   struct err *err);

#endif
