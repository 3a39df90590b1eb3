#include "support.h"

#include "../../../src/system/schedule.h"

static void test_absolute(void **state)
{
	struct schedule s;
	uint64_t tick;
	schedule_init(&s, 1000000, 100000);
	assert_true(schedule_take(&s, 1000000, &tick)); /* the first one at once */
	assert_int_equal(tick, 0);
	assert_false(schedule_take(&s, 1099999, &tick));
	assert_int_equal(schedule_wait(&s, 1099999), 1);
	for (uint64_t n = 1; n < 1000; n++) { /* always late, never drifting */
		assert_true(schedule_take(&s, 1000000 + (mono_us)n * 100000 + 40000, &tick));
		assert_int_equal(tick, n);
		assert_int_equal(schedule_wait(&s, 1000000 + (mono_us)n * 100000 + 40000), 60000);
	}
	assert_int_equal(s.missed, 0);
}

static void test_missed_ticks_are_counted_and_not_made_up_for(void **state)
{
	struct schedule s;
	uint64_t tick;
	schedule_init(&s, 0, 1000000);
	assert_true(schedule_take(&s, 0, &tick));
	assert_true(schedule_take(&s, 4200000, &tick));
	assert_int_equal(tick, 4);
	assert_int_equal(s.missed, 3);
	assert_false(schedule_take(&s, 4300000, &tick));
	assert_int_equal(schedule_wait(&s, 4300000), 700000);
	assert_true(schedule_take(&s, 5000000, &tick));
	assert_int_equal(tick, 5);
	assert_int_equal(s.missed, 3);
}

static void test_a_restart_misses_nothing(void **state)
{
	struct schedule s;
	uint64_t tick;
	schedule_init(&s, 0, 1000000);
	assert_true(schedule_take(&s, 2500000, &tick));
	assert_int_equal(s.missed, 2);
	schedule_restart(&s, 2600000, 100000);
	assert_int_equal(schedule_wait(&s, 2550000), 50000);
	assert_false(schedule_take(&s, 2550000, &tick));
	assert_true(schedule_take(&s, 2600000, &tick));
	assert_int_equal(tick, 0);
	assert_true(schedule_take(&s, 2700000, &tick));
	assert_int_equal(tick, 1);
	assert_int_equal(s.missed, 2);
}

/* The monotonic clock stands still while the machine sleeps, or it does not: then one sample is taken and the rest is missed. */
static void test_a_machine_that_slept(void **state)
{
	struct schedule s;
	uint64_t tick;
	schedule_init(&s, 0, 1000000);
	assert_true(schedule_take(&s, 0, &tick));
	assert_true(schedule_take(&s, INT64_C(8) * 3600 * 1000000 + 300000, &tick));
	assert_int_equal(s.missed, 8 * 3600 - 1);
	assert_false(schedule_take(&s, INT64_C(8) * 3600 * 1000000 + 999999, &tick));
	assert_true(schedule_take(&s, INT64_C(8) * 3600 * 1000000 + 1000000, &tick));
	assert_int_equal(s.missed, 8 * 3600 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absolute),
		cmocka_unit_test(test_missed_ticks_are_counted_and_not_made_up_for),
		cmocka_unit_test(test_a_restart_misses_nothing),
		cmocka_unit_test(test_a_machine_that_slept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
