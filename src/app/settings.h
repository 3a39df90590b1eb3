/* All options of the program as plain structs, one per section, and how they are loaded.
 *
 * Precedence: flag, environment, file, default. The file is --config, $AUSPEX_CONFIG, ~/.config/auspex/auspex.yml or
 * /etc/auspex/auspex.yml; only the first two must exist.
 */
#ifndef AUSPEX_APP_SETTINGS_H
#define AUSPEX_APP_SETTINGS_H

#include "alert/rule.h"
#include "conf/cli.h"
#include "conf/option.h"
#include "retry/retry.h"
#include "system/client_files.h"
#include "system/process_log.h"
#include "system/system.h"
#include "system/upload.h"

enum auth_mode { AUTH_KEYS, AUTH_NONE };
enum log_choice { LOG_CHOICE_AUTO, LOG_CHOICE_JSON, LOG_CHOICE_PLAIN };

struct core_options {
	const char *state_dir, *pid_file, *socket, *log_file;
	struct option_list aliases, listen, hosts, cors_origins, api_keys, api_key_files;
	int64_t log_max_bytes;
	int64_t socket_mode, port, fleet_port, series_cap, http_connections;
	struct option_list statsd;
	int64_t self_interval_ns, drain_ns, statsd_interval_ns;
	int auth, log_level, log_format;
	bool guard_reads, mask_secrets, log_requests, profiling;
};
struct history_options {
	int durability;
	int64_t queue_bytes, max_bytes, raw_ns, minute_ns, hour_ns, events_ns, flush_ns;
};
enum watch_sensitivity { WATCH_LOW, WATCH_NORMAL, WATCH_HIGH };
struct watch_settings {
	bool enabled;
	int sensitivity;
	struct option_list series, exclude; /* patterns over keys */
	int64_t max_series;
	double min_change; /* percent */
};

/* The host's two simple limits, in percent; < 0: none. */
struct threshold_options {
	double cpu, memory;
};

enum {
	SECTION_CORE,
	SECTION_HISTORY,
	SECTION_RETRY,
	SECTION_WATCH,
	SECTION_SYSTEM,
	SECTION_CLIENT,
	SECTION_TOP,
	SECTION_THRESHOLD,
	SECTION_UPLOAD,
	SECTIONS
};
struct settings {
	struct core_options core;
	struct history_options history;
	struct retry_options retry;
	struct watch_settings watch;
	struct system_options system;
	struct client_files_options client;
	struct process_log_options top;
	struct threshold_options threshold;
	struct upload_options upload;
	struct alert_rules alerts; /* the `alerts:` list of the file */
	const char *file;          /* the configuration file that was read, or NULL */
};

/* The tables, in the order of SECTIONS. */
extern const struct option_table *const settings_tables[SECTIONS];
/* The sections of `s`, for the walkers of conf; `out` has SECTIONS elements. */
void settings_sections(struct settings *s, struct option_section *out);
/* Defaults only. */
int settings_defaults(struct settings *s, struct arena *arena, struct err *err);
/* Defaults, file, environment, then the flags of argv[1..). `words` (room for argc) collects what is no option; `extra` are the
 * command's own flags. */
int settings_load(struct settings *s, int argc, char **argv, const char *const *env,
		  const struct cli_flag *extra, size_t n_extra, const char **words, size_t *n_words,
		  struct arena *arena, struct err *err);
/* Value of a variable in an `environ` list, or NULL. */
const char *env_get(const char *const *env, const char *name);
/* The state directory of the native daemon when no option names it: $STATE_DIRECTORY, $XDG_STATE_HOME/auspex, ~/.local/state/auspex.
 * NULL when none of these variables is set. */
const char *settings_state_home(const char *const *env, struct arena *arena);

#endif
