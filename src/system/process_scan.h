/* The scan: which processes to read when, which of them are tracked, and what came and went.
 *
 * The list of all is read once a second, tracked and young processes with every sample, the others in turn so that each is read every few
 * seconds (process_slice_us). On machines with very many processes both slow down, so that the share of a core they cost stays about the
 * same. Nothing is allocated while the number of processes does not grow.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_SCAN_H
#define AUSPEX_SYSTEM_PROCESS_SCAN_H

#include "process_rules.h"
#include "process_table.h"
#include "system/process.h"

#define PROCESS_TRACKED 256  /* most that are tracked; more are counted and left out */
#define PROCESS_CMDLINE 1024 /* bytes kept of the arguments of a tracked one */
#define PROCESS_CHANGES 64   /* most changes told per sample */

/* What only the tracked ones have. */
struct process_details {
	bool used;
	bool told; /* that it came */
	uint16_t cmdline_len;
	char cmdline[PROCESS_CMDLINE];
	mono_us io_at; /* of the last reading; 0 never */
	struct process_io io;
	double read_per_s, written_per_s; /* NaN unknown */
	int64_t fds;                      /* -1 unknown */
};

/* A tracked process that lasts came, or went. */
struct process_came {
	bool gone;
	int32_t pid;
	uint8_t name_len;
	char name[PROCESS_NAME_MAX];
};

struct process_scan {
	struct process_source *source;
	struct process_table table;
	struct process_rules rules;
	int32_t *pids; /* PROCESS_TABLE_MAX of them; pages never used cost nothing */
	mono_us listed_at, sliced_at;
	int32_t cursor;   /* the last process that was read in turn */
	double slice_due; /* processes that are due in turn */
	bool begun;       /* the first list was read */
	mono_us first_at; /* its time: who comes later is new */
	double boot_s;    /* -1 unknown */
	mono_us boot_at;

	struct process_details *details;              /* PROCESS_TRACKED of them, by slot - 1 */
	struct host_process tracked[PROCESS_TRACKED]; /* as of the last sample, by pid */
	uint32_t n_tracked;
	uint64_t tracked_left_out;                    /* matched, but there was no room */
	struct process_came changes[PROCESS_CHANGES]; /* in the last sample */
	uint32_t n_changes;
	uint64_t changes_lost;
};

/* 0, -ENOMEM, or -errno when `proc` cannot be opened. */
int process_scan_init(struct process_scan *p, const char *proc);
void process_scan_fini(struct process_scan *p);
/* Other rules hold from the next reading on, for those that run already, too. `rules` borrowed. */
void process_scan_rules(struct process_scan *p, const struct process_rules *rules);
/* Takes a sample: afterwards table, tracked and changes are of `now`. 0 or the code of the list. */
int process_scan_read(struct process_scan *p, mono_us now);
/* Of a tracked process; NULL for others. */
const struct process_details *process_details_of(const struct process_scan *p, const struct process *one);
double process_create_time(const struct process_scan *p, const struct process *one);
/* The arguments as people write them, without secrets; cut to `size`. Returns the length. */
size_t process_scan_cmdline(const struct process_scan *p, struct view arguments, char *out, size_t size);
/* How long until each process has been read in turn. */
mono_us process_slice_us(uint32_t n);

#endif
