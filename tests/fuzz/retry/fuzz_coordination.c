/* Coordination: each line of the input is a request of one of three connections. Every request gets exactly
 * one line of valid JSON, and the slots stay within their bounds. */
#include "../../../src/retry/coordination.h"

#include <stdlib.h>

#define NOW INT64_C(1795378325250)

static void check_reply(struct buf *reply)
{
	struct json_doc doc;
	struct err err;
	json_doc_init(&doc);
	if (reply->failed || reply->len < 3 ||
	    memchr(reply->data, '\n', reply->len) != reply->data + reply->len - 1 ||
	    json_parse_all(&doc, reply->data, reply->len, JSON_STRICT, &err) < 0 ||
	    json_type(&doc, json_get(&doc, 0, VIEW("type"))) != JSON_STRING)
		abort();
	json_doc_fini(&doc);
}

static void request(struct slots *slots, struct arena *arena, const char *line, size_t len, uint64_t peer,
		    wall_ms now)
{
	static int (*const handlers[])(const struct coordination *, struct err *) = { coordination_handshake,
										      coordination_schedule,
										      coordination_register };
	struct json_doc doc;
	struct buf reply;
	struct err err;
	size_t used;

	json_doc_init(&doc);
	buf_init(&reply);
	arena_reset(arena);
	if (json_parse(&doc, line, len, 0, &used) == 0 && json_type(&doc, 0) == JSON_OBJECT) {
		const struct coordination c = { slots, arena, &doc, 0, peer, now, &reply };
		handlers[len % 3](&c, &err);
		check_reply(&reply);
	}
	buf_fini(&reply);
	json_doc_fini(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slots *slots = slots_new();
	struct arena arena;
	const char *p = (const char *)data, *end = p + size;
	wall_ms now = NOW;

	arena_init(&arena, 0);
	for (unsigned n = 0; p < end; n++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);
		request(slots, &arena, p, len, 1 + n % 3, now);
		if (len % 7 == 0)
			slots_peer_gone(slots, 1 + n % 2, now);
		now += (wall_ms)(len * len * 100);
		p += len + 1;
	}
	slots_expire(slots, now);
	for (uint64_t peer = 1; peer <= 3; peer++)
		slots_peer_gone(slots, peer, now);
	slots_expire(slots, INT64_MAX / 2);
	if (slots_events(slots) || slots_resources(slots))
		abort();
	slots_free(slots);
	arena_fini(&arena);
	return 0;
}
