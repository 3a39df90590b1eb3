/* Client files: what timing libraries in other programs read to learn how busy this machine was during a call.
 *
 * Four names in one folder, each replaced whole (src/system/file_replace.h), none ever removed:
 *
 *     metrics_live.json           the last 60 to 90 samples, at full rate; replaced with every sample, and always the newest file
 *     metrics_recent.json         what is older, thinned with age (src/system/past.h), up to the retention
 *     metrics_clock.json          both once more with the monotonic clock as their timestamps: the library stamps its calls by that clock
 *     metrics_clock_recent.json
 *
 * Each is a JSON array, oldest first, of {"system", "processes", "network", "timestamp"}. All together are some 120 KiB, never more than 256, because a client reads
 * all of them at the end of each timed call. Monotonic times mean nothing after a boot: the clock files say which boot they are of, and those of
 * another one are emptied before anything else. What the files hold is taken up again after a restart.
 *
 * With the upstream layout a further file of each minute, metrics_YYYYMMDD_HHMMSS.json, is kept for the retention; that costs every client
 * dearly (some 7 ns a byte and call).
 *
 * Loop only.
 */
#ifndef AUSPEX_SYSTEM_CLIENT_FILES_H
#define AUSPEX_SYSTEM_CLIENT_FILES_H

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/option.h"
#include "system/sample.h"

enum client_layout { CLIENT_LAYOUT_FIXED, CLIENT_LAYOUT_UPSTREAM };
struct client_files_options {
	const char *dir;
	int64_t retention_ns;
	bool clock;           /* write the two clock files */
	bool network;         /* put the network's counters in */
	int layout;           /* enum client_layout */
	int64_t upstream_ns;  /* span of a file of the upstream layout */
};

extern const struct option_table client_files_option_table; /* section "system" */

struct client_files;
/* Makes the folder, takes up what the files hold, empties the clock files of another boot. `opt` is copied. 0, or a code with a sentence. */
int client_files_new(struct client_files **out, const struct client_files_options *opt, const struct clock *clock,
		     struct log *log, struct err *err);
/* Takes what a reload may change; the folder stays. */
void client_files_reconfigure(struct client_files *f, const struct client_files_options *opt);
/* The subscriber: `arg` is the struct client_files. A disk that refuses is logged once, and once when it takes again. */
void client_files_sample(void *arg, const struct host_sample *s);
/* Writes what waits (the upstream layout's minute) and frees. NULL is allowed. */
void client_files_free(struct client_files *f);

struct client_files_stats {
	uint64_t written;  /* files */
	uint64_t failed;   /* files that could not be written */
	size_t bytes;      /* of the four files now */
	int last_error;    /* 0: all is well */
};
void client_files_stats(const struct client_files *f, struct client_files_stats *out);

#endif
