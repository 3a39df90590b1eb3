/* Which row answers which path. */
#include "http_fixture.h"

static void show(struct http_request *r, void *ctx)
{
	struct view id = http_path_param(r, "id"), part = http_path_param(r, "part"),
		    rest = http_path_param(r, "*");
	buf_printf(http_out(r), "<%s>", (const char *)ctx);
	buf_printf(http_out(r), "(%.*s|%.*s|%.*s)", (int)id.len, id.data ? id.data : "", (int)part.len,
		   part.data ? part.data : "", (int)rest.len, rest.data ? rest.data : "");
	http_send(r, 200);
}

#define ROW(m, p)                                                                                            \
	{                                                                                                    \
		m, p, FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, show, .cors = CORS_NONE                           \
	}
static const struct http_route first[] = { ROW(METHOD_GET, "/a/{id}"), ROW(METHOD_GET, "/a/{id}/{part}") };
static const struct http_route second[] = { ROW(METHOD_GET, "/a/fixed"), ROW(METHOD_GET, "/a/{id}/ack") };
static const struct http_route third[] = { ROW(METHOD_POST, "/a/fixed"), ROW(METHOD_GET, "/tree/*"),
					   ROW(METHOD_GET, "/") };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	fixture_start(f, NULL, 0, FAMILY_OWN);
	assert_int_equal(http_server_add_routes(f->server, first, 2, (void *)"first"), 0);
	assert_int_equal(http_server_add_routes(f->server, second, 2, (void *)"second"), 0);
	assert_int_equal(http_server_add_routes(f->server, third, 3, (void *)"third"), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

#define CALL(method, path)                                                                                   \
	ask(*state, method " " path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

static void test_literal_before_pattern(void **state)
{
	assert_contains(CALL("GET", "/a/fixed"), "<second>(||)");
	assert_contains(CALL("GET", "/a/other"), "<first>(other||)");
}

static void test_most_literal_pattern_wins(void **state)
{
	assert_contains(CALL("GET", "/a/7/ack"), "<second>(7||)");
	assert_contains(CALL("GET", "/a/7/x"), "<first>(7|x|)");
}

static void test_methods_of_one_path_from_two_tables(void **state)
{
	assert_contains(CALL("POST", "/a/fixed"), "<third>");
	assert_contains(CALL("PUT", "/a/fixed"), "Allow: GET, HEAD, POST, OPTIONS\r\n");
}

static void test_rest(void **state)
{
	assert_contains(CALL("GET", "/tree/x/y"), "(||x/y)");
	assert_contains(CALL("GET", "/tree/"), "(||)");
	assert_status(CALL("GET", "/tree"), 404);
}

static void test_encoded_text(void **state)
{
	assert_contains(CALL("GET", "/a/%66ixed"), "<second>");
	assert_contains(CALL("GET", "/a/x%2Fy"), "(x/y||)");
	assert_contains(CALL("GET", "/a/a+b%20c"), "(a+b c||)");
}

static void test_root(void **state)
{
	assert_contains(CALL("GET", "/"), "<third>");
	assert_contains(CALL("GET", "/?a=b"), "<third>");
}

static void test_listing_keeps_order(void **state)
{
	struct fixture *f = *state;
	const struct http_route *const *rows;
	assert_int_equal(http_server_routes(f->server, &rows), 7);
	assert_ptr_equal(rows[0], &first[0]);
	assert_ptr_equal(rows[3], &second[1]);
	assert_ptr_equal(rows[6], &third[2]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_literal_before_pattern),
		T(test_most_literal_pattern_wins),
		T(test_methods_of_one_path_from_two_tables),
		T(test_rest),
		T(test_encoded_text),
		T(test_root),
		T(test_listing_keeps_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
