/* From a complete head to the handler: cleaning, table, guards, body rules, and the answers none of them
 * needs a handler for. */
#include "http_impl.h"

/* What a body-less answer may do while a body is still to come: nothing but close, or the body would be read
 * as the next request. */
static bool body_expected(const struct http_request *r)
{
	return r->chunked || r->body_left > 0;
}

static const char *unknown_text(enum http_family f)
{
	return f == FAMILY_RETRY ? "404 page not found" : "Not Found";
}

static void answer_method(struct http_request *r, const struct http_place *p)
{
	struct buf allow;
	buf_init(&allow);
	http_place_allow(p, &allow);
	http_set_header(r, "Allow", buf_str(&allow));
	buf_fini(&allow);
	http_error(r, 405, "%s", r->family == FAMILY_RETRY ? "Method not allowed" : "Method Not Allowed");
}

/* The row whose policy speaks for a place when the method itself has none. */
static const struct http_route *place_route(const struct http_place *p)
{
	for (int i = 0; i < HTTP_ROW_METHODS; i++) {
		if (p->rows[i].route)
			return p->rows[i].route;
	}
	return NULL;
}

/* fleet.md 1.3, as the browsers of its dashboards were answered. */
static void answer_preflight(struct http_request *r)
{
	r->type = "text/plain; charset=utf-8";
	if (!http_origin_allowed(r, http_known_header(r, KNOWN_ORIGIN))) {
		http_send_static(r, 400, VIEW("Disallowed CORS origin"));
		return;
	}
	http_set_header(r, "Access-Control-Allow-Methods", "GET, POST");
	http_set_header(r, "Access-Control-Max-Age", "600");
	http_set_header(r, "Access-Control-Allow-Headers",
			"Accept, Accept-Language, Content-Language, Content-Type, X-API-Key");
	http_send_static(r, 200, VIEW("OK"));
}

static void answer_options(struct http_request *r, const struct http_place *p)
{
	struct buf allow;

	r->route = place_route(p);
	if (r->route && r->route->cors == CORS_LIST && http_known_header(r, KNOWN_ORIGIN).len &&
	    http_header(r, "Access-Control-Request-Method").len) {
		answer_preflight(r);
		return;
	}
	buf_init(&allow);
	if (p->path.len)
		http_place_allow(p, &allow);
	else
		buf_puts(&allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
	http_set_header(r, "Allow", buf_str(&allow));
	buf_fini(&allow);
	http_send_static(r, 204, VIEW(""));
}

/* `//api/health` → `/api/health`, with the query, as Go's ServeMux does it. */
static void answer_redirect(struct http_request *r)
{
	static const char hex[] = "0123456789ABCDEF";
	struct buf to;

	buf_init(&to);
	for (size_t i = 0; i < r->path.len; i++) {
		unsigned char c = (unsigned char)r->path.data[i];
		if (c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}%?#", c)) {
			buf_putc(&to, (char)c);
			continue;
		}
		buf_putc(&to, '%');
		buf_putc(&to, hex[c >> 4]);
		buf_putc(&to, hex[c & 15]);
	}
	struct buf *out = http_out(r);
	size_t path_len = to.len;
	if (r->query.len) {
		buf_putc(&to, '?');
		buf_view(&to, r->query);
	}
	http_set_header(r, "Location", buf_str(&to));
	http_set_type(r, "text/html; charset=utf-8");
	/* Only the path: the query is the peer's text, and this is HTML. */
	buf_printf(out, "<a href=\"%.*s\">Moved Permanently</a>.\n\n", (int)path_len, buf_str(&to));
	buf_fini(&to);
	http_send(r, 301);
}

static void begin_body(struct http_request *r)
{
	r->body_max = r->route->max_body ? r->route->max_body : HTTP_BODY_DEFAULT;
	if (!r->chunked && r->body_left > r->body_max) {
		http_reject(r, 413, "the body is larger than this path takes");
		return;
	}
	if (r->chunked)
		http_chunk_init(&r->chunk);
	r->body_at = r->in_pos;
	r->conn->state = CONN_BODY;
	/* The peer waits for a word only while nothing of the body is here. */
	if (r->expects && !r->http10 && r->in_pos == r->in_len)
		buf_puts(&r->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

/* Finds row and family; true when there is a row to go on with. */
static bool route_find(struct http_request *r, bool unclean)
{
	static const struct http_place whole_server = { 0 };
	const struct http_place *p = http_router_find(r->conn->server, r);
	const struct http_route *any = p ? place_route(p) : NULL;

	if (r->raw_path.len == 1 && r->raw_path.data[0] == '*') {
		answer_options(r, &whole_server);
		return false;
	}
	if (any)
		r->family = any->family;
	if (unclean && r->family == FAMILY_RETRY) {
		answer_redirect(r);
		return false;
	}
	if (!any || unclean) {
		http_error(r, 404, "%s", unknown_text(r->family));
		return false;
	}
	const struct http_row *row = http_place_row(p, r->method);
	if (row) {
		r->route = row->route;
		r->ctx = row->ctx;
		r->family = row->route->family;
		return true;
	}
	if (r->method == METHOD_OPTIONS)
		answer_options(r, p);
	else
		answer_method(r, p);
	return false;
}

void http_dispatch_head(struct http_request *r)
{
	bool unclean, keep = r->keep_alive;

	r->in_handler = true;
	r->conn->state = CONN_ANSWER;
	if (body_expected(r)) {
		/* Until the body is accepted every answer ends the connection. */
		r->keep_alive = false;
		r->conn->linger_after = true;
	}
	int code = http_target_parse(r, &unclean);
	if (code < 0) {
		http_reject(r, -code, "malformed request target");
	} else if (http_guard_host(r) == 0 && route_find(r, unclean) && http_guard_route(r) == 0) {
		r->keep_alive = keep;
		if (body_expected(r)) {
			r->conn->linger_after = false;
			begin_body(r);
		} else {
			http_dispatch_call(r);
		}
	}
	r->in_handler = false;
}

void http_dispatch_call(struct http_request *r)
{
	r->conn->state = CONN_ANSWER;
	r->in_handler = true;
	r->route->handle(r, r->ctx);
	if (r->phase == PHASE_OPEN) {
		LOG(r->conn->server->log, LOG_ERROR, "http", "the handler gave no answer",
		    LF_V("path", r->path));
		http_error(r, 500, "no answer");
	}
	r->in_handler = false;
}
