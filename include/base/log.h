/* The daemon's log: one line per event, JSON or plain, to a file descriptor.
 *
 * JSON form (contract of the retry service; key order is fixed):
 *   {"time":"2026-11-22T20:10:44.265354522Z","level":"INFO","msg":"starting retry daemon","component":"daemon","port":8080}
 * Plain form:
 *   2026-11-22 20:10:44.265 INFO  daemon: starting retry daemon port=8080
 * Named form (contract of the host service), local time, with the program in place of the component:
 *   2026-11-22 20:10:44,265 - kode-kronical-daemon - INFO - Daemon started with PID 4711
 *
 * Log once, at the layer that gives up. Lines are written with one write(2); a full or
 * blocked descriptor drops the line and counts it, and the next line that fits says how
 * many were lost (`log_lines_lost`). A line too long keeps its message only (`log_line_cut`).
 * Messages that a peer can provoke are limited per second by the caller with a `log_gate`.
 * Thread: any (a mutex guards the line). Values are escaped; invalid UTF-8 becomes U+FFFD.
 *
 *     LOG(log, LOG_INFO, "daemon", "starting HTTP server", LF_I("port", 8080));
 */
#ifndef AUSPEX_BASE_LOG_H
#define AUSPEX_BASE_LOG_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_PLAIN, LOG_NAMED };

struct log_field {
	const char *key;
	enum { LOG_F_STR, LOG_F_INT, LOG_F_NUM, LOG_F_BOOL } type;
	struct view str;
	int64_t i;
	double num;
};
#define LF_S(k, s) ((struct log_field){ .key = (k), .type = LOG_F_STR, .str = view_of(s) })
#define LF_V(k, v) ((struct log_field){ .key = (k), .type = LOG_F_STR, .str = (v) })
#define LF_I(k, n) ((struct log_field){ .key = (k), .type = LOG_F_INT, .i = (int64_t)(n) })
#define LF_N(k, x) ((struct log_field){ .key = (k), .type = LOG_F_NUM, .num = (x) })
#define LF_B(k, b) ((struct log_field){ .key = (k), .type = LOG_F_BOOL, .i = (b) })

struct log;

/* `fd` is borrowed. NULL when out of memory. */
struct log *log_new(int fd, enum log_level level, enum log_format format, const struct clock *clock);
void log_free(struct log *l);
void log_set_level(struct log *l, enum log_level level);
enum log_level log_level(const struct log *l);
/* The program that the named form tells; a static string. Before the log is used. */
void log_set_name(struct log *l, const char *name);
/* Each line goes to this descriptor as well, as far as it takes it at once; -1: no more. Borrowed. Before the log is used. */
void log_set_echo(struct log *l, int fd);
/* Points the log at another descriptor (log rotation, reopen). Borrowed. */
void log_set_fd(struct log *l, int fd);
/* Writes to a file from now on: opened for appending, and never larger than `max_bytes` (0: no bound) with `keep` old ones behind it
 * (base/log_file.h). 0, or -errno and all stays as it was. */
int log_open_file(struct log *l, const char *path, int64_t max_bytes, unsigned keep);
/* Opens that file anew, for whoever moved it away. 0 (also without a file), or -errno and the old one stays. */
int log_reopen(struct log *l);
/* Lines lost since log_new(). Any thread. */
uint64_t log_dropped(const struct log *l);
/* "debug|info|warn|error" (also "warning"), case-insensitive. 0 or ERR_UNKNOWN. */
int log_level_parse(struct view text, enum log_level *out);
const char *log_level_name(enum log_level level); /* "debug" … lower case */

/* A NULL log is allowed and silent. */
void log_write(struct log *l, enum log_level level, const char *component, const char *msg,
	       const struct log_field *fields, size_t n_fields);
#define LOG(l, lvl, component, msg, ...)                                                           \
	do {                                                                                       \
		struct log *log_ = (l);                                                            \
		if (log_ && (lvl) >= log_level(log_)) {                                            \
			const struct log_field f_[] = { { 0 }, ##__VA_ARGS__ };                    \
			log_write(log_, (lvl), (component), (msg), f_ + 1,                         \
				  sizeof(f_) / sizeof(f_[0]) - 1);                                 \
		}                                                                                  \
	} while (0)

/* A gate for messages a peer can provoke: true at most `per_second` times a second;
 * `*suppressed` receives how many were swallowed since the last true. Plain data, zero-initialised. */
struct log_gate {
	mono_us window_start;
	uint32_t in_window;
	uint32_t swallowed;
};
bool log_gate(struct log_gate *g, mono_us now, uint32_t per_second, uint32_t *suppressed);

#endif
