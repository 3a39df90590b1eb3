/* Taking up what the client files hold, after a restart. Any bytes may be in them. */
#include "client_files_impl.h"

#include "file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST    (1u << 20) /* ours are a quarter of it at most */
#define ENTRIES_MOST 1024u
#define SECONDS_MOST 4e9 /* beyond the year 2096 nothing was measured */

struct found {
	struct past_entry entry[ENTRIES_MOST];
	uint32_t n;
};

static bool read_whole(int dir, const char *name, struct buf *text)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MOST;
	buf_clear(text);
	good = good && buf_reserve(text, (size_t)st.st_size + 1) == 0;
	while (good && text->len < (size_t)st.st_size) {
		ssize_t n = read(fd, text->data + text->len, (size_t)st.st_size - text->len);
		if (n <= 0)
			break;
		text->len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static bool take_number(const struct json_doc *doc, json_ref object, struct view key, double least,
			double most, double *out)
{
	return json_double(doc, json_get(doc, object, key), out) == 0 && *out >= least && *out <= most;
}

/* The times are taken by the caller; numbers that cannot be are no entry. */
static bool read_values(const struct json_doc *doc, json_ref system, struct past_entry *e)
{
	e->n = 1;
	e->has_load = take_number(doc, system, VIEW("load_avg_1m"), 0, 1e9, &e->load[0]) &&
		      take_number(doc, system, VIEW("load_avg_5m"), 0, 1e9, &e->load[1]) &&
		      take_number(doc, system, VIEW("load_avg_15m"), 0, 1e9, &e->load[2]);
	return take_number(doc, system, VIEW("cpu_percent"), 0, 100, &e->cpu_percent) &&
	       take_number(doc, system, VIEW("memory_percent"), 0, 100, &e->memory_percent) &&
	       take_number(doc, system, VIEW("memory_available_mb"), 0, 1e15, &e->memory_available_mb) &&
	       take_number(doc, system, VIEW("memory_used_mb"), 0, 1e15, &e->memory_used_mb);
}

static bool read_entry(const struct json_doc *doc, json_ref r, bool shadow, struct past_entry *e)
{
	json_ref system = json_get(doc, r, VIEW("system"));
	double t, mono;
	memset(e, 0, sizeof(*e));
	e->mono = -1;
	if (json_type(doc, system) != JSON_OBJECT || !read_values(doc, system, e))
		return false;
	if (shadow) {
		if (!take_number(doc, system, VIEW("timestamp"), 0, SECONDS_MOST, &mono) ||
		    !take_number(doc, r, VIEW("timestamp"), 0, SECONDS_MOST, &t))
			return false;
		e->mono = (mono_us)(mono * 1e6);
	} else if (!take_number(doc, system, VIEW("timestamp"), 0, SECONDS_MOST, &t)) {
		return false;
	}
	e->t = (wall_ns)(t * 1e6) * NS_PER_US;
	return true;
}

/* Is it a clock file of this boot? */
static bool of_boot(const struct json_doc *doc, const char *boot_id)
{
	json_ref id = json_get(doc, json_first(doc, 0), VIEW("boot_id"));
	return *boot_id && json_type(doc, id) == JSON_STRING && view_eq(json_raw(doc, id), view_of(boot_id));
}

bool client_parse(struct json_doc *doc, struct view text, const char *boot_id, struct past_entry *out,
		  uint32_t max, uint32_t *n)
{
	if (json_parse_all(doc, text.data, text.len, 0, NULL) < 0 || json_type(doc, 0) != JSON_ARRAY)
		return false;
	if (boot_id && !of_boot(doc, boot_id))
		return false;
	for (json_ref r = json_first(doc, 0); r != JSON_NONE && *n < max; r = json_next(doc, 0, r))
		if (json_type(doc, r) == JSON_OBJECT && read_entry(doc, r, boot_id != NULL, &out[*n]))
			(*n)++;
	return true;
}

/* True when it is there and nothing in it is foreign. */
static bool read_file(struct client_files *f, enum client_file which, struct json_doc *doc,
		      struct found *found)
{
	bool shadow = which == FILE_CLOCK || which == FILE_CLOCK_RECENT;
	return read_whole(f->dir, client_file_names[which], &f->text) &&
	       client_parse(doc, (struct view){ f->text.data, f->text.len }, shadow ? f->boot_id : NULL,
			    found->entry, ENTRIES_MOST, &found->n);
}

/* A client must not take what another boot measured for what its own call met. */
static void empty_clock_file(struct client_files *f, enum client_file which)
{
	if (faccessat(f->dir, client_file_names[which], F_OK, 0) < 0)
		return;
	buf_clear(&f->text);
	buf_putc(&f->text, '[');
	client_put_boot(&f->text, f->boot_id);
	buf_puts(&f->text, "]\n");
	file_replace(f->dir, client_file_names[which], (struct view){ f->text.data, f->text.len }, NS_PER_S);
}

static int compare_entries(const void *a, const void *b)
{
	const struct past_entry *x = a, *y = b;
	return x->t < y->t ? -1 : x->t > y->t;
}

void client_files_take_up(struct client_files *f, wall_ns now)
{
	struct found *found = calloc(1, sizeof(*found));
	struct json_doc doc;
	json_doc_init(&doc);
	bool recent = found && read_file(f, FILE_CLOCK_RECENT, &doc, found);
	bool live = found && read_file(f, FILE_CLOCK, &doc, found);
	if (!recent)
		empty_clock_file(f, FILE_CLOCK_RECENT);
	if (!live)
		empty_clock_file(f, FILE_CLOCK);
	/* The clock files know both times of each entry; without them there are the others. */
	if (found && !(recent && live)) {
		found->n = 0;
		read_file(f, FILE_RECENT, &doc, found);
		read_file(f, FILE_LIVE, &doc, found);
	}
	json_doc_fini(&doc);
	buf_fini(&f->text); /* larger than it will be needed again */
	buf_init(&f->text);
	if (!found)
		return;
	qsort(found->entry, found->n, sizeof(found->entry[0]), compare_entries);
	for (uint32_t i = 0; i < found->n; i++)
		past_restore(&f->past, &found->entry[i], now);
	free(found);
}
