#include "support.h"

#include "base/json.h"

#include <float.h>
#include <math.h>

static struct json_doc doc;
static struct arena arena;

static int setup(void **state)
{
	json_doc_init(&doc);
	arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	json_doc_fini(&doc);
	arena_fini(&arena);
	return 0;
}

static void parse(const char *text, size_t len)
{
	assert_int_equal(json_parse_all(&doc, text, len, 0, NULL), 0);
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "1795378345", 1795378345 },
		{ "-1", -1 },
		{ "999999999999999999", 999999999999999999 },
		{ "9007199254740993", 9007199254740993 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "-9223372036854775809", INT64_MIN },
		{ "18446744073709551617", INT64_MAX },
		{ "123456789012345678901234567890", INT64_MAX },
		{ "-123456789012345678901234567890", INT64_MIN },
		{ "1.9", 1 },
		{ "-1.9", -1 },
		{ "0.999999", 0 },
		{ "9007199254740993.0", 9007199254740993 },
		{ "1.5e3", 1500 },
		{ "12.345e1", 123 },
		{ "1500e-3", 1 },
		{ "1e18", 1000000000000000000 },
		{ "1e19", INT64_MAX },
		{ "-1e400", INT64_MIN },
		{ "1e99999999999999999999", INT64_MAX },
		{ "1e-99999999999999999999", 0 },
		{ "0e99999999999999999999", 0 },
		{ "0.0000000000000000000012e24", 1200 },
		{ "120000000000000000000000e-22", 12 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 42;
		parse(rows[i].text, strlen(rows[i].text));
		assert_int_equal(json_i64(&doc, 0, &v), 0);
		if (v != rows[i].value)
			fail_msg("%s reads as %lld", rows[i].text, (long long)v);
	}
}

static void test_doubles(void **state)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{ "0", 0 },
		{ "0.007290392", 0.007290392 },
		{ "0.1", 0.1 },
		{ "-1.5e-3", -0.0015 },
		{ "1795378345", 1795378345.0 },
		{ "9007199254740993", 9007199254740992.0 },
		{ "9007199254740993.00000000000000000000000000000001", 9007199254740994.0 },
		{ "1.7976931348623157e308", DBL_MAX },
		{ "1e309", DBL_MAX },
		{ "-1e309", -DBL_MAX },
		{ "1e99999999999999999999", DBL_MAX },
		{ "1e-400", 0 },
		{ "5e-324", 5e-324 },
		{ "2.2250738585072011e-308", 2.2250738585072011e-308 },
		{ "123456789012345678901234567890", 123456789012345678901234567890.0 },
		{ "0.1000000000000000055511151231257827021181583404541015625", 0.1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double v = 42;
		parse(rows[i].text, strlen(rows[i].text));
		assert_int_equal(json_double(&doc, 0, &v), 0);
		if (v != rows[i].value)
			fail_msg("%s reads as %.17g", rows[i].text, v);
	}
}

static void test_negative_zero_keeps_its_sign(void **state)
{
	double v = 1;
	parse("-0.0", 4);
	assert_int_equal(json_double(&doc, 0, &v), 0);
	assert_true(v == 0 && signbit(v));
}

static void test_wrong_types_leave_the_result(void **state)
{
	int64_t i = 42;
	double x = 42;
	bool b = true;
	parse("[\"1\",null,{},false,1]", 21);
	for (json_ref r = 0; r < 5; r++) {
		assert_int_equal(json_i64(&doc, r, &i), ERR_TYPE);
		assert_int_equal(json_double(&doc, r, &x), ERR_TYPE);
	}
	assert_int_equal(json_i64(&doc, JSON_NONE, &i), ERR_TYPE);
	assert_int_equal(json_bool(&doc, 5, &b), ERR_TYPE);
	assert_true(i == 42 && x == 42 && b);
	assert_int_equal(json_bool(&doc, 4, &b), 0);
	assert_false(b);
}

static void test_strings(void **state)
{
#define S(text, decoded)                                                                                     \
	{                                                                                                    \
		text, sizeof(text) - 1, decoded, sizeof(decoded) - 1                                         \
	}
	static const struct {
		const char *text;
		size_t len;
		const char *decoded;
		size_t decoded_len;
	} rows[] = {
		S("\"\"", ""),
		S("\"plain\"", "plain"),
		S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
		S("\"a\\u0041\\u00e4\\u20AC.\"", "aA\xC3\xA4\xE2\x82\xAC."),
		S("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"),
		S("\"\\ud83d\"", "\xEF\xBF\xBD"),
		S("\"\\ude00x\"", "\xEF\xBF\xBDx"),
		S("\"\\ud83d\\u0041\"", "\xEF\xBF\xBD"
					"A"),
		S("\"\\ud83d\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80"),
		S("\"\\ud83d\\n\"", "\xEF\xBF\xBD\n"),
		S("\"\\ud83d\\\\ude00\"", "\xEF\xBF\xBD\\ude00"),
		S("\"a\\u0000b\"", "a\0b"),
		S("\"a\0b\"", "a\0b"),
		S("\"a\tb\"", "a\tb"),
		S("\"\xC3\xA4\"", "\xC3\xA4"),
		S("\"\xFF\"", "\xEF\xBF\xBD"),
		S("\"\xE2\x82x\"", "\xEF\xBF\xBD\xEF\xBF\xBDx"), /* one for each byte, as Go */
		S("\"\xED\xA0\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"),
		S("\"\xC3\\u00a4\"", "\xEF\xBF\xBD\xC2\xA4"),
		S("\"0123456789abcdef0123456789abcdef\xFF\\n\"",
		  "0123456789abcdef0123456789abcdef\xEF\xBF\xBD\n"),
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(rows[i].text, rows[i].len);
		struct view v = json_string(&doc, 0, &arena);
		assert_int_equal(v.len, rows[i].decoded_len);
		assert_memory_equal(v.data, rows[i].decoded, v.len);
	}
}

static void test_plain_string_is_a_view(void **state)
{
	static const char text[] = "[\"plain\",\"\xC3\xA4\"]";
	parse(text, sizeof(text) - 1);
	assert_ptr_equal(json_string(&doc, 1, &arena).data, text + 2);
	assert_ptr_equal(json_string(&doc, 2, &arena).data, text + 10);
	assert_int_equal(arena.total, 0);
}

static void test_string_of_another_type(void **state)
{
	parse("[1,{\"k\":null}]", 14);
	assert_null(json_string(&doc, 1, &arena).data);
	assert_null(json_string(&doc, JSON_NONE, &arena).data);
	assert_int_equal(json_string(&doc, 3, &arena).len, 1);
}

static void test_string_without_memory(void **state)
{
	parse("\"\\n\"", 4);
	arena.limit = 1;
	struct view v = json_string(&doc, 0, &arena);
	assert_null(v.data);
	assert_int_equal(v.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_integers),
		TEST(test_doubles),
		TEST(test_negative_zero_keeps_its_sign),
		TEST(test_wrong_types_leave_the_result),
		TEST(test_strings),
		TEST(test_plain_string_is_a_view),
		TEST(test_string_of_another_type),
		TEST(test_string_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
