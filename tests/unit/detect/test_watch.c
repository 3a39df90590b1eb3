#include "detect/watch.h"

#include "noise.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUTE 60000
#define START  INT64_C(1763800000000)

/* The rates below are facts of these seeds. */

static double white(struct noise *n, unsigned i)
{
	(void)i;
	return gauss(n);
}

static double dependent(struct noise *n, unsigned i)
{
	(void)i;
	return n->last = 0.8 * n->last + 0.6 * gauss(n);
}

static double daily(struct noise *n, unsigned i)
{
	return 10 * sin(6.283185307179586 * i / 1440) + gauss(n);
}

static double outliers(struct noise *n, unsigned i)
{
	(void)i;
	double v = gauss(n);
	return uniform(n) < 0.01 ? v + (uniform(n) < 0.5 ? -10 : 10) : v;
}

static double whole_numbers(struct noise *n, unsigned i)
{
	(void)i;
	return floor(20.5 + gauss(n));
}

static double seldom(struct noise *n, unsigned i)
{
	(void)i;
	return uniform(n) < 0.01 ? floor(20 * uniform(n)) : 0;
}

static double slope(struct noise *n, unsigned i)
{
	return 0.01 * i + gauss(n);
}

typedef double (*series)(struct noise *n, unsigned i);

static unsigned false_changes(series make, unsigned n_series, unsigned points, wall_ms interval)
{
	unsigned told = 0;
	for (unsigned s = 0; s < n_series; s++) {
		struct noise n = noise_of(s);
		struct watch_state w;
		struct watch_verdict v;
		watch_init(&w);
		for (unsigned i = 0; i < points; i++)
			told += watch_append(&w, &WATCH_DEFAULTS, START + i * interval, make(&n, i), &v);
	}
	return told;
}

/* One false change per ten series and weeks is promised; 24 series-weeks may have 2. */
static void test_steady_series_are_silent(void **state)
{
	static const series noises[] = { white, dependent, daily, outliers, whole_numbers, seldom, slope };
	for (size_t i = 0; i < sizeof(noises) / sizeof(noises[0]); i++)
		assert_in_range(false_changes(noises[i], 12, 20160, MINUTE), 0, 2);
}

/* A week of one-second points has sixty times as many chances. */
static void test_dense_points_are_judged_more_strictly(void **state)
{
	assert_in_range(false_changes(white, 1, 604800, 1000), 0, 1);
}

/* Points that it took until a step of `size` was told; 0: within 60 it was not. */
static unsigned delay(series make, unsigned seed, unsigned before, double size, struct watch_verdict *v)
{
	struct noise n = noise_of(seed);
	struct watch_state w;
	watch_init(&w);
	for (unsigned i = 0; i < before + 60; i++)
		if (watch_append(&w, &WATCH_DEFAULTS, START + (wall_ms)i * MINUTE,
				 make(&n, i) + (i < before ? 0 : size), v) &&
		    i >= before)
			return i - before + 1;
	return 0;
}

static unsigned told_within(series make, unsigned before, double size, unsigned points)
{
	struct watch_verdict v;
	unsigned told = 0, d;
	for (unsigned seed = 100; seed < 200; seed++) {
		d = delay(make, seed, before, size, &v);
		told += d > 0 && d <= points;
	}
	return told;
}

static void test_a_large_step_is_told_with_its_third_point(void **state)
{
	struct watch_verdict v;
	assert_in_range(told_within(white, 40, 10, 3), 95, 100);
	assert_in_range(told_within(white, 500, 8, 3), 95, 100);
	assert_in_range(told_within(dependent, 500, 10, 3), 95, 100);
	assert_in_range(told_within(daily, 3000, 10, 3), 95, 100);
	assert_int_equal(delay(white, 1, 40, 20, &v), 3);
	assert_int_equal(v.t, START + 40 * MINUTE);
	assert_int_equal(v.to, START + 42 * MINUTE);
	assert_int_equal(v.n_before, 40);
	assert_int_equal(v.n_after, 3);
	assert_true(fabs(v.mean_before) < 1 && fabs(v.mean_after - 20) < 2);
	assert_true(v.p < 1e-6 && v.score > 5);
}

static void test_smaller_steps_are_told_within_tens_of_points(void **state)
{
	assert_in_range(told_within(white, 500, 5, 10), 95, 100);
	assert_in_range(told_within(white, 500, 3, 20), 90, 100);
	assert_in_range(told_within(white, 500, 2, 40), 50, 100);
}

