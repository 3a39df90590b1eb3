/* Protocol B: what coordination clients ask and what they are answered (contract 1.2). Each request is one JSON object, each answer one
 * line with its keys in order. All spellings of the three requests are taken: the client's (numbers), the documented one
 * ("window":"1h", RFC 3339 times) and the typed one (command, requested_at; no limit). Pure but for the slots it is given.
 */
#ifndef AUSPEX_RETRY_COORDINATION_H
#define AUSPEX_RETRY_COORDINATION_H

#include "base/arena.h"
#include "base/json.h"
#include "retry/slots.h"

/* A request as the handlers see it. `arena` is for what parsing needs. */
struct coordination {
	struct slots *slots;
	struct arena *arena;
	const struct json_doc *doc;
	json_ref root;
	uint64_t peer;
	wall_ms now;
	struct buf *reply; /* one line is appended */
};

/* 0, or a negative code with `err` filled when the request was wrong; the error line is in the reply then. */
int coordination_handshake(const struct coordination *c, struct err *err);
int coordination_schedule(const struct coordination *c, struct err *err);
int coordination_register(const struct coordination *c, struct err *err);

/* --- the parsers, for the tests of spellings -------------------------------------------------- */

struct schedule_request {
	bool limited;               /* a rate limit was named */
	struct slots_request slots; /* offsets in the arena */
};
/* 0 or ERR_TYPE / -ENOMEM. */
int schedule_parse(const struct coordination *c, struct schedule_request *out);

struct register_item {
	struct view resource;
	struct slots_event event;
};
struct register_request {
	struct register_item *items; /* in the arena */
	size_t n;
};
int register_parse(const struct coordination *c, struct register_request *out);

#endif
