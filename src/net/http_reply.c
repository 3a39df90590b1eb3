/* Answers: a body in the family's style, given now or later. */
#include "http_impl.h"

static unsigned family_style(enum http_family f)
{
	switch (f) {
	case FAMILY_RETRY:
		return JW_COMPACT | JW_GO_ESCAPE;
	case FAMILY_CHANGE:
		return JW_INDENT4;
	default:
		return JW_COMPACT;
	}
}

struct jw *http_json(struct http_request *r)
{
	if (!r->type && r->route)
		r->type = r->route->content_type;
	buf_clear(&r->reply);
	r->jw = jw_init(&r->reply, family_style(r->family));
	r->json = true;
	return &r->jw;
}

struct buf *http_out(struct http_request *r)
{
	return &r->reply;
}

void http_set_type(struct http_request *r, const char *content_type)
{
	r->type = content_type;
}

static bool line_safe(const char *s)
{
	return !strpbrk(s, "\r\n");
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
	if (!line_safe(name) || !line_safe(value)) {
		LOG(r->conn->server->log, LOG_WARN, "http", "header with a line break left out",
		    LF_S("header", name));
		return;
	}
	buf_puts(&r->extra, name);
	buf_append(&r->extra, ": ", 2);
	buf_puts(&r->extra, value);
	buf_append(&r->extra, "\r\n", 2);
}

static void count(struct http_request *r, int status)
{
	struct http_server *s = r->conn->server;

	s->stats.requests++;
	s->stats.errors_4xx += status >= 400 && status < 500;
	s->stats.errors_5xx += status >= 500;
	LOG(s->log, s->opt.log_requests ? LOG_INFO : LOG_DEBUG, "http", "request",
	    LF_S("peer", r->conn->peer.address), LF_V("path", r->path), LF_I("status", status));
}

/* `body` must stay until the peer has it: it is r->reply, or static. */
static void answer(struct http_request *r, int status, struct view body)
{
	bool with_body = !r->head_only && status != 204 && status != 304;

	r->status = status;
	count(r, status);
	if (!r->type && r->route)
		r->type = r->route->content_type;
	http_head_write(r, status, (int64_t)body.len);
	if (with_body && body.len < HTTP_TAIL_MIN) {
		buf_view(&r->out, body);
	} else if (with_body) {
		r->tail = body;
		r->tail_pos = 0;
	}
	r->phase = PHASE_ANSWERED;
	r->gone = NULL;
	if (!r->in_handler)
		http_conn_advance(r->conn);
}

static bool already_answered(struct http_request *r)
{
	if (r->phase == PHASE_OPEN || r->phase == PHASE_DEFERRED)
		return false;
	LOG(r->conn->server->log, LOG_ERROR, "http", "a second answer to one request was ignored",
	    LF_V("path", r->path));
	return true;
}

void http_send(struct http_request *r, int status)
{
	if (already_answered(r))
		return;
	if (r->json && (r->family == FAMILY_RETRY || r->family == FAMILY_OWN))
		buf_putc(&r->reply, '\n');
	if (r->reply.failed) {
		buf_clear(&r->reply);
		buf_clear(&r->extra);
		r->type = "text/plain; charset=utf-8";
		answer(r, 500, VIEW("out of memory\n"));
		return;
	}
	answer(r, status, (struct view){ r->reply.data, r->reply.len });
}

void http_send_static(struct http_request *r, int status, struct view body)
{
	if (!already_answered(r))
		answer(r, status, body);
}

void http_defer(struct http_request *r, void (*gone)(struct http_request *r, void *state), void *state)
{
	if (already_answered(r))
		return;
	r->phase = PHASE_DEFERRED;
	r->gone = gone;
	r->gone_state = state;
}
