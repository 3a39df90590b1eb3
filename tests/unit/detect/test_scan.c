#include "scan.h"

#include "detect/student.h"
#include "series.h"

static const struct scan_noise white = { 0 };

static void test_the_largest_t_is_found_where_it_is(void **state)
{
	const double x[] = { 1, 2, 3, 2, 7, 8, 6, 7, 7 };
	struct split s = scan_step(x, 9, &white);
	assert_int_equal(s.at, 4);
	/* means 2 and 7, squares 2 and 2, 7 degrees of freedom */
	assert_true(fabs(s.rest - 4) < 1e-12);
	assert_true(fabs(s.t - 5 / sqrt(4.0 / 7 * (1.0 / 4 + 1.0 / 5))) < 1e-9);
	assert_true(s.p > student_p(s.t, 7) && s.p < 9 * student_p(s.t, 7));
}

static void test_sides_have_three_points(void **state)
{
	double x[20] = { 0 };
	x[19] = x[18] = 100;
	assert_in_range(scan_step(x, 20, &white).at, SCAN_SIDE, 20 - SCAN_SIDE);
	assert_int_equal(scan_step(x, 2 * SCAN_SIDE - 1, &white).at, 0);
}

static void test_nothing_varies(void **state)
{
	double x[50];
	for (int i = 0; i < 50; i++)
		x[i] = 0.1;
	assert_int_equal(scan_step(x, 50, &white).at, 0);
	for (int i = 0; i < 50; i++)
		x[i] = 0.1 * i;
	assert_int_equal(scan_step_on_line(x, 50, &white).at, 0);
	assert_int_equal(scan_step(x, 0, &white).at, 0);
}

/* Two exact levels: the step explains everything, unless rounding may have made it. */
static void test_rounding_keeps_p_honest(void **state)
{
	const double x[] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 2 };
	struct split exact = scan_step(x, 10, &white);
	struct split rounded = scan_step(x, 10, &(struct scan_noise){ .least_sd = 1 / sqrt(12) });
	assert_true(exact.at == 5 && exact.p == 0 && isinf(exact.t));
	assert_true(rounded.at == 5 && rounded.p > 1e-4 && rounded.p < 0.01);
}

static void test_a_step_on_a_line(void **state)
{
	struct noise n = noise_of(1);
	double x[100];
	for (int i = 0; i < 100; i++)
		x[i] = i + gauss(&n) - (i >= 60 ? 8 : 0);
	struct split s = scan_step_on_line(x, 100, &white);
	assert_in_range(s.at, 59, 61);
	assert_true(s.p < 1e-6);
	scan_take_line(x, 100, x);
	struct scan_line l = scan_line(x, 100);
	assert_true(fabs(l.middle) < 1e-9 && fabs(l.slope) < 1e-9);
}

/* Share of noise whose p is below `bound`. */
static double share_below(double bound, size_t n, bool on_line, unsigned series)
{
	static double x[400];
	struct noise noise = noise_of(n);
	unsigned below = 0;
	for (unsigned k = 0; k < series; k++) {
		for (size_t i = 0; i < n; i++)
			x[i] = gauss(&noise);
		below += (on_line ? scan_step_on_line(x, n, &white) : scan_step(x, n, &white)).p <= bound;
	}
	return below / (double)series;
}

/* What the table promises: P is the share of series without a change. 3000 of them, within four standard deviations. */
static void test_p_is_the_share_of_noise(void **state)
{
	static const size_t lengths[] = { 8, 15, 33, 90, 365 };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (int on_line = 0; on_line < 2; on_line++)
			for (double bound = 0.01; bound < 0.11; bound *= 10) {
				double share = share_below(bound, lengths[i], on_line, 3000);
				double sd = sqrt(bound * (1 - bound) / 3000);
				if (fabs(share - bound) > 4 * sd + 0.1 * bound)
					fail_msg("n %zu, on line %d: %g of noise is below %g", lengths[i],
						 on_line, share, bound);
			}
}

/* Means of noise whose points resemble each other stray more; with that said, p holds. */
static void test_correlated_noise(void **state)
{
	double x[200], variance[201];
	unsigned plain = 0, told = 0;
	struct noise n = noise_of(5);
	struct scan_noise noise = { .correlation = 0.8, .mean_variance = variance };
	for (size_t k = 1; k <= 200; k++)
		variance[k] = scan_sum_variance((double)k, 0.8) / (double)(k * k);
	assert_true(fabs(variance[1] - 1) < 1e-12 && fabs(variance[2] - 0.9) < 1e-12);
	for (int series = 0; series < 400; series++) {
		double last = gauss(&n);
		for (int i = 0; i < 200; i++)
			x[i] = last = 0.8 * last + 0.6 * gauss(&n);
		plain += scan_step(x, 200, &white).p <= 0.01;
		told += scan_step(x, 200, &noise).p <= 0.01;
	}
	assert_true(plain > 300);
	assert_in_range(told, 0, 20);
}

static void test_levels_are_sane_everywhere(void **state)
{
	for (size_t n = 6; n < 100000; n = n * 3 / 2) {
		double last = 1;
		for (double t = 0; t < 1e6; t = t * 1.3 + 0.1) {
			double p = scan_level(t, (double)n - 2, n, false);
			if (!(p >= 0 && (p <= last * (1 + 1e-9) || last > 0.2)))
				fail_msg("n %zu, t %g: %g after %g", n, t, p, last);
			last = p;
		}
	}
	assert_true(scan_level(INFINITY, 10, 12, false) == 0);
	assert_true(scan_level(NAN, 10, 12, false) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_largest_t_is_found_where_it_is),
		cmocka_unit_test(test_sides_have_three_points),
		cmocka_unit_test(test_nothing_varies),
		cmocka_unit_test(test_rounding_keeps_p_honest),
		cmocka_unit_test(test_a_step_on_a_line),
		cmocka_unit_test(test_p_is_the_share_of_noise),
		cmocka_unit_test(test_correlated_noise),
		cmocka_unit_test(test_levels_are_sane_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
