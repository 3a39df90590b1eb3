#include "os/cpu.h"

#include "base/err.h"
#include "os/scan.h"

static bool read_times(struct view *line, struct cpu_times *out)
{
	memset(out, 0, sizeof(*out));
	return scan_numbers(line, out->ticks, CPU_MODES) >= 4; /* no kernel ever gave fewer */
}

/* "cpu  …" or "cpu12 …". */
static bool take_cpu(struct view line, struct cpu_stat *out, struct cpu_core *cores, uint32_t max)
{
	uint64_t number;
	line.data += 3;
	line.len -= 3;
	if (line.len && *line.data == ' ')
		return read_times(&line, &out->all);
	if (!scan_u64(&line, &number) || number > UINT32_MAX)
		return false;
	if (out->n_cores < max) {
		cores[out->n_cores].number = (uint32_t)number;
		if (!read_times(&line, &cores[out->n_cores].times))
			return false;
	}
	out->n_cores++;
	return false;
}

int cpu_stat_parse(struct view text, struct cpu_stat *out, struct cpu_core *cores, uint32_t max)
{
	const struct {
		struct view name;
		uint64_t *to;
	} rows[] = {
		{ VIEW("intr "), &out->interrupts },       { VIEW("ctxt "), &out->switches },
		{ VIEW("btime "), &out->boot_time },       { VIEW("processes "), &out->forks },
		{ VIEW("procs_running "), &out->running }, { VIEW("procs_blocked "), &out->blocked },
		{ VIEW("softirq "), &out->softirqs },
	};
	struct view line;
	bool found = false;
	memset(out, 0, sizeof(*out));
	while (scan_line(&text, &line)) {
		if (line.len > 3 && memcmp(line.data, "cpu", 3) == 0) {
			found |= take_cpu(line, out, cores, max);
			continue;
		}
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (scan_prefix(&line, rows[i].name)) {
				scan_u64(&line, rows[i].to);
				break;
			}
	}
	return found ? 0 : ERR_SYNTAX;
}

struct cpu_share cpu_share_between(const struct cpu_times *before, const struct cpu_times *now)
{
	struct cpu_share s = { { 0 }, 0, false };
	double grown[CPU_MODES], total = 0;
	for (int i = 0; i < CPU_MODES; i++) {
		grown[i] = now->ticks[i] > before->ticks[i] ? (double)(now->ticks[i] - before->ticks[i]) : 0;
		if (i < CPU_GUEST)
			total += grown[i];
	}
	if (total <= 0)
		return s;
	for (int i = 0; i < CPU_MODES; i++)
		s.mode[i] = 100 * grown[i] / total;
	s.busy = 100 * (total - grown[CPU_IDLE] - grown[CPU_IOWAIT]) / total;
	s.known = true;
	return s;
}
