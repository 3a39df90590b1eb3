#include "support.h"

#include "net/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server in the same loop that records what it is sent and answers with fixed bytes. */
struct server {
	uv_loop_t loop;
	uv_tcp_t listener;
	int port, connections, open;
	struct buf request;
	const char *answer; /* NULL = never answers */
	bool close_after;
	struct http_client *client;
	bool client_closed;
};

struct conn {
	uv_tcp_t tcp;
	struct server *s;
	size_t from; /* where its current request begins in s->request */
	char chunk[65536];
};

static void on_conn_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	c->s->open--;
	free(c);
}

static void conn_close(struct conn *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

static void on_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
	struct conn *c = h->data;
	*b = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static bool request_complete(struct conn *c)
{
	const char *text = buf_str(&c->s->request) + c->from;
	const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
	return end && strlen(end + 4) >= (size_t)(length ? atoi(length + 16) : 0);
}

static void on_written(uv_write_t *w, int status)
{
	free(w);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = h->data;
	if (n < 0) {
		conn_close(c);
		return;
	}
	buf_append(&c->s->request, b->base, (size_t)n);
	if (!c->s->answer || !request_complete(c))
		return;
	c->from = c->s->request.len;
	uv_buf_t out = uv_buf_init((char *)(uintptr_t)c->s->answer, (unsigned)strlen(c->s->answer));
	uv_write(malloc(sizeof(uv_write_t)), h, &out, 1, on_written);
	if (c->s->close_after)
		conn_close(c);
}

static void on_connection(uv_stream_t *h, int status)
{
	struct server *s = h->data;
	struct conn *c = calloc(1, sizeof(*c));
	c->s = s;
	uv_tcp_init(&s->loop, &c->tcp);
	c->tcp.data = c;
	assert_int_equal(uv_accept(h, (uv_stream_t *)&c->tcp), 0);
	c->from = s->request.len;
	s->connections++;
	s->open++;
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

static void setup(struct server *s, const char *answer)
{
	struct sockaddr_in a;
	int len = sizeof(a);
	memset(s, 0, sizeof(*s));
	s->answer = answer;
	uv_loop_init(&s->loop);
	buf_init(&s->request);
	uv_tcp_init(&s->loop, &s->listener);
	s->listener.data = s;
	uv_ip4_addr("127.0.0.1", 0, &a);
	assert_int_equal(uv_tcp_bind(&s->listener, (struct sockaddr *)&a, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 10, on_connection), 0);
	uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &len);
	s->port = ntohs(a.sin_port);
	s->client = http_client_new(&s->loop);
	assert_non_null(s->client);
}

static void on_client_closed(void *arg)
{
	((struct server *)arg)->client_closed = true;
}

static void teardown(struct server *s)
{
	if (!s->client_closed)
		http_client_close(s->client, on_client_closed, s);
	uv_close((uv_handle_t *)&s->listener, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_true(s->client_closed);
	assert_int_equal(s->open, 0);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	buf_fini(&s->request);
}

struct outcome {
	int calls;
	struct http_answer a;
	char body[4096], headers[4096], error[512];
};

static void on_answer(void *arg, const struct http_answer *a)
{
	struct outcome *o = arg;
	o->calls++;
	o->a = *a;
	snprintf(o->body, sizeof(o->body), "%.*s", (int)a->body.len, a->body.len ? a->body.data : "");
	snprintf(o->headers, sizeof(o->headers), "%.*s", (int)a->headers.len,
		 a->headers.len ? a->headers.data : "");
	snprintf(o->error, sizeof(o->error), "%s", a->error ? a->error : "");
}

/* UV_RUN_ONCE would go to sleep after a timer that was all there was to wait for. */
static void step(struct server *s)
{
	uv_run(&s->loop, UV_RUN_NOWAIT);
	usleep(100);
}

static struct outcome call(struct server *s, struct http_call spec)
{
	struct outcome o = { 0 };
	struct err err = { 0 };
	char url[128];
	if (!spec.url) {
		snprintf(url, sizeof(url), "http://127.0.0.1:%d/path?q=1", s->port);
		spec.url = url;
	}
	assert_int_equal(http_client_start(s->client, &spec, on_answer, &o, NULL, &err), 0);
	assert_int_equal(o.calls, 0); /* never from inside */
	while (!o.calls)
		step(s);
	assert_int_equal(o.calls, 1);
	return o;
}

#define HELLO "HTTP/1.1 200 OK\r\nX-Kind: greeting\r\nContent-Length: 5\r\n\r\nhello"

static void test_get(void **state)
{
	struct server s;
	setup(&s, HELLO);
	struct outcome o = call(&s, (struct http_call){ .method = "GET" });
	assert_int_equal(o.a.code, 0);
	assert_null(o.a.error);
	assert_int_equal(o.a.status, 200);
	assert_string_equal(o.body, "hello");
	assert_non_null(strstr(o.headers, "X-Kind: greeting\r\n"));
	assert_true(o.a.total_us > 0 && o.a.first_byte_us <= o.a.total_us);
	const char *sent = buf_str(&s.request);
	assert_int_equal(strncmp(sent, "GET /path?q=1 HTTP/1.1\r\n", 24), 0);
	assert_non_null(strstr(sent, "User-Agent: Auspex/"));
	assert_null(strstr(sent, "Content-Type"));
	teardown(&s);
}

static void test_post_sends_exactly_what_is_given(void **state)
{
	struct server s;
	setup(&s, HELLO);
	const char *headers[] = { "Content-Type: application/json", "X-Amz-Date: 20261122T000000Z" };
	char body[] = "{\"a\":1}";
	struct http_call spec = { .method = "POST", .headers = headers, .n_headers = 2, .body = { body, 7 } };
	struct outcome o = call(&s, spec);
	assert_int_equal(o.a.status, 200);
	const char *sent = buf_str(&s.request);
	assert_int_equal(strncmp(sent, "POST /path?q=1 HTTP/1.1\r\n", 25), 0);
	assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(sent, "\r\nX-Amz-Date: 20261122T000000Z\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
	assert_non_null(strstr(sent, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(sent, "Expect:"));
	teardown(&s);
}

static void test_body_is_copied(void **state)
{
	struct server s;
	struct outcome o = { 0 };
	char url[64], body[] = "before";
	setup(&s, HELLO);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s.port);
	struct http_call spec = { .method = "PUT", .url = url, .body = { body, 6 } };
	assert_int_equal(http_client_start(s.client, &spec, on_answer, &o, NULL, NULL), 0);
	memset(body, 'X', 6);
	memset(url, 'X', sizeof(url));
	while (!o.calls)
		step(&s);
	assert_non_null(strstr(buf_str(&s.request), "PUT / HTTP/1.1"));
	assert_non_null(strstr(buf_str(&s.request), "\r\n\r\nbefore"));
	teardown(&s);
}

static void test_empty_post_has_a_length(void **state)
{
	struct server s;
	setup(&s, HELLO);
	assert_int_equal(call(&s, (struct http_call){ .method = "POST" }).a.status, 200);
	assert_non_null(strstr(buf_str(&s.request), "\r\nContent-Length: 0\r\n"));
	teardown(&s);
}

static void test_delete_and_head(void **state)
{
	struct server s;
	setup(&s, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_int_equal(call(&s, (struct http_call){ .method = "DELETE" }).a.status, 204);
	assert_int_equal(strncmp(buf_str(&s.request), "DELETE /", 8), 0);
	s.close_after = true;
	s.answer = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n";
	struct outcome o = call(&s, (struct http_call){ .method = "HEAD" });
	assert_int_equal(o.a.code, 0);
	assert_int_equal(o.a.body.len, 0);
	assert_non_null(strstr(buf_str(&s.request), "HEAD /path?q=1 HTTP/1.1"));
	teardown(&s);
}

static void test_error_status_is_an_answer(void **state)
{
	struct server s;
	setup(&s, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nlate");
	struct outcome o = call(&s, (struct http_call){ 0 });
	assert_int_equal(o.a.code, 0);
	assert_int_equal(o.a.status, 503);
	assert_string_equal(o.body, "late");
	teardown(&s);
}

static void test_redirects_are_not_followed(void **state)
{
	struct server s;
	setup(&s, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(call(&s, (struct http_call){ 0 }).a.status, 302);
	assert_int_equal(s.connections, 1);
	assert_null(strstr(buf_str(&s.request), "elsewhere"));
	teardown(&s);
}

static void test_connection_is_reused(void **state)
{
	struct server s;
	setup(&s, HELLO);
	for (int i = 0; i < 5; i++)
		assert_int_equal(call(&s, (struct http_call){ 0 }).a.status, 200);
	assert_int_equal(s.connections, 1);
	teardown(&s);
}

static void test_refused_port(void **state)
{
	struct server s;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound and not listening: connecting is refused */
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	setup(&s, HELLO);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	struct outcome o = call(&s, (struct http_call){ .url = url });
	assert_int_equal(o.a.code, -ECONNREFUSED);
	assert_int_equal(o.a.status, 0);
	assert_non_null(strstr(o.error, "Failed to connect to 127.0.0.1 port"));
	close(fd);
	teardown(&s);
}

static void test_direct_calls_pass_a_proxy_by(void **state)
{
	struct server s;
	setup(&s, HELLO);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	struct outcome o = call(&s, (struct http_call){ .timeout_ms = 5000 });
	assert_int_equal(o.a.code, -ECONNREFUSED);
	o = call(&s, (struct http_call){ .timeout_ms = 5000, .direct = true });
	assert_int_equal(o.a.status, 200);
	unsetenv("http_proxy");
	teardown(&s);
}

static void test_silent_server_times_out(void **state)
{
	struct server s;
	setup(&s, NULL);
	struct outcome o = call(&s, (struct http_call){ .timeout_ms = 100 });
	assert_int_equal(o.a.code, -ETIMEDOUT);
	assert_true(o.a.total_us >= 90 * US_PER_MS && o.a.total_us < 2 * US_PER_S);
	assert_true(strlen(o.error) > 0);
	teardown(&s);
}

static void test_too_large_answer(void **state)
{
	struct server s;
	setup(&s, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
	struct outcome o = call(&s, (struct http_call){ .max_answer = 10 });
	assert_int_equal(o.a.code, ERR_FULL);
	assert_string_equal(o.error, "the answer is larger than 10 bytes");
	o = call(&s, (struct http_call){ .max_answer = 11 });
	assert_int_equal(o.a.code, 0);
	assert_string_equal(o.body, "hello world");
	teardown(&s);
}

static void test_garbage_and_early_close(void **state)
{
	struct server s;
	setup(&s, "SSH-2.0-OpenSSH_9.2\r\n");
	s.close_after = true;
	assert_int_equal(call(&s, (struct http_call){ 0 }).a.code,
			 ERR_UNSUPPORTED); /* HTTP/0.9 is not taken */
	s.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
	assert_int_equal(call(&s, (struct http_call){ 0 }).a.code, -EPROTO);
	teardown(&s);
}

static void assert_invalid(struct http_call spec, const char *sentence)
{
	uv_loop_t loop;
	struct err err = { 0 };
	uv_loop_init(&loop);
	struct http_client *c = http_client_new(&loop);
	assert_int_equal(http_client_start(c, &spec, on_answer, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.text, sentence);
	http_client_close(c, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_bad_requests_are_refused_at_once(void **state)
{
	const char *split[] = { "X-A: 1\r\nX-B: 2" };
	assert_invalid((struct http_call){ .url = "file:///etc/passwd" },
		       "an URL must begin with http:// or https://, this is \"file:///etc/passwd\"");
	assert_invalid((struct http_call){ .url = "http://h/", .headers = split, .n_headers = 1 },
		       "header line 1 must be \"Name: value\" without line breaks");
	assert_invalid((struct http_call){ .url = "http://h/", .method = "GET /x" },
		       "\"GET /x\" is no HTTP method");
}

static void test_missing_libcurl_is_told(void **state)
{
	struct server s;
	setup(&s, HELLO);
	http_client_set_library(s.client, "libcurl-of-nobody.so.99");
	struct outcome o = call(&s, (struct http_call){ 0 });
	assert_int_equal(o.a.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(o.error, "libcurl cannot be loaded, install it (libcurl4): "));
	teardown(&s);
}

static void test_wrong_library_is_told(void **state)
{
	struct server s;
	setup(&s, HELLO);
	http_client_set_library(s.client, "libm.so.6");
	struct outcome o = call(&s, (struct http_call){ 0 });
	assert_int_equal(o.a.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(o.error, "libm.so.6 is no usable libcurl"));
	teardown(&s);
}

static void test_cancel(void **state)
{
	struct server s;
	struct outcome o = { 0 };
	uint64_t id = 0;
	char url[64];
	setup(&s, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s.port);
	assert_int_equal(
		http_client_start(s.client, &(struct http_call){ .url = url }, on_answer, &o, &id, NULL), 0);
	for (int i = 0; i < 5; i++)
		uv_run(&s.loop, UV_RUN_NOWAIT);
	http_client_cancel(s.client, id);
	assert_int_equal(o.calls, 0);
	while (!o.calls)
		step(&s);
	assert_int_equal(o.a.code, ERR_CANCELLED);
	http_client_cancel(s.client, id); /* harmless now */
	uv_run(&s.loop, UV_RUN_NOWAIT);
	assert_int_equal(o.calls, 1);
	teardown(&s);
}

static void test_close_cancels_everything(void **state)
{
	struct server s;
	struct outcome o[3] = { 0 };
	struct err err = { 0 };
	char url[64];
	setup(&s, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s.port);
	struct http_call spec = { .url = url };
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_client_start(s.client, &spec, on_answer, &o[i], NULL, NULL), 0);
	for (int i = 0; i < 5; i++)
		uv_run(&s.loop, UV_RUN_NOWAIT);
	http_client_close(s.client, on_client_closed, &s);
	assert_int_equal(http_client_start(s.client, &spec, on_answer, &o[0], NULL, &err), ERR_CLOSED);
	while (!s.client_closed)
		step(&s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(o[i].calls, 1);
		assert_int_equal(o[i].a.code, ERR_CANCELLED);
	}
	teardown(&s);
}

static void test_many_at_once(void **state)
{
	enum { N = 50 };
	struct server s;
	static struct outcome o[N];
	char url[64];
	int done = 0;
	setup(&s, HELLO);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", s.port);
	for (int i = 0; i < N; i++)
		assert_int_equal(http_client_start(s.client, &(struct http_call){ .url = url }, on_answer,
						   &o[i], NULL, NULL),
				 0);
	while (done < N) {
		step(&s);
		done = 0;
		for (int i = 0; i < N; i++)
			done += o[i].calls;
	}
	for (int i = 0; i < N; i++)
		assert_string_equal(o[i].body, "hello");
	teardown(&s);
}

int main(void)
{
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_post_sends_exactly_what_is_given),
		cmocka_unit_test(test_body_is_copied),
		cmocka_unit_test(test_empty_post_has_a_length),
		cmocka_unit_test(test_delete_and_head),
		cmocka_unit_test(test_error_status_is_an_answer),
		cmocka_unit_test(test_redirects_are_not_followed),
		cmocka_unit_test(test_connection_is_reused),
		cmocka_unit_test(test_refused_port),
		cmocka_unit_test(test_direct_calls_pass_a_proxy_by),
		cmocka_unit_test(test_silent_server_times_out),
		cmocka_unit_test(test_too_large_answer),
		cmocka_unit_test(test_garbage_and_early_close),
		cmocka_unit_test(test_bad_requests_are_refused_at_once),
		cmocka_unit_test(test_missing_libcurl_is_told),
		cmocka_unit_test(test_wrong_library_is_told),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_close_cancels_everything),
		cmocka_unit_test(test_many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
