#include "client_files_impl.h"

#include "file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLDER_NS  (2 * NS_PER_S) /* so much older than the live file all others look */
#define STEP_NS   NS_PER_S
#define CLEAN_US  (3600 * US_PER_S)
#define CLEAN_1ST (60 * US_PER_S)

const char *const client_file_names[CLIENT_FILES] = {
	[FILE_LIVE] = "metrics_live.json",
	[FILE_RECENT] = "metrics_recent.json",
	[FILE_CLOCK] = "metrics_clock.json",
	[FILE_CLOCK_RECENT] = "metrics_clock_recent.json",
};

static struct live_sample *live_at(struct client_files *f, uint32_t i)
{
	return &f->live[(f->first + i) % LIVE_MOST];
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

void client_note_result(struct client_files *f, const char *name, int rc)
{
	f->stats.written += rc == 0;
	f->stats.failed += rc < 0;
	if (rc < 0 && rc != f->last_error)
		LOG(f->log, LOG_WARN, "system", "a client file cannot be written, the old one stays",
		    LF_S("file", name), LF_S("dir", f->opt.dir), LF_S("error", err_text(rc)));
	else if (rc == 0 && f->last_error)
		LOG(f->log, LOG_INFO, "system", "client files are written again", LF_S("dir", f->opt.dir));
	f->last_error = rc;
}

static void write_file(struct client_files *f, enum client_file which)
{
	int rc = f->text.failed ? -ENOMEM
				: file_replace(f->dir, client_file_names[which],
					       (struct view){ f->text.data, f->text.len },
					       which == FILE_LIVE ? 0 : OLDER_NS);
	if (rc == 0)
		f->size[which] = f->text.len;
	client_note_result(f, client_file_names[which], rc);
}

static void begin_list(struct client_files *f)
{
	buf_clear(&f->text);
	buf_putc(&f->text, '[');
}

/* Entries are lines, for people and for grep. */
static void next_entry(struct client_files *f)
{
	if (f->text.len > 1)
		buf_puts(&f->text, ",\n");
}

void client_put_boot(struct buf *out, const char *boot_id)
{
	buf_puts(out, "{\"system\":null,\"processes\":{}" CLIENT_CLOCK ",\"boot_id\":\"");
	buf_puts(out, boot_id);
	buf_puts(out, "\"}");
}

void client_put_live(struct buf *out, const struct live_sample *l, const struct live_details *details,
		     bool shadow)
{
	buf_puts(out, "{\"system\":{\"timestamp\":");
	client_put_time(out, shadow ? l->mono : l->t / NS_PER_US);
	buf_append(out, l->text, l->system_len);
	buf_puts(out, ",\"processes\":");
	if (details && details->processes.len && !shadow)
		buf_append(out, details->processes.data, details->processes.len);
	else
		buf_puts(out, "{}");
	if (l->network_len && (details || !shadow)) { /* a call that has just ended finds it by the clock */
		buf_puts(out, ",\"network\":");
		buf_append(out, l->text + l->system_len, l->network_len - 1u);
		if (details && !shadow)
			buf_append(out, details->rates, details->rates_len);
		buf_putc(out, '}');
	}
	buf_puts(out, ",\"timestamp\":");
	client_put_time(out, l->t / NS_PER_US);
	buf_puts(out, shadow ? CLIENT_CLOCK "}" : "}");
}

static const struct live_details *details_of(struct client_files *f, uint32_t i)
{
	uint32_t age = f->n - 1 - i;
	return age < DETAILS && age < f->number ? &f->details[(f->number - age) % DETAILS] : NULL;
}

static void write_live(struct client_files *f, bool shadow)
{
	begin_list(f);
	if (shadow)
		client_put_boot(&f->text, f->boot_id);
	for (uint32_t i = 0; i < f->n; i++) {
		next_entry(f);
		client_put_live(&f->text, live_at(f, i), details_of(f, i), shadow);
	}
	buf_puts(&f->text, "]\n");
	write_file(f, shadow ? FILE_CLOCK : FILE_LIVE);
}

static void put_past(void *arg, const struct past_entry *e)
{
	struct client_files *f = arg;
	next_entry(f);
	client_put_past(&f->text, e, false);
}

static void put_past_shadow(void *arg, const struct past_entry *e)
{
	struct client_files *f = arg;
	if (e->mono < 0)
		return;
	next_entry(f);
	client_put_past(&f->text, e, true);
}

static void write_past(struct client_files *f)
{
	if (!f->past_stale)
		return;
	f->past_stale = false;
	if (f->opt.clock) {
		begin_list(f);
		client_put_boot(&f->text, f->boot_id);
		past_each(&f->past, put_past_shadow, f);
		buf_puts(&f->text, "]\n");
		write_file(f, FILE_CLOCK_RECENT);
	}
	begin_list(f);
	past_each(&f->past, put_past, f);
	buf_puts(&f->text, "]\n");
	write_file(f, FILE_RECENT);
}

/* --- samples ------------------------------------------------------------------------------------------------------------------ */

/* The older half becomes the past. */
static void age_live(struct client_files *f, wall_ns now)
{
	bool large = f->size[FILE_LIVE] + f->size[FILE_CLOCK] > LIVE_BYTES;
	if (f->n < LIVE_MOST && !large)
		return;
	uint32_t kept = large && f->n / 2 < LIVE_KEPT ? f->n / 2 : LIVE_KEPT;
	for (; f->n > kept; f->n--) {
		past_add(&f->past, &live_at(f, 0)->means, now);
		f->first = (f->first + 1) % LIVE_MOST;
	}
	f->past_stale = true;
}

static void trim_details(struct client_files *f)
{
	size_t sum = 0;
	for (uint32_t age = 0; age < DETAILS && age < f->number; age++) {
		struct buf *b = &f->details[(f->number - age) % DETAILS].processes;
		sum += b->len;
		if (sum > DETAILS_SIZE)
			buf_clear(b);
	}
}

static void put_sample_text(struct client_files *f, struct live_sample *l, const struct host_sample *s)
{
	struct buf *b = &f->text;
	buf_clear(b);
	client_put_system(b, s);
	size_t system = b->len;
	if (f->opt.network && (s->have & HOST_NETWORK))
		client_put_network(b, &s->network);
	if (b->failed || b->len > LIVE_TEXT)
		b->len = system < LIVE_TEXT ? system : 0; /* numbers are never that long */
	l->system_len = (uint16_t)(system < b->len ? system : b->len);
	l->network_len = (uint16_t)(b->len - l->system_len);
	memcpy(l->text, b->data, b->len);
}

static void put_details(struct client_files *f, struct live_details *d, const struct host_sample *s)
{
	buf_clear(&f->text);
	if (s->have & HOST_NETWORK)
		client_put_rates(&f->text, &s->network);
	d->rates_len = f->text.len <= sizeof(d->rates) ? (uint16_t)f->text.len : 0;
	memcpy(d->rates, f->text.data, d->rates_len);
	buf_clear(&d->processes);
	if (s->have & HOST_PROCESSES)
		client_put_processes(&d->processes, s, DETAILS_SIZE);
}

static void add_live(struct client_files *f, const struct host_sample *s)
{
	struct live_sample *l = live_at(f, f->n++);
	l->t = s->t;
	l->mono = s->mono;
	l->means = (struct past_entry){ .t = s->t,
					.mono = s->mono,
					.n = 1,
					.has_load = (s->have & HOST_LOAD) != 0,
					.cpu_percent = s->cpu_percent,
					.memory_percent = s->memory_percent,
					.memory_available_mb = s->memory_available_mb,
					.memory_used_mb = s->memory_used_mb,
					.load = { s->load_1m, s->load_5m, s->load_15m } };
	put_sample_text(f, l, s);
	put_details(f, &f->details[++f->number % DETAILS], s);
	trim_details(f);
}

/* After the wall clock was set back the file of the past would look newer than the live one: it is written anew. */
static void note_clock(struct client_files *f, const struct host_sample *s)
{
	wall_ns offset = s->t - s->mono * NS_PER_US;
	if (f->number && (offset < f->offset - STEP_NS || offset > f->offset + STEP_NS))
		f->past_stale = true;
	f->offset = offset;
}

static void look_for_old_files(struct client_files *f, const struct host_sample *s)
{
	if (s->mono < f->clean_at)
		return;
	/* A few at a time; more come with the next sample. */
	if (client_files_clean(f, s->t) == 0)
		f->clean_at = s->mono + CLEAN_US;
}

void client_files_sample(void *arg, const struct host_sample *s)
{
	struct client_files *f = arg;
	if ((s->have & (HOST_CPU | HOST_MEMORY)) != (HOST_CPU | HOST_MEMORY))
		return;
	uint32_t before = f->n;
	note_clock(f, s);
	age_live(f, s->t);
	uint32_t aged = before - f->n;
	add_live(f, s);
	client_add_minute(f, s, live_at(f, f->n - 1), details_of(f, f->n - 1));
	write_past(f);
	if (f->opt.clock)
		write_live(f, true);
	write_live(f, false); /* last: it is the newest by its time of change, too */
	if (aged && f->opt.layout != CLIENT_LAYOUT_UPSTREAM)
		client_tell_saved(f, aged, client_file_names[FILE_RECENT]);
	look_for_old_files(f, s);
}

/* --- life ------------------------------------------------------------------------------------------------------------------------ */

static void read_boot_id(char out[BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, BOOT_ID_MAX - 1) : 0;
	if (fd >= 0)
		close(fd);
	ssize_t len = 0;
	while (len < n && ((out[len] >= '0' && out[len] <= '9') || (out[len] >= 'a' && out[len] <= 'f') ||
			   out[len] == '-'))
		len++;
	out[len] = 0;
}

static int make_dir(const char *path, struct err *err)
{
	char copy[4096];
	if ((size_t)snprintf(copy, sizeof(copy), "%s/", path) >= sizeof(copy))
		return err_set(err, -ENAMETOOLONG, path, "the path of the data directory is too long");
	for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST && errno != EISDIR) {
			int rc = -errno;
			return err_set(err, rc, path, "the data directory %s cannot be made: %s: %s", path,
				       copy, err_text(rc));
		}
		*p = '/';
	}
	if (access(path, W_OK | X_OK) < 0) {
		int rc = -errno;
		return err_set(err, rc, path, "the data directory %s cannot be written: %s", path,
			       err_text(rc));
	}
	return 0;
}

