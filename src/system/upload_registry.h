/* The registry of hosts: requests that make and update a host's item. Pure.
 *
 *     hostname S (key), platform S, first_seen N, last_seen N, last_update S, active BOOL, status S (online, offline), cpu_percent N, memory_percent N
 *
 * Each is an UpdateItem, which leaves alone what others keep in the item. Who may not do that (the usual policy leaves it out) writes the whole
 * item instead, with the first_seen that was read at the start.
 */
#ifndef AUSPEX_SYSTEM_UPLOAD_REGISTRY_H
#define AUSPEX_SYSTEM_UPLOAD_REGISTRY_H

#include "base/buf.h"
#include "base/clock.h"

struct upload_system {
	struct view host, platform;
	wall_ns now;
	double first_seen; /* Unix seconds; 0: now */
	double cpu_percent, memory_percent;
	bool online;
};

/* PutItem of all of it. */
void upload_registry_write_all(struct buf *out, const char *table, const struct upload_system *s);
/* UpdateItem: here we are (again). */
void upload_registry_write_start(struct buf *out, const char *table, const struct upload_system *s);
/* UpdateItem, once a minute. */
void upload_registry_write_minute(struct buf *out, const char *table, const struct upload_system *s);
/* UpdateItem: status and last_update. */
void upload_registry_write_end(struct buf *out, const char *table, const struct upload_system *s);

#endif
