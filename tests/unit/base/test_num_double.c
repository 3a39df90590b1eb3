#include "support.h"

#include "base/err.h"
#include "base/num.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check_format(double v, const char *expected)
{
	char text[NUM_DOUBLE_MAX];
	assert_int_equal(num_format_double(v, text), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_golden(void **state)
{
	check_format(0, "0");
	check_format(-0.0, "-0");
	check_format(1, "1");
	check_format(-1.5, "-1.5");
	check_format(0.1, "0.1");
	check_format(0.1 + 0.2, "0.30000000000000004");
	check_format(100, "100");
	check_format(123456789.125, "123456789.125");
	check_format(1763800000.25, "1763800000.25");
	check_format(1e15, "1000000000000000");
	check_format(9007199254740993.0, "9007199254740992");
	check_format(1.0 / 3, "0.3333333333333333");
	check_format(2.0 / 3, "0.6666666666666666");
	check_format(0.000123, "0.000123");
	check_format(DBL_MAX, "1.7976931348623157e+308");
	check_format(DBL_MIN, "2.2250738585072014e-308");
	check_format(5e-324, "5e-324");
	check_format(0x1p-1073, "1e-323");
}

static void test_where_the_exponent_begins(void **state)
{
	check_format(1e-6, "0.000001");
	check_format(1.5e-6, "0.0000015");
	check_format(9.99e-7, "9.99e-7");
	check_format(1e-7, "1e-7");
	check_format(1e-10, "1e-10");
	check_format(1e20, "100000000000000000000");
	check_format(123456789012345678901.0, "123456789012345680000");
	check_format(1e21, "1e+21");
	check_format(-1.25e22, "-1.25e+22");
	check_format(1e100, "1e+100");
}

/* The gap below a power of two is half the gap above: the shortest text is not the nearest 16 digits. */
static void test_powers_of_two(void **state)
{
	check_format(0x1p-44, "5.684341886080802e-14");
	check_format(0x1p-1022, "2.2250738585072014e-308");
	check_format(0x1p89, "6.189700196426902e+26");
}

static void test_not_finite_is_null(void **state)
{
	check_format((double)INFINITY, "null");
	check_format(-(double)INFINITY, "null");
	check_format((double)NAN, "null");
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void check_round_trip(double v)
{
	char text[NUM_DOUBLE_MAX];
	double back;
	size_t n = num_format_double(v, text);
	assert_true(n < NUM_DOUBLE_MAX);
	if (strtod(text, NULL) != v)
		fail_msg("%.17g was written as %s", v, text);
	if (num_parse_double((struct view){ text, n }, &back) != 0 || back != v)
		fail_msg("%s was read as %.17g", text, back);
}

static void test_round_trip_random_bits(void **state)
{
	uint64_t seed = 88172645463325252u;
	for (int i = 0; i < 200000; i++) {
		uint64_t bits = next_random(&seed);
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			check_round_trip(v);
	}
}

static void test_round_trip_denormals(void **state)
{
	uint64_t seed = 1234567;
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = next_random(&seed) >> (12 + i % 52);
		double v;
		memcpy(&v, &bits, sizeof(v));
		check_round_trip(v);
	}
}

/* What people measure: few decimals. These must come out as they were written. */
static void test_short_decimals_stay_short(void **state)
{
	uint64_t seed = 99;
	for (int i = 0; i < 200000; i++) {
		char text[64], out[NUM_DOUBLE_MAX];
		int decimals = 1 + i % 6;
		snprintf(text, sizeof(text), "%.*f", decimals,
			 (double)(next_random(&seed) % 100000000) / 997.0);
		size_t n = strlen(text);
		while (text[n - 1] == '0')
			text[--n] = '\0';
		if (text[n - 1] == '.')
			text[--n] = '\0';
		double v = strtod(text, NULL);
		if (v != 0 && v < 1e-6)
			continue;
		num_format_double(v, out);
		assert_string_equal(out, text);
	}
}

static void check_parse(const char *text, int rc, double expected)
{
	double v = 77;
	int got = num_parse_double(view_of(text), &v);
	if (got != rc || v != (rc ? 77 : expected))
		fail_msg("\"%s\" gave code %d value %.17g", text, got, v);
}

static void test_parse(void **state)
{
	check_parse("0", 0, 0);
	check_parse("-1.5", 0, -1.5);
	check_parse("+1.5e3", 0, 1500);
	check_parse("5.", 0, 5);
	check_parse(".5", 0, 0.5);
	check_parse("1E-2", 0, 0.01);
	check_parse("00012.500", 0, 12.5);
	check_parse("123456789012345678", 0, 123456789012345678.0);
	check_parse("12345678901234567890123", 0, 12345678901234567890123.0);
	check_parse("0.1234567890123456789012345", 0, 0.1234567890123456789012345);
	check_parse("1e23", 0, 1e23);
	check_parse("1e-5000000000000000000000", 0, 0);
	check_parse("0e99999999999999999999", 0, 0);
	check_parse("4.9e-324", 0, 5e-324);
	check_parse("1e400", 0, DBL_MAX);
	check_parse("-1e400", 0, -DBL_MAX);
	check_parse("179769313486231580793728971405301e276", 0, DBL_MAX);
}

static void test_parse_refuses(void **state)
{
	static const char *const bad[] = { "",      "-",   ".",     "e5",  "1e",  "1e+",
					   "1.2.3", " 1",  "1 ",    "0x1", "inf", "nan",
					   "1,5",   "--1", "1e5.0", "1f",  "+-1", "Infinity" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_parse(bad[i], ERR_SYNTAX, 0);
}

/* Halfway cases are decided by the last of very many digits. */
static void test_parse_very_long(void **state)
{
	static char text[5000];
	snprintf(text, sizeof(text), "9007199254740993.%01500d", 0);
	check_parse(text, 0, 9007199254740992.0); /* exactly halfway: to even */
	text[strlen(text) - 1] = '1';
	check_parse(text, 0, 9007199254740994.0);
	snprintf(text, sizeof(text), "0.%01500d7e1501", 0);
	check_parse(text, 0, 7);
	memset(text, '1', 4000);
	text[4000] = '\0';
	check_parse(text, 0, DBL_MAX);
}

/* A comma for a decimal point must change nothing. */
static void test_locale_does_not_matter(void **state)
{
	const char *names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8" };
	bool found = false;
	for (size_t i = 0; i < 3 && !found; i++)
		found = setlocale(LC_NUMERIC, names[i]) != NULL;
	if (!found)
		skip_because("no locale with a decimal comma here");
	check_format(0.1 + 0.2, "0.30000000000000004");
	check_parse("0.1234567890123456789012345", 0, 0x1.f9add3746f65fp-4);
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_where_the_exponent_begins),
		cmocka_unit_test(test_powers_of_two),
		cmocka_unit_test(test_not_finite_is_null),
		cmocka_unit_test(test_round_trip_random_bits),
		cmocka_unit_test(test_round_trip_denormals),
		cmocka_unit_test(test_short_decimals_stay_short),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_parse_very_long),
		cmocka_unit_test(test_locale_does_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
