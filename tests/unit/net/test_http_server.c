/* What clients meet: order, methods, families, Host and Origin, keys, limits, CORS. */
#include "http_fixture.h"

static void hello(struct http_request *r, void *ctx)
{
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_cstr(w, "text", "a<b");
	jw_end(w);
	http_send(r, 200);
}

static void number(struct http_request *r, void *ctx)
{
	buf_printf(http_out(r), "[%lld]", (long long)http_query_i64(r, "n", -1));
	http_send(r, 200);
}

static void item(struct http_request *r, void *ctx)
{
	buf_puts(http_out(r), "item:");
	buf_view(http_out(r), http_path_param(r, "id"));
	buf_puts(http_out(r), ":");
	buf_view(http_out(r), http_query(r, "q"));
	http_send(r, 200);
}

static void several(struct http_request *r, void *ctx)
{
	struct view rest = { 0 }, value;
	while (http_query_next(r, "k", &rest, &value))
		buf_printf(http_out(r), "<%.*s>", (int)value.len, value.data);
	http_send(r, 200);
}

static char big[100000];

static void large(struct http_request *r, void *ctx)
{
	http_send_static(r, 200, (struct view){ big, sizeof(big) });
}

static void asset(struct http_request *r, void *ctx)
{
	http_send_asset(r, "text/css", "\"e1\"", VIEW("plain"), VIEW("zipped"));
}

static void split(struct http_request *r, void *ctx)
{
	http_set_header(r, "X-Evil", "a\r\nSet-Cookie: b");
	http_send_static(r, 200, VIEW("ok"));
}

static void silent(struct http_request *r, void *ctx) {}

#define ROW(m, p, f, a, l, h)                                                                                \
	{                                                                                                    \
		m, p, f, a, l, h, .cors = CORS_NONE                                                          \
	}
static const struct http_route rows[] = {
	ROW(METHOD_GET, "/api/health", FAMILY_RETRY, ACCESS_READ, LIMIT_NONE, hello),
	ROW(METHOD_GET, "/own", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, hello),
	ROW(METHOD_GET, "/change", FAMILY_CHANGE, ACCESS_READ, LIMIT_NONE, hello),
	ROW(METHOD_GET, "/number", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, number),
	ROW(METHOD_GET, "/item/{id}", FAMILY_FLEET, ACCESS_OPEN, LIMIT_NONE, item),
	ROW(METHOD_GET, "/several", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, several),
	ROW(METHOD_GET, "/large", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, large),
	ROW(METHOD_GET, "/asset", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, asset),
	ROW(METHOD_GET, "/split", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, split),
	ROW(METHOD_GET, "/silent", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, silent),
	ROW(METHOD_POST, "/write", FAMILY_OWN, ACCESS_WRITE, LIMIT_NONE, hello),
	ROW(METHOD_GET, "/local", FAMILY_OWN, ACCESS_LOCAL, LIMIT_NONE, hello),
	ROW(METHOD_GET, "/limited", FAMILY_OWN, ACCESS_OPEN, LIMIT_10, hello),
	ROW(METHOD_GET, "/keyed-limited", FAMILY_FLEET, ACCESS_KEY, LIMIT_10, hello),
	{ METHOD_GET | METHOD_POST, "/fleet", FAMILY_FLEET, ACCESS_KEY, LIMIT_NONE, hello,
	  .cors = CORS_LIST },
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	memset(big, 'x', sizeof(big));
	fixture_start(f, rows, sizeof(rows) / sizeof(rows[0]), FAMILY_RETRY);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

#define CLOSE           "Connection: close\r\n"
#define LOCAL           "Host: localhost\r\n" CLOSE
#define GET(path, more) "GET " path " HTTP/1.1\r\n" LOCAL more "\r\n"

static void use_key(struct fixture *f)
{
	const char *keys[] = { "secret-key-1" };
	assert_int_equal(access_configure(f->access, keys, 1, NULL, 0, NULL), 0);
}

static void test_exact_answer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_string_equal(
		hear_until(f, fd, "}\n", 1),
		"HTTP/1.1 200 OK\r\nDate: Sat, 22 Nov 2025 08:26:40 GMT\r\nX-Content-Type-Options: "
		"nosniff\r\n"
		"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"text\":\"a\\u003cb\"}\n");
	close(fd);
}

