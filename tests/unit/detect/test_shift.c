#include "detect/shift.h"

#include "series.h"

#define CURVE 101

/* Quantiles of the uniform distribution on 0..1. */
static void uniform_past(double past[CURVE])
{
	for (int i = 0; i < CURVE; i++)
		past[i] = i / (double)(CURVE - 1);
}

/* Smirnov's table: the 5 % and 1 % points of the limit are 1.3581 and 1.6276. */
static void test_the_tail(void **state)
{
	assert_true(fabs(shift_p(1.3581 / 1000, 1000000) - 0.05) < 2e-4);
	assert_true(fabs(shift_p(1.6276 / 1000, 1000000) - 0.01) < 1e-4);
	/* Exact for small n: of 10 values 0.40925 is passed in 5 %, of 20 values 0.29408 (Miller 1956). */
	assert_true(fabs(shift_p(0.40925, 10) - 0.05) < 1e-3);
	assert_true(fabs(shift_p(0.29408, 20) - 0.05) < 1e-3);
	assert_true(shift_p(0, 10) == 1 && shift_p(1, 1000) < 1e-300);
	double before = 1;
	for (double d = 0; d <= 1; d += 0.001) {
		double p = shift_p(d, 25);
		assert_true(p <= before && p >= 0);
		before = p;
	}
}

static void test_the_distance(void **state)
{
	double past[CURVE], x[] = { 0.9, 0.5, 0.7, 0.6 };
	uniform_past(past);
	struct shift s = shift_test(x, 4, past, CURVE);
	assert_true(fabs(s.distance - 0.5) < 1e-12 && s.at == 0.5);
	double outside[] = { 5, 6, 7 };
	s = shift_test(outside, 3, past, CURVE);
	assert_true(s.distance == 1 && s.at == 5);
	s = shift_test(outside, 0, past, CURVE);
	assert_true(isnan(s.distance) && isnan(s.p));
}

/* Without a shift p < 0.05 in one of twenty tests, not more; with one of a tenth it is found in nearly all. */
static void test_how_often(void **state)
{
	double past[CURVE], x[200];
	struct noise noise = noise_of(17);
	size_t false_ones = 0, found = 0;
	uniform_past(past);
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < 200; i++)
			x[i] = uniform(&noise);
		false_ones += shift_test(x, 200, past, CURVE).p < 0.05;
		for (int i = 0; i < 200; i++)
			x[i] = 0.15 + 0.85 * uniform(&noise);
		found += shift_test(x, 200, past, CURVE).p < 0.05;
	}
	assert_in_range(false_ones, 60, 140);
	assert_true(found > 1900);
}

/* A series of few levels is no shift against itself. */
static void test_steps(void **state)
{
	double past[CURVE], x[300];
	for (int i = 0; i < CURVE; i++)
		past[i] = i < 50 ? 1 : 2;
	for (int i = 0; i < 300; i++)
		x[i] = i % 2 ? 1 : 2;
	struct shift s = shift_test(x, 300, past, CURVE);
	assert_true(s.distance < 0.02 && s.p > 0.9);
	for (int i = 0; i < 300; i++)
		x[i] = 2;
	s = shift_test(x, 300, past, CURVE);
	assert_true(s.distance > 0.45 && s.p < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_tail),
		cmocka_unit_test(test_the_distance),
		cmocka_unit_test(test_how_often),
		cmocka_unit_test(test_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
