/* The past of the core set, thinned with age: means of 10 s for some minutes, then of 30 s, 2 min, and so on up to the retention. Pure: time is an
 * argument.
 *
 *     age      60 s        5 min        30 min          2 h            retention
 *              |    10 s    |    30 s    |    2 min     |   20 min or more |
 *
 * Clients take a plain mean over what they find in a range, so density must not change in one leap. What is too old for its level is folded into the
 * next one; where a wall clock that was set back makes entries younger than they are, a level that is full gives its oldest one all the same, so
 * the number of entries is bounded whatever the clocks do.
 */
#ifndef AUSPEX_SYSTEM_PAST_H
#define AUSPEX_SYSTEM_PAST_H

#include "base/clock.h"

#include <stdbool.h>

#define PAST_LEVELS 4
#define PAST_MOST   72 /* entries of a level */

/* Means over `n` samples; the times are means, too. */
struct past_entry {
	wall_ns t;
	mono_us mono; /* -1: of an earlier boot */
	uint32_t n;
	bool has_load;
	double cpu_percent, memory_percent, memory_available_mb, memory_used_mb, load[3];
};

struct past {
	struct past_level {
		wall_ns spacing, reach; /* width of a bucket; age at which an entry leaves */
		uint32_t first, n;
		struct past_entry ring[PAST_MOST];
	} level[PAST_LEVELS]; /* the finest first */
};

/* `retention_ns` 0 or less keeps nothing. */
void past_init(struct past *p, int64_t retention_ns);
/* Adds one that is younger than all others (or whose clock was set back) and folds what has become too old at `now`. */
void past_add(struct past *p, const struct past_entry *e, wall_ns now);
/* Puts one that was kept elsewhere into the level of its age; in ascending order. What is older than the retention, or from a future more than a
 * bucket away, is left out. */
void past_restore(struct past *p, const struct past_entry *e, wall_ns now);
/* Oldest first. */
void past_each(const struct past *p, void (*cb)(void *arg, const struct past_entry *e), void *arg);
uint32_t past_count(const struct past *p);

#endif