static void test_date_follows_the_clock(void **state)
{
	struct fixture *f = *state;
	ask(f, GET("/own", ""));
	clock_fake_advance(&f->clock, 61 * NS_PER_S);
	assert_contains(ask(f, GET("/own", "")), "08:27:41 GMT");
}

static void test_families(void **state)
{
	assert_contains(ask(*state, GET("/own", "")), "\r\n\r\n{\"text\":\"a<b\"}\n");
	assert_contains(ask(*state, GET("/change", "")), "\r\n\r\n{\n    \"text\": \"a<b\"\n}");
	assert_contains(ask(*state, GET("/fleet", "")), "\r\n\r\n{\"text\":\"a<b\"}");
}

static void test_pipelined_in_one_write(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	buf_init(&b);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "GET /number?n=%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n", i,
			   i == 99 ? CLOSE : "");
	int fd = dial(f);
	say_bytes(f, fd, b.data, b.len);
	const char *got = hear_all(f, fd);
	assert_int_equal(occurrences(got, "HTTP/1.1 200 OK"), 100);
	for (int i = 0; i < 100; i++) {
		char want[16];
		snprintf(want, sizeof(want), "[%d]", i);
		got = strstr(got, want);
		assert_non_null(got);
	}
	buf_fini(&b);
}

static void test_pipelined_large_answers(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	buf_init(&b);
	for (int i = 0; i < 30; i++)
		buf_printf(&b, "GET /large HTTP/1.1\r\nHost: localhost\r\n%s\r\n", i == 29 ? CLOSE : "");
	int fd = dial(f);
	say_bytes(f, fd, b.data, b.len);
	spin(f, 20); /* the peer does not read: the answers must wait, and cost no memory */
	hear_all(f, fd);
	assert_int_equal(occurrences(buf_str(&f->in), "HTTP/1.1 200 OK"), 30);
	assert_true(f->in.len > 30 * sizeof(big));
	buf_fini(&b);
}

static void test_garbage_behind_a_request(void **state)
{
	const char *got = ask(*state, "GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n\x01\x02\x03");
	assert_status(got, 200);
	assert_status(got, 400);
}

static void test_http10(void **state)
{
	struct fixture *f = *state;
	assert_contains(ask(f, "GET /own HTTP/1.0\r\n\r\n"), "Connection: close");
	buf_clear(&f->in);
	int fd = dial(f);
	say(f, fd, "GET /own HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	hear_until(f, fd, "}\n", 1);
	assert_contains(buf_str(&f->in), "Connection: keep-alive");
	say(f, fd, "GET /own HTTP/1.0\r\n\r\n");
	hear_until(f, fd, "}\n", 2);
	close(fd);
}

static void test_half_closed_client_gets_its_answer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n");
	shutdown(fd, SHUT_WR);
	assert_status(hear_all(f, fd), 200);
}

static void test_head(void **state)
{
	const char *got = ask(*state, "HEAD /api/health HTTP/1.1\r\n" LOCAL "\r\n");
	assert_contains(got, "Content-Length: 20\r\n");
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	got = ask(*state, "HEAD /large HTTP/1.1\r\n" LOCAL "\r\n");
	assert_contains(got, "Content-Length: 100000\r\n");
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
}

