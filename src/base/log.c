#include "base/log.h"

#include "base/err.h"
#include "base/json_write.h"
#include "base/log_file.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX  (64u * 1024)
#define LOG_CUT_MAX   1024u /* bytes of the message that a line too long keeps */
#define LOG_LINE_KEEP 4096u /* memory kept between lines */

struct log {
	atomic_int level;
	atomic_uint_fast64_t dropped; /* since the start */
	enum log_format format;
	const struct clock *clock;
	const char *name; /* of the program, in LOG_NAMED */
	int echo;         /* or -1 */

	pthread_mutex_t lock; /* guards what follows */
	int fd;
	struct log_file *file; /* the owner of fd, or NULL */
	uint64_t told;         /* of `dropped`, how many a line has reported */
	struct buf line;
	struct buf rest; /* what a non-blocking descriptor did not take of the last line */
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *const level_labels[] = { "DEBUG", "INFO", "WARN", "ERROR" };

struct log *log_new(int fd, enum log_level level, enum log_format format, const struct clock *clock)
{
	struct log *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	if (pthread_mutex_init(&l->lock, NULL) != 0) {
		free(l);
		return NULL;
	}
	atomic_init(&l->level, (int)level);
	atomic_init(&l->dropped, 0);
	l->format = format;
	l->clock = clock;
	l->fd = fd;
	l->name = "auspex";
	l->echo = -1;
	l->line.limit = LOG_LINE_MAX;
	return l;
}

void log_free(struct log *l)
{
	if (!l)
		return;
	log_file_close(l->file);
	buf_fini(&l->line);
	buf_fini(&l->rest);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void log_set_level(struct log *l, enum log_level level)
{
	atomic_store_explicit(&l->level, (int)level, memory_order_relaxed);
}

enum log_level log_level(const struct log *l)
{
	return (enum log_level)atomic_load_explicit(&l->level, memory_order_relaxed);
}

void log_set_name(struct log *l, const char *name)
{
	l->name = name;
}

void log_set_echo(struct log *l, int fd)
{
	l->echo = fd;
}

void log_set_fd(struct log *l, int fd)
{
	pthread_mutex_lock(&l->lock);
	l->fd = fd;
	buf_clear(&l->rest); /* belongs to the old descriptor */
	pthread_mutex_unlock(&l->lock);
}

int log_open_file(struct log *l, const char *path, int64_t max_bytes, unsigned keep)
{
	struct log_file *file;
	int rc = log_file_open(&file, path, max_bytes, keep);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&l->lock);
	struct log_file *before = l->file;
	l->file = file;
	buf_clear(&l->rest);
	pthread_mutex_unlock(&l->lock);
	log_file_close(before);
	return 0;
}

int log_reopen(struct log *l)
{
	pthread_mutex_lock(&l->lock);
	int rc = l->file ? log_file_reopen(l->file) : 0;
	if (rc == 0)
		buf_clear(&l->rest);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

uint64_t log_dropped(const struct log *l)
{
	return atomic_load_explicit(&l->dropped, memory_order_relaxed);
}

int log_level_parse(struct view text, enum log_level *out)
{
	if (view_ieq(text, VIEW("warning")))
		text = VIEW("warn");
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (view_ieq(text, view_of(level_names[i]))) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return ERR_UNKNOWN;
}

const char *log_level_name(enum log_level level)
{
	return level >= LOG_DEBUG && level <= LOG_ERROR ? level_names[level] : "unknown";
}

static const char *level_label(enum log_level level)
{
	return level >= LOG_DEBUG && level <= LOG_ERROR ? level_labels[level] : "UNKNOWN";
}

static void put_scalar(struct buf *b, const struct log_field *f)
{
	char text[NUM_DOUBLE_MAX];
	if (f->type == LOG_F_INT)
		buf_int(b, f->i);
	else if (f->type == LOG_F_NUM)
		buf_append(b, text, num_format_double(f->num, text));
	else
		buf_puts(b, f->i ? "true" : "false");
}

static void json_field(struct buf *b, const struct log_field *f)
{
	buf_putc(b, ',');
	json_append_string(b, view_of(f->key), JW_COMPACT);
	buf_putc(b, ':');
	if (f->type == LOG_F_STR)
		json_append_string(b, f->str, JW_COMPACT);
	else
		put_scalar(b, f);
}

static void json_head(struct buf *b, wall_ns now, enum log_level level, const char *component,
		      struct view msg)
{
	char when[TIMEFMT_MAX];
	buf_puts(b, "{\"time\":\"");
	buf_append(b, when, time_format_rfc3339(now, 0, when));
	buf_puts(b, "\",\"level\":\"");
	buf_puts(b, level_label(level));
	buf_puts(b, "\",\"msg\":");
	json_append_string(b, msg, JW_COMPACT);
	if (component) {
		buf_puts(b, ",\"component\":");
		json_append_string(b, view_of(component), JW_COMPACT);
	}
}

/* A text that could be taken for something else (white space, quotes, `=`, control or foreign bytes) is
 * quoted. */
static void plain_text(struct buf *b, struct view v, bool is_value)
{
	bool quote = is_value && v.len == 0;
	for (size_t i = 0; i < v.len && !quote; i++) {
		unsigned char c = (unsigned char)v.data[i];
		quote = c < ' ' || c >= 0x7f || (is_value && (c == ' ' || c == '"' || c == '='));
	}
	if (quote)
		json_append_string(b, v, JW_COMPACT);
	else
		buf_view(b, v);
}

static void plain_field(struct buf *b, const struct log_field *f)
{
	buf_putc(b, ' ');
	buf_puts(b, f->key);
	buf_putc(b, '=');
	if (f->type == LOG_F_STR)
		plain_text(b, f->str, true);
	else
		put_scalar(b, f);
}

/* Local time with milliseconds behind `point`. */
static void put_local_time(struct buf *b, wall_ns now, char point)
{
	time_t seconds = (time_t)(now / NS_PER_S - (now % NS_PER_S < 0));
	int millis = (int)((now - (wall_ns)seconds * NS_PER_S) / NS_PER_MS);
	struct tm tm = { 0 };
	localtime_r(&seconds, &tm);
	buf_printf(b, "%04d-%02d-%02d %02d:%02d:%02d%c%03d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		   tm.tm_hour, tm.tm_min, tm.tm_sec, point, millis);
}

static void plain_head(struct buf *b, wall_ns now, enum log_level level, const char *component,
		       struct view msg)
{
	put_local_time(b, now, '.');
	buf_printf(b, " %-5s ", level_label(level));
	if (component) {
		buf_puts(b, component);
		buf_puts(b, ": ");
	}
	plain_text(b, msg, false);
}

static void named_head(struct buf *b, wall_ns now, enum log_level level, const char *name, struct view msg)
{
	put_local_time(b, now, ',');
	bool odd = !utf8_valid(msg);
	for (size_t i = 0; i < msg.len && !odd; i++)
		odd = (unsigned char)msg.data[i] < ' ' || msg.data[i] == 0x7f;
	buf_printf(b, " - %s - %s - ", name, level == LOG_WARN ? "WARNING" : level_label(level));
	if (odd) /* one line stays one line */
		json_append_string(b, msg, JW_COMPACT);
	else
		buf_view(b, msg);
}

struct line {
	wall_ns when;
	enum log_level level;
	const char *component; /* in LOG_NAMED the program */
	struct view msg;
	const struct log_field *fields;
	size_t n_fields;
};

static void log_compose(struct buf *b, enum log_format format, const struct line *line, uint64_t lost)
{
	const struct log_field loss = LF_I("log_lines_lost", lost);
	bool json = format == LOG_JSON;
	(json                  ? json_head
	 : format == LOG_NAMED ? named_head
			       : plain_head)(b, line->when, line->level, line->component, line->msg);
	for (size_t i = 0; i < line->n_fields; i++)
		(json ? json_field : plain_field)(b, &line->fields[i]);
	if (lost)
		(json ? json_field : plain_field)(b, &loss);
	buf_puts(b, json ? "}\n" : "\n");
}

/* The beginning of the message, without the fields, for a line that did not fit. */
static void log_compose_cut(struct buf *b, enum log_format format, struct line line, uint64_t lost)
{
	const struct log_field cut = LF_B("log_line_cut", true);
	buf_clear(b);
	if (line.msg.len > LOG_CUT_MAX)
		line.msg.len = LOG_CUT_MAX;
	line.fields = &cut;
	line.n_fields = 1;
	log_compose(b, format, &line, lost);
}

/* Bytes taken, or -errno. A blocking descriptor is asked first, so that a stuck reader of our pipe cannot
 * stop the loop. */
static ssize_t fd_write_now(int fd, const char *data, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	if (poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	ssize_t n;
	do
		n = write(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* The tail of a line that was cut must come before anything else. True when nothing is left of it. */
static bool log_flush_rest(struct log *l)
{
	if (l->rest.len == 0)
		return true;
	ssize_t n = fd_write_now(l->fd, l->rest.data, l->rest.len);
	if (n > 0)
		buf_consume(&l->rest, (size_t)n);
	if (l->rest.len == 0)
		buf_shrink(&l->rest, 0);
	return l->rest.len == 0;
}

static bool log_send(struct log *l)
{
	struct buf *b = &l->line;
	if (b->failed || !log_flush_rest(l))
		return false;
	if (l->file)
		l->fd = log_file_room(l->file, b->len);
	ssize_t n = fd_write_now(l->fd, b->data, b->len);
	if (n <= 0)
		return false;
	if (l->file)
		log_file_wrote(l->file, (size_t)n);
	buf_append(&l->rest, b->data + n, b->len - (size_t)n);
	return true;
}

void log_write(struct log *l, enum log_level level, const char *component, const char *msg,
	       const struct log_field *fields, size_t n_fields)
{
	if (!l || level < log_level(l))
		return;
	struct line line = { clock_wall_ns(l->clock),
			     level,
			     l->format == LOG_NAMED ? l->name : component,
			     view_of(msg),
			     fields,
			     n_fields };
	pthread_mutex_lock(&l->lock);
	uint64_t dropped = log_dropped(l);
	log_compose(&l->line, l->format, &line, dropped - l->told);
	if (l->line.failed)
		log_compose_cut(&l->line, l->format, line, dropped - l->told);
	if (log_send(l))
		l->told = dropped;
	else
		atomic_fetch_add_explicit(&l->dropped, 1, memory_order_relaxed);
	if (l->echo >= 0 && !l->line.failed)
		fd_write_now(l->echo, l->line.data,
			     l->line.len); /* a reader that does not keep up misses lines */
	buf_clear(&l->line);
	buf_shrink(&l->line, LOG_LINE_KEEP);
	pthread_mutex_unlock(&l->lock);
}

bool log_gate(struct log_gate *g, mono_us now, uint32_t per_second, uint32_t *suppressed)
{
	if (g->in_window == 0 || now - g->window_start >= US_PER_S || now < g->window_start) {
		g->window_start = now;
		g->in_window = 0;
	}
	if (g->in_window >= per_second) {
		g->swallowed++;
		return false;
	}
	g->in_window++;
	if (suppressed)
		*suppressed = g->swallowed;
	g->swallowed = 0;
	return true;
}
