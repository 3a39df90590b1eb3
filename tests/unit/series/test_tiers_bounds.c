#include "support.h"

#include "series/tiers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define T0        1763800020000
#define MAX_BYTES (256u << 10)

static struct registry *make_registry(uint32_t n)
{
	struct registry *r = registry_new(n);
	char key[32];
	series_id id;

	for (uint32_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "m{i=%u}", i);
		assert_int_equal(registry_intern(r, view_of(key), NULL, &id, NULL), 0);
	}
	return r;
}

static uint32_t count(const struct tiers *t, series_id id, wall_ms start, wall_ms step_ms)
{
	struct step step;

	assert_int_equal(tiers_query(t, id, start, step_ms, &step, 1), 0);
	return step.n;
}

static void test_bytes_stay_bounded_and_minutes_survive(void **state)
{
	const struct tiers_options opt = { .max_bytes = MAX_BYTES, .raw_ms = MS_PER_DAY };
	struct registry *r = make_registry(10);
	struct tiers *t = tiers_new(r, &opt);
	series_id ids[10];
	double values[10];

	for (int i = 0; i < 40000; i++) {
		const struct tick tick = { 1, T0 + i * 1000, 10, ids, values };
		for (uint32_t k = 0; k < 10; k++) {
			ids[k] = k;
			values[k] = sin(i * k) * 1000; /* hard to compress */
		}
		assert_int_equal(tiers_append(t, &tick), 0);
		assert_true(tiers_bytes(t) <= MAX_BYTES);
	}
	assert_true(tiers_whole_from(t, 0, false) > T0 + 30000 * 1000); /* raw had to go */
	assert_int_equal(count(t, 3, T0 + 39900 * 1000, 100000), 100);  /* the newest is there */
	assert_int_equal(count(t, 3, T0 + 400 * MS_PER_MINUTE, 60000),
			 60); /* as minutes, further back than raw */
	tiers_free(t);
	registry_free(r);
}

static void test_thousands_of_pushed_names(void **state)
{
	const struct tiers_options opt = { .max_bytes = MAX_BYTES };
	struct registry *r = make_registry(10000);
	struct tiers *t = tiers_new(r, &opt);
	double v = 1;
	int kept = 0, refused = 0;
	const size_t index = 24 * 20000;

	for (series_id id = 0; id < 10000; id++) {
		const struct tick tick = { 0, T0 + id, 1, &id, &v };
		int rc = tiers_append(t, &tick);
		kept += rc == 0;
		refused += rc == ERR_FULL;
	}
	assert_int_equal(kept + refused, 10000);
	assert_true(kept > 100);
	assert_true(refused > 0);
	assert_true(tiers_bytes(t) <= MAX_BYTES + index);
	tiers_free(t);
	registry_free(r);
}

static void test_pushed_names_do_not_take_the_daemons_room(void **state)
{
	const struct tiers_options opt = { .max_bytes = MAX_BYTES };
	struct registry *r = make_registry(1000);
	struct tiers *t = tiers_new(r, &opt);
	double v = 1;

	for (series_id id = 1; id < 1000; id++) {
		const struct tick tick = { 0, T0 + id, 1, &id, &v };
		tiers_append(t, &tick);
	}
	for (int i = 0; i < 300; i++) {
		series_id id = 0;
		const struct tick tick = { 1, T0 + i * 1000, 1, &id, &v };
		assert_int_equal(tiers_append(t, &tick), 0);
	}
	assert_int_equal(count(t, 0, T0, 300000), 300);
	tiers_free(t);
	registry_free(r);
}

static void test_lanes_give_memory_back(void **state)
{
	struct registry *r = make_registry(100);
	struct tiers *t = tiers_new(r, NULL);
	double v = 1;
	size_t before;
	series_id id = 0;
	const struct tick first = { 0, T0, 1, &id, &v };

	tiers_append(t, &first);
	before = tiers_bytes(t);
	for (int round = 0; round < 20; round++) {
		for (id = 0; id < 64; id++) {
			const struct tick tick = { 0, T0 + id, 1, &id, &v };
			assert_int_equal(tiers_append(t, &tick), 0);
		}
		tiers_expire(t, T0 + 2 * MS_PER_DAY);
	}
	assert_true(tiers_bytes(t) <= before + 64 * 2 * sizeof(void *));
	tiers_free(t);
	registry_free(r);
}

