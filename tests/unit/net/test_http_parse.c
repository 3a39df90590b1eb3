/* Requests as they should not be: each gets the status that says so, and nothing after it is taken for a
 * request. */
#include "http_fixture.h"

static void echo(struct http_request *r, void *ctx)
{
	struct view body = http_body(r);
	http_set_type(r, "text/plain");
	buf_puts(http_out(r), "echo:");
	buf_view(http_out(r), body);
	http_send(r, 200);
}

static const struct http_route rows[] = {
	{ METHOD_GET | METHOD_POST, "/echo", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, echo, .max_body = 100000 },
	{ METHOD_POST, "/small", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, echo, .max_body = 10 },
	{ METHOD_POST, "/none", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, echo, .max_body = 0 },
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	fixture_start(f, rows, 3, FAMILY_OWN);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

#define HOST     "Host: localhost\r\n"
#define SMUGGLED "GET /echo?smuggled HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

/* One answer with that status, and the connection ends: whatever follows was not served. */
static void refused_(void **state, const char *request, const char *status)
{
	char want[32];
	const char *got = ask(*state, request);
	snprintf(want, sizeof(want), "HTTP/1.1 %s ", status);
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("wanted %s for %s, got: %s", status, request, got);
	assert_int_equal(occurrences(got, "\r\nDate: "), 1);
	assert_contains(got, "Connection: close");
}
#define refused(request, status) refused_(state, request, status)

static void test_length_and_encoding(void **state)
{
	refused("POST /echo HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
		"400");
	refused("POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,
		"400");
}

static void test_two_lengths(void **state)
{
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" SMUGGLED,
		"400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde" SMUGGLED,
		"400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nabcde" SMUGGLED, "400");
}

static void test_odd_lengths(void **state)
{
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nabcde" SMUGGLED, "400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nabcde" SMUGGLED, "400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\nabcde" SMUGGLED, "400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nabcde" SMUGGLED, "400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabcde" SMUGGLED, "400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551621\r\n\r\nabcde" SMUGGLED,
		"400");
	refused("POST /echo HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nabcde" SMUGGLED, "400");
}

