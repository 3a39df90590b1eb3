#include "detect/fdr.h"

#include "series.h"

/* The fifteen p-values of Benjamini & Hochberg (1995), section 4: at 0.05 their rule keeps four, Bonferroni's three. */
static void test_the_published_example(void **state)
{
	static const double p[] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
				    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000 };
	size_t kept = 0;
	for (size_t i = 0; i < 15; i++)
		kept += fdr_believes(fdr_adjusted(p, 15, p[i]), 0.05);
	assert_int_equal(kept, 4);
	assert_true(fabs(fdr_adjusted(p, 15, 0.0095) - 0.0095 * 15 / 4) < 1e-12);
	assert_true(fabs(fdr_adjusted(p, 15, 0.0278) - 0.0298 * 15 / 7) < 1e-12); /* a later one carries it */
	assert_true(fdr_adjusted(p, 15, 1) == 1);
}

static void test_edges(void **state)
{
	assert_true(isnan(fdr_adjusted((double[]){ 0.04 }, 1, NAN)) && fdr_believes(NAN, 0));
	assert_true(fdr_adjusted((double[]){ 0.04 }, 1, 0.04) == 0.04);
	assert_true(fdr_adjusted(NULL, 0, 0.04) == 1);
	assert_true(fdr_adjusted((double[]){ 0, 0.9 }, 2, 0) == 0 && fdr_believes(0, 0));
	assert_true(fdr_believes(0.05, 0.05) && !fdr_believes(0.051, 0.05));
}

static void test_a_series_is_one_test_by_its_smallest_p(void **state)
{
	struct change_point some[] = { { .index = 2, .p = 0.2 }, { .index = 5, .p = 1e-6 } },
			    none = { .index = 3, .p = NAN };
	struct change_result results[] = { { .points = &none, .n = 1 },
					   { .points = some, .n = 2 },
					   { .n = 0 } };
	double p[3];
	fdr_collect(results, 3, p);
	assert_true(p[0] == 1e-6 && p[1] == 1 && p[2] == 1);
	/* Its further points need a test of that size, too. */
	assert_true(fdr_adjusted(p, 3, 1e-6) == 3e-6 && fdr_adjusted(p, 3, 0.2) == 1);
}

/* Of 1000 series without a change each told with a p below 0.01 ten are told; together none is. One real change stays. */
static void test_series_are_judged_together(void **state)
{
	enum { SERIES = 1000 };
	static struct change_result results[SERIES];
	static struct change_point points[SERIES];
	static double p[SERIES];
	struct noise noise = noise_of(5);
	size_t told = 0, kept = 0;
	for (size_t i = 0; i < SERIES; i++) {
		points[i] = (struct change_point){ .index = 3, .p = i == 7 ? 1e-9 : uniform(&noise) };
		results[i] =
			(struct change_result){ .points = &points[i], .n = points[i].p < 0.01, .cap = 1 };
		told += results[i].n;
	}
	assert_true(told >= 5);
	fdr_collect(results, SERIES, p);
	for (size_t i = 0; i < SERIES; i++)
		kept += results[i].n && fdr_believes(fdr_adjusted(p, SERIES, points[i].p), 0.05);
	assert_int_equal(kept, 1);
	assert_true(fdr_believes(fdr_adjusted(p, SERIES, points[7].p), 0.05));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_published_example),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_a_series_is_one_test_by_its_smallest_p),
		cmocka_unit_test(test_series_are_judged_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
