/* Slot scheduling of the diophantine strategy: at most L events in any window of W, per resource.
 *
 * `slots_ask` answers whether the offsets can run at t; if not, it finds the exact earliest t' >= t at which they can: t' is t itself
 * or e + W - o for a live event e and an offset o. Only windows that hold a new event are judged. Both answers reserve (promises of
 * the retry contract 1.4). Events count until they expire AND have left the largest window seen for the resource.
 *
 * A time that has passed is judged from now: clients send whole seconds, and the promise is about when commands really start. Future
 * times are taken as given. An expiry of less than an hour is the sender's own wish and ends an event even inside the window.
 *
 * Pure: milliseconds as arguments. Bounded: 10 000 resources, 100 000 events per resource and 500 000 in all, 10 000 per
 * connection, 1 000 offsets per request (ERR_FULL).
 */
#ifndef AUSPEX_RETRY_SLOTS_H
#define AUSPEX_RETRY_SLOTS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct slots;
struct slots *slots_new(void);
void slots_free(struct slots *s);

struct slots_request {
	uint64_t peer;        /* connection serial */
	struct view resource;
	int64_t limit;        /* events per window */
	int64_t window_ms;
	const int64_t *offsets_ms;
	size_t n_offsets;
	wall_ms at;           /* requested time; in the past = now */
};
struct slots_answer {
	bool now;            /* can run at `at` (or at once, when that has passed) */
	bool found;          /* a slot exists within 24 h; when not, wait_until = at + 24 h and nothing is reserved */
	bool exact;          /* false: the search was cut short; the slot holds, but an earlier one may exist */
	wall_ms wait_until;  /* = max(at, now) when now */
	wall_ms expires_at;  /* wait_until + 1 h */
};
/* Empty offsets: now = true, reserves nothing. */
int slots_ask(struct slots *s, const struct slots_request *r, wall_ms now, struct slots_answer *out);
/* Registration on the same connection replaces its reservation for the resource, keeping reserved times where the registered
 * ones are earlier (stale after a wait). (peer, id) is the key; the same id again is idempotent. */
struct slots_event {
	struct view id;
	wall_ms scheduled_at, expires_at;
};
int slots_register(struct slots *s, uint64_t peer, struct view resource, const struct slots_event *events, size_t n, wall_ms now);
/* The connection ended: reservations of it that were never registered and whose time has not come are freed. A promise already
 * waited for (the client sleeps on the connection) stays as long as the connection does. */
void slots_peer_gone(struct slots *s, uint64_t peer, wall_ms now);
/* Forgets expired events. */
void slots_expire(struct slots *s, wall_ms now);
uint32_t slots_resources(const struct slots *s);
uint32_t slots_events(const struct slots *s);

#endif
