/* POST /api/push, and the `samples` list of every push. */
#include "app/parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- samples ---------------------------------------------------------------------------------- */

/* Staged form: plain structs, one after another. */
static int take_sample(void *ctx, const struct push_op *op, const struct json_doc *doc, json_ref item,
		       struct buf *stage, struct err *err)
{
	struct daemon *d = ctx;
	struct arena arena;
	double t = 0;
	struct sample sample;
	json_ref key = json_get(doc, item, VIEW("series"));
	json_ref at = json_get(doc, item, VIEW("t"));
	if (json_type(doc, item) != JSON_OBJECT || json_type(doc, key) != JSON_STRING)
		return err_set(err, ERR_TYPE, NULL,
			       "a sample is an object "
			       "{\"series\":\"name{label=value}\",\"t\":seconds,\"v\":number}");
	if (json_double(doc, json_get(doc, item, VIEW("v")), &sample.v) < 0)
		return err_set(err, ERR_TYPE, NULL, "v must be a number");
	if (at != JSON_NONE && json_type(doc, at) != JSON_NULL && json_double(doc, at, &t) < 0)
		return err_set(err, ERR_TYPE, NULL, "t must be Unix seconds as a number, or absent for now");
	bool given = at != JSON_NONE && json_type(doc, at) != JSON_NULL;
	if (given && !(t > 0 && t < 4e9))
		return err_set(err, ERR_RANGE, NULL, "t must be Unix seconds between 1970 and 2096");
	sample.t = given ? (wall_ms)llround(t * 1000.0) : push_now(op) / NS_PER_MS;
	arena_init(&arena, 1024);
	int rc = registry_intern(d->registry, json_string(doc, key, &arena), NULL, &sample.series, err);
	arena_fini(&arena);
	if (rc < 0)
		return rc;
	struct tick tick = { 0, sample.t, 1, &sample.series, &sample.v };
	rc = store_tick(d->store, &tick);
	if (rc < 0)
		return err_set(err, rc, NULL, "the history cannot take it now: %s", err_text(rc));
	buf_append(stage, &sample, sizeof(sample));
	return stage->failed ? -ENOMEM : 0;
}

#define HUB_SHARE (256 * 1024)

/* A large push is handed on in portions: the hub drops what it cannot hold, and RAM would lack what history has. */
static void release_samples(void *ctx, const struct push_op *op, struct view stage)
{
	struct daemon *d = ctx;
	struct sample s;
	(void)op;
	for (size_t at = 0; at + sizeof(s) <= stage.len; at += sizeof(s)) {
		memcpy(&s, stage.data + at, sizeof(s));
		struct tick tick = { 0, s.t, 1, &s.series, &s.v };
		if (hub_queued_bytes(d->hub) > HUB_SHARE)
			hub_drain(d->hub);
		hub_tick(d->hub, &tick);
	}
}

int api_push_register(struct daemon *d)
{
	struct push_list list = { "samples", take_sample, release_samples, d };
	return push_add_list(d->push, &list);
}

/* --- the route -------------------------------------------------------------------------------- */

struct http_push {
	struct http_request *r; /* NULL when the peer has gone */
};

static void push_done(void *arg, bool ok, struct view reply)
{
	struct http_push *p = arg;
	if (p->r) {
		http_defer(p->r, NULL, NULL);
		http_set_type(p->r, "application/json");
		buf_view(http_out(p->r), reply);
		http_send(p->r, ok ? 200 : 503);
	}
	free(p);
}

static void push_gone(struct http_request *r, void *state)
{
	struct http_push *p = state;
	(void)r;
	p->r = NULL;
}

static void post_push(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct view body = http_body(r);
	const struct http_peer *peer = http_peer(r);
	struct json_doc doc;
	struct err err = { 0 };
	json_doc_init(&doc);
	if (json_parse_all(&doc, body.data, body.len, 0, &err) < 0) {
		http_error(r, 400, "the body is no JSON document: %s: %s", err.place, err.text);
		json_doc_fini(&doc);
		return;
	}
	struct http_push *p = calloc(1, sizeof(*p));
	if (!p) {
		json_doc_fini(&doc);
		http_error(r, 503, "out of memory");
		return;
	}
	p->r = r;
	struct push_request req = { &doc,      0, { peer->uid, -1, peer->pid }, clock_wall_ns(d->clock),
				    push_done, p };
	int rc = push_start(d->push, &req, &err);
	json_doc_fini(&doc);
	if (rc < 0) {
		free(p);
		http_error(r, rc == ERR_TYPE ? 400 : 503, "%s", err.text[0] ? err.text : err_text(rc));
		return;
	}
	http_defer(r, push_gone, p);
}

const struct http_route api_push_routes[] = {
	{ METHOD_POST, "/api/push", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, post_push,
	  .max_body = 16 * 1024 * 1024, .summary = "Stores runs and samples; answered after the commit",
	  .request = "{\"type\":\"object\",\"properties\":{\"runs\":{\"type\":\"array\",\"items\":{\"type\":"
		     "\"object\"}},\"samples\":{\"type\":\"array\","
		     "\"items\":{\"type\":\"object\",\"required\":[\"series\",\"v\"]}},\"records\":{\"type\":"
		     "\"array\"},\"test_runs\":{\"type\":\"array\"}}}",
	  .response = "{\"type\":\"object\",\"required\":[\"type\",\"status\",\"accepted\",\"rejected\","
		      "\"errors\"]}" },
};
const size_t api_push_n = sizeof(api_push_routes) / sizeof(api_push_routes[0]);