int client_files_new(struct client_files **out, const struct client_files_options *opt,
		     const struct clock *clock, struct log *log, struct err *err)
{
	int rc = make_dir(opt->dir, err);
	if (rc < 0)
		return rc;
	struct client_files *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, NULL, "%s", err_text(-ENOMEM));
	f->clock = clock;
	f->log = log;
	f->opt = *opt;
	f->opt.dir = strdup(opt->dir);
	f->dir = open(opt->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!f->opt.dir || f->dir < 0) {
		rc = f->dir < 0 ? -errno : -ENOMEM;
		client_files_free(f);
		return err_set(err, rc, opt->dir, "the data directory cannot be opened: %s", err_text(rc));
	}
	read_boot_id(f->boot_id);
	past_init(&f->past, opt->retention_ns);
	f->clean_at = clock_mono_us(clock) + CLEAN_1ST;
	client_files_take_up(f, clock_wall_ns(clock));
	f->past_stale = true;
	write_past(f);
	*out = f;
	return 0;
}

struct moving {
	struct past *to;
	wall_ns now;
};

static void move_entry(void *arg, const struct past_entry *e)
{
	const struct moving *m = arg;
	past_restore(m->to, e, m->now);
}

static void change_retention(struct client_files *f, int64_t retention_ns)
{
	struct past *other = malloc(sizeof(*other));
	if (!other)
		return; /* the old one goes on */
	past_init(other, retention_ns);
	past_each(&f->past, move_entry, &(struct moving){ other, clock_wall_ns(f->clock) });
	f->past = *other;
	f->past_stale = true;
	free(other);
}

void client_files_reconfigure(struct client_files *f, const struct client_files_options *opt)
{
	const char *dir = f->opt.dir;
	if (f->opt.layout != opt->layout)
		client_flush_minute(f, clock_wall_ns(f->clock));
	if (opt->retention_ns != f->opt.retention_ns)
		change_retention(f, opt->retention_ns);
	f->opt = *opt;
	f->opt.dir = dir;
}

void client_files_stats(const struct client_files *f, struct client_files_stats *out)
{
	*out = f->stats;
	out->last_error = f->last_error;
	out->bytes = 0;
	for (int i = 0; i < CLIENT_FILES; i++)
		out->bytes += f->size[i];
}

void client_files_free(struct client_files *f)
{
	if (!f)
		return;
	if (f->dir >= 0) {
		client_flush_minute(f, clock_wall_ns(f->clock));
		close(f->dir);
	}
	for (uint32_t i = 0; i < DETAILS; i++)
		buf_fini(&f->details[i].processes);
	buf_fini(&f->text);
	buf_fini(&f->minute);
	free((char *)f->opt.dir);
	free(f);
}
