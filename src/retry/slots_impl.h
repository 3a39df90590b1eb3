/* Inside of the slot table: resources with their events, connections with the resources they touched. */
#ifndef AUSPEX_RETRY_SLOTS_IMPL_H
#define AUSPEX_RETRY_SLOTS_IMPL_H

#include "retry/slots.h"

#include "base/map.h"

/* An event as the table keeps it. */
struct slot_event {
	wall_ms expires;
	wall_ms asked; /* time the client named, before the server moved it; finds the reservation a registration is about */
	uint64_t peer;   /* connection serial */
	uint64_t id;     /* hash of the id; 0 = none */
	uint32_t batch;  /* reservation number within the table; 0 = registered */
	bool deliberate; /* the sender chose an expiry of less than an hour: honoured even inside the window */
};

/* Events of one resource, ascending in time: times apart, for the search. */
struct slot_resource {
	char *name;
	uint32_t name_len;
	uint32_t n, cap;
	wall_ms *at;
	struct slot_event *ev;
	int64_t max_window_ms; /* largest seen */
	uint32_t refs;         /* connections that list it */
};

/* What a connection touched. */
struct slot_peer {
	uint64_t serial;
	struct slot_resource **list;
	uint32_t n, cap;
	uint32_t
		events; /* made by it and not yet forgotten at its end; bounds what one connection can hold */
};

struct slots {
	struct map resources; /* name → struct slot_resource * */
	struct map peers;     /* serial bytes → struct slot_peer * */
	uint32_t events;
	uint32_t next_batch;
};

struct slot_resource *slots_resource(struct slots *s, struct view name, bool make, wall_ms now);
struct slot_peer *slots_peer(struct slots *s, uint64_t serial, bool make);
/* Notes that the connection has events here. 0 or -ENOMEM. */
int slot_peer_touch(struct slot_peer *p, struct slot_resource *r);
/* Removes events that no longer count. */
void slot_resource_expire(struct slots *s, struct slot_resource *r, wall_ms now);
/* Removes the events for which `drop` says so, keeping order. */
void slot_resource_filter(struct slots *s, struct slot_resource *r,
			  bool (*drop)(const void *arg, wall_ms at, const struct slot_event *e),
			  const void *arg);
/* Puts n events (any order) in their place. 0, ERR_FULL, -ENOMEM: then nothing changed. */
int slot_resource_insert(struct slots *s, struct slot_resource *r, wall_ms *at, struct slot_event *ev,
			 size_t n, wall_ms now);

#endif