/* Both ways, and again: a step down is as good as a step up. */
static void test_the_way_back_is_told_as_well(void **state)
{
	struct noise n = noise_of(3);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told = 0;
	watch_init(&w);
	for (unsigned i = 0; i < 300; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE,
				     gauss(&n) + (i >= 100 && i < 200 ? 30 : 0), &v);
	assert_int_equal(told, 2);
	assert_int_equal(v.t, START + 200 * MINUTE);
}

static void test_a_spike_is_no_change(void **state)
{
	for (unsigned width = 1; width <= 2; width++) {
		struct noise n = noise_of(width);
		struct watch_state w;
		struct watch_verdict v;
		watch_init(&w);
		for (unsigned i = 0; i < 2000; i++)
			assert_false(watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE,
						  gauss(&n) + (i > 20 && i % 100 < width ? 50 : 0), &v));
	}
}

static void test_nothing_is_told_before_it_is_warm(void **state)
{
	struct watch_state w;
	struct watch_verdict v;
	watch_init(&w);
	for (unsigned i = 0; i < WATCH_WARM; i++)
		assert_false(watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE, i < 10 ? 1 : 1000, &v));
}

static void test_constant_series(void **state)
{
	struct watch_state w;
	struct watch_verdict v;
	watch_init(&w);
	unsigned told = 0;
	for (unsigned i = 0; i < 100; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE, i < 50 ? 10 : 20, &v);
	assert_int_equal(told, 1);
	assert_int_equal(v.t, START + 50 * MINUTE);
	assert_true(v.mean_before == 10 && v.mean_after == 20);
	assert_true(fabs(watch_percent(&v) - 100) < 1e-9);
	char text[WATCH_TEXT_MAX];
	assert_string_equal(watch_text(&v, text), "the mean is 20 instead of 10 (+100 %)");
	/* From nothing there is no percentage. */
	v.mean_before = 0;
	assert_true(isnan(watch_percent(&v)));
	assert_string_equal(watch_text(&v, text), "the mean is 20 instead of 0");
}

/* On and off every few minutes for a week: told at first, then it is known. */
static void test_what_changes_all_the_time_is_told_seldom(void **state)
{
	struct noise n = noise_of(9);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told = 0, on = 0;
	watch_init(&w);
	for (unsigned i = 0; i < 10080; i++) {
		on ^= uniform(&n) < 0.05;
		told += watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE, on ? 10 : 0, &v);
	}
	assert_in_range(told, 0, 6);
}

/* Powers of two times the series, shifted: bit for bit the same verdicts, huge and tiny. */
static void test_scale_does_not_matter(void **state)
{
	static const double scales[] = { 0x1p-900, 0x1p-30, 0x1p40, 0x1p900 };
	struct watch_verdict plain, scaled;
	for (size_t k = 0; k < sizeof(scales) / sizeof(scales[0]); k++) {
		struct noise n = noise_of(7);
		struct watch_state a, b;
		unsigned told = 0;
		watch_init(&a);
		watch_init(&b);
		for (unsigned i = 0; i < 500; i++) {
			double v = gauss(&n) + 0.125 + (i >= 300 ? 6 : 0);
			bool one = watch_append(&a, &WATCH_DEFAULTS, START + i * MINUTE, v, &plain);
			bool two =
				watch_append(&b, &WATCH_DEFAULTS, START + i * MINUTE, v * scales[k], &scaled);
			assert_int_equal(one, two);
			told += one;
			if (one)
				assert_true(fabs(scaled.mean_after / scales[k] - plain.mean_after) < 1e-6);
		}
		assert_int_equal(told, 1);
	}
}

static void test_what_is_no_number_is_passed_over(void **state)
{
	struct watch_state w, before;
	struct watch_verdict v;
	watch_init(&w);
	watch_append(&w, &WATCH_DEFAULTS, START, 1, &v);
	before = w;
	assert_false(watch_append(&w, &WATCH_DEFAULTS, START + MINUTE, NAN, &v));
	assert_false(watch_append(&w, &WATCH_DEFAULTS, START + MINUTE, INFINITY, &v));
	assert_memory_equal(&w, &before, sizeof(w));
}

