/* Streamed answers: the handler's pump is asked for more whenever the peer can take more, so a slow peer
 * costs one chunk of memory. Server-Sent Events are streams whose pump sometimes has nothing to add;
 * http_stream_wake asks it again.
 */
#include "http_impl.h"

#include <stdio.h>

void http_request_gone(struct http_request *r)
{
	void (*stream_gone)(void *) = r->phase == PHASE_STREAM ? r->stream.gone : NULL;
	void (*deferred_gone)(struct http_request *, void *) = r->phase == PHASE_DEFERRED ? r->gone : NULL;

	if (r->phase == PHASE_STREAM)
		r->conn->server->stats.streams--;
	r->phase = PHASE_ANSWERED;
	r->gone = NULL;
	if (stream_gone)
		stream_gone(r->stream.state);
	if (deferred_gone)
		deferred_gone(r, r->gone_state);
}

static void chunk_append(struct http_request *r)
{
	char size[24];

	if (r->reply.len == 0)
		return;
	if (r->http10) {
		buf_append(&r->out, r->reply.data, r->reply.len);
	} else {
		buf_append(&r->out, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", r->reply.len));
		buf_append(&r->out, r->reply.data, r->reply.len);
		buf_append(&r->out, "\r\n", 2);
	}
	buf_clear(&r->reply);
}

static void stream_end(struct http_request *r)
{
	if (!r->http10)
		buf_puts(&r->out, "0\r\n\r\n");
	http_request_gone(r);
}

/* One call of the pump. False when it had nothing to add. */
static bool stream_pump(struct http_request *r)
{
	r->pumping = true;
	r->woken = false;
	r->stream_more = r->stream.pump(r, &r->reply, r->stream.state);
	r->pumping = false;
	bool added = r->reply.len > 0;
	if (r->reply.failed) {
		/* The bytes already sent cannot be taken back: a cut stream is the only honest sign. */
		r->conn->broken = true;
		r->stream_more = false;
	}
	chunk_append(r);
	if (!r->stream_more && !r->conn->broken)
		stream_end(r);
	return added;
}

void http_stream_run(struct http_request *r)
{
	struct http_conn *c = r->conn;
	size_t before = r->out.len;

	while (r->phase == PHASE_STREAM && !c->broken && !r->stream_idle &&
	       r->out.len - r->out_pos < HTTP_OUT_HIGH && c->turn < HTTP_TURN_MAX) {
		/* A wake that came while the pump ran may be about what it had just looked past. */
		r->stream_idle = !stream_pump(r) && !r->woken;
		c->turn += (uint32_t)(r->out.len - before);
		before = r->out.len;
	}
}

void http_send_stream(struct http_request *r, int status, const struct http_stream *s)
{
	struct http_conn *c = r->conn;

	if (r->phase == PHASE_ANSWERED || r->phase == PHASE_STREAM)
		return;
	r->status = status;
	c->server->stats.requests++;
	if (!r->type && r->route)
		r->type = r->route->content_type;
	if (r->http10)
		r->keep_alive = false; /* the end of the connection is the end of the body */
	http_head_write(r, status, -1);
	buf_clear(&r->reply);
	r->stream = *s;
	r->stream_more = true;
	r->stream_idle = false;
	r->phase = PHASE_STREAM;
	c->server->stats.streams++;
	if (r->head_only)
		http_request_gone(r);
	if (!r->in_handler)
		http_conn_advance(c);
}

void http_stream_wake(struct http_request *r)
{
	if (r->phase != PHASE_STREAM)
		return;
	r->woken = true;
	r->stream_idle = false;
	if (!r->pumping && !r->in_handler)
		http_conn_advance(r->conn);
}
