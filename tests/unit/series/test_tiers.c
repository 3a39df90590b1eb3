#include "support.h"

#include "series/tiers.h"

#include <math.h>
#include <stdio.h>

#define T0 1763800020000 /* a whole minute */

struct world {
	struct registry *registry;
	struct tiers *tiers;
};

static struct world world_new(uint32_t n_series, const struct tiers_options *opt)
{
	struct world w = { .registry = registry_new(1000) };
	const struct series_meta meta = { .decimals = 1 };
	char key[32];
	series_id id;

	for (uint32_t i = 0; i < n_series; i++) {
		snprintf(key, sizeof(key), "m{i=%u}", i);
		assert_int_equal(registry_intern(w.registry, view_of(key), &meta, &id, NULL), 0);
	}
	w.tiers = tiers_new(w.registry, opt);
	assert_non_null(w.tiers);
	return w;
}

static void world_free(struct world *w)
{
	tiers_free(w->tiers);
	registry_free(w->registry);
}

static int append(struct world *w, series_group group, wall_ms t, series_id id, double v)
{
	const struct tick tick = { .group = group, .t = t, .n = 1, .series = &id, .values = &v };

	return tiers_append(w->tiers, &tick);
}

static struct step query(const struct world *w, series_id id, wall_ms start, wall_ms step_ms)
{
	struct step step;

	assert_int_equal(tiers_query(w->tiers, id, start, step_ms, &step, 1), 0);
	assert_int_equal(step.t, start);
	return step;
}

static void test_open_and_sealed_answer_alike(void **state)
{
	struct world w = world_new(2, NULL);
	series_id ids[2] = { 0, 1 };
	struct step steps[100];

	for (int i = 0; i < 1000; i++) {
		double values[2] = { i / 10.0, i % 2 ? NAN : -i };
		const struct tick tick = { 5, T0 + i * 1000, 2, ids, values };
		assert_int_equal(tiers_append(w.tiers, &tick), 0);
	}
	assert_int_equal(tiers_query(w.tiers, 0, T0, 10000, steps, 100), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(steps[i].n, 10);
		assert_true(steps[i].min == i && steps[i].max == i + 0.9 && steps[i].last == i + 0.9);
		assert_true(fabs(step_avg(&steps[i]) - (i + 0.45)) < 1e-9);
	}
	assert_int_equal(tiers_query(w.tiers, 1, T0, 10000, steps, 100), 0);
	assert_int_equal(steps[99].n, 5);
	assert_true(steps[99].min == -998 && steps[99].max == -990);
	assert_true(tiers_whole_from(w.tiers, 0, false) == INT64_MIN);
	assert_true(tiers_whole_from(w.tiers, 999, false) == INT64_MAX);
	world_free(&w);
}

static void test_values_are_rounded_to_the_resolution(void **state)
{
	struct world w = world_new(1, NULL);

	append(&w, 1, T0, 0, 0.1 + 0.2);
	assert_true(query(&w, 0, T0, 1000).last == 0.3);
	world_free(&w);
}

static void test_columns_may_appear_later(void **state)
{
	struct world w = world_new(50, NULL);

	for (int i = 0; i < 500; i++) {
		series_id ids[50];
		double values[50];
		struct tick tick = { 3, T0 + i * 1000, 0, ids, values };
		for (uint32_t k = 0; k < 50; k++) {
			if ((uint32_t)i < k * 7)
				continue;
			ids[tick.n] = 49 - k; /* and their order changes */
			values[tick.n++] = k;
		}
		assert_int_equal(tiers_append(w.tiers, &tick), 0);
	}
	for (uint32_t k = 0; k < 50; k++) {
		struct step s = query(&w, 49 - k, T0, 1000000);
		assert_int_equal(s.n, 500 - k * 7);
		assert_true(s.min == k && s.max == k);
	}
	world_free(&w);
}

static void test_single_samples_have_their_own_times(void **state)
{
	struct world w = world_new(3, NULL);

	for (int i = 0; i < 600; i++)
		assert_int_equal(append(&w, 0, T0 + i * 777, (series_id)(i % 3), i), 0);
	assert_int_equal(query(&w, 0, T0, 600 * 777).n, 200);
	assert_true(query(&w, 2, T0, 600 * 777).max == 599);
	assert_int_equal(query(&w, 1, T0 + 777, 1).n, 1);
	world_free(&w);
}

static void test_series_of_another_group_is_kept(void **state)
{
	struct world w = world_new(1, NULL);

	append(&w, 1, T0, 0, 1);
	append(&w, 2, T0 + 10, 0, 2);
	append(&w, 0, T0 + 20, 0, 3);
	assert_int_equal(query(&w, 0, T0, 1000).n, 3);
	assert_true(query(&w, 0, T0, 1000).sum == 6);
	world_free(&w);
}

