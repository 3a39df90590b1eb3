#include "support.h"

#include "system/threshold.h"

static void test_edges(void **state)
{
	struct threshold t = { .limit = 90 };
	assert_int_equal(threshold_push(&t, 50), THRESHOLD_SAME);
	assert_int_equal(threshold_push(&t, 90), THRESHOLD_SAME); /* strictly above */
	assert_int_equal(threshold_push(&t, 90.1), THRESHOLD_ROSE);
	assert_int_equal(threshold_push(&t, 100), THRESHOLD_SAME);
	assert_int_equal(threshold_push(&t, 90), THRESHOLD_FELL);
	assert_int_equal(threshold_push(&t, 10), THRESHOLD_SAME);
}

static void test_no_limit(void **state)
{
	struct threshold t = { .limit = -1 };
	assert_int_equal(threshold_push(&t, 100), THRESHOLD_SAME);
	t.limit = 0;
	assert_int_equal(threshold_push(&t, 0), THRESHOLD_SAME);
	assert_int_equal(threshold_push(&t, 0.1), THRESHOLD_ROSE);
	t.limit = -1; /* taken away by a reload while it stood */
	assert_int_equal(threshold_push(&t, 100), THRESHOLD_FELL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_no_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
