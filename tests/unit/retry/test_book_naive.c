/* The book against a plain list: random runs, clock steps, limits and ranges must give the same answers. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "retry/book.h"

#define START    (INT64_C(1795378245) * NS_PER_S)
#define HOUR     (3600 * NS_PER_S)
#define RUNS_MAX 40000
#define COMMANDS 300

struct plain_run {
	wall_ns t;
	uint64_t seq;
	int command;
	int64_t duration_ns;
	uint32_t attempts;
	bool ok, gone;
};

struct plain {
	struct plain_run runs[RUNS_MAX];
	size_t n;
	struct book_limits limits;
};

struct row {
	int command;
	uint64_t count, successes, last;
	__int128 duration;
};

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static const char *command_name(int i, char out[32])
{
	snprintf(out, 32, "command %d", i);
	return out;
}

static uint64_t plain_live(const struct plain *p)
{
	uint64_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += !p->runs[i].gone;
	return n;
}

static void plain_bound(struct plain *p)
{
	uint64_t live = plain_live(p);
	for (size_t i = 0; i < p->n && live > (uint64_t)p->limits.max_runs; i++)
		if (!p->runs[i].gone) {
			p->runs[i].gone = true;
			live--;
		}
}

static void plain_expire(struct plain *p, wall_ns now)
{
	for (size_t i = 0; i < p->n; i++)
		p->runs[i].gone = p->runs[i].gone || p->runs[i].t <= now - p->limits.max_age_ns;
}

static int by_rank(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->last < y->last ? 1 : x->last > y->last ? -1 : 0;
}

static void check_hours(const struct plain *p, wall_ns start, wall_ns end, const struct book_stats *s)
{
	uint64_t total = 0;
	for (uint32_t h = 0; h < s->n_hours; h++) {
		uint64_t runs = 0, ok = 0;
		if (h)
			assert_true(s->hours[h].hour > s->hours[h - 1].hour);
		for (size_t i = 0; i < p->n; i++) {
			const struct plain_run *r = &p->runs[i];
			if (r->gone || r->t <= start || r->t >= end || r->t - r->t % HOUR != s->hours[h].hour)
				continue;
			runs++;
			ok += r->ok;
		}
		assert_true(runs > 0);
		assert_int_equal(s->hours[h].runs, runs);
		assert_int_equal(s->hours[h].successes, ok);
		total += runs;
	}
	assert_int_equal(total, s->runs);
}

static void check(struct plain *p, struct book *b, wall_ns now, wall_ns start, wall_ns end)
{
	static struct row rows[COMMANDS];
	struct book_stats s;
	struct arena arena;
	uint64_t runs = 0, ok = 0, attempts = 0;
	__int128 duration = 0;
	char name[32];

	arena_init(&arena, 0);
	plain_expire(p, now);
	assert_int_equal(book_stats(b, now, start, end, &arena, &s), 0);
	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < p->n; i++) {
		const struct plain_run *r = &p->runs[i];
		if (r->gone || r->t <= start || r->t >= end)
			continue;
		struct row *row = &rows[r->command];
		row->command = r->command;
		row->count++;
		row->successes += r->ok;
		row->duration += r->duration_ns;
		row->last = r->seq;
		runs++;
		ok += r->ok;
		attempts += r->attempts;
		duration += r->duration_ns;
	}
	assert_int_equal(book_count(b), plain_live(p));
	assert_int_equal(s.runs, runs);
	assert_int_equal(s.successes, ok);
	assert_int_equal(s.attempts, attempts);
	assert_true(s.avg_duration_ns == (runs ? (int64_t)(duration / (__int128)runs) : 0));
	qsort(rows, COMMANDS, sizeof(rows[0]), by_rank);
	for (uint32_t i = 0; i < BOOK_TOP; i++) {
		if (rows[i].count == 0) {
			assert_int_equal(s.n_top, i);
			break;
		}
		assert_true(i < s.n_top);
		assert_true(view_eq(s.top[i].command, view_of(command_name(rows[i].command, name))));
		assert_int_equal(s.top[i].count, rows[i].count);
		assert_int_equal(s.top[i].successes, rows[i].successes);
		assert_int_equal(s.top[i].last_seq, rows[i].last);
		assert_true(s.top[i].avg_duration_ns ==
			    (int64_t)(rows[i].duration / (__int128)rows[i].count));
	}
	check_hours(p, start, end, &s);
	arena_fini(&arena);
}

static void simulate(uint64_t seed, int64_t max_runs, int64_t max_age, int commands, bool steps)
{
	struct plain *p = calloc(1, sizeof(*p));
	uint64_t rnd = seed * 2654435761u + 88172645463325252u;
	wall_ns now = START;
	char name[32];

	p->limits = (struct book_limits){ max_runs, max_age };
	struct book *b = book_new(&p->limits);
	for (int i = 0; i < 12000; i++) {
		uint64_t x = next_random(&rnd);
		now += (int64_t)(x % (4 * NS_PER_S));
		if (steps && x % 1777 == 0)
			now += x & 4096 ? 7 * HOUR : -5 * HOUR;
		if (x % 3001 == 1) {
			p->limits.max_runs = (int64_t)(next_random(&rnd) % (uint64_t)(2 * max_runs));
			book_set_limits(b, &p->limits, now);
			plain_bound(p);
			plain_expire(p, now);
		}
		struct plain_run *r = &p->runs[p->n];
		*r = (struct plain_run){ .t = now,
					 .seq = book_next_seq(b),
					 .command = (int)((x >> 20) % (uint64_t)commands),
					 .duration_ns = (int64_t)((x >> 8) % 3) * NS_PER_S,
					 .attempts = (uint32_t)(x >> 30) % 5,
					 .ok = x >> 40 & 1 };
		static const struct run_attempt list[8];
		const struct run run = { .stored_at = now,
					 .command = view_of(command_name(r->command, name)),
					 .final_status = r->ok ? VIEW("succeeded") : VIEW("failed"),
					 .total_duration_s = (double)(r->duration_ns / NS_PER_S),
					 .attempts = list,
					 .n_attempts = r->attempts };
		assert_int_equal(book_add(b, &run), 0);
		if (p->limits.max_runs > 0)
			p->n++;
		plain_bound(p);
		if (x % 400 == 3) {
			wall_ns a = now - (int64_t)(next_random(&rnd) % (uint64_t)(max_age * 3 / 2));
			wall_ns e = now - (int64_t)(next_random(&rnd) % (uint64_t)max_age);
			check(p, b, now, a, e);
			check(p, b, now, now - max_age, now);
			check(p, b, now, now - max_age / 2, now + 1);
			check(p, b, now, INT64_MIN, INT64_MAX);
			check(p, b, now, INT64_MIN, e);
		}
	}
	book_free(b);
	free(p);
}

static void test_steady_clock(void **state)
{
	for (uint64_t seed = 1; seed <= 3; seed++)
		simulate(seed, 9000, 100 * HOUR, 40, false);
}

static void test_age_evicts(void **state)
{
	simulate(7, 9000, 2 * HOUR, 200, false);
}

static void test_stepping_clock(void **state)
{
	for (uint64_t seed = 11; seed <= 13; seed++)
		simulate(seed, 9000, 20 * HOUR, 40, true);
}

static void test_small_book_with_many_commands(void **state)
{
	simulate(21, 300, 10 * HOUR, COMMANDS, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady_clock),
		cmocka_unit_test(test_age_evicts),
		cmocka_unit_test(test_stepping_clock),
		cmocka_unit_test(test_small_book_with_many_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
