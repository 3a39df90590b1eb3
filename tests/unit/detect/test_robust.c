#include "detect/robust.h"

#include "series.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void test_nth_is_what_sorting_gives(void **state)
{
	struct noise n = noise_of(1);
	double x[60], sorted[60];
	for (size_t length = 1; length <= 60; length++)
		for (size_t k = 0; k < length; k++) {
			for (size_t i = 0; i < length; i++)
				x[i] = sorted[i] = floor(20 * uniform(&n));
			qsort(sorted, length, sizeof(double), by_value);
			assert_true(robust_nth(x, length, k) == sorted[k]);
		}
}

static void test_medians(void **state)
{
	double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 }, one[] = { 7 };
	assert_true(robust_median(odd, 3) == 3);
	assert_true(robust_median(even, 4) == 2.5);
	assert_true(robust_median(one, 1) == 7);
	assert_true(isnan(robust_median(one, 0)));
}

static void test_wild_values_move_nothing(void **state)
{
	struct noise n = noise_of(2);
	double x[1000];
	for (int i = 0; i < 1000; i++)
		x[i] = i % 10 == 0 ? 1e9 : 50 + 2 * gauss(&n);
	struct robust_usual u = robust_usual_of(x, 1000);
	assert_true(fabs(u.median - 50) < 1 && u.sd > 1.8 && u.sd < 3);
	assert_true(fabs(robust_z(&u, u.median + 3 * u.sd) - 3) < 1e-9);
	assert_true(robust_z(&u, u.median - u.sd) < 0);
}

static void test_when_most_values_are_the_same(void **state)
{
	double mostly[] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 15 }, all[] = { 5, 5, 5 };
	struct robust_usual u = robust_usual_of(mostly, 10);
	assert_true(u.median == 5 && fabs(u.sd - 1.2533) < 1e-9);
	u = robust_usual_of(all, 3);
	assert_true(u.sd == 0 && robust_z(&u, 5) == 0 && isinf(robust_z(&u, 6)));
	u = robust_usual_of(all, 0);
	assert_true(isnan(u.median) && isnan(u.sd));
}

static void test_strays_come_back_and_steps_stay(void **state)
{
	struct noise n = noise_of(3);
	double x[100], out[100], work[200];
	for (int i = 0; i < 100; i++)
		x[i] = gauss(&n) + (i >= 50 ? 20 : 0);
	x[10] = 100;
	x[30] = x[31] = -100;
	assert_in_range(robust_clip(x, 100, out, work), 3, 5);
	assert_true(out[10] < 10 && out[30] > -10 && out[31] > -10);
	for (int i = 45; i < 55; i++)
		assert_true(fabs(out[i] - x[i]) < 1);
	assert_int_equal(robust_clip(x, 4, out, work), 0);
	assert_memory_equal(out, x, 4 * sizeof(double));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nth_is_what_sorting_gives),
		cmocka_unit_test(test_medians),
		cmocka_unit_test(test_wild_values_move_nothing),
		cmocka_unit_test(test_when_most_values_are_the_same),
		cmocka_unit_test(test_strays_come_back_and_steps_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