static void test_odd_encodings(void **state)
{
	refused("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED,
		"501");
	refused("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
		"501");
	refused("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n" SMUGGLED, "501");
	refused("POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" SMUGGLED,
		"400");
	refused("POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED, "400");
}

static void test_line_ends(void **state)
{
	refused("GET /echo HTTP/1.1\nHost: localhost\n\n" SMUGGLED, "400");
	refused("GET /echo HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n" SMUGGLED, "400");
	refused("GET /echo HTTP/1.1\r\n" HOST "A: b\rTransfer-Encoding: chunked\r\n\r\n" SMUGGLED, "400");
	refused("GET /echo HTTP/1.1\r\n" HOST "A: b\r\n folded\r\n\r\n" SMUGGLED, "400");
	refused("GET /echo HTTP/1.1\r\n" HOST "A: b\r\n\tfolded\r\n\r\n" SMUGGLED, "400");
}

static void test_nul(void **state)
{
	struct fixture *f = *state;
	static const char in_value[] = "GET /echo HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n";
	int fd = dial(f);
	say_bytes(f, fd, in_value, sizeof(in_value) - 1);
	assert_status(hear_all(f, fd), 400);
}

static void test_garbage(void **state)
{
	refused("\x16\x03\x01\x02", "400");
	refused("get /echo HTTP/1.1\r\n" HOST "\r\n", "400");
	refused("GET\r\n\r\n", "400");
	refused("GET /echo\r\n\r\n", "505");
	refused("GET /echo HTTP/1.1 x\r\n" HOST "\r\n", "505");
	refused("GET /echo HTTP/3.0\r\n" HOST "\r\n", "505");
	refused("GET /echo HTTP/1.1\r\n" HOST "no colon\r\n\r\n", "400");
	refused("GET /echo HTTP/1.1\r\n" HOST ": empty\r\n\r\n", "400");
}

static void test_strange_methods(void **state)
{
	const char *got = ask(*state, "FROB /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	assert_status(got, 405);
	assert_contains(got, "Allow: GET, HEAD, POST, OPTIONS\r\n");
	assert_status(ask(*state, "PATCH /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 405);
	assert_status(ask(*state, "CONNECT localhost:1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 400);
}

static void test_targets(void **state)
{
	refused("GET /%zz HTTP/1.1\r\n" HOST "\r\n", "400");
	refused("GET /a%00b HTTP/1.1\r\n" HOST "\r\n", "400");
	refused("GET /a% HTTP/1.1\r\n" HOST "\r\n", "400");
	refused("GET * HTTP/1.1\r\n" HOST "\r\n", "400");
	assert_status(ask(*state, "GET /ech%6f HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 200);
	assert_status(
		ask(*state, "GET http://localhost/echo?x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
		200);
}

static void test_hosts(void **state)
{
	refused("GET /echo HTTP/1.1\r\n\r\n", "400");
	refused("GET /echo HTTP/1.1\r\n" HOST HOST "\r\n", "400");
	refused("GET /echo HTTP/1.1\r\nHost: local host\r\n\r\n", "400");
	assert_status(ask(*state, "GET /echo HTTP/1.0\r\n\r\n"), 200);
}

static void fill_request(struct buf *b, const char *head, size_t n, const char *tail)
{
	buf_init(b);
	buf_puts(b, head);
	while (b->len < n)
		buf_putc(b, 'a');
	buf_puts(b, tail);
}

static void test_target_too_long(void **state)
{
	struct buf b;
	fill_request(&b, "GET /", 8300, " HTTP/1.1\r\n" HOST "\r\n");
	refused(buf_str(&b), "414");
	buf_fini(&b);
	/* and while its line has no end */
	fill_request(&b, "GET /", 9000, "");
	refused(buf_str(&b), "414");
	buf_fini(&b);
}

static void test_header_too_long(void **state)
{
	struct buf b;
	fill_request(&b, "GET /echo HTTP/1.1\r\n" HOST "A: ", 16500, "\r\n\r\n");
	refused(buf_str(&b), "431");
	buf_fini(&b);
	fill_request(&b, "GET /echo HTTP/1.1\r\n" HOST "A: ", 17000, "");
	refused(buf_str(&b), "431");
	buf_fini(&b);
}

static void test_header_just_fits(void **state)
{
	struct buf b;
	fill_request(&b, "GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\nA: ", 16380, "\r\n\r\n");
	assert_int_equal(b.len, 16384);
	assert_status(ask(*state, buf_str(&b)), 200);
	buf_fini(&b);
}

static void test_too_many_headers(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_puts(&b, "GET /echo HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 120; i++)
		buf_puts(&b, "A: b\r\n");
	buf_puts(&b, "\r\n");
	refused(buf_str(&b), "431");
	buf_fini(&b);
}

static void test_body_too_large(void **state)
{
	refused("POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nabcdefghijk" SMUGGLED, "413");
	refused("POST /small HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n" SMUGGLED,
		"413");
	refused("POST /none HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", "413");
}

static void test_refused_body_is_no_request(void **state)
{
	refused("POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n" SMUGGLED, "404");
}

static void test_chunked(void **state)
{
	const char *got = ask(*state, "POST /echo HTTP/1.1\r\n" HOST
				      "Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n"
				      "5;ext=\"v\"\r\nhello\r\nA\r\n, chunks! \r\n0\r\nTrailer: x\r\n\r\n");
	assert_status(got, 200);
	assert_contains(got, "echo:hello, chunks! ");
}

static void test_chunked_malformed(void **state)
{
#define CHUNKED "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	refused(CHUNKED "5\nhello\r\n0\r\n\r\n", "400");
	refused(CHUNKED "5\rhello\r\n0\r\n\r\n", "400");
	refused(CHUNKED "5\r\nhello0\r\n\r\n", "400");
	refused(CHUNKED "g\r\n", "400");
	refused(CHUNKED "\r\n", "400");
	refused(CHUNKED "+5\r\nhello\r\n", "400");
	refused(CHUNKED "0x5\r\nhello\r\n", "400");
	refused(CHUNKED "fffffffffffffffff\r\n", "400");
	refused(CHUNKED "fffffffffffffff\r\n", "413");
	refused(CHUNKED "0\r\nA: b\n\r\n", "400");
	refused(CHUNKED "0\r\n folded\r\n\r\n", "400");
}

static void test_split_at_every_byte(void **state)
{
	struct fixture *f = *state;
	static const char request[] =
		"POST /echo?a=b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
		"POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: x\r\n\r\n"
		"GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	for (size_t cut = 1; cut < sizeof(request) - 1; cut++) {
		int fd = dial(f);
		say_bytes(f, fd, request, cut);
		spin(f, 0);
		say_bytes(f, fd, request + cut, sizeof(request) - 1 - cut);
		const char *got = hear_all(f, fd);
		assert_int_equal(occurrences(got, "HTTP/1.1 200 OK"), 3);
		assert_contains(got, "echo:hello");
		assert_contains(got, "echo:abcde");
	}
}

static void test_one_byte_at_a_time(void **state)
{
	struct fixture *f = *state;
	static const char request[] =
		"POST /echo HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
		"POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 3\r\n\r\nxyz";
	int fd = dial(f);
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		say_bytes(f, fd, request + i, 1);
	const char *got = hear_all(f, fd);
	assert_contains(got, "echo:abcde");
	assert_contains(got, "echo:xyz");
}

static void test_large_body(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	fill_request(&b, "POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 90000\r\n\r\n",
		     0, "");
	size_t head = b.len;
	for (int i = 0; i < 90000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	int fd = dial(f);
	say_bytes(f, fd, b.data, b.len);
	const char *got = hear_all(f, fd);
	const char *body = strstr(got, "echo:");
	assert_non_null(body);
	assert_int_equal(strlen(body), 90005);
	assert_memory_equal(body + 5, b.data + head, 90000);
	buf_fini(&b);
}

static void test_large_chunked_body(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	fill_request(&b,
		     "POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
		     0, "");
	for (int i = 0; i < 9; i++) {
		buf_puts(&b, "2710\r\n");
		for (int j = 0; j < 10000; j++)
			buf_putc(&b, (char)('a' + i));
		buf_puts(&b, "\r\n");
	}
	buf_puts(&b, "0\r\n\r\n");
	int fd = dial(f);
	say_bytes(f, fd, b.data, b.len);
	const char *got = hear_all(f, fd);
	assert_contains(got, "Content-Length: 90005");
	assert_contains(got, "aaaabbbb");
	buf_fini(&b);
}

static void test_expect_continue(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd,
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n");
	hear_until(f, fd, "HTTP/1.1 100 Continue\r\n\r\n", 1);
	say(f, fd, "abc");
	assert_contains(hear_all(f, fd), "echo:abc");
}

static void test_expect_refused(void **state)
{
	const char *got = ask(*state, "POST /small HTTP/1.1\r\n" HOST
				      "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
	assert_status(got, 413);
	assert_lacks(got, "100 Continue");
}

static void test_upgrade_is_ignored(void **state)
{
	assert_status(ask(*state, "GET /echo HTTP/1.1\r\n" HOST "Connection: Upgrade, HTTP2-Settings, "
				  "close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"),
		      200);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_length_and_encoding),
		T(test_two_lengths),
		T(test_odd_lengths),
		T(test_odd_encodings),
		T(test_line_ends),
		T(test_nul),
		T(test_garbage),
		T(test_strange_methods),
		T(test_targets),
		T(test_hosts),
		T(test_target_too_long),
		T(test_header_too_long),
		T(test_header_just_fits),
		T(test_too_many_headers),
		T(test_body_too_large),
		T(test_refused_body_is_no_request),
		T(test_chunked),
		T(test_chunked_malformed),
		T(test_split_at_every_byte),
		T(test_one_byte_at_a_time),
		T(test_large_body),
		T(test_large_chunked_body),
		T(test_expect_continue),
		T(test_expect_refused),
		T(test_upgrade_is_ignored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
