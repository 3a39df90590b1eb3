/* Pressure stall information: /proc/pressure/{cpu,memory,io,irq}, and the same files of a cgroup.
 *
 *     some avg10=0.00 avg60=1.25 avg300=0.40 total=123456
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * some: at least one task waited; full: all of them did. Averages are percent of time, total is µs since boot. Source:
 * Documentation/accounting/psi.rst. Thread: any.
 */
#ifndef AUSPEX_OS_PRESSURE_H
#define AUSPEX_OS_PRESSURE_H

#include "base/buf.h"

#include <stdint.h>

struct pressure_line {
	bool known;
	double avg10, avg60, avg300;
	uint64_t total_us;
};
struct pressure {
	struct pressure_line some, full;
};

/* 0; ERR_SYNTAX when neither line is there. Of a broken line nothing is known. */
int pressure_parse(struct view text, struct pressure *out);

#endif