static void test_late_points_do_not_count(void **state)
{
	struct noise n = noise_of(5);
	struct watch_state w;
	struct watch_verdict v;
	watch_init(&w);
	for (unsigned i = 0; i < 400; i++) {
		assert_false(watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE, gauss(&n), &v));
		if (i % 3 == 0)
			assert_false(watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE - 30000, 1000, &v));
	}
}

static void test_a_clock_that_is_set_back_is_followed(void **state)
{
	struct noise n = noise_of(5);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told = 0;
	watch_init(&w);
	for (unsigned i = 0; i < 100; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE, gauss(&n), &v);
	for (unsigned i = 0; i < 100; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + (i - 5000LL) * MINUTE, gauss(&n), &v);
	assert_int_equal(told, 0);
	for (unsigned i = 100; i < 120; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + (i - 5000LL) * MINUTE, gauss(&n) + 20, &v);
	assert_int_equal(told, 1);
	assert_int_equal(v.t, START + (100 - 5000LL) * MINUTE);
}

/* After a night without points the level is another one: that is nothing new. */
static void test_a_gap_begins_anew(void **state)
{
	struct noise n = noise_of(6);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told = 0;
	watch_init(&w);
	for (unsigned i = 0; i < 400; i++)
		told += watch_append(&w, &WATCH_DEFAULTS, START + i * MINUTE + (i < 200 ? 0 : 8 * 3600000),
				     gauss(&n) + (i < 200 ? 0 : 30), &v);
	assert_int_equal(told, 0);
}

static void test_folding_averages_before_it_looks(void **state)
{
	struct watch_options o = WATCH_DEFAULTS;
	struct noise n = noise_of(8);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told = 0;
	o.fold_ms = 10000;
	watch_init(&w);
	for (unsigned i = 0; i < 1000; i++)
		told += watch_append(&w, &o, START + i * 1000, gauss(&n) + (i >= 600 ? 10 : 0), &v);
	assert_int_equal(told, 1);
	assert_in_range(v.t, START + 590000, START + 610000);
	assert_in_range(v.n_after, 3, 4);
}

/* Points that come as slowly as that are taken one by one, at once. */
static void test_folding_leaves_slow_points_alone(void **state)
{
	struct watch_options o = WATCH_DEFAULTS;
	struct noise n = noise_of(8);
	struct watch_state w;
	struct watch_verdict v;
	unsigned told_at = 0;
	o.fold_ms = 10000;
	watch_init(&w);
	for (unsigned i = 0; i < 110 && !told_at; i++)
		if (watch_append(&w, &o, START + i * 10000 + i % 3 * 5, gauss(&n) + (i >= 100 ? 20 : 0), &v))
			told_at = i;
	assert_int_equal(told_at, 102);
}

static void test_small_shares_are_not_told(void **state)
{
	struct watch_options o = WATCH_DEFAULTS;
	o.min_percent = 5;
	struct noise n = noise_of(8);
	struct watch_state w;
	struct watch_verdict v;
	watch_init(&w);
	for (unsigned i = 0; i < 300; i++)
		assert_false(
			watch_append(&w, &o, START + i * MINUTE, 1000 + gauss(&n) + (i >= 100 ? 30 : 0), &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady_series_are_silent),
		cmocka_unit_test(test_dense_points_are_judged_more_strictly),
		cmocka_unit_test(test_a_large_step_is_told_with_its_third_point),
		cmocka_unit_test(test_smaller_steps_are_told_within_tens_of_points),
		cmocka_unit_test(test_the_way_back_is_told_as_well),
		cmocka_unit_test(test_a_spike_is_no_change),
		cmocka_unit_test(test_nothing_is_told_before_it_is_warm),
		cmocka_unit_test(test_constant_series),
		cmocka_unit_test(test_what_changes_all_the_time_is_told_seldom),
		cmocka_unit_test(test_scale_does_not_matter),
		cmocka_unit_test(test_what_is_no_number_is_passed_over),
		cmocka_unit_test(test_late_points_do_not_count),
		cmocka_unit_test(test_a_clock_that_is_set_back_is_followed),
		cmocka_unit_test(test_a_gap_begins_anew),
		cmocka_unit_test(test_folding_averages_before_it_looks),
		cmocka_unit_test(test_folding_leaves_slow_points_alone),
		cmocka_unit_test(test_small_shares_are_not_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
