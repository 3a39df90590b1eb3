/* The host's own row of the fleet schema: what the samples since the last row say, as one record.
 *
 * Shares and rates are means over those samples. `status` follows the worst of processor, memory and file systems; java_cpu_pct is
 * the share that processes of the name java have of all cores; 0 where processes are not read. Pure.
 */
#ifndef AUSPEX_SYSTEM_FLEET_H
#define AUSPEX_SYSTEM_FLEET_H

#include "base/buf.h"
#include "system/sample.h"

#define FLEET_EVERY_US (5 * US_PER_S)

enum fleet_mean {
	FLEET_USER,
	FLEET_SYSTEM,
	FLEET_IOWAIT,
	FLEET_IDLE,
	FLEET_JAVA,
	FLEET_NET_IN,
	FLEET_NET_OUT,
	FLEET_DISK,
	FLEET_MEANS
};
struct fleet_row {
	double sum[FLEET_MEANS];
	uint32_t n[FLEET_MEANS];
	mono_us due; /* the next row */
};

/* Adds a sample. True when a row is due: then fleet_row_write, which begins the next one. */
bool fleet_row_add(struct fleet_row *r, const struct host_sample *s);
/* Appends the record, a JSON object: `server` is its name. */
void fleet_row_write(struct fleet_row *r, const struct host_sample *s, struct view server, struct buf *out);

#endif