/* Ahead by a day are the blocks of the second group: they stay when those between them leave. */
static void test_blocks_leave_out_of_order(void **state)
{
	const struct tiers_options opt = { .block_samples = 8, .minute_ms = MS_PER_HOUR };
	struct registry *r = make_registry(2);
	struct tiers *t = tiers_new(r, &opt);
	size_t before, full;

	before = tiers_bytes(t);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20000; i++) {
			double v = i;
			series_id id = i % 100 == 0;
			const struct tick tick = { id + 1, T0 + i * 100 + (int64_t)id * MS_PER_DAY, 1, &id,
						   &v };
			assert_int_equal(tiers_append(t, &tick), 0);
		}
		full = tiers_bytes(t);
		tiers_expire(t, T0 + MS_PER_DAY);
		assert_true(tiers_bytes(t) < full);
		assert_int_equal(count(t, 0, T0, 2000000), 0);
		assert_int_equal(count(t, 1, T0 + MS_PER_DAY, 2000000), 200 * (uint32_t)(round + 1));
	}
	tiers_expire(t, T0 + 4 * MS_PER_DAY);
	assert_int_equal(count(t, 1, T0 + MS_PER_DAY, 2000000), 0);
	assert_true(tiers_bytes(t) <= before + 8192);
	tiers_free(t);
	registry_free(r);
}

static void test_refuses_what_cannot_be(void **state)
{
	struct registry *r = make_registry(1);
	struct tiers *t = tiers_new(r, NULL);
	series_id ids[2] = { 5, 0 };
	double values[2] = { 1, 2 };
	struct tick tick = { 1, T0, 2, ids, values };
	struct step step;

	assert_int_equal(tiers_append(t, &tick), ERR_RANGE); /* 5 is unknown; 0 is kept all the same */
	assert_int_equal(count(t, 0, T0, 1000), 1);
	tick.group = 0;
	tick.t++;
	assert_int_equal(tiers_append(t, &tick), ERR_RANGE);
	assert_int_equal(count(t, 0, T0, 1000), 2);
	tick.t = INT64_MAX;
	assert_int_equal(tiers_append(t, &tick), ERR_RANGE);
	values[1] = INFINITY;
	tick = (struct tick){ 0, T0, 1, ids + 1, values + 1 };
	assert_int_equal(tiers_append(t, &tick), 0);
	assert_int_equal(count(t, 0, T0, 1000), 2);
	assert_int_equal(tiers_query(t, 0, T0, 0, &step, 1), ERR_RANGE);
	assert_int_equal(tiers_query(t, 0, INT64_MAX, 1000, &step, 1), ERR_RANGE);
	tiers_free(t);
	registry_free(r);
}

static void test_tiny_budget_is_no_crash(void **state)
{
	const struct tiers_options opt = { .max_bytes = 1, .block_samples = 8 };
	struct registry *r = make_registry(1);
	struct tiers *t = tiers_new(r, &opt);
	series_id id = 0;
	double v = 1;

	for (int i = 0; i < 100; i++) {
		const struct tick tick = { i % 2, T0 + i, 1, &id, &v };
		assert_int_equal(tiers_append(t, &tick), ERR_FULL);
	}
	tiers_expire(t, T0 + 1000000);
	assert_int_equal(count(t, 0, T0, 1000), 0);
	tiers_free(t);
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_stay_bounded_and_minutes_survive),
		cmocka_unit_test(test_thousands_of_pushed_names),
		cmocka_unit_test(test_pushed_names_do_not_take_the_daemons_room),
		cmocka_unit_test(test_lanes_give_memory_back),
		cmocka_unit_test(test_blocks_leave_out_of_order),
		cmocka_unit_test(test_refuses_what_cannot_be),
		cmocka_unit_test(test_tiny_budget_is_no_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
