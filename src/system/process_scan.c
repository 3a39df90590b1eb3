#include "process_scan.h"

#include "base/mask.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LIST_US    (1 * US_PER_S) /* between two lists */
#define LIST_MORE  1000           /* and so many µs for each process, where that is more */
#define SLICE_US   (5 * US_PER_S) /* to read each process once in turn */
#define SLICE_MORE 5000
#define SLICE_MOST (60 * US_PER_S)
#define YOUNG_US                                                                                             \
	(3 *                                                                                                 \
	 US_PER_S) /* so long a new process is read with every sample: it may still become another program */
#define LASTS_US  (10 * US_PER_S) /* who ends earlier is no news */
#define IO_US     (5 * US_PER_S)  /* between two readings of what costs more */
#define BOOT_US   (60 * US_PER_S)
#define READ_MOST 600 /* processes read in one sample: 5 ms at most */
#define ARGUMENTS 4096

int process_scan_init(struct process_scan *p, const char *proc)
{
	memset(p, 0, sizeof(*p));
	process_table_init(&p->table);
	p->listed_at = p->boot_at = INT64_MIN / 2;
	p->boot_s = -1;
	p->pids = malloc(PROCESS_TABLE_MAX * sizeof(*p->pids));
	p->details = calloc(PROCESS_TRACKED, sizeof(*p->details));
	int rc = p->pids && p->details ? process_source_open(&p->source, proc) : -ENOMEM;
	if (rc < 0)
		process_scan_fini(p);
	return rc;
}

void process_scan_fini(struct process_scan *p)
{
	process_source_close(p->source);
	process_table_fini(&p->table);
	free(p->details);
	free(p->pids);
	p->source = NULL;
	p->details = NULL;
	p->pids = NULL;
}

const struct process_details *process_details_of(const struct process_scan *p, const struct process *one)
{
	return one->slot ? &p->details[one->slot - 1] : NULL;
}

double process_create_time(const struct process_scan *p, const struct process *one)
{
	return p->boot_s < 0 ? -1 : p->boot_s + (double)one->start_us / 1e6;
}

mono_us process_slice_us(uint32_t n)
{
	mono_us more = (mono_us)n * SLICE_MORE;
	return more < SLICE_US ? SLICE_US : more > SLICE_MOST ? SLICE_MOST : more;
}

/* --- who is tracked -------------------------------------------------------------------------------------------------- */

static void tell_change(struct process_scan *p, const struct process *one, bool gone)
{
	if (p->n_changes == PROCESS_CHANGES) {
		p->changes_lost++;
		return;
	}
	struct process_came *c = &p->changes[p->n_changes++];
	c->gone = gone;
	c->pid = one->pid;
	c->name_len = one->name_len;
	memcpy(c->name, one->name, one->name_len);
}

static void untrack(struct process_scan *p, struct process *one)
{
	if (!one->slot)
		return;
	if (p->details[one->slot - 1].told)
		tell_change(p, one, true);
	p->details[one->slot - 1].used = false;
	one->slot = 0;
}

size_t process_scan_cmdline(const struct process_scan *p, struct view arguments, char *out, size_t size)
{
	size_t n = process_join_arguments(arguments, out, size);
	struct buf masked;
	buf_init(&masked);
	if (p->rules.mask && mask_secrets((struct view){ out, n }, &masked)) {
		n = masked.len < size ? masked.len : size;
		memcpy(out, masked.data, n);
	}
	buf_fini(&masked);
	return n;
}

static void track(struct process_scan *p, struct process *one, struct view arguments)
{
	struct process_details *d = one->slot ? &p->details[one->slot - 1] : NULL;
	for (uint16_t i = 0; !d && i < PROCESS_TRACKED; i++) {
		if (p->details[i].used)
			continue;
		d = &p->details[i];
		*d = (struct process_details){
			.used = true, .read_per_s = NAN, .written_per_s = NAN, .fds = -1
		};
		d->told = one->seen_at <= p->first_at; /* who was there before us is no news */
		one->slot = (uint16_t)(i + 1);
	}
	p->tracked_left_out += !d;
	if (d)
		d->cmdline_len = (uint16_t)process_scan_cmdline(p, arguments, d->cmdline, PROCESS_CMDLINE);
}

/* Its name, and whether it is tracked; for a process that is new or runs another program now. */
static void identify(struct process_scan *p, struct process *one, const struct process_stat *stat)
{
	char text[ARGUMENTS];
	struct view arguments, comm = { stat->comm, stat->comm_len };
	process_read_arguments(p->source, one->pid, text, sizeof(text), &arguments);
	bool wanted = process_rules_match(&p->rules, comm, process_base_name(arguments));
	if (!wanted)
		untrack(p, one); /* under its old name */
	process_set_name(one, process_name(comm, arguments));
	one->stored = 0;
	if (wanted)
		track(p, one, arguments);
}

