/* The sampler: the collectors, their columns, and the ticks made of them. No loop and no clock of its own but for timing the collectors: time is an
 * argument, so a recorded day replays in seconds.
 *
 * Series that are read equally often make one tick: they share a time, which is what lets blocks keep one column of times for all of them.
 */
#ifndef AUSPEX_SYSTEM_SAMPLER_H
#define AUSPEX_SYSTEM_SAMPLER_H

#include "base/json_write.h"
#include "collector.h"

/* First series_group of the host's ticks; the group says how many samples apart they are. */
#define SYSTEM_GROUP     0x100u
#define SYSTEM_EVERY_MAX 0xffu /* a longer time between readings counts as this many samples */

enum collector_state { COLLECTOR_OFF, COLLECTOR_ON, COLLECTOR_ABSENT, COLLECTOR_FAILING };

struct sampler;
/* `opt` is borrowed until sampler_reconfigure or the end. 0, -ENOMEM, or what a collector's init said. */
int sampler_new(struct sampler **out, const struct system_deps *deps, const struct system_options *opt);
void sampler_free(struct sampler *s);
/* Takes other options: how often each collector reads, and which of them do at all. One that is switched off forgets what it knew, and so does the
 * sample; one that cannot be made ready stays off, which is logged. True when any of that changed: the schedule then starts anew at tick 0,
 * where every collector is due. */
bool sampler_reconfigure(struct sampler *s, const struct system_options *opt);
/* Takes sample `tick` of the schedule: reads what is due and puts the ticks onto the hub. */
void sampler_take(struct sampler *s, uint64_t tick, wall_ns t, mono_us mono);
/* NULL before the first. */
const struct host_sample *sampler_last(const struct sampler *s);
/* Publishes what the collectors cost since the last time, as series of our own; `missed` is the schedule's count. */
void sampler_publish_self(struct sampler *s, wall_ms t, uint64_t missed);
/* Members "series" and "collectors" into an object that the caller opened. */
void sampler_write(const struct sampler *s, struct jw *w);

#endif
