/* Percentiles and attempts against the sorted list, over ranges, through eviction. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "retry/book.h"

#define START (INT64_C(1795378245) * NS_PER_S)
#define RUNS  5000

static const double shares[] = { 0.5, 0.9, 0.95, 0.99 };

static void add(struct book *b, wall_ns t, int64_t duration_ns, uint32_t attempts)
{
	static const struct run_attempt tries[16];
	struct run run = { .command = VIEW("make"),
			   .final_status = VIEW("succeeded"),
			   .stored_at = t,
			   .total_duration_s = (double)duration_ns / 1e9,
			   .total_attempts = attempts,
			   .attempts = tries,
			   .n_attempts = attempts };
	assert_int_equal(book_add(b, &run), 0);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Log-uniform from a microsecond to a day. */
static int64_t random_duration(void)
{
	return (int64_t)(1e3 * pow(86400e6, (double)rand() / RAND_MAX));
}

static void test_percentiles_are_those_of_the_sorted_list(void **state)
{
	struct book_limits limits = { .max_runs = 4000, .max_age_ns = 3600 * 24 * NS_PER_S };
	struct book *b = book_new(&limits);
	static int64_t all[RUNS], some[RUNS];
	struct book_durations d;
	struct arena arena;
	double ns[4];
	srand(11);
	for (int i = 0; i < RUNS; i++) {
		all[i] = random_duration();
		add(b, START + i * NS_PER_S, all[i], 1 + (uint32_t)(i % 13));
	}
	arena_init(&arena, 4096);
	size_t n = 0;
	for (int i = 1500; i < 3000; i++) /* 0..999 were evicted */
		some[n++] = all[i];
	assert_int_equal(book_durations(b, START + RUNS * NS_PER_S, START + 1499 * NS_PER_S,
					START + 3000 * NS_PER_S, shares, 4, ns, &arena, &d),
			 0);
	assert_int_equal(d.runs, n);
	qsort(some, n, sizeof(*some), by_value);
	assert_int_equal(llabs(d.max_ns - some[n - 1]) < 1000, 1);
	for (int k = 0; k < 4; k++) {
		double want = (double)some[(size_t)ceil(shares[k] * (double)n) - 1];
		assert_true(fabs(ns[k] - want) <= BOOK_DURATION_ERROR * want + 1);
	}
	uint64_t sum = 0;
	for (int i = 0; i < BOOK_ATTEMPTS; i++)
		sum += d.attempts[i];
	assert_int_equal(sum, n);
	assert_in_range(d.attempts[0], 115, 116);                 /* every 13th */
	assert_in_range(d.attempts[BOOK_ATTEMPTS - 1], 460, 464); /* 10, 11, 12, 13 */
	assert_int_equal(book_durations(b, START + RUNS * NS_PER_S, 0, INT64_MAX, shares, 4, ns, &arena, &d),
			 0);
	assert_int_equal(d.runs, 4000);
	arena_fini(&arena);
	book_free(b);
}

static void test_nothing_and_one(void **state)
{
	struct book_limits limits = { .max_runs = 10, .max_age_ns = 3600 * NS_PER_S };
	struct book *b = book_new(&limits);
	struct book_durations d;
	struct arena arena;
	double ns[4];
	arena_init(&arena, 4096);
	assert_int_equal(book_durations(b, START, 0, INT64_MAX, shares, 4, ns, &arena, &d), 0);
	assert_int_equal(d.runs, 0);
	assert_true(ns[0] == 0 && ns[3] == 0);
	add(b, START, 0, 0);
	assert_int_equal(book_durations(b, START, 0, INT64_MAX, shares, 4, ns, &arena, &d), 0);
	assert_int_equal(d.runs, 1);
	assert_int_equal(d.attempts[0], 1);
	assert_true(ns[0] == 0);
	add(b, START + 1, 1500 * INT64_C(1000000), 3);
	assert_int_equal(book_durations(b, START, 0, INT64_MAX, shares, 4, ns, &arena, &d), 0);
	assert_true(ns[0] == 0 && fabs(ns[1] - 1.5e9) <= 1.5e9 * BOOK_DURATION_ERROR && ns[3] <= 1.5e9);
	arena_fini(&arena);
	book_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles_are_those_of_the_sorted_list),
		cmocka_unit_test(test_nothing_and_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
