/* POST /api/push, and the `samples` list of every push. */
#include "app/parts.h"

#include "net/job.h"

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

/* The hub drops what it cannot hold, and RAM would lack what history has: so it is drained between. */
static size_t release_samples(void *ctx, const struct push_op *op, struct view stage)
{
	struct daemon *d = ctx;
	struct sample s;
	size_t at = 0;
	(void)op;
	for (int n = 0; n < PUSH_PORTION && at + sizeof(s) <= stage.len; n++, at += sizeof(s)) {
		memcpy(&s, stage.data + at, sizeof(s));
		struct tick tick = { 0, s.t, 1, &s.series, &s.v };
		if (hub_queued_bytes(d->hub) > HUB_SHARE)
			hub_drain(d->hub);
		hub_tick(d->hub, &tick);
	}
	return at;
}

int api_push_register(struct daemon *d)
{
	struct push_list list = { "samples", take_sample, release_samples, d };
	return push_add_list(d->push, &list);
}

/* --- long pushes: once per turn of the loop --------------------------------------------------- */

static void on_turn(uv_idle_t *handle)
{
	struct daemon *d = handle->data;
	if (!push_turn(d->push))
		uv_idle_stop(handle);
}

void push_again(void *ctx)
{
	struct daemon *d = ctx;
	uv_idle_start(&d->push_turns, on_turn);
}

/* --- the route -------------------------------------------------------------------------------- */

#define LARGE_BODY  ((size_t)256 * 1024) /* from here on a body is parsed on the pool … */
#define PARSING_MAX ((size_t)64 << 20) /* … unless so much is there already: then the sender has to wait */

struct http_push {
	struct daemon *d;
	struct http_request *r; /* NULL when the peer has gone */
	struct unix_ids ids;
	wall_ns now;
	struct push_document own; /* its text is empty where the body stays in the request */
	int rc;                   /* of parsing */
	struct err err;
};

static void http_push_free(struct http_push *p)
{
	json_doc_fini(&p->own.doc);
	buf_fini(&p->own.text);
	free(p);
}

static void push_done(void *arg, bool ok, struct view reply)
{
	struct http_push *p = arg;
	if (p->r) {
		http_defer(p->r, NULL, NULL);
		http_set_type(p->r, "application/json");
		buf_view(http_out(p->r), reply);
		http_send(p->r, ok ? 200 : 503);
	}
	http_push_free(p);
}

static void push_gone(struct http_request *r, void *state)
{
	struct http_push *p = state;
	(void)r;
	p->r = NULL;
}

/* The body was parsed: the push begins, or the request gets its error. */
static void begin(struct http_push *p)
{
	struct push_request req = { .doc = &p->own.doc,
				    .ids = p->ids,
				    .now = p->now,
				    .done = push_done,
				    .arg = p,
				    .own = p->own.text.len ? &p->own : NULL };
	struct err err = { 0 };
	int rc = p->rc < 0 ? p->rc : push_start(p->d->push, &req, &err);
	if (rc == 0)
		return; /* push_done may have been called already, and p be gone */
	http_defer(p->r, NULL, NULL);
	if (p->rc < 0 && p->rc != -ENOMEM)
		http_error(p->r, 400, "the body is no JSON document: %s: %s", p->err.place, p->err.text);
	else
		http_error(p->r, rc == ERR_TYPE ? 400 : 503, "%s", err.text[0] ? err.text : err_text(rc));
	http_push_free(p);
}

static void parse_work(struct job *j, void *state)
{
	struct http_push *p = state;
	(void)j;
	p->rc = json_parse_all(&p->own.doc, p->own.text.data, p->own.text.len, 0, &p->err);
}

static void parse_done(void *state, bool cancelled)
{
	struct http_push *p = state;
	p->d->parsing_bytes -= p->own.text.len;
	if (p->r && !cancelled)
		begin(p);
	else
		http_push_free(p);
}

static void post_push(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct view body = http_body(r);
	const struct http_peer *peer = http_peer(r);
	struct http_push *p = calloc(1, sizeof(*p));
	if (!p) {
		http_error(r, 503, "out of memory");
		return;
	}
	p->d = d;
	p->r = r;
	p->ids = (struct unix_ids){ peer->uid, -1, peer->pid };
	p->now = clock_wall_ns(d->clock);
	json_doc_init(&p->own.doc);
	buf_init(&p->own.text);
	http_defer(r, push_gone, p);
	if (body.len >= LARGE_BODY && http_take_body(r, &p->own.text)) {
		if (d->parsing_bytes + body.len <= PARSING_MAX &&
		    job_start(NULL, &d->loop, parse_work, parse_done, p) == 0) {
			d->parsing_bytes += body.len;
			return;
		}
		parse_work(NULL, p);
	} else {
		p->rc = json_parse_all(&p->own.doc, body.data, body.len, 0, &p->err);
	}
	begin(p);
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
