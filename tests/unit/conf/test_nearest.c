#include "support.h"

#include "sample.h"

static const char *const names[] = { "max_runs", "max_age", "persist", "log_level", "port" };

static const char *near(const char *word)
{
	const char *found = text_nearest(view_of(word), names, 5);
	return found ? found : "(none)";
}

static void test_one_edit(void **state)
{
	assert_string_equal(near("max_run"), "max_runs");
	assert_string_equal(near("maxx_runs"), "max_runs");
	assert_string_equal(near("max_runz"), "max_runs");
}

static void test_swap_counts_once(void **state)
{
	assert_string_equal(near("prot"), "port");
	assert_string_equal(near("perisst"), "persist");
}

static void test_case_and_dash_do_not_count(void **state)
{
	assert_string_equal(near("Max-Runs"), "max_runs");
}

static void test_limit_is_two_for_short_words(void **state)
{
	assert_string_equal(near("mx_ag"), "max_age");
	assert_string_equal(near("mx_g"), "(none)");
}

static void test_limit_is_a_third_for_long_words(void **state)
{
	assert_string_equal(near("xxxlog_level"), "log_level");
	assert_string_equal(near("zzzzlog_level"), "log_level");
	assert_string_equal(near("zzzzzlog_level"), "(none)");
}

static void test_nothing_in_common_is_no_hint(void **state)
{
	static const char *const short_names[] = { "ab" };
	assert_null(text_nearest(VIEW("xy"), short_names, 1));
	assert_null(text_nearest(VIEW("x"), short_names, 1));
}

static void test_hostile_words(void **state)
{
	char word[100000];
	memset(word, 'm', sizeof(word));
	assert_null(text_nearest((struct view){ word, sizeof(word) }, names, 5));
	assert_null(text_nearest(VIEW(""), names, 5));
	assert_null(text_nearest(VIEW("max_runs"), names, 0));
}

static void test_nearest_of_all_wins(void **state)
{
	static const char *const close[] = { "pork", "port", "ports" };
	assert_string_equal(text_nearest(VIEW("ports"), close, 3), "ports");
	assert_string_equal(text_nearest(VIEW("porr"), close, 3), "pork"); /* first of equals */
}

static void test_hidden_rows_are_not_told(void **state)
{
	assert_null(option_nearest(&sample_table, VIEW("hookk")));
	assert_string_equal(option_nearest(&sample_table, VIEW("max_runs")), "max_runs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_edit),
		cmocka_unit_test(test_swap_counts_once),
		cmocka_unit_test(test_case_and_dash_do_not_count),
		cmocka_unit_test(test_limit_is_two_for_short_words),
		cmocka_unit_test(test_limit_is_a_third_for_long_words),
		cmocka_unit_test(test_nothing_in_common_is_no_hint),
		cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_nearest_of_all_wins),
		cmocka_unit_test(test_hidden_rows_are_not_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
