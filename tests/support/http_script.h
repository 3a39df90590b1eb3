/* A small HTTP server in the test's own loop: whole requests go to a function that answers with the bytes of an answer, or with nothing. */
#ifndef AUSPEX_TESTS_HTTP_SCRIPT_H
#define AUSPEX_TESTS_HTTP_SCRIPT_H

#include "support.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct script_request {
	char method[16], path[512];
	const char *head; /* NUL-terminated, from the request line to the empty line */
	struct view body;
};

struct script_server {
	uv_tcp_t listener;
	int port;
	int requests;
	/* Appends a whole answer to `out`; nothing: the peer waits for ever. */
	void (*answer)(void *arg, const struct script_request *r, struct buf *out);
	void *arg;
	struct script_conn *conns;
};

struct script_conn {
	struct script_conn *next;
	uv_tcp_t tcp;
	struct script_server *s;
	struct buf in;
	char chunk[16384];
};

static inline const char *script_header(const struct script_request *r, const char *name)
{
	static char value[2048];
	size_t n = strlen(name);
	for (const char *line = strchr(r->head, '\n'); line; line = strchr(line + 1, '\n')) {
		struct view found = { line + 1, n };
		if (strlen(line + 1) <= n || !view_ieq(found, view_of(name)) || line[1 + n] != ':')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + n + 3, "\r\n"), line + n + 3);
		return value;
	}
	return "";
}

static inline void script_reply(struct buf *out, int status, const char *headers, const char *body)
{
	buf_printf(out, "HTTP/1.1 %d Said\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers, strlen(body),
		   body);
}

static inline void script_conn_closed(uv_handle_t *h)
{
	struct script_conn *c = h->data, **at = &c->s->conns;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	buf_fini(&c->in);
	free(c);
}

static inline void script_conn_close(struct script_conn *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, script_conn_closed);
}

static inline void script_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
	struct script_conn *c = h->data;
	(void)n;
	*b = uv_buf_init(c->chunk, sizeof(c->chunk));
}

/* One whole request at the front of `in`, or false. */
static inline bool script_cut(struct buf *in, struct script_request *r, size_t *used)
{
	char *text = (char *)(uintptr_t)buf_str(in), *end = strstr(text, "\r\n\r\n");
	if (!end)
		return false;
	*end = '\0';
	r->head = text;
	sscanf(text, "%15s %511s", r->method, r->path);
	size_t length = (size_t)atoi(script_header(r, "Content-Length"));
	size_t head = (size_t)(end + 4 - text);
	r->body = (struct view){ end + 4, length };
	*used = head + length;
	if (in->len >= *used)
		return true;
	*end = '\r';
	return false;
}

static inline void script_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct script_conn *c = h->data;
	struct script_request r;
	struct buf out;
	size_t used;
	if (n < 0) {
		script_conn_close(c);
		return;
	}
	buf_append(&c->in, b->base, (size_t)n);
	while (script_cut(&c->in, &r, &used)) {
		buf_init(&out);
		c->s->requests++;
		c->s->answer(c->s->arg, &r, &out);
		uv_buf_t bytes = uv_buf_init(out.data, (unsigned)out.len);
		bool whole = !out.len || uv_try_write(h, &bytes, 1) == (int)out.len;
		bool last = out.len && !strstr(buf_str(&out), "Content-Length");
		buf_fini(&out);
		buf_consume(&c->in, used);
		assert_true(whole);
		if (last) { /* an answer without a length ends with its connection */
			script_conn_close(c);
			return;
		}
	}
}

static inline void script_accept(uv_stream_t *h, int status)
{
	struct script_server *s = h->data;
	struct script_conn *c = calloc(1, sizeof(*c));
	(void)status;
	c->s = s;
	c->next = s->conns;
	s->conns = c;
	uv_tcp_init(h->loop, &c->tcp);
	c->tcp.data = c;
	assert_int_equal(uv_accept(h, (uv_stream_t *)&c->tcp), 0);
	uv_read_start((uv_stream_t *)&c->tcp, script_alloc, script_read);
}

/* `port` 0: any; else the one a stopped server had. */
static inline void script_start(struct script_server *s, uv_loop_t *loop, int port,
				void (*answer)(void *, const struct script_request *, struct buf *),
				void *arg)
{
	struct sockaddr_in a;
	int len = sizeof(a);
	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->arg = arg;
	uv_tcp_init(loop, &s->listener);
	s->listener.data = s;
	uv_ip4_addr("127.0.0.1", port, &a);
	assert_int_equal(uv_tcp_bind(&s->listener, (struct sockaddr *)&a, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 16, script_accept), 0);
	uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &len);
	s->port = ntohs(a.sin_port);
}

/* Its memory may go when the loop has turned once more. */
static inline void script_stop(struct script_server *s)
{
	uv_close((uv_handle_t *)&s->listener, NULL);
	for (struct script_conn *c = s->conns; c; c = c->next)
		script_conn_close(c);
}

/* Turns the loop until the condition holds; fails after a while. */
#define script_until(loop, condition)                                                                        \
	do {                                                                                                 \
		int left_ = 200000;                                                                          \
		while (!(condition) && left_--) {                                                            \
			uv_run((loop), UV_RUN_NOWAIT);                                                       \
			usleep(100);                                                                         \
		}                                                                                            \
		if (!(condition))                                                                            \
			fail_msg("never: %s", #condition);                                                   \
	} while (0)

#endif