void process_scan_rules(struct process_scan *p, const struct process_rules *rules)
{
	p->rules = *rules;
	for (uint32_t i = 0; i < p->table.n; i++)
		p->table.rows[i].comm_hash = 0; /* as if renamed: each is looked at again when it is read */
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

static void on_gone(void *arg, struct process *one)
{
	untrack(arg, one);
}

static void read_costly(struct process_scan *p, struct process *one, mono_us now)
{
	struct process_details *d = &p->details[one->slot - 1];
	struct process_io io;
	if (d->io_at && now - d->io_at < IO_US)
		return;
	d->fds = process_count_fds(p->source, one->pid);
	if (d->fds < 0)
		d->fds = -1;
	if (process_read_io(p->source, one->pid, &io) < 0) {
		d->read_per_s = d->written_per_s = NAN; /* of another user */
	} else {
		double s = (double)(now - d->io_at) / 1e6;
		bool fell = !d->io_at || io.read_bytes < d->io.read_bytes ||
			    io.written_bytes < d->io.written_bytes;
		d->read_per_s = fell ? NAN : (double)(io.read_bytes - d->io.read_bytes) / s;
		d->written_per_s = fell ? NAN : (double)(io.written_bytes - d->io.written_bytes) / s;
		d->io = io;
	}
	d->io_at = now;
}

static void tell_if_it_lasts(struct process_scan *p, const struct process *one, mono_us now)
{
	struct process_details *d = &p->details[one->slot - 1];
	if (d->told || now - one->seen_at < LASTS_US)
		return;
	d->told = true;
	tell_change(p, one, false);
}

static void read_one(struct process_scan *p, struct process *one, mono_us now)
{
	struct process_stat stat;
	bool first = one->read_at < 0;
	int64_t uid;
	int rc = process_read(p->source, one->pid, &stat, first ? &uid : NULL);
	if (rc == -ESRCH) {
		untrack(p, one);
		one->dead = true;
		return;
	}
	if (rc < 0)
		return; /* one that we may not look at */
	if (process_is_other(one, &stat)) {
		untrack(p, one);
		first = false;
		uid = -1;
	}
	if (process_table_note(one, &stat, now) != PROCESS_SAME)
		identify(p, one, &stat);
	if (first)
		one->uid = uid;
	if (one->slot) {
		read_costly(p, one, now);
		tell_if_it_lasts(p, one, now);
	}
}

static int read_list(struct process_scan *p, mono_us now)
{
	uint32_t n, total;
	mono_us every = (mono_us)p->table.n * LIST_MORE;
	if (now - p->listed_at < (every > LIST_US ? every : LIST_US))
		return 0;
	int rc = process_list(p->source, p->pids, PROCESS_TABLE_MAX, &n, &total);
	if (rc == 0)
		rc = process_table_list(&p->table, p->pids, n, total, now, on_gone, p);
	if (rc == 0)
		p->listed_at = now;
	return rc;
}

/* Tracked and young ones. Returns how many were read. */
static uint32_t read_always(struct process_scan *p, mono_us now)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < p->table.n && n < READ_MOST; i++) {
		struct process *one = &p->table.rows[i];
		if (one->slot || now - one->seen_at < YOUNG_US) {
			read_one(p, one, now);
			n++;
		}
	}
	return n;
}

/* The next ones in turn; `most` of them at most. */
static void read_slice(struct process_scan *p, mono_us now, uint32_t most)
{
	struct process_table *t = &p->table;
	mono_us since = now - p->sliced_at;
	p->sliced_at = now;
	p->slice_due += (double)t->n * (double)since / (double)process_slice_us(t->n);
	if (p->slice_due > t->n)
		p->slice_due = t->n;
	uint32_t due = p->slice_due < most ? (uint32_t)p->slice_due : most;
	p->slice_due -= due;
	uint32_t i = 0;
	while (i < t->n && t->rows[i].pid <= p->cursor)
		i++;
	for (; due > 0; due--, i++) {
		if (i >= t->n)
			i = 0;
		struct process *one = &t->rows[i];
		p->cursor = one->pid;
		if (!one->dead && one->read_at != now)
			read_one(p, one, now);
	}
}

/* Sleeping machines and set clocks move it, so it is asked for again now and then; for those who may have come since. */
static void refresh_boot(struct process_scan *p, mono_us now)
{
	if (now - p->boot_at < BOOT_US)
		return;
	p->boot_s = process_boot_s(p->source);
	p->boot_at = now;
}

static void show_tracked(struct process_scan *p)
{
	p->n_tracked = 0;
	for (uint32_t i = 0; i < p->table.n; i++) {
		const struct process *one = &p->table.rows[i];
		if (!one->slot)
			continue;
		const struct process_details *d = &p->details[one->slot - 1];
		p->tracked[p->n_tracked++] = (struct host_process){
			.pid = one->pid,
			.name = process_name_of(one),
			.cmdline = { d->cmdline, d->cmdline_len },
			.state = one->state,
			.cpu_percent = one->cpu_percent,
			.rss_bytes = one->rss_bytes,
			.vms_bytes = one->vms_bytes,
			.threads = one->threads,
			.create_time = process_create_time(p, one),
		};
	}
}

int process_scan_read(struct process_scan *p, mono_us now)
{
	p->n_changes = 0;
	refresh_boot(p, now);
	int rc = read_list(p, now);
	if (!p->begun)
		p->first_at = p->sliced_at = now;
	uint32_t n = read_always(p, now);
	read_slice(p, now, READ_MOST - n);
	process_table_sweep(&p->table);
	show_tracked(p);
	p->begun = p->begun || rc == 0;
	return rc;
}
