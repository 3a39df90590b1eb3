#include "support.h"

#include "net/http_client.h"

static struct http_answer answer_of(const char *headers)
{
	return (struct http_answer){ .headers = view_of(headers) };
}

static void check(const char *headers, const char *name, const char *expected)
{
	struct http_answer a = answer_of(headers);
	struct view v = http_answer_header(&a, name);
	if (!expected) {
		assert_null(v.data);
		return;
	}
	assert_int_equal(v.len, strlen(expected));
	assert_memory_equal(v.data, expected, v.len);
}

static void test_headers_are_found(void **state)
{
	const char *text = "HTTP/1.1 200 OK\r\nDate:  Sun, 22 Nov 2026 20:10:10 GMT \r\nx-a: 1\r\nX-A: "
			   "2\r\nEmpty:\r\n\r\n";
	check(text, "date", "Sun, 22 Nov 2026 20:10:10 GMT");
	check(text, "X-a", "2");
	check(text, "empty", "");
	check(text, "nothing", NULL);
	check(text, "HTTP/1.1 200 OK", NULL);
	check("", "date", NULL);
	check("cut: her", "cut", "her");
}

static void check_date(const char *text, int64_t seconds)
{
	wall_ns t = -1;
	assert_int_equal(http_date_parse(view_of(text), &t), 0);
	assert_int_equal(t / NS_PER_S, seconds);
}

static void test_dates(void **state)
{
	check_date("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
	check_date("Thu, 01 Jan 1970 00:00:00 GMT", 0);
	check_date("Thu, 29 Feb 2024 23:59:59 GMT", 1709251199);
	check_date("Tue, 01 Dec 2026 00:00:00 GMT", 1796083200);
}

static void test_what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun Nov  6 08:49:37 1994",
					   "Sun, 06 Nov 1994 08:49:37 UTC",
					   "Sun, 06 Nov 1994 08:49:37 GMT ",
					   "Sun, 06 anF 1994 08:49:37 GMT",
					   "Sun, 31 Feb 1994 08:49:37 GMT",
					   "Sun, 06 Nov 1994 25:49:37 GMT",
					   "Sun, 0x Nov 1994 08:49:37 GMT" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wall_ns t;
		assert_true(http_date_parse(view_of(bad[i]), &t) < 0);
	}
	wall_ns t;
	assert_true(http_date_parse((struct view){ "Sun, 06 \0ov 1994 08:49:37 GMT", 29 }, &t) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers_are_found),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_what_is_no_date_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
