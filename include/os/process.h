/* The processes of the machine: which there are, and what the kernel tells of each.
 *
 *     struct process_source *s;
 *     process_source_open(&s, "/proc");
 *     process_list(s, pids, max, &n);
 *     for each: if (process_read(s, pid, &stat) == 0) …
 *
 * A process may go between any two calls: -ESRCH says so. Nothing is allocated after process_source_open. The parsers of Linux texts
 * (proc(5)) are pure and take any bytes. Thread: any; a source belongs to one at a time.
 */
#ifndef AUSPEX_OS_PROCESS_H
#define AUSPEX_OS_PROCESS_H

#include "base/buf.h"

#include <stdint.h>

#define PROCESS_COMM_MAX 64 /* threads of the kernel have names longer than the 15 bytes of others */

struct process_stat {
	int32_t pid, parent;
	char state; /* R S D T t Z X I …, as proc(5) lists them */
	uint8_t comm_len;
	char comm[PROCESS_COMM_MAX]; /* any bytes; not NUL-terminated */
	uint32_t threads;
	uint64_t cpu_us;       /* user and system time since its start */
	uint64_t start_us;     /* after process_boot_s(): tells two processes with the same number apart */
	uint64_t rss_bytes, vms_bytes;
	uint64_t major_faults; /* since its start */
};

/* --- the backend of this system -------------------------------------------------------------------------------------- */
struct process_source;
/* `proc` is the folder of the kernel's files (Linux). 0 or -errno. */
int process_source_open(struct process_source **out, const char *proc);
void process_source_close(struct process_source *s);
/* The numbers of all processes in ascending order, at most `max`; *total tells how many there are. 0 or -errno. */
int process_list(struct process_source *s, int32_t *pids, uint32_t max, uint32_t *n, uint32_t *total);
/* 0, -ESRCH, or what else went wrong. `uid` may be NULL: whose process it is, -1 unknown; asking costs a call more. */
int process_read(struct process_source *s, int32_t pid, struct process_stat *out, int64_t *uid);
/* The arguments, each followed by a NUL, cut to `size` bytes; empty for threads of the kernel and processes that hide them. */
int process_read_arguments(struct process_source *s, int32_t pid, char *out, size_t size, struct view *arguments);
/* Bytes that it had read from and written to disks since its start. -EACCES for the processes of others. */
struct process_io {
	uint64_t read_bytes, written_bytes;
};
int process_read_io(struct process_source *s, int32_t pid, struct process_io *out);
/* Open descriptors, or -errno. */
int64_t process_count_fds(struct process_source *s, int32_t pid);
/* Unix time to which start_us is counted; < 0 unknown. */
double process_boot_s(struct process_source *s);

/* --- pure parsers (Linux texts) ---------------------------------------------------------------------------------------- */
struct process_units {
	uint64_t ticks_per_s, page_bytes; /* both > 0 */
};
/* "23340 (a ) b) S 1 23340 …". 0, or ERR_SYNTAX when anything up to the resident set is missing. Numbers too large saturate. */
int process_stat_parse(struct view text, const struct process_units *units, struct process_stat *out);
/* /proc/PID/statm: pages of size and resident set, in bytes. 0 or ERR_SYNTAX. */
int process_statm_parse(struct view text, const struct process_units *units, uint64_t *vms_bytes, uint64_t *rss_bytes);
/* /proc/PID/io. 0; ERR_SYNTAX when one of the two is missing. */
int process_io_parse(struct view text, struct process_io *out);
/* "btime 1795378200" of /proc/stat; -1 when it is not there. */
int64_t process_btime_parse(struct view text);

/* --- names --------------------------------------------------------------------------------------------------------------- */
/* The first argument's last path component; empty when there is none. */
struct view process_base_name(struct view arguments);
/* What people call it: `comm`, or the longer base name that the kernel cut to 15 bytes. A view into one of the two. */
struct view process_name(struct view comm, struct view arguments);
/* All arguments joined by one blank, without the last NUL; cut to `size`. Returns the length. */
size_t process_join_arguments(struct view arguments, char *out, size_t size);
/* "sleeping" for S, …; "unknown" for a letter that no kernel has. Static. */
const char *process_state_word(char state);

#endif
