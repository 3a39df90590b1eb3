/* Serving what was read, in order: head, body, answer, next. Each step is tried until one of them needs
 * something that is not here yet.
 */
#include "http_impl.h"

#include "base/err.h"

#include <errno.h>

static bool head_step(struct http_conn *c)
{
	struct http_request *r = c->r;
	const char *why = "malformed request";

	/* An empty line or two before a request is tolerated (RFC 9112, 2.2). */
	while (r->scanned == 0 && r->in_len - r->in_pos >= 2 && memcmp(r->in + r->in_pos, "\r\n", 2) == 0)
		r->in_pos += 2;
	size_t have = r->in_len - r->in_pos;
	if (have == 0 || (have == 1 && r->in[r->in_pos] == '\r'))
		return false;
	char first = r->in[r->in_pos];
	int n = first >= 'A' && first <= 'Z' ? http_head_find(r->in + r->in_pos, have, &r->scanned) : -400;
	if (n == 0 && r->scanned == 0 && have > HTTP_TARGET_MAX + 32)
		n = -414;
	if (n > HTTP_HEAD_MAX || (n == 0 && have > HTTP_HEAD_MAX))
		n = -431;
	if (n == 0)
		return false;
	int code = n < 0 ? n : http_head_parse(r, (size_t)n, &why);
	if (code < 0) {
		r->in_pos = r->in_len; /* nothing after it can be trusted */
		c->state = CONN_ANSWER;
		r->in_handler = true;
		http_reject(r, -code, why);
		r->in_handler = false;
		return true;
	}
	r->in_pos += (uint32_t)n;
	http_dispatch_head(r);
	return true;
}

static bool body_reject(struct http_conn *c, int status, const char *why)
{
	c->r->in_pos = c->r->in_len;
	c->state = CONN_ANSWER;
	c->r->in_handler = true;
	http_reject(c->r, status, why);
	c->r->in_handler = false;
	return true;
}

/* The rest of the body is yet to come: is there room for it? */
static bool body_waits(struct http_conn *c)
{
	http_body_weigh(c->r);
	if (c->server->body_bytes <= HTTP_BODIES_MAX)
		return false;
	return body_reject(c, 503, "too many large bodies are under way; send it again in a moment");
}

static bool chunked_step(struct http_conn *c)
{
	struct http_request *r = c->r;
	size_t used;
	int code = http_chunk_feed(&r->chunk, r->in + r->in_pos, r->in_len - r->in_pos, &used, &r->body_in,
				   r->body_max);

	r->in_pos += (uint32_t)used;
	if (code == ERR_FULL)
		return body_reject(c, 413, "the body is larger than this path takes");
	if (code < 0)
		return body_reject(c, code == -ENOMEM ? 503 : 400, "malformed chunked body");
	if (code == 0) {
		r->in_len = r->in_pos = r->body_at; /* the framing was consumed: its place is free again */
		return body_waits(c);
	}
	r->body = (struct view){ r->body_in.data, r->body_in.len };
	http_dispatch_call(r);
	return true;
}

/* A body that came with its head is used where it lies; else it is collected in body_in, where the rest is
 * read to directly. */
static bool length_step(struct http_conn *c)
{
	struct http_request *r = c->r;
	size_t have = r->in_len - r->in_pos;

	if (r->body_in.len == 0 && have >= r->body_left) {
		r->body = (struct view){ r->in + r->in_pos, (size_t)r->body_left };
		r->in_pos += (uint32_t)r->body_left;
		r->body_left = 0;
	} else if (have) {
		buf_append(&r->body_in, r->in + r->in_pos, have);
		r->body_left -= have;
		r->in_len = r->in_pos;
	}
	if (r->body_in.failed)
		return body_reject(c, 503, "out of memory");
	if (r->body_left)
		return body_waits(c);
	if (r->body_in.len)
		r->body = (struct view){ r->body_in.data, r->body_in.len };
	http_dispatch_call(r);
	return true;
}

/* The next request may begin. */
static void request_next(struct http_conn *c)
{
	struct http_request *r = c->r;

	http_request_reset(r);
	r->family = c->listener->family;
	c->timer = TIMER_NONE;
	c->state = CONN_HEAD;
	if (r->in_pos == r->in_len)
		r->in_pos = r->in_len = 0;
}

/* One step; false when nothing more can be done now. */
static bool conn_step(struct http_conn *c)
{
	struct http_request *r = c->r;

	switch (c->state) {
	case CONN_HEAD:
		return !c->close_after && r->out.len - r->out_pos < HTTP_OUT_HIGH && head_step(c);
	case CONN_BODY:
		return r->chunked ? chunked_step(c) : length_step(c);
	case CONN_ANSWER:
		if (r->phase == PHASE_STREAM)
			http_stream_run(r);
		if (r->phase != PHASE_ANSWERED || r->tail_pos < r->tail.len || c->broken)
			return false;
		request_next(c);
		return true;
	default:
		return false;
	}
}

/* Would serving go on if the pending output were gone? */
static bool conn_stalled(const struct http_conn *c)
{
	const struct http_request *r = c->r;

	if (!r || c->broken)
		return false;
	if (c->state == CONN_HEAD)
		return !c->close_after && r->in_pos < r->in_len && http_output_pending(r) &&
		       r->out.len - r->out_pos >= HTTP_OUT_HIGH;
	if (c->state != CONN_ANSWER || !http_output_pending(r))
		return false;
	return r->phase == PHASE_ANSWERED ||
	       (r->phase == PHASE_STREAM && !r->stream_idle && c->turn < HTTP_TURN_MAX);
}

void http_conn_advance(struct http_conn *c)
{
	bool stalled;
	int rc;

	if (c->busy || c->state == CONN_CLOSED)
		return;
	c->busy = true;
	do {
		while (c->r && conn_step(c))
			;
		stalled = conn_stalled(c);
		rc = http_output_flush(c);
	} while (stalled && rc == 0);
	c->busy = false;
	if (rc < 0 || c->broken) {
		http_conn_close(c);
		return;
	}
	bool done = c->state == CONN_HEAD && rc == 0 && (c->close_after || c->eof || c->server->closing);
	if (done || (c->eof && c->state == CONN_BODY))
		http_conn_linger(c);
	if (c->state != CONN_CLOSED)
		http_conn_settle(c);
}
