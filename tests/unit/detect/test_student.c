#include "detect/student.h"

#include "support.h"

#include <math.h>

static void assert_p(double t, double df, double wanted, double relative)
{
	double got = student_p(t, df);
	if (!(fabs(got / wanted - 1) <= relative))
		fail_msg("p(%g, %g) is %.15g, not %.15g", t, df, got, wanted);
	assert_true(student_p(-t, df) == got);
}

/* Two, and all four to ten digits and more, from the contract; the others have closed forms. */
static void test_anchors(void **state)
{
	assert_p(2, 1, 0.295167235301, 2e-12);
	assert_p(5, 4, 0.00749043388127, 2e-12);
	assert_p(12, 10, 2.92140882477e-07, 2e-12);
	assert_p(12, 30, 5.5801854152e-13, 2e-11);
}

/* df = 1 is Cauchy's distribution, df = 2 and 4 have roots only. */
static void test_closed_forms(void **state)
{
	static const double ts[] = { 1e-9, 0.01, 0.5, 1, 1.5, 2.5, 2.999, 3, 3.001, 5, 10, 100, 1e4, 1e6 };
	for (size_t i = 0; i < sizeof(ts) / sizeof(ts[0]); i++) {
		double t = ts[i], root = sqrt(2 + t * t);
		assert_p(t, 1, 2 / M_PI * atan2(1, t), 1e-13);
		assert_p(t, 2, 2 / (root * (root + t)), 1e-13);
	}
}

/* Far degrees of freedom are the normal distribution; the first terms of its expansion (Fisher 1925) tell the difference. */
static void test_many_degrees_of_freedom(void **state)
{
	static const double ts[] = { 0.1, 1, 2, 2.9, 3.1, 4, 6, 10 };
	for (size_t i = 0; i < sizeof(ts) / sizeof(ts[0]); i++) {
		double t = ts[i], df = 1e7;
		double density = exp(-t * t / 2) / sqrt(2 * M_PI);
		double normal = erfc(t / sqrt(2)) + density * (t * t * t + t) / (2 * df);
		assert_p(t, df, normal, t < 5 ? 1e-9 : 1e-7);
	}
}

static void test_ends(void **state)
{
	assert_true(student_p(0, 5) == 1);
	assert_true(student_p(INFINITY, 5) == 0);
	assert_true(student_p(1e200, 5) == 0);
	assert_true(student_p(1e200, 1) > 0);
	assert_true(isnan(student_p(NAN, 5)));
	assert_true(isnan(student_p(1, 0)));
}

/* Never larger for a larger t, across the place where the method changes. */
static void test_it_falls(void **state)
{
	static const double dfs[] = { 1, 3, 10, 48, 363, 1e5 };
	for (size_t i = 0; i < sizeof(dfs) / sizeof(dfs[0]); i++)
		for (double t = 2.9, last = 2; t < 3.1; t += 1e-4) {
			double p = student_p(t, dfs[i]);
			assert_true(p < last);
			last = p;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_closed_forms),
		cmocka_unit_test(test_many_degrees_of_freedom),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_it_falls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
