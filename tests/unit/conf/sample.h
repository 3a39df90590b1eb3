/* One option struct with a row of every type, as a room would declare it. */
#ifndef AUSPEX_TESTS_CONF_SAMPLE_H
#define AUSPEX_TESTS_CONF_SAMPLE_H

#include "conf/option.h"

struct sample_options {
	bool persist;
	int64_t max_runs, max_age, cache, mode;
	double share;
	const char *host, *key, *unset;
	const char *dir;
	int level;
	struct option_list names;
	int64_t hook;
};
struct sample_log {
	int level;
	const char *file;
};

static const struct option sample_rows[] = {
	OPT_BOOL(struct sample_options, persist, "persist", "true", 0, "Keep history: across restarts."),
	OPT_INT(struct sample_options, max_runs, "max_runs", "10000", 0, 100000000, "runs", OPT_RELOAD,
		"Most runs kept in memory and answered by the API."),
	OPT_DURATION(struct sample_options, max_age, "max_age", "24h", 1, 31536000, OPT_RELOAD,
		     "Oldest run kept."),
	OPT_SIZE(struct sample_options, cache, "cache", "512 KiB", 4096, 1073741824, 0,
		 "Memory of the cache."),
	OPT_MODE(struct sample_options, mode, "mode", "0600", 0, "Mode of the socket."),
	OPT_NUM(struct sample_options, share, "share", "0.5", -1, 1, "", 0, "Share of the disk."),
	OPT_STRING(struct sample_options, host, "host", "127.0.0.1", 0,
		   "Address: where to listen. # not a comment"),
	OPT_STRING(struct sample_options, key, "key", "", OPT_SECRET, "The API key."),
	OPT_STRING(struct sample_options, unset, "unset", NULL, 0, "Not set unless given."),
	OPT_PATH(struct sample_options, dir, "dir", "~/state", 0, "Where things lie."),
	OPT_ENUM(struct sample_options, level, "level", "info", "debug|info|warn|error", OPT_RELOAD,
		 "How much is said."),
	OPT_LIST(struct sample_options, names, "names", "a, b c", OPT_RELOAD, "Names."),
	OPT_INT(struct sample_options, hook, "hook", "7", 0, 0, "", OPT_HIDDEN, "A test hook."),
};
static const struct option_table sample_table = { "retry", "Retry service", sample_rows,
						  sizeof(sample_rows) / sizeof(sample_rows[0]),
						  sizeof(struct sample_options) };

static const struct option sample_log_rows[] = {
	OPT_ENUM(struct sample_log, level, "log_level", "info", "debug|info|warn|error", OPT_RELOAD,
		 "Log level."),
	OPT_PATH(struct sample_log, file, "log_file", "", 0, "Log file."),
};
static const struct option_table sample_log_table = { "", "General", sample_log_rows, 2,
						      sizeof(struct sample_log) };

#endif
