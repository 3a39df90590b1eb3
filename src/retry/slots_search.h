/* The arithmetic of slots: can these offsets run at t, and when at the earliest?
 *
 * A window [s, s+W) may hold at most L events. Placing offsets at t breaks that exactly when some L+1 neighbours in time,
 * at least one of them new, lie less than W apart. For the new events a..b of such a group and the L-(b-a) old ones
 * e_i..e_j that complete it, the bad times are the open interval
 *
 *     ( e_j - W - o_a ,  e_i + W - o_b )        provided e_j - e_i < W and o_b - o_a < W
 *
 * so from a bad t the earliest candidate is the upper end, and jumping from end to end until no interval holds t finds the exact
 * earliest slot. Pure.
 */
#ifndef AUSPEX_RETRY_SLOTS_SEARCH_H
#define AUSPEX_RETRY_SLOTS_SEARCH_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct slots_problem {
	const wall_ms *events; /* ascending */
	size_t n_events;
	const int64_t *offsets; /* ascending */
	size_t n_offsets;
	int64_t limit, window_ms;
};
#define SLOTS_NEVER INT64_MAX
/* Earliest t >= from at which the offsets fit; SLOTS_NEVER when they break the limit among themselves or no t up to `until`
 * is found. Work is bounded: a search of more than some million steps takes the time after all events instead (feasible, but perhaps
 * not the earliest) and sets *exact to false. */
wall_ms slots_search(const struct slots_problem *p, wall_ms from, wall_ms until, bool *exact);

#endif
