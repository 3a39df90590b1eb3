#include "support.h"

#include "base/err.h"
#include "base/timefmt.h"

#include <stdlib.h>
#include <time.h>

static void check_format(wall_ns t, int offset_s, const char *expected)
{
	char text[TIMEFMT_MAX];
	assert_int_equal(time_format_rfc3339(t, offset_s, text), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_format_fractions(void **state)
{
	wall_ns t = INT64_C(1763842244) * NS_PER_S;
	check_format(t, 0, "2025-11-22T20:10:44Z");
	check_format(t + 265354522, 0, "2025-11-22T20:10:44.265354522Z");
	check_format(t + 265000000, 0, "2025-11-22T20:10:44.265Z");
	check_format(t + 100000000, 0, "2025-11-22T20:10:44.1Z");
	check_format(t + 1, 0, "2025-11-22T20:10:44.000000001Z");
}

static void test_format_zones(void **state)
{
	wall_ns t = INT64_C(1763842244) * NS_PER_S;
	check_format(t, 7200, "2025-11-22T22:10:44+02:00");
	check_format(t, -12600, "2025-11-22T16:40:44-03:30");
	check_format(t, 5 * 3600, "2025-11-23T01:10:44+05:00");
	check_format(t, 1 << 30, "2025-11-22T20:10:44Z"); /* no zone of this world */
}

static void test_format_ends_of_time(void **state)
{
	check_format(0, 0, "1970-01-01T00:00:00Z");
	check_format(-1, 0, "1969-12-31T23:59:59.999999999Z");
	check_format(INT64_MAX, 0, "2262-04-11T23:47:16.854775807Z");
	check_format(INT64_MIN, 0, "1677-09-21T00:12:43.145224192Z");
}

static void test_calendar_agrees_with_libc(void **state)
{
	for (int64_t day = -106000; day < 106000; day += 7) {
		time_t seconds = day * 86400 + (day & 0xffff) % 86400;
		struct tm tm;
		char text[TIMEFMT_MAX], expected[TIMEFMT_MAX];
		wall_ns back;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
		time_format_rfc3339(seconds * NS_PER_S, 0, text);
		assert_string_equal(text, expected);
		assert_int_equal(time_parse_rfc3339(view_of(text), &back, NULL), 0);
		assert_int_equal(back, seconds * NS_PER_S);
	}
}

static void check_parse(const char *text, wall_ns expected, int offset_s)
{
	wall_ns t = 0;
	int offset = 99;
	int rc = time_parse_rfc3339(view_of(text), &t, &offset);
	if (rc != 0 || t != expected || offset != offset_s)
		fail_msg("%s gave code %d time %lld offset %d", text, rc, (long long)t, offset);
}

static void test_parse(void **state)
{
	wall_ns t = INT64_C(1763842244) * NS_PER_S;
	check_parse("2025-11-22T20:10:44Z", t, 0);
	check_parse("2025-11-22t20:10:44z", t, 0);
	check_parse("2025-11-22T20:10:44.5Z", t + 500000000, 0);
	check_parse("2025-11-22T20:10:44.123456789999Z", t + 123456789, 0);
	check_parse("2025-11-22T22:10:44+02:00", t, 7200);
	check_parse("2025-11-22T20:10:44-00:00", t, 0);
	check_parse("2016-12-31T23:59:60Z", INT64_C(1483228800) * NS_PER_S, 0);
	check_parse("2024-02-29T00:00:00Z", INT64_C(1709164800) * NS_PER_S, 0);
	check_parse("2262-04-11T23:47:16.854775807Z", INT64_MAX, 0);
	check_parse("1677-09-21T00:12:43.145224192Z", INT64_MIN, 0);
}

static void test_parse_refuses(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{ "", ERR_SYNTAX },
		{ "2025-11-22", ERR_SYNTAX },
		{ "2025-11-22T20:10:44", ERR_SYNTAX },
		{ "2025-11-22 20:10:44Z", ERR_SYNTAX },
		{ "2025-11-22T20:10:44.Z", ERR_SYNTAX },
		{ "2025-11-22T20:10:44,5Z", ERR_SYNTAX },
		{ "2025-11-22T20:10:44Zx", ERR_SYNTAX },
		{ "2025-11-22T20:10:44+0200", ERR_SYNTAX },
		{ "2025-11-22T20:10:44+24:00", ERR_SYNTAX },
		{ "25-11-22T20:10:44Z", ERR_SYNTAX },
		{ "-025-11-22T20:10:44Z", ERR_SYNTAX },
		{ "2025-13-22T20:10:44Z", ERR_RANGE },
		{ "2025-00-22T20:10:44Z", ERR_RANGE },
		{ "2025-02-29T20:10:44Z", ERR_RANGE },
		{ "1900-02-29T20:10:44Z", ERR_RANGE },
		{ "2025-11-31T20:10:44Z", ERR_RANGE },
		{ "2025-11-22T24:00:00Z", ERR_RANGE },
		{ "2025-11-22T20:60:00Z", ERR_RANGE },
		{ "2025-11-22T20:10:61Z", ERR_RANGE },
		{ "2262-04-11T23:47:16.854775808Z", ERR_RANGE },
		{ "1677-09-21T00:12:43.145224191Z", ERR_RANGE },
		{ "9999-12-31T23:59:59Z", ERR_RANGE },
		{ "0000-01-01T00:00:00Z", ERR_RANGE },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wall_ns t;
		int rc = time_parse_rfc3339(view_of(rows[i].text), &t, NULL);
		if (rc != rows[i].rc)
			fail_msg("%s gave %d", rows[i].text, rc);
	}
}

static void check_any(const char *text, int rc, wall_ns expected)
{
	wall_ns t = 7, now = INT64_C(1763842244) * NS_PER_S;
	int got = time_parse_any(view_of(text), now, &t);
	if (got != rc || (rc == 0 && t != expected))
		fail_msg("\"%s\" gave code %d time %lld", text, got, (long long)t);
}

static int use_berlin(void **state)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static void test_parse_any(void **state)
{
	wall_ns now = INT64_C(1763842244) * NS_PER_S;
	check_any("now", 0, now);
	check_any("-15m", 0, now - 900 * NS_PER_S);
	check_any("+1h", 0, now + 3600 * NS_PER_S);
	check_any("-7d", 0, now - 7 * 86400 * NS_PER_S);
	check_any("2025-11-22T20:10:44Z", 0, now);
	check_any(" 2025-11-22T21:10:44+01:00 ", 0, now);
	check_any("1763842244", 0, now);
	check_any("1763842244.25", 0, now + 250000000);
	check_any("1763842244000", 0, now);
	check_any("1763842244250", 0, now + 250000000);
	check_any("0", 0, 0);
	check_any("-10", 0, -10 * NS_PER_S);
}

static void test_parse_any_local(void **state)
{
	check_any("2025-11-22 21:10:44", 0, INT64_C(1763842244) * NS_PER_S); /* winter: +01:00 */
	check_any("2025-11-22T21:10:44.5", 0, INT64_C(1763842244) * NS_PER_S + 500000000);
	check_any("2025-07-01 02:00:00", 0, INT64_C(1751328000) * NS_PER_S); /* summer: +02:00 */
	check_any("2025-07-01", 0, INT64_C(1751320800) * NS_PER_S);
}

static void test_parse_any_refuses(void **state)
{
	check_any("", ERR_SYNTAX, 0);
	check_any("yesterday", ERR_SYNTAX, 0);
	check_any("15m", ERR_SYNTAX, 0);
	check_any("-", ERR_SYNTAX, 0);
	check_any("-15x", ERR_SYNTAX, 0);
	check_any("2025-11-22 21:10", ERR_SYNTAX, 0);
	check_any("2025-11-32 21:10:00", ERR_RANGE, 0);
	check_any("99999999999", ERR_RANGE, 0);
	check_any("1e30", ERR_RANGE, 0);
	check_any("9999-01-01 00:00:00", ERR_RANGE, 0);
}

static void test_local_date(void **state)
{
	char text[TIMEFMT_MAX];
	assert_int_equal(time_format_local_date(INT64_C(1763852400) * NS_PER_S, text), 10);
	assert_string_equal(text, "2025-11-23"); /* 23:00 UTC on the 22nd */
	time_format_local_date(-1, text);
	assert_string_equal(text, "1970-01-01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_fractions),
		cmocka_unit_test(test_format_zones),
		cmocka_unit_test(test_format_ends_of_time),
		cmocka_unit_test(test_calendar_agrees_with_libc),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_parse_any),
		cmocka_unit_test(test_parse_any_local),
		cmocka_unit_test(test_parse_any_refuses),
		cmocka_unit_test(test_local_date),
	};
	return cmocka_run_group_tests(tests, use_berlin, NULL);
}
