/* All processes of the machine, ordered by number, and what they did between two readings. Pure: who exists and what the kernel says of
 * them come as arguments, and so does the time.
 *
 *     process_table_list(&t, pids, n, now);                  // the whole list, once in a while: who is new, who has gone
 *     for (…) switch (process_table_note(p, &stat, now)) …   // one of them was read
 *     process_table_gone(&t, p);                             // one could not be read any more
 *     process_table_sweep(&t);                               // at the end of each sample
 *
 * A process is known by its number and its start: a number that comes back with another start is another process. Memory grows with the
 * number of processes, up to a bound; past it the highest numbers are left out and counted.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_TABLE_H
#define AUSPEX_SYSTEM_PROCESS_TABLE_H

#include "base/clock.h"
#include "os/process.h"

#define PROCESS_NAME_MAX  64
#define PROCESS_TABLE_MAX 32768u

struct process {
	int32_t pid, parent;
	int64_t uid;       /* -1 unknown */
	uint64_t start_us; /* os/process.h */
	uint64_t cpu_us;   /* at the last reading */
	mono_us seen_at;   /* first */
	mono_us read_at;   /* last; -1: not read yet, and nothing below is known */
	uint64_t rss_bytes, vms_bytes;
	double cpu_percent; /* of one core, between the last two readings; 0 after the first */
	uint64_t stored;    /* number of its row in the history, 0 none; that of stored_day (process_log.c) */
	uint32_t stored_day;
	uint32_t threads;
	uint32_t comm_hash;
	uint16_t slot; /* of the tracked, from 1; 0: not tracked (process_scan.c) */
	char state;
	uint8_t name_len;
	bool dead; /* leaves at the next sweep */
	char name[PROCESS_NAME_MAX];
};

struct process_table {
	struct process *rows; /* by pid */
	uint32_t n, cap;
	uint64_t left_out; /* of the last list */
};

void process_table_init(struct process_table *t);
void process_table_fini(struct process_table *t);
/* `pids` ascend. Calls `gone` for each process that is not among them, before it leaves. `total` is how many there really are. 0 or -ENOMEM, and
 * then those that had no room come with a later list. */
int process_table_list(struct process_table *t, const int32_t *pids, uint32_t n, uint32_t total, mono_us now,
		       void (*gone)(void *arg, struct process *p), void *arg);
struct process *process_table_find(struct process_table *t, int32_t pid);

enum process_change {
	PROCESS_SAME,
	PROCESS_NEW,     /* read for the first time, or its number is another's now; name it */
	PROCESS_RENAMED, /* runs another program now, or calls itself something else; name it anew */
};
/* What a reading told of `p`. PROCESS_NEW for a number that was another's: whatever belonged to that one (slot, stored) is the caller's to take
 * back before. */
enum process_change process_table_note(struct process *p, const struct process_stat *stat, mono_us now);
/* Would process_table_note say that this is another process than the one it read before? */
bool process_is_other(const struct process *p, const struct process_stat *stat);
void process_set_name(struct process *p, struct view name);
static inline struct view process_name_of(const struct process *p)
{
	return (struct view){ p->name, p->name_len };
}
void process_table_sweep(struct process_table *t);

enum process_order { PROCESS_BY_CPU, PROCESS_BY_MEMORY };
/* The first `max` in falling order; equal ones by number. Returns how many. For CPU those that used none are left out. */
uint32_t process_table_top(const struct process_table *t, enum process_order by, const struct process **out,
			   uint32_t max);

#endif
