#include "detect/quantiles.h"

#include "series.h"

static struct quantiles sketch, other;

static void assert_near(double got, double wanted, double distance)
{
	if (!(fabs(got - wanted) <= distance))
		fail_msg("%.9g is not within %g of %.9g", got, distance, wanted);
}

static void test_nothing_and_one(void **state)
{
	quantiles_init(&sketch);
	assert_true(isnan(quantiles_value(&sketch, 0.5)) && isnan(quantiles_share(&sketch, 1)));
	quantiles_add(&sketch, NAN);
	quantiles_add(&sketch, INFINITY);
	assert_true(quantiles_count(&sketch) == 0);
	quantiles_add(&sketch, 7);
	for (double share = -1; share <= 2; share += 0.25)
		assert_true(quantiles_value(&sketch, share) == 7);
	assert_true(quantiles_share(&sketch, 6) == 0 && quantiles_share(&sketch, 7) == 1);
}

/* A million values of a known distribution, in order, backwards and shuffled: never off by more than the header says. */
static void test_shares_are_kept(void **state)
{
	enum { N = 1000000 };
	for (int order = 0; order < 3; order++) {
		quantiles_init(&sketch);
		for (uint64_t i = 0; i < N; i++) {
			uint64_t place = order == 0 ? i : order == 1 ? N - 1 - i : i * 7919 % N; /* coprime */
			double u = ((double)place + 0.5) / N;
			quantiles_add(&sketch, -log(1 - u)); /* exponential */
		}
		assert_true(quantiles_count(&sketch) == N);
		assert_true(sketch.n <= QUANTILES_CENTROIDS);
		for (double share = 0.001; share < 1; share += 0.001) {
			double exact = 1 - exp(-quantiles_value(&sketch, share));
			double allowed = 0.02 * sqrt(share * (1 - share)) + 1e-4;
			assert_near(exact, share, allowed);
			assert_near(quantiles_share(&sketch, -log(1 - share)), share, allowed);
		}
		assert_true(quantiles_value(&sketch, 0) == sketch.min);
		assert_true(quantiles_value(&sketch, 1) == sketch.max);
	}
}

static void test_few_values_are_exact(void **state)
{
	quantiles_init(&sketch);
	for (int i = 1; i <= 5; i++)
		quantiles_add(&sketch, i * 10);
	assert_near(quantiles_value(&sketch, 0.5), 30, 1e-9);
	assert_near(quantiles_value(&sketch, 0.3), 20, 1e-9);
	assert_near(quantiles_share(&sketch, 30), 0.5, 1e-9);
}

static void test_merging_is_like_adding(void **state)
{
	struct noise noise = noise_of(3);
	quantiles_init(&sketch);
	quantiles_init(&other);
	for (int i = 0; i < 50000; i++) {
		double u = uniform(&noise);
		quantiles_add(i % 3 ? &sketch : &other, u);
	}
	quantiles_merge(&sketch, &other);
	assert_true(quantiles_count(&sketch) == 50000 && quantiles_count(&other) == 16667);
	for (double share = 0.01; share < 1; share += 0.01)
		assert_near(quantiles_value(&sketch, share), share, 0.02);
	quantiles_init(&other);
	quantiles_merge(&sketch, &other); /* nothing */
	assert_true(quantiles_count(&sketch) == 50000);
}

static void test_equal_values_and_far_ones(void **state)
{
	quantiles_init(&sketch);
	for (int i = 0; i < 10000; i++)
		quantiles_add(&sketch, 5);
	quantiles_add(&sketch, -1e300);
	quantiles_add(&sketch, 1e300);
	assert_true(quantiles_value(&sketch, 0.5) == 5);
	assert_true(quantiles_value(&sketch, 0) == -1e300 && quantiles_value(&sketch, 1) == 1e300);
}

static void test_a_curve_ascends(void **state)
{
	double curve[101];
	struct noise noise = noise_of(9);
	quantiles_init(&sketch);
	for (int i = 0; i < 3000; i++)
		quantiles_add(&sketch, gauss(&noise));
	quantiles_curve(&sketch, curve, 101);
	for (int i = 1; i <= 100; i++)
		assert_true(curve[i] >= curve[i - 1]);
	assert_near(curve[50], 0, 0.06);
	assert_near(curve[16], -0.994, 0.12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_and_one),
		cmocka_unit_test(test_shares_are_kept),
		cmocka_unit_test(test_few_values_are_exact),
		cmocka_unit_test(test_merging_is_like_adding),
		cmocka_unit_test(test_equal_values_and_far_ones),
		cmocka_unit_test(test_a_curve_ascends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
