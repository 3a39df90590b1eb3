#include "app/settings.h"

#include "conf/yaml.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CORE struct core_options
static const struct option core_rows[] = {
	OPT_PATH(CORE, state_dir, "state_dir", "", 0,
		 "Directory of the history; empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/auspex, else "
		 "~/.local/state/auspex."),
	OPT_PATH(CORE, pid_file, "pid_file", "", 0,
		 "Process id file; empty: auspex.pid in the state directory."),
	OPT_PATH(CORE, socket, "socket", "", 0,
		 "Unix socket for runs, coordination and push; empty: auspex.sock in the state directory."),
	OPT_LIST(CORE, aliases, "aliases",
		 "/tmp/retry-daemon.sock,/tmp/retryd.sock,/tmp/patience-daemon.sock", 0,
		 "Further Unix sockets where existing clients look; one that cannot be bound is a warning."),
	OPT_MODE(CORE, socket_mode, "socket_mode", "0600", 0, "File mode of the Unix sockets."),
	OPT_INT(CORE, port, "port", "8080", 0, 65535, "", 0, "HTTP port on 127.0.0.1 and ::1; 0: none."),
	OPT_INT(CORE, fleet_port, "fleet_port", "8000", 0, 65535, "", 0,
		"HTTP port on 127.0.0.1 for fleet clients; busy is a warning; 0: none."),
	OPT_LIST(CORE, listen, "listen", "", 0,
		 "Further HTTP listeners: address:port, [v6]:port or unix:/path, optionally followed by "
		 "/family (retry, change, probe, fleet, own)."),
	OPT_ENUM(CORE, auth, "auth", "keys", "keys|none", OPT_RELOAD,
		 "none: serve off loopback without any key."),
	OPT_LIST(CORE, api_keys, "api_keys", "", OPT_RELOAD | OPT_SECRET,
		 "Keys that may write (and read where reads are guarded); at least 8 characters each."),
	OPT_LIST(CORE, api_key_files, "api_key_files", "", OPT_RELOAD,
		 "Files with one key each; re-read when they change."),
	OPT_BOOL(CORE, guard_reads, "guard_reads", "false", OPT_RELOAD, "Ask for a key on reads too."),
	OPT_LIST(CORE, hosts, "hosts", "", OPT_RELOAD,
		 "Further names by which the native listeners may be called (Host header)."),
	OPT_LIST(CORE, cors_origins, "cors_origins", "http://localhost:8501", OPT_RELOAD,
		 "Origins that may read the fleet routes from a browser."),
	OPT_INT(CORE, http_connections, "http_connections", "1024", 8, 100000, "connections", OPT_RELOAD,
		"Most HTTP connections at a time."),
	OPT_ENUM(CORE, log_level, "log_level", "info", "debug|info|warn|error", OPT_RELOAD,
		 "Least severity that is logged."),
	OPT_ENUM(CORE, log_format, "log_format", "auto", "auto|json|plain", 0,
		 "auto: plain on a terminal, JSON elsewhere."),
	OPT_PATH(CORE, log_file, "log_file", "", 0,
		 "Append the log to this file, opened anew at a reload; empty: standard output, or "
		 "auspex.log in the state directory after auspex start."),
	OPT_SIZE(CORE, log_max_bytes, "log_max_size", "8MiB", 0, 1e12, 0,
		 "Largest size of the log file; then it becomes log_file.1, and that one log_file.2; 0: no "
		 "bound."),
	OPT_BOOL(CORE, log_requests, "log_requests", "false", OPT_RELOAD,
		 "Log every HTTP request at level info instead of debug."),
	OPT_BOOL(CORE, mask_secrets, "mask_secrets", "true", OPT_RELOAD,
		 "Replace passwords, keys and tokens in commands by ***."),
	OPT_BOOL(CORE, profiling, "profiling", "false", OPT_RELOAD,
		 "Serve /debug/pprof/ to this machine and to holders of a key."),
	OPT_INT(CORE, series_cap, "series_cap", "10000", 100, 1000000, "series", 0,
		"Most series known at a time; further ones are refused and counted."),
	OPT_DURATION(CORE, self_interval_ns, "self_interval", "10s", 1, 3600, OPT_RELOAD,
		     "How often the daemon samples itself."),
	OPT_LIST(CORE, statsd, "statsd", "", 0,
		 "Unix sockets for StatsD lines: unixgram:/path (or just the path) for datagrams, unix:/path "
		 "for streams."),
	OPT_DURATION(CORE, statsd_interval_ns, "statsd_interval", "10s", 1, 600, 0,
		     "How often StatsD metrics become samples."),
	OPT_DURATION(CORE, drain_ns, "drain", "3s", 0, 60, OPT_RELOAD,
		     "Longest wait for open requests at shutdown."),
};
static const struct option_table core_table = { "", "General", core_rows,
						sizeof(core_rows) / sizeof(core_rows[0]), sizeof(CORE) };

