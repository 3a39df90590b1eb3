#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "retry/book.h"

#define T0   (INT64_C(1795378245) * NS_PER_S)
#define HOUR (3600 * NS_PER_S)
#define DAY  (24 * HOUR)

struct fixture {
	struct book *book;
	struct arena arena;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct book_limits limits = { 1000, DAY };
	f->book = book_new(&limits);
	arena_init(&f->arena, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	book_free(f->book);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

static void add(struct fixture *f, wall_ns t, const char *command, bool ok, double seconds, uint32_t attempts)
{
	static const struct run_attempt list[16];
	const struct run run = { .stored_at = t,
				 .command = view_of(command),
				 .command_hash = VIEW("00000000"),
				 .final_status = ok ? VIEW("succeeded") : VIEW("failed"),
				 .total_duration_s = seconds,
				 .attempts = list,
				 .n_attempts = attempts };
	assert_int_equal(book_add(f->book, &run), 0);
}

static struct book_stats stats(struct fixture *f, wall_ns now, wall_ns start, wall_ns end)
{
	struct book_stats s;
	assert_int_equal(book_stats(f->book, now, start, end, &f->arena, &s), 0);
	return s;
}

static void test_four_record_aggregate(void **state)
{
	struct fixture *f = *state;
	add(f, T0 + 1, "echo test", true, 1, 1);
	add(f, T0 + 2, "echo test", true, 2, 2);
	add(f, T0 + 3, "false", false, 3, 3);
	add(f, T0 + 4, "echo test", true, 4, 1);
	struct book_stats s = stats(f, T0 + 5, T0, T0 + 5);
	assert_int_equal(s.runs, 4);
	assert_int_equal(s.successes, 3);
	assert_int_equal(s.attempts, 7); /* 1.75 on average */
	assert_int_equal(s.avg_duration_ns, 2500000000);
	assert_int_equal(s.n_top, 2);
	assert_true(view_eq(s.top[0].command, VIEW("echo test")));
	assert_int_equal(s.top[0].count, 3);
	assert_int_equal(s.top[0].avg_duration_ns, 2333333333);
}

static void test_range_is_open_at_both_ends(void **state)
{
	struct fixture *f = *state;
	add(f, T0, "a", true, 1, 1);
	add(f, T0 + 1, "b", true, 1, 1);
	add(f, T0 + 2, "c", true, 1, 1);
	struct book_stats s = stats(f, T0 + 10, T0, T0 + 2);
	assert_int_equal(s.runs, 1);
	assert_true(view_eq(s.top[0].command, VIEW("b")));
	assert_int_equal(s.n_hours, 1);
	assert_int_equal(s.hours[0].runs, 1);
	assert_int_equal(stats(f, T0 + 10, T0 + 2, T0).runs, 0);
}

static void test_ties_go_to_the_most_recent(void **state)
{
	struct fixture *f = *state;
	add(f, T0 + 1, "a", true, 1, 1);
	add(f, T0 + 2, "b", true, 1, 1);
	add(f, T0 + 3, "c", true, 1, 1);
	add(f, T0 + 4, "a", true, 1, 1);
	struct book_stats s = stats(f, T0 + 10, T0 + 1, T0 + 10); /* without the first a */
	assert_true(view_eq(s.top[0].command, VIEW("a")));
	assert_true(view_eq(s.top[1].command, VIEW("c")));
	assert_true(view_eq(s.top[2].command, VIEW("b")));
	s = stats(f, T0 + 10, T0, T0 + 4); /* without the last a: its first was earliest of all */
	assert_true(view_eq(s.top[0].command, VIEW("c")));
	assert_true(view_eq(s.top[2].command, VIEW("a")));
}

static void test_at_most_ten_top_commands(void **state)
{
	struct fixture *f = *state;
	char name[16];
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		for (int k = 0; k <= i; k++)
			add(f, T0 + i * 100 + k, name, k % 2, 1, 1);
	}
	struct book_stats s = stats(f, T0 + HOUR, T0 - 1, T0 + HOUR);
	assert_int_equal(s.n_top, 10);
	assert_int_equal(s.top[0].count, 25);
	assert_int_equal(s.top[9].count, 16);
}

static void test_count_limit_is_exact(void **state)
{
	struct fixture *f = *state;
	const struct book_limits five = { 5, DAY };
	book_set_limits(f->book, &five, T0);
	for (int i = 0; i < 15; i++) {
		add(f, T0 + i, "x", true, 1, 1);
		assert_true(book_count(f->book) <= 5);
	}
	assert_int_equal(book_count(f->book), 5);
	assert_int_equal(book_first_seq(f->book), 10);
	assert_int_equal(stats(f, T0 + 20, T0 - 1, T0 + 20).runs, 5);
}

static void test_zero_runs_keeps_none(void **state)
{
	struct fixture *f = *state;
	const struct book_limits none = { 0, DAY };
	book_set_limits(f->book, &none, T0);
	add(f, T0, "x", true, 1, 1);
	assert_int_equal(book_count(f->book), 0);
	assert_int_equal(book_totals(f->book).runs, 1);
}

static void test_age_limit_is_exact(void **state)
{
	struct fixture *f = *state;
	add(f, T0, "old", true, 1, 1);
	add(f, T0 + 1, "young", true, 1, 1);
	assert_int_equal(book_expire(f->book, T0 + DAY - 1), 0);
	assert_int_equal(book_expire(f->book, T0 + DAY), 1);
	assert_int_equal(book_count(f->book), 1);
	assert_int_equal(book_expire(f->book, T0 + DAY + 1), 1);
	assert_int_equal(book_count(f->book), 0);
}

static void test_runs_behind_a_clock_step_expire_on_time(void **state)
{
	struct fixture *f = *state;
	add(f, T0 + 300 * DAY, "future", true, 1, 1);
	for (int i = 0; i < 700; i++)
		add(f, T0 + i, "now", true, 1, 1);
	add(f, T0 + HOUR, "later", true, 1, 1);
	assert_int_equal(stats(f, T0 + HOUR, T0 - 1, T0 + HOUR + 1).runs, 701);
	book_expire(f->book, T0 + DAY + 699);
	assert_int_equal(book_count(f->book), 2);
	assert_int_equal(book_next_seq(f->book) - book_seek_newest(f->book, 1), 1);
	struct book_stats s = stats(f, T0 + DAY + 699, T0 - 1, T0 + 301 * DAY);
	assert_int_equal(s.runs, 2);
	assert_int_equal(s.n_hours, 2);
}

static void test_hours_are_utc_and_ascending(void **state)
{
	struct fixture *f = *state;
	wall_ns hour = T0 - T0 % HOUR;
	add(f, hour + HOUR - 1, "x", true, 1, 1);
	add(f, hour + 3 * HOUR, "x", false, 1, 1);
	add(f, hour + HOUR, "x", true, 1, 1); /* the clock stepped back */
	struct book_stats s = stats(f, hour + 4 * HOUR, hour - 1, hour + 4 * HOUR);
	assert_int_equal(s.n_hours, 3);
	assert_true(s.hours[0].hour == hour && s.hours[1].hour == hour + HOUR &&
		    s.hours[2].hour == hour + 3 * HOUR);
	assert_int_equal(s.hours[2].successes, 0);
}

static void test_huge_durations_saturate(void **state)
{
	struct fixture *f = *state;
	add(f, T0, "x", true, 9223372036.854775807, 1);
	add(f, T0 + 1, "x", true, 9223372036.854775807, 1);
	struct book_stats s = stats(f, T0 + 2, T0 - 1, T0 + 2);
	assert_true(s.avg_duration_ns == INT64_MAX);
	assert_true(s.top[0].avg_duration_ns == INT64_MAX);
}

static void test_empty_book_answers(void **state)
{
	struct fixture *f = *state;
	struct book_stats s = stats(f, T0, T0 - DAY, T0);
	assert_int_equal(s.runs, 0);
	assert_int_equal(s.n_top, 0);
	assert_int_equal(s.n_hours, 0);
	assert_int_equal(s.avg_duration_ns, 0);
}

static void test_get_after_eviction_is_missing(void **state)
{
	struct fixture *f = *state;
	struct run run;
	add(f, T0, "x", true, 1, 3);
	assert_int_equal(book_get(f->book, 0, &f->arena, &run), 0);
	assert_int_equal(run.n_attempts, 3);
	book_expire(f->book, T0 + DAY);
	assert_int_equal(book_get(f->book, 0, &f->arena, &run), ERR_MISSING);
	assert_int_equal(book_get(f->book, 7, &f->arena, &run), ERR_MISSING);
}

static void test_seek_newest(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++)
		add(f, T0 + i, "x", true, 1, 1);
	assert_int_equal(book_seek_newest(f->book, 3), 17);
	assert_int_equal(book_seek_newest(f->book, 99), 0);
}

static void test_distinct_commands_stay_within_a_kibibyte_a_run(void **state)
{
	struct fixture *f = *state;
	const struct book_limits many = { 100000, DAY };
	char name[80];
	book_set_limits(f->book, &many, T0);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "curl --retry 5 https://service-%d.example.org/health?try=%d", i,
			 i);
		add(f, T0 + i, name, true, 1, 3);
	}
	assert_true(book_bytes(f->book) < 100000 * (size_t)1024);
	book_expire(f->book, T0 + 2 * DAY);
	assert_int_equal(book_count(f->book), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_four_record_aggregate),
		T(test_range_is_open_at_both_ends),
		T(test_ties_go_to_the_most_recent),
		T(test_at_most_ten_top_commands),
		T(test_count_limit_is_exact),
		T(test_zero_runs_keeps_none),
		T(test_age_limit_is_exact),
		T(test_runs_behind_a_clock_step_expire_on_time),
		T(test_hours_are_utc_and_ascending),
		T(test_huge_durations_saturate),
		T(test_empty_book_answers),
		T(test_get_after_eviction_is_missing),
		T(test_seek_newest),
		T(test_distinct_commands_stay_within_a_kibibyte_a_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
