/* A connection: reading, serving in order, writing, time-outs and the end.
 *
 *   HEAD --head complete--> BODY --body complete--> ANSWER --answer given and its large body written--> HEAD
 *     \--refused, or the last answer is out--> LINGER --peer closed, or 2 s--> CLOSED
 */
#include "http_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE is set on the socket instead */
#endif

static ssize_t socket_read(struct http_conn *c, void *data, size_t len)
{
	return recv(c->fd, data, len, 0);
}

static ssize_t socket_write(struct http_conn *c, const struct iovec *iov, int n)
{
	if (n == 1)
		return send(c->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL);
	const struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL);
}

static const struct http_io socket_io = { socket_read, socket_write };

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct http_conn *c = h->data;

	c->turn = 0;
	if (status < 0 || events & UV_PRIORITIZED)
		http_conn_close(c);
	else if (events & UV_READABLE)
		http_conn_on_readable(c);
	else
		http_conn_advance(c);
}

struct http_conn *http_conn_new(struct http_server *s, struct http_listener *l, int fd)
{
	struct http_conn *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->server = s;
	c->listener = l;
	c->fd = fd;
	c->io = &socket_io;
	c->peer = (struct http_peer){ .uid = -1, .pid = -1 };
	if (fd >= 0) {
		if (uv_poll_init(s->loop, &c->poll, fd) < 0) {
			free(c);
			return NULL;
		}
		c->poll.data = c;
		c->polling = true;
		s->handles++;
	}
	c->next = s->conns;
	if (s->conns)
		s->conns->prev = c;
	s->conns = c;
	s->stats.open_connections++;
	return c;
}

static void on_closed(uv_handle_t *h)
{
	struct http_conn *c = h->data;
	struct http_server *s = c->server;

	free(c);
	s->handles--;
	http_server_maybe_closed(s);
}

static void conn_unlink(struct http_conn *c)
{
	struct http_server *s = c->server;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->stats.open_connections--;
}

void http_conn_close(struct http_conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	if (c->r) {
		struct http_request *r = c->r;
		http_request_gone(r);
		c->r = NULL;
		http_request_give(c->server, r);
	}
	conn_unlink(c);
	if (c->polling) {
		uv_close((uv_handle_t *)&c->poll, on_closed);
		close(c->fd);
		c->fd = -1;
	}
}

void http_conn_free(struct http_conn *c)
{
	http_conn_close(c);
	free(c);
}

/* Half-closes and waits for the peer to do the same: a close with unread bytes would reset the connection and
 * with it our answer. */
void http_conn_linger(struct http_conn *c)
{
	if (!c->linger_after || c->eof || c->fd < 0) {
		http_conn_close(c);
		return;
	}
	shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->timer = TIMER_NONE;
	if (c->r) {
		http_request_give(c->server, c->r);
		c->r = NULL;
	}
}

/* --- what it waits for
 * ------------------------------------------------------------------------------------------------ */

static enum http_timer timer_wanted(const struct http_conn *c)
{
	if (c->state == CONN_LINGER)
		return TIMER_LINGER;
	if (c->r && http_output_pending(c->r))
		return TIMER_WRITE;
	if (c->state == CONN_HEAD)
		return c->r ? TIMER_HEADER : TIMER_IDLE;
	return c->state == CONN_BODY ? TIMER_BODY : TIMER_NONE;
}

/* A header has its time once, however slowly it drips; bodies and answers may go on as long as they go on. */
static void timer_settle(struct http_conn *c)
{
	static const mono_us spans[] = {
		0, HTTP_IDLE_US, HTTP_HEADER_US, HTTP_BODY_US, HTTP_BODY_US, HTTP_LINGER_US
	};
	enum http_timer t = timer_wanted(c);

	if (t != c->timer || (c->progress && (t == TIMER_WRITE || t == TIMER_BODY)))
		c->deadline = t == TIMER_NONE ? 0 : clock_mono_us(c->server->clock) + spans[t];
	c->timer = t;
	c->progress = false;
}

static int events_wanted(const struct http_conn *c)
{
	const struct http_request *r = c->r;

	if (c->state == CONN_LINGER)
		return UV_READABLE;
	if (r && http_output_pending(r))
		return UV_WRITABLE;
	if (r && r->phase == PHASE_STREAM && !r->stream_idle)
		return UV_WRITABLE; /* its share of this turn is used up: go on in the next */
	/* Nothing to read or no room: only the connection's death is of interest. */
	if (c->eof || (r && r->in_len == HTTP_IN_SIZE && c->state == CONN_ANSWER))
		return UV_PRIORITIZED;
	return UV_READABLE;
}

void http_conn_settle(struct http_conn *c)
{
	struct http_request *r = c->r;

	if (r && c->state == CONN_HEAD && r->in_pos == r->in_len && !http_output_pending(r)) {
		http_request_give(c->server, r);
		c->r = NULL;
	}
	timer_settle(c);
	int events = events_wanted(c);
	if (events == c->events || !c->polling)
		return;
	c->events = events;
	if (uv_poll_start(&c->poll, events, on_poll) < 0)
		http_conn_close(c);
}

void http_conn_expire(struct http_conn *c)
{
	struct http_request *r = c->r;

	c->server->stats.timeouts += c->timer != TIMER_IDLE && c->timer != TIMER_LINGER;
	if ((c->timer == TIMER_HEADER || c->timer == TIMER_BODY) && r && !c->busy) {
		c->state = CONN_ANSWER;
		r->in_pos = r->in_len;
		r->in_handler = true;
		http_reject(r, 408, "the request did not arrive in time");
		r->in_handler = false;
		http_conn_advance(c);
		return;
	}
	http_conn_close(c);
}

void http_conn_finish(struct http_conn *c)
{
	const struct http_request *r = c->r;

	if (c->busy || (r && http_output_pending(r)))
		return;
	if (c->state == CONN_LINGER || c->state == CONN_HEAD ||
	    (r && r->phase == PHASE_STREAM && r->stream_idle))
		http_conn_close(c);
}
