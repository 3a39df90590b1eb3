#include "support.h"

#include "base/err.h"
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

struct row {
	const char *text;
	int rc;
	int64_t value;
};

static void check_rows(const struct row *rows, size_t n, int (*parse)(struct view, int64_t *))
{
	for (size_t i = 0; i < n; i++) {
		int64_t v = 12345;
		int rc = parse(view_of(rows[i].text), &v);
		if (rc != rows[i].rc || (rc == 0 && v != rows[i].value) || (rc < 0 && v != 12345))
			fail_msg("\"%s\" gave code %d value %lld", rows[i].text, rc, (long long)v);
	}
}

static void test_parse_i64(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "+7", 0, 7 },
		{ "0010", 0, 10 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", ERR_RANGE, 0 },
		{ "-9223372036854775809", ERR_RANGE, 0 },
		{ "99999999999999999999999999", ERR_RANGE, 0 },
		{ "99999999999999999999999999x", ERR_SYNTAX, 0 },
		{ "", ERR_SYNTAX, 0 },
		{ "-", ERR_SYNTAX, 0 },
		{ "--1", ERR_SYNTAX, 0 },
		{ " 1", ERR_SYNTAX, 0 },
		{ "1 ", ERR_SYNTAX, 0 },
		{ "1.0", ERR_SYNTAX, 0 },
		{ "0x10", ERR_SYNTAX, 0 },
		{ "1_0", ERR_SYNTAX, 0 },
	};
	check_rows(rows, sizeof(rows) / sizeof(rows[0]), num_parse_i64);
}

static void test_parse_i64_go(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "10", 0, 10 },
		{ "010", 0, 8 },
		{ "0o17", 0, 15 },
		{ "0O17", 0, 15 },
		{ "0x1F", 0, 31 },
		{ "-0X1f", 0, -31 },
		{ "0b101", 0, 5 },
		{ "1_000", 0, 1000 },
		{ "0x_1", 0, 1 },
		{ "0_7", 0, 7 },
		{ "00", 0, 0 },
		{ "-0x8000000000000000", 0, INT64_MIN },
		{ "0x8000000000000000", ERR_RANGE, 0 },
		{ "08", ERR_SYNTAX, 0 },
		{ "0x", ERR_SYNTAX, 0 },
		{ "0b2", ERR_SYNTAX, 0 },
		{ "_1", ERR_SYNTAX, 0 },
		{ "1_", ERR_SYNTAX, 0 },
		{ "1__0", ERR_SYNTAX, 0 },
		{ "0x1_", ERR_SYNTAX, 0 },
		{ "0_", ERR_SYNTAX, 0 },
		{ "ff", ERR_SYNTAX, 0 },
		{ "", ERR_SYNTAX, 0 },
	};
	check_rows(rows, sizeof(rows) / sizeof(rows[0]), num_parse_i64_go);
}

static void test_parse_size(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "123", 0, 123 },
		{ "10MB", 0, 10000000 },
		{ "512 KiB", 0, 524288 },
		{ "1g", 0, 1000000000 },
		{ "1GiB", 0, 1073741824 },
		{ "1gi", 0, 1073741824 },
		{ "2b", 0, 2 },
		{ "1.5k", 0, 1500 },
		{ " 7 KB ", 0, 7000 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "8EiB", ERR_RANGE, 0 },
		{ "9223372036854775808", ERR_RANGE, 0 },
		{ "10EB", ERR_RANGE, 0 },
		{ "9.3eb", ERR_RANGE, 0 },
		{ "", ERR_SYNTAX, 0 },
		{ "MB", ERR_SYNTAX, 0 },
		{ "-1", ERR_SYNTAX, 0 },
		{ "1XB", ERR_SYNTAX, 0 },
		{ "1MBs", ERR_SYNTAX, 0 },
		{ "1.2.3k", ERR_SYNTAX, 0 },
		{ ".", ERR_SYNTAX, 0 },
		{ "1e3", ERR_SYNTAX, 0 },
	};
	check_rows(rows, sizeof(rows) / sizeof(rows[0]), num_parse_size);
}

static void test_format_i64(void **state)
{
	static const int64_t values[] = {
		0, 1, 9, 10, 99, 100, 101, -1, -10, 12345678, INT64_MAX, INT64_MIN
	};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[32], expected[32];
		text[num_format_i64(values[i], text)] = '\0';
		snprintf(expected, sizeof(expected), "%lld", (long long)values[i]);
		assert_string_equal(text, expected);
	}
}

static void test_saturation(void **state)
{
	assert_int_equal(sat_add_i64(1, 2), 3);
	assert_true(sat_add_i64(INT64_MAX, 1) == INT64_MAX);
	assert_true(sat_add_i64(INT64_MIN, -1) == INT64_MIN);
	assert_true(sat_seconds_to_ns(1e10) == INT64_MAX);
	assert_true(sat_seconds_to_ns(-1e10) == INT64_MIN);
	assert_true(sat_seconds_to_ns((double)INFINITY) == INT64_MAX);
	assert_true(sat_seconds_to_ns(DBL_MAX) == INT64_MAX);
	assert_int_equal(sat_seconds_to_ns((double)NAN), 0);
	assert_int_equal(sat_seconds_to_ns(1.5), 1500000000);
	assert_int_equal(sat_seconds_to_ns(-2.5e-9), -2);
	assert_int_equal(sat_seconds_to_ns(2.3), 2300000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_i64),  cmocka_unit_test(test_parse_i64_go),
		cmocka_unit_test(test_parse_size), cmocka_unit_test(test_format_i64),
		cmocka_unit_test(test_saturation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
