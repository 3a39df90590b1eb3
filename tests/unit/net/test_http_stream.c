/* Answers that take their time: streams with back-pressure, wakes, deferred answers, and peers that leave in
 * the middle. */
#include "http_fixture.h"

struct source {
	size_t left, pumped; /* chunks */
	size_t size;         /* of each */
	bool dry;            /* nothing to add now */
	int gone;
	struct http_request *r;
};

static struct source source;
static struct http_request *deferred;
static int deferred_gone;

static bool pump(struct http_request *r, struct buf *out, void *state)
{
	struct source *s = state;
	if (s->dry)
		return true;
	if (s->left == 0)
		return false;
	for (size_t i = 0; i < s->size; i++)
		buf_putc(out, (char)('a' + s->pumped % 26));
	s->left--;
	s->pumped++;
	return s->left > 0;
}

static void gone(void *state)
{
	((struct source *)state)->gone++;
}

static void stream(struct http_request *r, void *ctx)
{
	const struct http_stream s = { pump, gone, &source };
	source.r = r;
	http_set_type(r, "text/plain");
	http_send_stream(r, 200, &s);
}

static void on_deferred_gone(struct http_request *r, void *state)
{
	deferred_gone++;
	deferred = NULL;
}

static void later(struct http_request *r, void *ctx)
{
	deferred = r;
	http_defer(r, on_deferred_gone, NULL);
}

static void now(struct http_request *r, void *ctx)
{
	buf_puts(http_out(r), "<now>");
	http_send(r, 200);
}

#define ROW(m, p, h)                                                                                         \
	{                                                                                                    \
		m, p, FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, h, .max_body = 1000                               \
	}
static const struct http_route rows[] = {
	ROW(METHOD_GET, "/stream", stream),
	ROW(METHOD_GET | METHOD_POST, "/later", later),
	ROW(METHOD_GET, "/now", now),
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	fixture_start(f, rows, 3, FAMILY_OWN);
	source = (struct source){ 0 };
	deferred = NULL;
	deferred_gone = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void test_chunks(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 3, .size = 10 };
	int fd = dial(f);
	say(f, fd, GET("/stream") GET("/now"));
	const char *got = hear_until(f, fd, "<now>", 1);
	assert_contains(got, "Transfer-Encoding: chunked\r\n");
	assert_contains(
		got,
		"\r\n\r\na\r\naaaaaaaaaa\r\na\r\nbbbbbbbbbb\r\na\r\ncccccccccc\r\n0\r\n\r\nHTTP/1.1 200 OK");
	assert_lacks(got, "Content-Length: 10");
	assert_int_equal(source.gone, 1);
	close(fd);
}

static void test_http10_stream_has_no_chunks(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 2, .size = 3 };
	const char *got = ask(f, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	assert_contains(got, "Connection: close\r\n\r\naaabbb");
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\naaabbb");
}

static void test_head_of_a_stream(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 2, .size = 3 };
	int fd = dial(f);
	say(f, fd, "HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n" GET("/now"));
	hear_until(f, fd, "<now>", 1);
	assert_int_equal(source.pumped, 0);
	assert_int_equal(source.gone, 1);
	close(fd);
}

static void test_slow_reader_holds_the_pump_back(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 4000, .size = 16384 };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	size_t before;
	do { /* until the socket buffers are full: nobody pumps into memory */
		before = source.pumped;
		spin(f, 50);
	} while (source.pumped != before);
	assert_true(before < 2000);
	buf_clear(&f->in);
	int64_t end = now_ms() + 20000;
	while (source.left && now_ms() < end) {
		hear(f, fd);
		if (source.left)
			buf_clear(&f->in);
	}
	assert_int_equal(source.left, 0);
	hear_until(f, fd, "0\r\n\r\n", 1);
	assert_int_equal(source.gone, 1);
	close(fd);
}

static void test_wake(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 2, .size = 5, .dry = true };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	hear_until(f, fd, "\r\n\r\n", 1);
	spin(f, 5);
	assert_int_equal(source.pumped, 0);
	source.dry = false;
	http_stream_wake(source.r);
	hear_until(f, fd, "5\r\naaaaa\r\n5\r\nbbbbb\r\n0\r\n\r\n", 1);
	close(fd);
}

static void test_idle_stream_outlives_every_time_out(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 1, .size = 5, .dry = true };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	hear_until(f, fd, "\r\n\r\n", 1);
	clock_fake_advance(&f->clock, 3600 * NS_PER_S);
	spin(f, 600);
	assert_int_equal(source.gone, 0);
	source.dry = false;
	http_stream_wake(source.r);
	hear_until(f, fd, "aaaaa", 1);
	close(fd);
}