#define HIST struct history_options
static const struct option history_rows[] = {
	OPT_ENUM(HIST, durability, "durability", "normal", "normal|power", OPT_RELOAD,
		 "normal: acknowledged data survives a crash of the daemon; power: of the machine too."),
	OPT_SIZE(HIST, queue_bytes, "queue", "8MiB", 262144, 1073741824, 0,
		 "Most memory for what waits to be written."),
	OPT_SIZE(HIST, max_bytes, "max_size", "1GiB", 0, 1e13, OPT_RELOAD,
		 "Largest size of the history file; 0: no bound."),
	OPT_DURATION(HIST, raw_ns, "raw", "48h", 60, 1e9, OPT_RELOAD,
		     "How long samples are kept as they came."),
	OPT_DURATION(HIST, minute_ns, "minutes", "30d", 60, 1e9, OPT_RELOAD,
		     "How long one-minute aggregates are kept."),
	OPT_DURATION(HIST, hour_ns, "hours", "400d", 60, 3e9, OPT_RELOAD,
		     "How long one-hour aggregates are kept."),
	OPT_DURATION(HIST, events_ns, "events", "90d", 60, 3e9, OPT_RELOAD, "How long events are kept."),
	OPT_DURATION(HIST, flush_ns, "flush", "10s", 1, 600, OPT_RELOAD,
		     "Samples are committed at least this often."),
};
static const struct option_table history_table = { "history", "History", history_rows,
						   sizeof(history_rows) / sizeof(history_rows[0]),
						   sizeof(HIST) };

#define WATCH struct watch_settings
static const struct option watch_rows[] = {
	OPT_BOOL(WATCH, enabled, "enabled", "true", OPT_RELOAD, "Watch series for changes of their level."),
	OPT_LIST(WATCH, series, "series", "*", OPT_RELOAD,
		 "Patterns of the series that are watched: * any characters, ? one."),
	OPT_LIST(WATCH, exclude, "exclude", "", OPT_RELOAD,
		 "Patterns of series that are not watched all the same."),
	OPT_ENUM(WATCH, sensitivity, "sensitivity", "normal", "low|normal|high", OPT_RELOAD,
		 "high tells smaller changes and more false ones, low the opposite."),
	OPT_NUM(WATCH, min_change, "min_change", "1", 0, 1e6, "percent", OPT_RELOAD,
		"Changes smaller than that share of the level before are not told."),
	OPT_INT(WATCH, max_series, "max_series", "5000", 0, 1000000, "series", OPT_RELOAD,
		"Most series watched at a time, half a KiB each; what is left out is counted."),
};
static const struct option_table watch_table = { "watch", "Watch for changes", watch_rows,
						 sizeof(watch_rows) / sizeof(watch_rows[0]), sizeof(WATCH) };

#define THRESHOLD struct threshold_options
static const struct option threshold_rows[] = {
	OPT_NUM(THRESHOLD, cpu, "cpu_alert_threshold", "-1", -1, 100, "percent", OPT_RELOAD,
		"Warn once, and alert, when more CPU time than that share is used; -1: never."),
	OPT_NUM(THRESHOLD, memory, "memory_alert_threshold", "-1", -1, 100, "percent", OPT_RELOAD,
		"The same for memory."),
};
static const struct option_table threshold_table = { "system", "The host: limits", threshold_rows,
						     sizeof(threshold_rows) / sizeof(threshold_rows[0]),
						     sizeof(THRESHOLD) };

const struct option_table *const settings_tables[SECTIONS] = { &core_table,
							       &history_table,
							       &retry_option_table,
							       &watch_table,
							       &system_option_table,
							       &client_files_option_table,
							       &process_log_option_table,
							       &threshold_table,
							       &upload_option_table };

