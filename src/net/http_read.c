/* Reading: one read(2) per readiness, straight to where the bytes are wanted. */
#include "http_impl.h"

#include <errno.h>

static void linger_read(struct http_conn *c)
{
	char waste[4096];
	ssize_t n = c->io->read(c, waste, sizeof(waste));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->lingered += n > 0 ? (uint32_t)n : 0;
	if (n <= 0 || c->lingered > HTTP_LINGER_BYTES)
		http_conn_close(c);
}

/* A head begins late in the buffer: what is there of it moves to the front. Never while a request is being
 * served, whose views point here. */
static void input_compact(struct http_request *r)
{
	if (r->in_pos == 0 || r->in_len < HTTP_IN_SIZE / 2)
		return;
	memmove(r->in, r->in + r->in_pos, r->in_len - r->in_pos);
	r->in_len -= r->in_pos;
	r->in_pos = 0;
}

/* Where the next bytes go. */
static char *read_place(struct http_conn *c, size_t *room)
{
	struct http_request *r = c->r;

	if (c->state == CONN_BODY && !r->chunked) {
		size_t want = r->body_left < HTTP_OUT_HIGH ? (size_t)r->body_left : HTTP_OUT_HIGH;
		if (buf_reserve(&r->body_in, want) < 0)
			return NULL;
		*room = r->body_in.cap - r->body_in.len - 1;
		if (*room > r->body_left)
			*room = (size_t)r->body_left;
		return r->body_in.data + r->body_in.len;
	}
	if (c->state == CONN_HEAD)
		input_compact(r);
	*room = HTTP_IN_SIZE - r->in_len;
	return r->in + r->in_len;
}

void http_conn_on_readable(struct http_conn *c)
{
	size_t room;

	if (c->state == CONN_LINGER) {
		linger_read(c);
		return;
	}
	if (!c->r)
		c->r = http_request_take(c->server, c);
	char *place = c->r ? read_place(c, &room) : NULL;
	if (!place) {
		http_conn_close(c);
		return;
	}
	ssize_t n = room ? c->io->read(c, place, room) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		http_conn_settle(c);
		return;
	}
	if (n < 0) {
		http_conn_close(c);
		return;
	}
	if (n == 0 && room)
		c->eof = true;
	c->progress = true;
	if (c->state == CONN_BODY && !c->r->chunked) {
		c->r->body_in.len += (size_t)n;
		c->r->body_left -= (uint64_t)n;
	} else {
		c->r->in_len += (uint32_t)n;
	}
	/* A stream's peer that closed its side is gone; a deferred answer may still be wanted by one that
	 * only half-closed. */
	if (c->eof && c->r->phase == PHASE_STREAM)
		http_conn_close(c);
	else
		http_conn_advance(c);
}
