#include "support.h"

#include "base/utf8.h"

static void check_prefix(const char *text, size_t len, size_t valid)
{
	size_t got = utf8_valid_prefix(text, len);
	if (got != valid)
		fail_msg("\"%s\": %zu valid, expected %zu", text, got, valid);
}
#define CHECK_PREFIX(literal, valid) check_prefix(literal, sizeof(literal) - 1, valid)

static void test_valid(void **state)
{
	CHECK_PREFIX("", 0);
	CHECK_PREFIX("plain", 5);
	CHECK_PREFIX("a\0b", 3);
	CHECK_PREFIX("\xC2\x80\xDF\xBF", 4);
	CHECK_PREFIX("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF", 12);
	CHECK_PREFIX("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8);
	CHECK_PREFIX("0123456789\xC3\xA4"
		     "0123456789",
		     22);
}

static void test_invalid(void **state)
{
	CHECK_PREFIX("ab\x80", 2);
	CHECK_PREFIX("\xC0\x80", 0);         /* overlong */
	CHECK_PREFIX("\xC1\xBF", 0);         /* overlong */
	CHECK_PREFIX("\xE0\x9F\xBF", 0);     /* overlong */
	CHECK_PREFIX("\xF0\x8F\xBF\xBF", 0); /* overlong */
	CHECK_PREFIX("\xED\xA0\x80", 0);     /* surrogate */
	CHECK_PREFIX("\xF4\x90\x80\x80", 0); /* above U+10FFFF */
	CHECK_PREFIX("\xF5\x80\x80\x80", 0);
	CHECK_PREFIX("\xFF", 0);
	CHECK_PREFIX("01234567\xC3(", 8);
}

static void test_cut_short(void **state)
{
	CHECK_PREFIX("a\xC3", 1);
	CHECK_PREFIX("a\xE2\x82", 1);
	CHECK_PREFIX("a\xF0\x9F\x98", 1);
}

static void check_repair(const char *text, const char *expected)
{
	struct buf b;
	buf_init(&b);
	utf8_append_repaired(&b, view_of(text));
	assert_string_equal(buf_str(&b), expected);
	buf_fini(&b);
}

static void test_repair_replaces_each_byte(void **state)
{
	check_repair("", "");
	check_repair("fine \xC3\xA4", "fine \xC3\xA4");
	check_repair("a\xFF"
		     "b",
		     "a\xEF\xBF\xBD"
		     "b");
	check_repair("\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD");
	check_repair("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	check_repair("\xC3\xC3\xA4", "\xEF\xBF\xBD\xC3\xA4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_repair_replaces_each_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
