/* Texts of a control group, version 2.
 *
 *     cpu.stat    usage_usec 123 / user_usec … / nr_throttled … / throttled_usec …
 *     io.stat     254:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=0 dios=0       one line per device
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst. Thread: any.
 */
#ifndef AUSPEX_OS_CGROUP_H
#define AUSPEX_OS_CGROUP_H

#include "base/buf.h"

#include <stdint.h>

struct cgroup_cpu {
	uint64_t usage_us;
	uint64_t throttled_us; /* 0 when the group has no bandwidth limit */
};
/* 0; ERR_SYNTAX without a usage. */
int cgroup_cpu_parse(struct view text, struct cgroup_cpu *out);

struct cgroup_io {
	uint64_t read_bytes, write_bytes, reads, writes;
};
/* Sums over all devices; an empty text is a group without I/O. */
void cgroup_io_parse(struct view text, struct cgroup_io *out);

#endif
