/* The hub: where domains meet without knowing each other.
 *
 * Publishers copy ticks, events and fleet records into a bounded queue; subscribers get them when the queue is drained,
 * after the current callback, so nobody is re-entered. `wake` is called when the queue turns non-empty (app arranges a
 * drain at the end of the loop iteration). A full queue drops the newest item and counts it by type; nothing durable
 * travels here. What subscribers publish while draining is delivered in the same drain, up to a bound, else the next.
 * Loop only.
 */
#ifndef AUSPEX_SERIES_HUB_H
#define AUSPEX_SERIES_HUB_H

#include "series/event.h"
#include "series/sample.h"

enum hub_type { HUB_TICK = 1, HUB_EVENT = 2, HUB_FLEET = 4 };

/* One host's row of the fleet schema, as published by /feed/data or by the host itself. */
struct fleet_record {
	wall_ms t;
	struct view server; /* name */
	struct view json;   /* the record's JSON object text */
};

struct hub_item {
	enum hub_type type;
	union {
		struct tick tick;
		struct event event;
		struct fleet_record fleet;
	} u;
};

struct hub;
/* `max_bytes` is taken at once (64 B .. 2 GiB; untouched pages cost nothing) and publishing never allocates. `wake` may be
 * NULL. NULL when out of memory. */
struct hub *hub_new(size_t max_bytes, void (*wake)(void *arg), void *arg);
void hub_free(struct hub *h);
/* Subscribers are called in order of subscription. `types` is a mask. Returns a handle >= 0 or -ENOMEM. Who subscribes
 * during a drain gets the next item first; who leaves during a drain gets nothing more, not even the current item. The
 * item and its views are valid during the callback. */
int hub_subscribe(struct hub *h, unsigned types, void (*cb)(void *arg, const struct hub_item *item), void *arg);
void hub_unsubscribe(struct hub *h, int handle);
/* Copy and queue. 0 or ERR_FULL (counted). */
int hub_tick(struct hub *h, const struct tick *tick);
int hub_event(struct hub *h, const struct event *event);
int hub_fleet(struct hub *h, const struct fleet_record *record);
/* Delivers what is queued and up to 1024 items that subscribers publish meanwhile; if more is left, `wake` is called
 * again. Returns the number of items delivered; 0 when called from a subscriber. */
size_t hub_drain(struct hub *h);
size_t hub_queued_bytes(const struct hub *h);
uint64_t hub_dropped(const struct hub *h, enum hub_type type);

#endif
