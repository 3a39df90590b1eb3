#include "load.h"

static int apply(struct load *l, const char *a, const char *b)
{
	const char *env[] = { "PATH=/bin", a, b, NULL };
	memset(&l->err, 0, sizeof(l->err));
	return option_apply_env(l->sections, 2, env, &l->arena, &l->err);
}

static void test_section_and_key(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_RETRY_MAX_RUNS=5", "AUSPEX_RETRY_NAMES=x,y=z"), 0);
	assert_int_equal(l->values.max_runs, 5);
	assert_string_equal(l->values.names.items[1], "y=z");
}

static void test_top_level_has_no_section(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_LOG_LEVEL=warn", NULL), 0);
	assert_int_equal(l->log.level, 2);
}

static void test_hidden_rows_work(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_RETRY_HOOK=1", NULL), 0);
	assert_int_equal(l->values.hook, 1);
}

static void test_bad_value_names_variable_and_option(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_RETRY_MAX_RUNS=-1", NULL), ERR_RANGE);
	assert_string_equal(l->err.place, "AUSPEX_RETRY_MAX_RUNS");
	assert_string_equal(l->err.text, "retry.max_runs: -1 is below the smallest allowed value 0 (runs)");
}

static void test_empty_number_is_an_error(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_RETRY_MAX_RUNS=", NULL), ERR_SYNTAX);
}

static void test_unknown_has_a_hint(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_RETRY_MAX_RUN=1", NULL), ERR_UNKNOWN);
	assert_string_equal(l->err.text,
			    "unknown variable AUSPEX_RETRY_MAX_RUN: did you mean AUSPEX_RETRY_MAX_RUNS?");
	assert_int_equal(apply(l, "AUSPEX_=1", NULL), ERR_UNKNOWN);
	assert_int_equal(apply(l, "AUSPEX_QUITE_SOMETHING_ELSE=1", NULL), ERR_UNKNOWN);
	assert_string_equal(
		l->err.text,
		"unknown variable AUSPEX_QUITE_SOMETHING_ELSE: no option has this name; unset it, "
		"or see `auspex config default`");
}

static void test_the_programs_own_names_are_left_alone(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX_CONFIG=/x", "AUSPEX_TEST_CLOCK_OFFSET=1"), 0);
	assert_int_equal(apply(l, "AUSPEX_STATE_DIR=/x", "AUSPEX_TEST_=1"), 0);
	assert_int_equal(apply(l, "AUSPEX_CONFIGS=/x", NULL), ERR_UNKNOWN);
}

static void test_other_names_are_not_ours(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "AUSPEX=1", "AUSPEXX_RETRY=1"), 0);
	assert_int_equal(apply(l, "AUSPEX_NO_EQUALS", "auspex_retry_max_runs=1"), 0);
	assert_int_equal(l->values.max_runs, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_section_and_key),
		LOAD_TEST(test_top_level_has_no_section),
		LOAD_TEST(test_hidden_rows_work),
		LOAD_TEST(test_bad_value_names_variable_and_option),
		LOAD_TEST(test_empty_number_is_an_error),
		LOAD_TEST(test_unknown_has_a_hint),
		LOAD_TEST(test_the_programs_own_names_are_left_alone),
		LOAD_TEST(test_other_names_are_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
