/* CPU time of the machine: /proc/stat.
 *
 *     cpu  39103 4395 7832 44782 830 0 214 941 0 0        user nice system idle iowait irq softirq steal guest guest_nice
 *     cpu0 …
 *     intr 567300 …                                       the first number is the sum
 *     ctxt 1019312 / btime … / processes … / procs_running … / procs_blocked … / softirq …
 *
 * Times are ticks since boot; guest time is also in user, guest_nice also in nice. Old kernels give fewer columns: the rest is 0. Source:
 * proc(5). Thread: any.
 */
#ifndef AUSPEX_OS_CPU_H
#define AUSPEX_OS_CPU_H

#include "os/procfile.h"

#include <stdint.h>

/* X(NAME, "label") in the order of the columns */
#define CPU_MODE_MAP(X) \
	X(USER, "user") X(NICE, "nice") X(SYSTEM, "system") X(IDLE, "idle") X(IOWAIT, "iowait") X(IRQ, "irq") X(SOFTIRQ, "softirq") \
	X(STEAL, "steal") X(GUEST, "guest") X(GUEST_NICE, "guest_nice")
enum cpu_mode {
#define X(name, label) CPU_##name,
	CPU_MODE_MAP(X)
#undef X
	CPU_MODES
};

struct cpu_times {
	uint64_t ticks[CPU_MODES];
};
struct cpu_core {
	uint32_t number; /* as the kernel counts; numbers of CPUs that are off are missing */
	struct cpu_times times;
};
struct cpu_stat {
	struct cpu_times all;
	uint64_t switches, interrupts, softirqs, forks; /* since boot; 0 when the text does not tell */
	uint64_t running, blocked;                      /* processes now */
	uint64_t boot_time;                             /* Unix seconds */
	uint32_t n_cores;                               /* that the machine has; those past the room given are not stored */
};

/* Shares of the time between two readings, in percent of all modes but guest (which is in user): per column a fall counts as 0. */
struct cpu_share {
	double mode[CPU_MODES];
	double busy;     /* all but idle and iowait, 0..100 */
	bool known;      /* false: no time passed */
};

/* 0; ERR_SYNTAX when the `cpu` line is missing or broken. `cores` may be NULL with `max` 0. */
int cpu_stat_parse(struct view text, struct cpu_stat *out, struct cpu_core *cores, uint32_t max);
/* The backend of this system; `text` is scratch. 0 or a negative code. */
int cpu_stat_read(struct procfile *f, const char *proc, struct buf *text, struct cpu_stat *out, struct cpu_core *cores, uint32_t max);
struct cpu_share cpu_share_between(const struct cpu_times *before, const struct cpu_times *now);

#endif
