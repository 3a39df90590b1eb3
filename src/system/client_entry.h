/* One entry of a client file as text, piece by piece (contract of the client files, 2.2). Pure.
 *
 *     {"system":{"timestamp":1795378240.696711,"cpu_percent":12.5,…},"processes":{…},"network":{…},"timestamp":1795378240.696711}
 *               ^ put_time                    ^ put_system            ^ put_processes  ^ put_network
 *
 * Readers tell whole numbers from others by the point, as Python does, so what is no count always has one. Names of processes may be any
 * bytes: they are repaired to UTF-8, and whatever is not ASCII is escaped, because readers open the files in the encoding of their locale.
 */
#ifndef AUSPEX_SYSTEM_CLIENT_ENTRY_H
#define AUSPEX_SYSTEM_CLIENT_ENTRY_H

#include "base/buf.h"
#include "past.h"
#include "system/process.h"
#include "system/sample.h"

/* Microseconds as seconds with six digits. */
void client_put_time(struct buf *out, int64_t us);
/* What follows the timestamp in `system`: from the comma to the closing brace. */
void client_put_system(struct buf *out, const struct host_sample *s);
/* The value of `network`. */
void client_put_network(struct buf *out, const struct host_network *n);
/* Members of our own to it, those that are known, each behind a comma. */
void client_put_rates(struct buf *out, const struct host_network *n);
/* The value of `processes`. Those that do not fit `limit` bytes are left out, the last ones first. */
void client_put_processes(struct buf *out, const struct host_sample *s, size_t limit);
/* A whole entry of the past; with the monotonic time as its timestamp when `shadow`. */
void client_put_past(struct buf *out, const struct past_entry *e, bool shadow);
/* The end of an entry of the clock shadow, from the comma on: readers that want wall time can tell by it. */
#define CLIENT_CLOCK ",\"clock\":\"monotonic\""

#endif