void settings_sections(struct settings *s, struct option_section *out)
{
	out[SECTION_CORE] = (struct option_section){ &core_table, &s->core };
	out[SECTION_HISTORY] = (struct option_section){ &history_table, &s->history };
	out[SECTION_RETRY] = (struct option_section){ &retry_option_table, &s->retry };
	out[SECTION_WATCH] = (struct option_section){ &watch_table, &s->watch };
	out[SECTION_SYSTEM] = (struct option_section){ &system_option_table, &s->system };
	out[SECTION_CLIENT] = (struct option_section){ &client_files_option_table, &s->client };
	out[SECTION_TOP] = (struct option_section){ &process_log_option_table, &s->top };
	out[SECTION_THRESHOLD] = (struct option_section){ &threshold_table, &s->threshold };
	out[SECTION_UPLOAD] = (struct option_section){ &upload_option_table, &s->upload };
}

int settings_defaults(struct settings *s, struct arena *arena, struct err *err)
{
	struct option_section sections[SECTIONS];
	memset(s, 0, sizeof(*s));
	settings_sections(s, sections);
	return option_defaults(sections, SECTIONS, arena, err);
}

const char *env_get(const char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

const char *settings_state_home(const char *const *env, struct arena *arena)
{
	const char *dir = env_get(env, "STATE_DIRECTORY");
	if (dir && *dir) /* systemd may list several, colon-separated: the first is ours */
		return arena_strndup(arena, dir, strcspn(dir, ":"));
	dir = env_get(env, "XDG_STATE_HOME");
	if (dir && *dir == '/')
		return arena_printf(arena, "%s/auspex", dir);
	dir = env_get(env, "HOME");
	return dir && *dir == '/' ? arena_printf(arena, "%s/.local/state/auspex", dir) : NULL;
}

/* The file to read; *must tells whether its absence is an error. NULL: none. */
static const char *settings_file(const char *flag, const char *const *env, bool *must, struct arena *arena)
{
	*must = true;
	if (flag)
		return flag;
	const char *from_env = env_get(env, "AUSPEX_CONFIG");
	if (from_env && *from_env)
		return from_env;
	*must = false;
	const char *home = env_get(env, "HOME");
	if (home && *home) {
		const char *own = arena_printf(arena, "%s/.config/auspex/auspex.yml", home);
		if (own && access(own, F_OK) == 0)
			return own;
	}
	return access("/etc/auspex/auspex.yml", F_OK) == 0 ? "/etc/auspex/auspex.yml" : NULL;
}

static int load_file(struct settings *s, const char *path, const struct option_section *sections,
		     struct arena *arena, struct err *err)
{
	struct yaml_node *root;
	int rc = yaml_load_file(path, arena, &root, err);
	if (rc < 0)
		return rc;
	s->file = arena_strdup(arena, path);
	static const char *const foreign[] = { "alerts", NULL };
	rc = yaml_apply(path, root, sections, SECTIONS, foreign, arena, err);
	return rc == 0 ? alert_rules_read(s->file, yaml_get(root, "alerts"), arena, &s->alerts, err) : rc;
}

int settings_load(struct settings *s, int argc, char **argv, const char *const *env,
		  const struct cli_flag *extra, size_t n_extra, const char **words, size_t *n_words,
		  struct arena *arena, struct err *err)
{
	/* Flags win over the file, but --config among them names it: parse them first into a scratch copy, then again on top. */
	const char *config = NULL;
	struct cli_flag flags[32] = { { "config", 'c', "FILE", "Configuration file (YAML).", &config } };
	if (n_extra > 31)
		return err_set(err, ERR_FULL, NULL, "too many flags in one command");
	for (size_t i = 0; i < n_extra; i++)
		flags[1 + i] = extra[i];

	struct option_section sections[SECTIONS];
	int rc = settings_defaults(s, arena, err);
	settings_sections(s, sections);
	if (rc == 0)
		rc = cli_parse(flags, 1 + n_extra, sections, SECTIONS, argc, argv, words, n_words, arena,
			       err);
	if (rc < 0)
		return rc;
	bool must;
	const char *path = settings_file(config, env, &must, arena);
	rc = settings_defaults(s, arena, err);
	if (rc == 0 && path)
		rc = load_file(s, path, sections, arena, err);
	if (rc == 0)
		rc = option_apply_env(sections, SECTIONS, env, arena, err);
	const char *state =
		env_get(env, "AUSPEX_STATE_DIR"); /* conf leaves it alone: personalities read it as well */
	if (rc == 0 && state && *state)
		s->core.state_dir = state;
	if (rc == 0)
		rc = cli_parse(flags, 1 + n_extra, sections, SECTIONS, argc, argv, words, n_words, arena,
			       err);
	return rc;
}
