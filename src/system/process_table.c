#include "process_table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 256u
#define CPU_MOST   1e6 /* percent of a core; more is a broken text */

void process_table_init(struct process_table *t)
{
	memset(t, 0, sizeof(*t));
}

void process_table_fini(struct process_table *t)
{
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

static int make_room(struct process_table *t, uint32_t wanted)
{
	uint32_t cap = t->cap ? t->cap : FIRST_ROOM;
	while (cap < wanted)
		cap *= 2;
	if (cap == t->cap)
		return 0;
	struct process *rows = realloc(t->rows, cap * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	t->cap = cap;
	return 0;
}

void process_table_sweep(struct process_table *t)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->rows[i].dead)
			continue;
		if (kept != i)
			t->rows[kept] = t->rows[i];
		kept++;
	}
	t->n = kept;
}

/* Marks who is not on the list; returns how many of the list are new. */
static uint32_t compare_list(struct process_table *t, const int32_t *pids, uint32_t n,
			     void (*gone)(void *arg, struct process *p), void *arg)
{
	uint32_t fresh = 0, k = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		struct process *p = &t->rows[i];
		while (k < n && pids[k] < p->pid) {
			fresh++;
			k++;
		}
		if (k < n && pids[k] == p->pid) {
			k++;
		} else if (!p->dead) {
			p->dead = true;
			gone(arg, p);
		}
	}
	return fresh + (n - k);
}

static void begin_process(struct process *p, int32_t pid, mono_us now)
{
	memset(p, 0, sizeof(*p));
	p->pid = pid;
	p->uid = -1;
	p->seen_at = now;
	p->read_at = -1;
}

/* From the back, so that every row moves once. */
static void merge(struct process_table *t, const int32_t *pids, uint32_t n, uint32_t fresh, mono_us now)
{
	uint32_t from = t->n, to = t->n + fresh;
	t->n = to;
	while (to > from) { /* as many are still to be put in as there is room between the two */
		if (from && n && t->rows[from - 1].pid == pids[n - 1])
			n--;
		if (from && (!n || t->rows[from - 1].pid > pids[n - 1]))
			t->rows[--to] = t->rows[--from];
		else
			begin_process(&t->rows[--to], pids[--n], now);
	}
}

int process_table_list(struct process_table *t, const int32_t *pids, uint32_t n, uint32_t total, mono_us now,
		       void (*gone)(void *arg, struct process *p), void *arg)
{
	if (n > PROCESS_TABLE_MAX)
		n = PROCESS_TABLE_MAX;
	process_table_sweep(t);
	uint32_t fresh = compare_list(t, pids, n, gone, arg);
	process_table_sweep(t);
	t->left_out = total > n ? total - n : 0;
	if (make_room(t, t->n + fresh) < 0)
		return -ENOMEM;
	merge(t, pids, n, fresh, now);
	return 0;
}

struct process *process_table_find(struct process_table *t, int32_t pid)
{
	uint32_t low = 0, high = t->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (t->rows[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->n && t->rows[low].pid == pid && !t->rows[low].dead ? &t->rows[low] : NULL;
}

/* --- readings ------------------------------------------------------------------------------------------------------- */

static uint32_t hash_comm(const struct process_stat *stat)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < stat->comm_len; i++)
		h = (h ^ (unsigned char)stat->comm[i]) * 16777619u;
	return h;
}

bool process_is_other(const struct process *p, const struct process_stat *stat)
{
	return p->read_at >= 0 && p->start_us != stat->start_us;
}

static double cpu_between(const struct process *p, const struct process_stat *stat, mono_us now)
{
	if (now <= p->read_at)
		return p->cpu_percent; /* twice in one instant: nothing new is known */
	if (stat->cpu_us <= p->cpu_us)
		return 0;
	double percent = 100.0 * (double)(stat->cpu_us - p->cpu_us) / (double)(now - p->read_at);
	return percent < CPU_MOST ? percent : CPU_MOST;
}

enum process_change process_table_note(struct process *p, const struct process_stat *stat, mono_us now)
{
	uint32_t hash = hash_comm(stat);
	enum process_change change = PROCESS_SAME;
	if (process_is_other(p, stat))
		begin_process(p, p->pid, now);
	if (p->read_at < 0)
		change = PROCESS_NEW;
	else if (p->comm_hash != hash)
		change = PROCESS_RENAMED;
	p->cpu_percent = change == PROCESS_NEW ? 0 : cpu_between(p, stat, now);
	p->cpu_us = stat->cpu_us;
	p->start_us = stat->start_us;
	p->comm_hash = hash;
	p->parent = stat->parent;
	p->state = stat->state;
	p->threads = stat->threads;
	p->rss_bytes = stat->rss_bytes;
	p->vms_bytes = stat->vms_bytes;
	p->read_at = now;
	return change;
}

void process_set_name(struct process *p, struct view name)
{
	p->name_len = (uint8_t)(name.len < PROCESS_NAME_MAX ? name.len : PROCESS_NAME_MAX);
	memcpy(p->name, name.data, p->name_len);
}

/* --- the greatest --------------------------------------------------------------------------------------------------- */

static bool comes_before(const struct process *a, const struct process *b, enum process_order by)
{
	if (by == PROCESS_BY_CPU && a->cpu_percent != b->cpu_percent)
		return a->cpu_percent > b->cpu_percent;
	if (a->rss_bytes != b->rss_bytes)
		return a->rss_bytes > b->rss_bytes;
	return a->pid < b->pid;
}

uint32_t process_table_top(const struct process_table *t, enum process_order by, const struct process **out,
			   uint32_t max)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct process *p = &t->rows[i];
		if (p->dead || p->read_at < 0 || (by == PROCESS_BY_CPU ? p->cpu_percent <= 0 : !p->rss_bytes))
			continue;
		if (n == max && (!max || !comes_before(p, out[n - 1], by)))
			continue;
		uint32_t at = n < max ? n++ : max - 1;
		for (; at > 0 && comes_before(p, out[at - 1], by); at--)
			out[at] = out[at - 1];
		out[at] = p;
	}
	return n;
}
