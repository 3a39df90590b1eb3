#include "support.h"

#include "base/clock.h"

static void test_system_runs_forward(void **state)
{
	const struct clock *c = clock_system();
	mono_us before = clock_mono_us(c);
	assert_true(clock_mono_us(c) >= before);
	assert_true(clock_wall_ns(c) > INT64_C(1700000000) * NS_PER_S);
	assert_true(clock_wall_ms(c) > INT64_C(1700000000000));
}

static void test_fake_stands_still(void **state)
{
	struct clock_fake f;
	clock_fake_init(&f, 5 * NS_PER_S);
	assert_int_equal(clock_wall_ns(&f.clock), 5 * NS_PER_S);
	assert_int_equal(clock_wall_ms(&f.clock), 5000);
	assert_int_equal(clock_mono_us(&f.clock), clock_mono_us(&f.clock));
}

static void test_fake_advances_both(void **state)
{
	struct clock_fake f;
	clock_fake_init(&f, 0);
	mono_us start = clock_mono_us(&f.clock);
	clock_fake_advance(&f, 1500 * NS_PER_US);
	assert_int_equal(clock_wall_ns(&f.clock), 1500000);
	assert_int_equal(clock_mono_us(&f.clock) - start, 1500);
}

static void test_small_steps_add_up(void **state)
{
	struct clock_fake f;
	clock_fake_init(&f, 0);
	mono_us start = clock_mono_us(&f.clock);
	for (int i = 0; i < 10000; i++)
		clock_fake_advance(&f, 100);
	assert_int_equal(clock_mono_us(&f.clock) - start, 1000);
}

static void test_step_leaves_mono_alone(void **state)
{
	struct clock_fake f;
	clock_fake_init(&f, 10 * NS_PER_S);
	mono_us start = clock_mono_us(&f.clock);
	clock_fake_step(&f, -20 * NS_PER_S);
	assert_int_equal(clock_wall_ns(&f.clock), -10 * NS_PER_S);
	assert_int_equal(clock_mono_us(&f.clock), start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_runs_forward),    cmocka_unit_test(test_fake_stands_still),
		cmocka_unit_test(test_fake_advances_both),     cmocka_unit_test(test_small_steps_add_up),
		cmocka_unit_test(test_step_leaves_mono_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
