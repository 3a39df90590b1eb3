/* Inside of the client files. */
#ifndef AUSPEX_SYSTEM_CLIENT_FILES_IMPL_H
#define AUSPEX_SYSTEM_CLIENT_FILES_IMPL_H

#include "base/json.h"
#include "client_entry.h"
#include "system/client_files.h"

#define LIVE_MOST 90u /* samples in the live file at most; then all but these go to the past */
#define LIVE_KEPT 60u
#define LIVE_TEXT 512u
#define DETAILS                                                                                              \
	4u /* so many of the newest samples have their processes, and by the monotonic clock the network */
#define DETAILS_SIZE 16384u  /* bytes they may have together */
#define LIVE_BYTES   106496u /* of the live and the clock file; above it, samples leave earlier */
#define BOOT_ID_MAX  64

enum client_file { FILE_LIVE, FILE_RECENT, FILE_CLOCK, FILE_CLOCK_RECENT, CLIENT_FILES };
extern const char *const client_file_names[CLIENT_FILES];

/* A sample at full rate: its text without the parts that differ from file to file. */
struct live_sample {
	wall_ns t;
	mono_us mono;
	uint16_t system_len, network_len;
	char text[LIVE_TEXT]; /* the members of `system` behind its timestamp, then the value of `network` */
	struct past_entry means;
};

/* What only the newest samples have. */
struct live_details {
	struct buf processes; /* the value of `processes` */
	uint16_t rates_len;
	char rates[160]; /* members of `network`, each behind a comma */
};

struct client_files {
	struct client_files_options opt;
	const struct clock *clock;
	struct log *log;
	int dir;
	char boot_id[BOOT_ID_MAX]; /* "" unknown */
	struct live_sample live[LIVE_MOST];
	uint32_t first, n;
	struct live_details details[DETAILS]; /* of the newest samples: their numbers modulo DETAILS */
	uint64_t number;                      /* samples taken */
	wall_ns offset;                       /* wall less monotonic clock at the last one */
	struct past past;
	bool past_stale;
	struct buf text; /* the file being written */
	size_t size[CLIENT_FILES];
	struct client_files_stats stats;
	int last_error;

	/* upstream layout */
	struct buf minute;
	uint32_t minute_samples;
	mono_us minute_since;
	mono_us clean_at; /* next look for files that are too old */
};

/* client_files.c. `details` may be NULL. */
void client_put_live(struct buf *out, const struct live_sample *l, const struct live_details *details,
		     bool shadow);
/* Counts, and logs what has changed. */
void client_note_result(struct client_files *f, const char *name, int rc);

/* client_layout.c */
void client_add_minute(struct client_files *f, const struct host_sample *s, const struct live_sample *l,
		       const struct live_details *details);
void client_flush_minute(struct client_files *f, wall_ns t);
void client_tell_saved(struct client_files *f, uint32_t samples, const char *name);

/* client_read.c: entries of a file's text, at most `max` of them behind the *n that are there. `boot_id` is that of the machine for a clock file, which
 * must be of it, else NULL. False: no such file. */
bool client_parse(struct json_doc *doc, struct view text, const char *boot_id, struct past_entry *out,
		  uint32_t max, uint32_t *n);
/* client_read.c: the past of the four files; `now` tells what is too old. */
void client_files_take_up(struct client_files *f, wall_ns now);
/* client_clean.c: removes what is older than the retention and not of the four. Returns how many; at most some at a time. */
unsigned client_files_clean(struct client_files *f, wall_ns now);
/* The first entry of a clock file: {"system":null,"processes":{},"clock":"monotonic","boot_id":"…"} */
void client_put_boot(struct buf *out, const char *boot_id);

#endif