struct order {
	wall_ms last;
	int n, backwards;
};

static void check_order(void *arg, wall_ms t, double v)
{
	struct order *o = arg;

	o->backwards += t < o->last;
	o->last = t;
	o->n++;
}

static void test_clock_stepping_back_loses_nothing(void **state)
{
	struct world w = world_new(1, NULL);
	struct order order = { 0 };

	for (int i = 0; i < 50; i++)
		assert_int_equal(append(&w, 1, T0 + 3600000 + i * 1000, 0, i), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(append(&w, 1, T0 + i * 1000, 0, i), 0);
	tiers_samples(w.tiers, 0, 0, INT64_MAX, check_order, &order);
	assert_int_equal(order.n, 100);
	assert_int_equal(order.backwards, 0); /* all in the open block: sorted */
	for (int i = 50; i < 400; i++)
		assert_int_equal(append(&w, 1, T0 + i * 1000, 0, i), 0);
	assert_int_equal(query(&w, 0, T0, 400000).n, 400);
	assert_int_equal(query(&w, 0, T0 + 3600000, 50000).n, 50);
	world_free(&w);
}

static void test_minutes_are_exact_after_raw_is_gone(void **state)
{
	const struct tiers_options opt = { .raw_ms = 60000 };
	struct world w = world_new(1, &opt);
	struct step steps[100];

	for (int i = 0; i < 6000; i++)
		assert_int_equal(append(&w, 1, T0 + i * 1000, 0, i * 0.1), 0);
	tiers_expire(w.tiers, T0 + 6000 * 1000);
	assert_true(tiers_whole_from(w.tiers, 0, false) > T0 + 5000 * 1000);
	assert_true(tiers_whole_from(w.tiers, 0, true) == INT64_MIN);
	assert_int_equal(tiers_query(w.tiers, 0, T0, 60000, steps, 100), 0);
	for (int i = 0; i < 100; i++) {
		int64_t k = 60 * i;
		assert_int_equal(steps[i].n, 60);
		assert_true(steps[i].min == k / 10.0);
		assert_true(steps[i].max == (k + 59) / 10.0);
		assert_true(steps[i].last == (k + 59) / 10.0);
		assert_true(fabs(steps[i].sum - (60 * k + 59 * 30) / 10.0) < 1e-6);
	}
	world_free(&w);
}

static void test_late_samples_join_their_minute(void **state)
{
	const struct tiers_options opt = { .raw_ms = 1000 };
	struct world w = world_new(1, &opt);

	for (int i = 0; i < 100; i++) /* to and fro across the edge of a minute */
		assert_int_equal(append(&w, 0, T0 + (i % 2 ? 59999 : 60000), 0, i), 0);
	tiers_expire(w.tiers, T0 + 300000);
	assert_int_equal(tiers_whole_from(w.tiers, 0, false), T0 + 60001);
	assert_int_equal(query(&w, 0, T0, 60000).n, 50);
	assert_int_equal(query(&w, 0, T0 + 60000, 60000).n, 50);
	assert_true(query(&w, 0, T0, 60000).max == 99);
	world_free(&w);
}

static void test_all_is_gone_in_the_end(void **state)
{
	struct world w = world_new(2, NULL);

	for (int i = 0; i < 1000; i++) {
		append(&w, 1, T0 + i * 1000, 0, i);
		append(&w, 0, T0 + i * 1000, 1, i);
	}
	tiers_expire(w.tiers, T0 + 2 * MS_PER_DAY);
	assert_int_equal(query(&w, 0, T0, MS_PER_DAY).n, 0);
	assert_int_equal(query(&w, 1, T0, MS_PER_DAY).n, 0);
	assert_int_equal(append(&w, 1, T0 + 2 * MS_PER_DAY, 0, 1), 0);
	assert_int_equal(append(&w, 0, T0 + 2 * MS_PER_DAY, 1, 1), 0);
	assert_int_equal(query(&w, 0, T0 + 2 * MS_PER_DAY, 1000).n, 1);
	assert_int_equal(query(&w, 1, T0 + 2 * MS_PER_DAY, 1000).n, 1);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_and_sealed_answer_alike),
		cmocka_unit_test(test_values_are_rounded_to_the_resolution),
		cmocka_unit_test(test_columns_may_appear_later),
		cmocka_unit_test(test_single_samples_have_their_own_times),
		cmocka_unit_test(test_series_of_another_group_is_kept),
		cmocka_unit_test(test_clock_stepping_back_loses_nothing),
		cmocka_unit_test(test_minutes_are_exact_after_raw_is_gone),
		cmocka_unit_test(test_late_samples_join_their_minute),
		cmocka_unit_test(test_all_is_gone_in_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
