#include "support.h"

#include "base/err.h"
#include "base/timefmt.h"

#define MINUTE (60 * NS_PER_S)
#define HOUR   (60 * MINUTE)

static void check_parse(const char *text, bool days, int rc, int64_t expected)
{
	int64_t ns = 77;
	int got = duration_parse(view_of(text), days, &ns);
	if (got != rc || ns != (rc ? 77 : expected))
		fail_msg("\"%s\" gave code %d, %lld ns", text, got, (long long)ns);
}

/* The table of Go's own tests. */
static void test_parse_as_go(void **state)
{
	check_parse("0", false, 0, 0);
	check_parse("+0", false, 0, 0);
	check_parse("5s", false, 0, 5 * NS_PER_S);
	check_parse("1478s", false, 0, 1478 * NS_PER_S);
	check_parse("-5s", false, 0, -5 * NS_PER_S);
	check_parse("+5s", false, 0, 5 * NS_PER_S);
	check_parse("5.6s", false, 0, 5600 * NS_PER_MS);
	check_parse("5.s", false, 0, 5 * NS_PER_S);
	check_parse(".5s", false, 0, 500 * NS_PER_MS);
	check_parse("1.004s", false, 0, 1004 * NS_PER_MS);
	check_parse("100.00100s", false, 0, 100001 * NS_PER_MS);
	check_parse("10ns", false, 0, 10);
	check_parse("11us", false, 0, 11000);
	check_parse("12\xC2\xB5s", false, 0, 12000);
	check_parse("12\xCE\xBCs", false, 0, 12000);
	check_parse("13ms", false, 0, 13 * NS_PER_MS);
	check_parse("15m", false, 0, 15 * MINUTE);
	check_parse("16h", false, 0, 16 * HOUR);
	check_parse("-2m3.4s", false, 0, -(2 * MINUTE + 3400 * NS_PER_MS));
	check_parse("1h2m3s4ms5us6ns", false, 0, HOUR + 2 * MINUTE + 3 * NS_PER_S + 4005006);
	check_parse("39h9m14.425s", false, 0, 39 * HOUR + 9 * MINUTE + 14425 * NS_PER_MS);
	check_parse("52763797000ns", false, 0, INT64_C(52763797000));
	check_parse("0.3333333333333333333h", false, 0, 20 * MINUTE);
	check_parse("9007199254740993ns", false, 0, INT64_C(9007199254740993));
	check_parse("9223372036854775807ns", false, 0, INT64_MAX);
	check_parse("9223372036854775.807us", false, 0, INT64_MAX);
	check_parse("-9223372036854775808ns", false, 0, INT64_MIN);
	check_parse("-9223372036854775.808us", false, 0, INT64_MIN);
	check_parse("-2562047h47m16.854775808s", false, 0, INT64_MIN);
	check_parse("0.100000000000000000000h", false, 0, 6 * MINUTE);
	check_parse("0.830103483285477580700h", false, 0, 49 * MINUTE + 48 * NS_PER_S + 372539827);
	check_parse("1.5h", false, 0, 90 * MINUTE);
}

static void test_parse_refuses_as_go(void **state)
{
	static const char *const bad[] = { "",    "3",  "-",   "+",    "s",   ".",    "-.",        ".s",
					   "+.s", "1d", "1w",  "1h ",  " 1h", "1 h",  "\xC2\xB5s", "1\xB5s",
					   "00",  "-s", "1hh", "--1h", "1H",  "0x1s", "1e3s" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_parse(bad[i], false, ERR_SYNTAX, 0);
}

static void test_parse_overflow(void **state)
{
	static const char *const over[] = {
		"9223372036854775810ns",
		"9223372036854775808ns",
		"-9223372036854775809ns",
		"9223372036854776us",
		"3000000h",
		"9223372036854775us808ns1ms",
		"9223372036854ms775us808ns",
		"99999999999999999999999h",
		"9223372036854775808ns9223372036854775808ns",
	};
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		check_parse(over[i], false, ERR_RANGE, 0);
}

static void test_days_and_weeks_where_allowed(void **state)
{
	check_parse("7d", true, 0, 168 * HOUR);
	check_parse("2w", true, 0, 336 * HOUR);
	check_parse("1d12h", true, 0, 36 * HOUR);
	check_parse("1.5d", true, 0, 36 * HOUR);
	check_parse("200000d", true, ERR_RANGE, 0);
}

static void check_format(int64_t ns, const char *expected)
{
	char text[TIMEFMT_MAX];
	assert_int_equal(duration_format(ns, text), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_format_as_go(void **state)
{
	check_format(0, "0s");
	check_format(1, "1ns");
	check_format(1100, "1.1\xC2\xB5s");
	check_format(2200 * NS_PER_US, "2.2ms");
	check_format(500 * NS_PER_MS, "500ms");
	check_format(3300 * NS_PER_MS, "3.3s");
	check_format(90 * NS_PER_S, "1m30s");
	check_format(4 * MINUTE + 5 * NS_PER_S, "4m5s");
	check_format(4 * MINUTE + 5001 * NS_PER_MS, "4m5.001s");
	check_format(5 * HOUR + 6 * MINUTE + 7001 * NS_PER_MS, "5h6m7.001s");
	check_format(8 * MINUTE + 1, "8m0.000000001s");
	check_format(24 * HOUR, "24h0m0s");
	check_format(999, "999ns");
	check_format(-1500 * NS_PER_MS, "-1.5s");
	check_format(INT64_MAX, "2562047h47m16.854775807s");
	check_format(INT64_MIN, "-2562047h47m16.854775808s");
}

static void test_format_short(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = { { 0, "0s" },
		     { 30 * NS_PER_S, "30s" },
		     { MINUTE, "1m" },
		     { 90 * NS_PER_S, "1m30s" },
		     { 10 * MINUTE, "10m" },
		     { 24 * HOUR, "24h" },
		     { 26 * HOUR, "26h" },
		     { 90 * MINUTE, "1h30m" },
		     { HOUR + NS_PER_S, "1h0m1s" },
		     { 168 * HOUR, "7d" },
		     { -48 * HOUR, "-2d" },
		     { -HOUR, "-1h" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[TIMEFMT_MAX];
		int64_t back;
		assert_int_equal(duration_format_short(rows[i].ns, text), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(duration_parse(view_of(text), true, &back), 0);
		assert_int_equal(back, rows[i].ns);
	}
}

static void test_round_trip(void **state)
{
	for (int64_t ns = 1; ns < INT64_MAX / 3; ns = ns * 3 + 1) {
		char text[TIMEFMT_MAX];
		int64_t back;
		size_t n = duration_format(-ns, text);
		assert_int_equal(duration_parse((struct view){ text, n }, false, &back), 0);
		assert_int_equal(back, -ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_as_go),    cmocka_unit_test(test_parse_refuses_as_go),
		cmocka_unit_test(test_parse_overflow), cmocka_unit_test(test_days_and_weeks_where_allowed),
		cmocka_unit_test(test_format_as_go),   cmocka_unit_test(test_format_short),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
