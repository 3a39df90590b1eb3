#include "detect/fdr.h"

#include "series.h"

/* The fifteen p-values of Benjamini & Hochberg (1995), section 4: at 0.05 their rule keeps four, Bonferroni's three. */
static void test_the_published_example(void **state)
{
	double p[] = { 0.0459, 0.0001, 0.0201, 0.0004, 0.3240, 0.0019, 0.0095, 0.0278,
		       0.0298, 0.0344, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000 };
	assert_true(fdr_bound(p, 15, 0.05) == 0.0095);
	assert_true(p[0] == 0.0001 && p[14] == 1); /* ordered */
	assert_true(fdr_bound(p, 15, 0.001) == 0);
}

static void test_edges(void **state)
{
	double p[] = { NAN, 0.04, NAN };
	assert_true(fdr_bound(p, 3, 0.05) == 0); /* NaN counts as a test */
	assert_true(fdr_bound((double[]){ 0.04 }, 1, 0.05) == 0.04);
	assert_true(fdr_bound(NULL, 0, 0.05) == 0);
	assert_true(fdr_bound((double[]){ 0, 0.9 }, 2, 0.05) == 0);
}

/* Of 1000 series without a change each told with a p below 0.01 ten are told; together none is. One real change stays. */
static void test_series_are_judged_together(void **state)
{
	enum { SERIES = 1000 };
	static struct change_result results[SERIES];
	static struct change_point points[SERIES];
	static double work[SERIES];
	struct noise noise = noise_of(5);
	size_t told = 0, kept = 0;
	for (size_t i = 0; i < SERIES; i++) {
		double p = i == 7 ? 1e-9 : uniform(&noise);
		points[i] = (struct change_point){ .index = 3, .p = p };
		results[i] = (struct change_result){ .points = &points[i], .n = p < 0.01, .cap = 1 };
		told += results[i].n;
	}
	assert_true(told >= 5);
	fdr_filter(results, SERIES, 0.05, work);
	for (size_t i = 0; i < SERIES; i++)
		kept += results[i].n;
	assert_int_equal(kept, 1);
	assert_int_equal(results[7].n, 1);
}

static void test_further_points_of_a_series_keep_the_bound(void **state)
{
	struct change_point points[] = { { .index = 2, .p = 1e-6 },
					 { .index = 5, .p = 0.2 },
					 { .index = 9, .p = NAN } };
	struct change_result r = { .points = points, .n = 3, .cap = 3 };
	double work[1];
	fdr_filter(&r, 1, 0.05, work);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.points[0].index, 2);
	assert_int_equal(r.points[1].index, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_published_example),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_series_are_judged_together),
		cmocka_unit_test(test_further_points_of_a_series_keep_the_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