static void test_peer_leaves_a_stream(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 1000000, .size = 16384 };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	spin(f, 20);
	close(fd);
	spin(f, 50);
	assert_int_equal(source.gone, 1);
	struct http_stats st;
	http_server_stats(f->server, &st);
	assert_int_equal(st.open_connections, 0);
	assert_int_equal(st.streams, 0);
}

static void test_peer_leaves_an_idle_stream(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 1, .size = 5, .dry = true };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	hear_until(f, fd, "\r\n\r\n", 1);
	close(fd);
	spin(f, 20);
	assert_int_equal(source.gone, 1);
}

static void test_server_close_ends_streams(void **state)
{
	struct fixture *f = *state;
	source = (struct source){ .left = 1, .size = 5, .dry = true };
	int fd = dial(f);
	say(f, fd, GET("/stream"));
	hear_until(f, fd, "\r\n\r\n", 1);
	http_server_close(f->server, 5000, fixture_closed, f);
	spin(f, 20);
	assert_true(f->closed);
	assert_int_equal(source.gone, 1);
	close(fd);
	fixture_again(f, rows, 3);
}

static void test_deferred(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd,
	    "POST /later?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello" GET("/now"));
	spin(f, 5);
	say(f, fd, GET("/now"));
	spin(f, 5);
	assert_non_null(deferred);
	assert_true(
		view_eq(http_body(deferred), VIEW("hello"))); /* still there, whatever came in behind it */
	assert_true(view_eq(http_query(deferred, "a"), VIEW("b")));
	buf_puts(http_out(deferred), "<later>");
	http_send(deferred, 200);
	const char *got = hear_until(f, fd, "<now>", 2);
	assert_true(strstr(got, "<later>") < strstr(got, "<now>"));
	assert_int_equal(deferred_gone, 0);
	close(fd);
}

static void test_deferred_while_the_peer_pushes_on(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET("/later"));
	for (int i = 0; i < 2000; i++) /* 80 KB: more than the buffer takes */
		(void)!send(fd, GET("/now"), sizeof(GET("/now")) - 1, MSG_NOSIGNAL);
	spin(f, 20);
	assert_non_null(deferred);
	http_send(deferred, 204);
	hear_until(f, fd, "<now>", 2000);
	close(fd);
}

/* A reset, so that the server can know. */
static void reset(int fd)
{
	const struct linger l = { 1, 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

static void test_peer_leaves_before_the_deferred_answer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET("/later"));
	spin(f, 5);
	assert_non_null(deferred);
	reset(fd);
	spin(f, 20);
	assert_int_equal(deferred_gone, 1);
}

static void test_half_closed_peer_gets_the_deferred_answer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET("/later"));
	shutdown(fd, SHUT_WR);
	spin(f, 20);
	assert_non_null(deferred);
	buf_puts(http_out(deferred), "<later>");
	http_send(deferred, 200);
	assert_contains(hear_all(f, fd), "<later>");
}

static void test_reset_after_half_close(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET("/later"));
	shutdown(fd, SHUT_WR);
	spin(f, 20);
	reset(fd);
	spin(f, 20);
	if (deferred) /* a close behind a half-close may stay unseen until something is written */
		http_send(deferred, 204);
	spin(f, 20);
	struct http_stats st;
	http_server_stats(f->server, &st);
	assert_int_equal(st.open_connections, 0);
}

static void test_close_waits_for_a_deferred_answer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET("/later"));
	spin(f, 5);
	http_server_close(f->server, 5000, fixture_closed, f);
	spin(f, 10);
	assert_false(f->closed);
	buf_puts(http_out(deferred), "<later>");
	http_send(deferred, 200);
	const char *got = hear_all(f, fd);
	assert_contains(got, "<later>");
	assert_contains(got, "Connection: close");
	spin(f, 20);
	assert_true(f->closed);
	fixture_again(f, rows, 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_chunks),
		T(test_http10_stream_has_no_chunks),
		T(test_head_of_a_stream),
		T(test_slow_reader_holds_the_pump_back),
		T(test_wake),
		T(test_idle_stream_outlives_every_time_out),
		T(test_peer_leaves_a_stream),
		T(test_peer_leaves_an_idle_stream),
		T(test_server_close_ends_streams),
		T(test_deferred),
		T(test_deferred_while_the_peer_pushes_on),
		T(test_peer_leaves_before_the_deferred_answer),
		T(test_half_closed_peer_gets_the_deferred_answer),
		T(test_reset_after_half_close),
		T(test_close_waits_for_a_deferred_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
