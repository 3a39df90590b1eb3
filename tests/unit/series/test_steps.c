#include "support.h"

#include "series/tiers.h"

static void test_samples_fall_into_their_step(void **state)
{
	struct step steps[3] = { { 0 } };

	steps_add(steps, 3, 1000, 100, 1000, 5);
	steps_add(steps, 3, 1000, 100, 1099, -3);
	steps_add(steps, 3, 1000, 100, 1299, 7);
	assert_int_equal(steps[0].n, 2);
	assert_true(steps[0].min == -3 && steps[0].max == 5 && steps[0].sum == 2 && steps[0].last == -3);
	assert_true(step_avg(&steps[0]) == 1);
	assert_int_equal(steps[1].n, 0);
	assert_true(step_avg(&steps[1]) == 0);
	assert_true(steps[2].min == 7 && steps[2].max == 7);
}

static void test_outside_is_ignored(void **state)
{
	struct step steps[2] = { { 0 } };

	steps_add(steps, 2, 1000, 100, 999, 1);
	steps_add(steps, 2, 1000, 100, 1200, 1);
	steps_add(steps, 2, INT64_MIN, 1, INT64_MAX, 1);
	steps_add(steps, 2, 1000, 0, 1000, 1);
	assert_int_equal(steps[0].n + steps[1].n, 0);
}

static void test_merge(void **state)
{
	struct step steps[1] = { { 0 } };
	const struct step a = { .t = 10, .n = 3, .min = 1, .max = 4, .sum = 7, .last = 2 };
	const struct step b = { .t = 20, .n = 1, .min = -1, .max = -1, .sum = -1, .last = -1 };
	const struct step empty = { .t = 30, .min = -99, .max = 99 };

	steps_merge(steps, 1, 0, 100, &a);
	steps_merge(steps, 1, 0, 100, &b);
	steps_merge(steps, 1, 0, 100, &empty);
	assert_int_equal(steps[0].n, 4);
	assert_true(steps[0].min == -1 && steps[0].max == 4 && steps[0].sum == 6 && steps[0].last == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_fall_into_their_step),
		cmocka_unit_test(test_outside_is_ignored),
		cmocka_unit_test(test_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