static void test_options(void **state)
{
	const char *got = ask(*state, "OPTIONS /api/health HTTP/1.1\r\n" LOCAL "\r\n");
	assert_status(got, 204);
	assert_contains(got, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_lacks(got, "Content-Length");
	assert_status(ask(*state, "OPTIONS * HTTP/1.1\r\n" LOCAL "\r\n"), 204);
}

static void test_method_not_allowed(void **state)
{
	const char *got = ask(*state, "POST /api/health HTTP/1.1\r\n" LOCAL "\r\n");
	assert_status(got, 405);
	assert_contains(got, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_contains(got, "Content-Type: text/plain; charset=utf-8\r\n");
	assert_contains(got, "X-Content-Type-Options: nosniff\r\n");
	assert_contains(got, "\r\n\r\nMethod not allowed\n");
	assert_contains(ask(*state, "DELETE /fleet HTTP/1.1\r\n" LOCAL "\r\n"),
			"\r\n\r\n{\"detail\":\"Method Not Allowed\"}");
	assert_contains(ask(*state, "DELETE /change HTTP/1.1\r\n" LOCAL "\r\n"),
			"\r\n\r\n{\n    \"error\": \"Method Not Allowed\"\n}");
}

static void test_unknown_path(void **state)
{
	const char *got = ask(*state, GET("/api/health/", ""));
	assert_status(got, 404);
	assert_contains(got, "Content-Type: text/plain; charset=utf-8\r\n");
	assert_contains(got, "\r\n\r\n404 page not found\n");
}

static void test_unclean_path(void **state)
{
	const char *got = ask(*state, GET("//api/health?a=1", ""));
	assert_status(got, 301);
	assert_contains(got, "Location: /api/health?a=1\r\n");
	assert_contains(ask(*state, GET("/x/../api/./health", "")), "Location: /api/health\r\n");
	assert_contains(ask(*state, GET("/../../", "")), "Location: /\r\n");
	assert_contains(ask(*state, GET("//evil.example/%2e%2e/", "")), "Location: /\r\n");
	assert_contains(ask(*state, GET("//%0d%0aSet-Cookie:%20a", "")),
			"Location: /%0D%0ASet-Cookie:%20a\r\n");
	assert_status(ask(*state, GET("//fleet", "")), 404);
}

static void test_parameters(void **state)
{
	assert_contains(ask(*state, GET("/item/a%2Fb?q=c+d%21", "")), "item:a/b:c d!");
	assert_contains(ask(*state, GET("/item/x?a=1&q=", "")), "item:x:");
	assert_contains(ask(*state, GET("/number?n=12x", "")), "[-1]");
	assert_contains(ask(*state, GET("/number?m=1&%6e=%2D7", "")), "[-7]");
	assert_status(ask(*state, GET("/item/", "")), 404);
	assert_status(ask(*state, GET("/item/a/b", "")), 404);
}

static void test_a_parameter_given_several_times(void **state)
{
	assert_contains(ask(*state, GET("/several?k=a&x=1&%6b=b%20c&k&k=&k=%zz&kk=2", "")),
			"\r\n\r\n<a><b c><><><%zz>");
	assert_contains(ask(*state, GET("/several?x=1", "")), "Content-Length: 0\r\n");
	assert_contains(ask(*state, GET("/several", "")), "Content-Length: 0\r\n");
}

static void test_foreign_host(void **state)
{
	const char *got = ask(*state, "GET /own HTTP/1.1\r\nHost: evil.example:8080\r\n" CLOSE "\r\n");
	assert_status(got, 421);
	assert_contains(got, "evil.example");
	assert_status(ask(*state, "GET /own HTTP/1.1\r\nHost: [::1]:8080\r\n" CLOSE "\r\n"), 200);
	assert_status(ask(*state, "GET /own HTTP/1.1\r\nHost: 127.9.9.9\r\n" CLOSE "\r\n"), 200);
	assert_status(ask(*state, "GET /own HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n" CLOSE "\r\n"), 421);
	assert_status(ask(*state, "GET http://evil.example/own HTTP/1.1\r\n" LOCAL "\r\n"), 421);
}

static void test_configured_host(void **state)
{
	struct fixture *f = *state;
	const char *hosts[] = { "box.lan" };
	http_server_configure(f->server, &(struct http_server_options){ .hosts = hosts, .n_hosts = 1 });
	assert_status(ask(f, "GET /own HTTP/1.1\r\nHost: Box.lan:80\r\n" CLOSE "\r\n"), 200);
	http_server_configure(f->server, &(struct http_server_options){ 0 });
	assert_status(ask(f, "GET /own HTTP/1.1\r\nHost: Box.lan:80\r\n" CLOSE "\r\n"), 421);
}

#define POST(path, more) "POST " path " HTTP/1.1\r\n" LOCAL "Content-Length: 0\r\n" more "\r\n"

static void test_foreign_origin(void **state)
{
	assert_status(ask(*state, POST("/write", "Origin: http://evil.example\r\n")), 403);
	assert_status(ask(*state, POST("/write", "Origin: null\r\n")), 403);
	assert_status(ask(*state, POST("/write", "Origin: http://localhost.evil.example\r\n")), 403);
	assert_status(ask(*state, POST("/write", "Sec-Fetch-Site: cross-site\r\n")), 403);
	assert_status(
		ask(*state, POST("/write", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n")),
		200);
	assert_status(ask(*state, POST("/write", "")), 200);
	const char *got = ask(*state, GET("/own", "Origin: http://evil.example\r\n"));
	assert_status(got, 200);
	assert_lacks(got, "Access-Control");
}

static void test_keys(void **state)
{
	struct fixture *f = *state;
	assert_status(ask(f, GET("/fleet", "")), 200); /* no key is set: open */
	use_key(f);
	const char *got = ask(f, GET("/fleet", ""));
	assert_status(got, 401);
	assert_contains(got, "WWW-Authenticate: Bearer\r\n");
	assert_contains(got, "\r\n\r\n{\"detail\":\"Invalid or missing API key\"}");
	assert_status(ask(f, GET("/fleet", "X-API-Key: wrong-key-00\r\n")), 401);
	assert_status(ask(f, GET("/fleet", "X-API-Key: secret-key-1 \r\n")), 200);
	assert_status(ask(f, GET("/fleet", "Authorization: bearer secret-key-1\r\n")), 200);
	assert_status(ask(f, POST("/write", "")), 401);
	assert_status(ask(f, POST("/write", "X-API-Key: secret-key-1\r\n")), 200);
	assert_status(ask(f, GET("/own", "")), 200);
	assert_status(ask(f, GET("/local", "")), 200);
}

static void test_guarded_reads(void **state)
{
	struct fixture *f = *state;
	use_key(f);
	http_server_configure(f->server, &(struct http_server_options){ .guard_reads = true });
	assert_status(ask(f, GET("/own", "")), 401);
	assert_contains(ask(f, GET("/api/health", "")), "\r\n\r\nInvalid or missing API key\n");
}

static void test_session_cookie(void **state)
{
	struct fixture *f = *state;
	char token[65], request[300];
	use_key(f);
	assert_int_equal(access_sign_in(f->access, VIEW("secret-key-1"), token), 0);
	snprintf(request, sizeof(request), GET("/fleet", "Cookie: a=b; auspex_session=%s; c=d\r\n"), token);
	assert_status(ask(f, request), 200);
	access_sign_out(f->access, view_of(token));
	assert_status(ask(f, request), 401);
}

static void ask_times(struct fixture *f, const char *request, int times)
{
	for (int i = 0; i < times; i++)
		assert_status(ask(f, request), 200);
}

static void test_rate_limit(void **state)
{
	struct fixture *f = *state;
	ask_times(f, GET("/limited", ""), 10);
	const char *got = ask(f, GET("/limited", ""));
	assert_status(got, 429);
	assert_contains(got, "Retry-After: 60\r\n");
	assert_status(ask(f, GET("/limited", "Sec-Fetch-Site: same-origin\r\n")), 200); /* our page */
	assert_status(ask(f, GET("/own", "")), 200);                                    /* another route */
	clock_fake_advance(&f->clock, 61 * NS_PER_S);
	assert_status(ask(f, GET("/limited", "")), 200);
}

static void test_refused_keys_cost_no_quota(void **state)
{
	struct fixture *f = *state;
	use_key(f);
	for (int i = 0; i < 20; i++)
		assert_status(ask(f, GET("/keyed-limited", "")), 401);
	ask_times(f, GET("/keyed-limited", "X-API-Key: secret-key-1\r\n"), 10);
	assert_contains(ask(f, GET("/keyed-limited", "X-API-Key: secret-key-1\r\n")),
			"{\"error\":\"Rate limit exceeded: 10 per 1 minute\",\"detail\":\"Rate limit "
			"exceeded. Try again in 60 "
			"seconds.\"}");
}

static void test_cors(void **state)
{
	struct fixture *f = *state;
	const char *origins[] = { "http://localhost:8501" };
	http_server_configure(f->server,
			      &(struct http_server_options){ .cors_origins = origins, .n_cors_origins = 1 });
	const char *got = ask(f, GET("/fleet", "Origin: http://localhost:8501\r\n"));
	assert_contains(got, "Access-Control-Allow-Origin: http://localhost:8501\r\n");
	assert_contains(got, "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
	assert_lacks(ask(f, GET("/fleet", "Origin: http://localhost:8502\r\n")), "Access-Control");
	assert_lacks(ask(f, GET("/api/health", "Origin: http://localhost:8501\r\n")), "Access-Control");
	assert_status(
		ask(f, POST("/fleet", "Origin: http://localhost:8501\r\nSec-Fetch-Site: cross-site\r\n")),
		200);
}

static void test_preflight(void **state)
{
	struct fixture *f = *state;
	const char *origins[] = { "http://localhost:8501" };
	http_server_configure(f->server,
			      &(struct http_server_options){ .cors_origins = origins, .n_cors_origins = 1 });
	use_key(f); /* a preflight carries no key */
	const char *got = ask(f, "OPTIONS /fleet HTTP/1.1\r\n" LOCAL "Origin: http://localhost:8501\r\n"
				 "Access-Control-Request-Method: POST\r\n\r\n");
	assert_status(got, 200);
	assert_contains(got, "Access-Control-Allow-Methods: GET, POST\r\n");
	assert_contains(got, "Access-Control-Max-Age: 600\r\n");
	assert_contains(got, "Access-Control-Allow-Headers: Accept, Accept-Language, Content-Language, "
			     "Content-Type, X-API-Key\r\n");
	assert_contains(got, "Access-Control-Allow-Origin: http://localhost:8501\r\n");
	assert_contains(got, "\r\n\r\nOK");
	assert_status(ask(f, "OPTIONS /fleet HTTP/1.1\r\n" LOCAL "Origin: http://evil.example\r\n"
			     "Access-Control-Request-Method: POST\r\n\r\n"),
		      400);
}

static void test_asset(void **state)
{
	assert_contains(ask(*state, GET("/asset", "")), "\r\n\r\nplain");
	const char *got = ask(*state, GET("/asset", "Accept-Encoding: br, gzip;q=0.5\r\n"));
	assert_contains(got, "Content-Encoding: gzip\r\n");
	assert_contains(got, "Vary: Accept-Encoding\r\n");
	assert_contains(got, "\r\n\r\nzipped");
	assert_contains(ask(*state, GET("/asset", "Accept-Encoding: gzip;q=0\r\n")), "\r\n\r\nplain");
	got = ask(*state, GET("/asset", "If-None-Match: \"e0\", W/\"e1\"\r\n"));
	assert_status(got, 304);
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	assert_contains(got, "ETag: \"e1\"\r\n");
}

static void test_header_injection(void **state)
{
	const char *got = ask(*state, GET("/split", ""));
	assert_status(got, 200);
	assert_lacks(got, "Set-Cookie");
}

static void test_silent_handler(void **state)
{
	assert_status(ask(*state, GET("/silent", "")), 500);
}

static void test_duplicate_route(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(http_server_add_routes(f->server, rows, 1, NULL), ERR_DUPLICATE);
}

static void test_busy_port(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	struct http_listen spec = { .address = "127.0.0.1", .port = f->port, .fd = -1 };
	assert_int_equal(http_server_listen(f->server, &spec, NULL, &err), -EADDRINUSE);
	assert_contains(err.text, "is in use by another program");
	spec = (struct http_listen){ .address = "localhost", .fd = -1 };
	assert_int_equal(http_server_listen(f->server, &spec, NULL, &err), ERR_SYNTAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_exact_answer),
		T(test_date_follows_the_clock),
		T(test_families),
		T(test_pipelined_in_one_write),
		T(test_pipelined_large_answers),
		T(test_garbage_behind_a_request),
		T(test_http10),
		T(test_half_closed_client_gets_its_answer),
		T(test_head),
		T(test_options),
		T(test_method_not_allowed),
		T(test_unknown_path),
		T(test_unclean_path),
		T(test_parameters),
		T(test_a_parameter_given_several_times),
		T(test_foreign_host),
		T(test_configured_host),
		T(test_foreign_origin),
		T(test_keys),
		T(test_guarded_reads),
		T(test_session_cookie),
		T(test_rate_limit),
		T(test_refused_keys_cost_no_quota),
		T(test_cors),
		T(test_preflight),
		T(test_asset),
		T(test_header_injection),
		T(test_silent_handler),
		T(test_duplicate_route),
		T(test_busy_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
