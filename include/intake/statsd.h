/* The StatsD engine: lines in, one value per series and interval out.
 *
 *   c     name                            counter that only grows, rates applied
 *   g     name                            gauge, as last set or changed
 *   s     name                            how many different members in the interval
 *   ms h  name.count .mean .p95 .max      of the interval; count with rates applied, p95 by nearest rank over at most 512 values, chosen
 *                                         evenly among those that came
 * Tags become labels. Counters and gauges are told on and on; a metric that was not heard of for 60 intervals is left out until it comes
 * again, a gauge with its last value, a counter where it stood. One name has one type: lines of another are refused.
 *
 * Memory is bounded: the registry's cap bounds the metrics, `max_bytes` what timings and sets hold of an interval; past it p95 rests
 * on fewer values and sets stop counting, which is counted. In steady state nothing is allocated per line. Pure: time is an argument. Loop only.
 */
#ifndef AUSPEX_INTAKE_STATSD_H
#define AUSPEX_INTAKE_STATSD_H

#include "net/unix_listener.h"
#include "series/registry.h"

struct statsd;
/* `registry` is borrowed for life; max_bytes 0 = 4 MiB. 0 or -ENOMEM. */
int statsd_new(struct statsd **out, struct registry *registry, size_t max_bytes);
void statsd_free(struct statsd *s);
/* One packet: lines with newlines between them, the last one complete too. Bad lines are counted, the others taken. */
void statsd_feed(struct statsd *s, const char *data, size_t len);
/* Ends the interval: `emit` gets ticks of at most STATSD_PORTION series, each portion with a group of its own, from `group` on. */
#define STATSD_PORTION 512
void statsd_flush(struct statsd *s, wall_ms t, series_group group, void (*emit)(void *arg, const struct tick *tick), void *arg);
/* For streams: lines over connections of a Unix listener; `s` must outlive them. */
struct unix_handler statsd_stream_handler(struct statsd *s);
/* Counts a line that never became one (too long, cut off). */
void statsd_note_bad(struct statsd *s, struct view line, const char *why);

struct statsd_stats {
	uint64_t lines, bad;
	uint64_t refused;   /* good lines of series that the registry's cap, or another type, kept out */
	uint64_t saturated; /* members of sets that were not counted for want of memory */
	uint32_t metrics;
	char last_bad[64];    /* the beginning of the last bad line, printable */
	const char *last_why; /* or NULL */
};
void statsd_get_stats(const struct statsd *s, struct statsd_stats *out);

#endif
