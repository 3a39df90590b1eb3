/* The search against a definition: try every millisecond. */
#include "support.h"

#include "../../../src/retry/slots_search.h"

#include <stdlib.h>
#include <time.h>

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Every window that starts at an event and holds a new one, counted. */
static bool fits(const struct slots_problem *p, wall_ms t)
{
	for (size_t w = 0; w < p->n_events + p->n_offsets; w++) {
		wall_ms s = w < p->n_events ? p->events[w] : t + p->offsets[w - p->n_events];
		int64_t old = 0, new_ones = 0;
		for (size_t i = 0; i < p->n_events; i++)
			old += p->events[i] >= s && p->events[i] < s + p->window_ms;
		for (size_t i = 0; i < p->n_offsets; i++)
			new_ones += t + p->offsets[i] >= s && t + p->offsets[i] < s + p->window_ms;
		if (new_ones && old + new_ones > p->limit)
			return false;
	}
	return true;
}

static void compare(uint64_t seed, size_t max_offsets)
{
	uint64_t rnd = seed * 0x9E3779B97F4A7C15u + 1;
	wall_ms events[30];
	int64_t offsets[48];

	for (int round = 0; round < 150; round++) {
		struct slots_problem p = { .events = events, .offsets = offsets };
		int64_t span = 20 + (int64_t)(next_random(&rnd) % 100);
		p.n_events = next_random(&rnd) % 30;
		p.n_offsets = 1 + next_random(&rnd) % max_offsets;
		p.limit = 1 + (int64_t)(next_random(&rnd) % (max_offsets + 2));
		p.window_ms = 1 + (int64_t)(next_random(&rnd) % 40);
		for (size_t i = 0; i < p.n_events; i++)
			events[i] = (int64_t)(next_random(&rnd) % (uint64_t)span);
		for (size_t i = 0; i < p.n_offsets; i++)
			offsets[i] = (int64_t)(next_random(&rnd) % (uint64_t)(10 * max_offsets));
		qsort(events, p.n_events, sizeof(events[0]), by_time);
		qsort(offsets, p.n_offsets, sizeof(offsets[0]), by_time);

		wall_ms from = (int64_t)(next_random(&rnd) % (uint64_t)span), until = from + 400, want = from;
		while (want <= until && !fits(&p, want))
			want++;
		bool exact;
		wall_ms got = slots_search(&p, from, until, &exact);
		assert_true(exact);
		assert_int_equal(got, want <= until ? want : SLOTS_NEVER);
	}
}

static void test_few_offsets(void **state)
{
	for (uint64_t seed = 1; seed <= 40; seed++)
		compare(seed, 4);
}

static void test_many_offsets(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++)
		compare(seed, 48);
}

static void test_single_event_of_each_kind(void **state)
{
	const wall_ms e[] = { 100 };
	const int64_t o[] = { 0 };
	const struct slots_problem p = { e, 1, o, 1, 1, 10 };
	bool exact;
	assert_int_equal(slots_search(&p, 91, 1000, &exact), 110);
	assert_int_equal(slots_search(&p, 90, 1000, &exact), 90);
	assert_int_equal(slots_search(&p, 91, 109, &exact), SLOTS_NEVER);
}

/* A full day of a busy resource, and worse: the search stays within milliseconds and what it finds holds. */
static void test_hostile_size_is_bounded(void **state)
{
	enum { N = 100000, K = 1000 };
	wall_ms *events = malloc(N * sizeof(*events));
	int64_t *offsets = malloc(K * sizeof(*offsets));
	for (int i = 0; i < N; i++)
		events[i] = i * 800;
	for (int i = 0; i < K; i++)
		offsets[i] = i * 37;
	struct slots_problem p = { events, N, offsets, K, 1100, 1000000 };
	bool exact;
	clock_t begin = clock();
	wall_ms t = slots_search(&p, 0, 86400000 * INT64_C(2), &exact);
	double ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
	assert_true(t != SLOTS_NEVER);
	assert_true(ms < 500); /* generous: also under sanitizers */
	p.n_offsets = 1;
	p.limit = 1250;
	t = slots_search(&p, 0, 86400000 * INT64_C(2), &exact);
	assert_true(exact);
	assert_int_equal(t, (N - 1250) * INT64_C(800) + 1000000);
	free(events);
	free(offsets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_offsets),
		cmocka_unit_test(test_many_offsets),
		cmocka_unit_test(test_single_event_of_each_kind),
		cmocka_unit_test(test_hostile_size_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
