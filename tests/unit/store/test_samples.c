#include "rig.h"

#include <math.h>

#define SERIES 4
#define T0     INT64_C(1763798400000) /* a whole hour */

static void intern(struct rig *r, series_id *ids)
{
	static const char *const keys[SERIES] = { "host.cpu{cpu=0}", "host.cpu{cpu=1}", "host.load",
						  "app.queue{q=mail}" };
	for (int i = 0; i < SERIES; i++) {
		struct series_meta meta = { SERIES_GAUGE, i == 3 ? -1 : 2, "percent", "" };
		assert_int_equal(registry_intern(r->registry, view_of(keys[i]), &meta, &ids[i], NULL), 0);
	}
}

static double value_at(int series, int i)
{
	return (double)((i * 37 + series * 1001) % 10000) / 100;
}

/* `n` seconds of three series; the third is missing each seventh time. */
static void feed(struct rig *r, const series_id *ids, int from, int n)
{
	for (int i = from; i < from + n; i++) {
		double v[3] = { value_at(0, i), value_at(1, i), i % 7 == 0 ? NAN : value_at(2, i) };
		struct tick tick = { .group = 3, .t = T0 + i * 1000, .n = 3, .series = ids, .values = v };
		assert_int_equal(store_tick(r->store, &tick), 0);
	}
}

struct steps_wait {
	struct store_steps q;
	bool done;
	int status;
};
static void on_steps(struct store_steps *q, int status)
{
	struct steps_wait *w = q->arg;
	w->done = true;
	w->status = status;
}
static int query(struct rig *r, const char *key, wall_ms start, wall_ms step_ms, struct step *steps, size_t n)
{
	struct steps_wait w = { .q = { .key = view_of(key), .start = start, .step_ms = step_ms, .n = n } };
	memset(steps, 0, n * sizeof(*steps));
	w.q.steps = steps;
	w.q.done = on_steps;
	w.q.arg = &w;
	store_query_steps(r->store, &w.q);
	assert_false(w.done);
	while (!w.done)
		uv_run(&r->loop, UV_RUN_ONCE);
	return w.status;
}

static int64_t count_of(struct rig *r, const char *table)
{
	char command[256], out[32] = "";
	snprintf(command, sizeof(command), "sqlite3 -readonly %s/history.db 'select count(*) from %s'",
		 r->dir, table);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	if (!fgets(out, sizeof(out), f))
		out[0] = 0;
	pclose(f);
	return out[0] ? atoll(out) : -1;
}

/* The chores run with the first batch after an open. */
static void compact(struct rig *r, int64_t ticks_left)
{
	rig_close(r);
	clock_fake_advance(&r->clock, 7200 * NS_PER_S);
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(rig_commit(r), 0);
	rig_until(r, count_of(r, "tick") == ticks_left);
}

static void assert_same(const struct step *a, const struct step *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(a[i].t, b[i].t);
		assert_int_equal(a[i].n, b[i].n);
		if (a[i].n == 0)
			continue;
		assert_true(a[i].min == b[i].min && a[i].max == b[i].max && a[i].last == b[i].last);
		assert_true(fabs(a[i].sum - b[i].sum) < 1e-6);
	}
}

static void test_ticks_come_back_as_steps(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step steps[10];
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 100);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(query(&r, "host.cpu{cpu=1}", T0, 10000, steps, 10), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(steps[i].n, 10);
		assert_true(steps[i].last == value_at(1, i * 10 + 9));
	}
	rig_stop(&r);
}

static void test_steps_are_the_same_after_compaction(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step before[3][60], after[60];
	static const wall_ms step_ms[3] = { 10000, 60000, 90000 };
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 3600);
	assert_int_equal(rig_commit(&r), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(query(&r, "host.load", T0, step_ms[i], before[i], 60), 0);
	assert_int_equal(before[1][59].n + before[1][58].n, 120 - 17);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block") == 4 + 1); /* raw: a quarter of an hour each; minutes: the hour */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(query(&r, "host.load", T0, step_ms[i], after, 60), 0);
		assert_same(before[i], after, 60);
	}
	rig_stop(&r);
}

static void test_hours_answer_when_nothing_finer_is_left(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step before[2], after[2];
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 3600);
	rig_commit(&r);
	query(&r, "host.cpu{cpu=0}", T0, MS_PER_HOUR, before, 2);
	compact(&r, 0);
	r.opt.sample_raw_ns = r.opt.sample_minute_ns = 60 * NS_PER_S;
	rig_close(&r);
	clock_fake_advance(&r.clock, 7200 * NS_PER_S);
	assert_int_equal(rig_open(&r), 0);
	rig_commit(&r);
	rig_until(&r, count_of(&r, "block") == 0);
	assert_int_equal(query(&r, "host.cpu{cpu=0}", T0, MS_PER_HOUR, after, 2), 0);
	assert_same(before, after, 2);
	rig_stop(&r);
}

static void test_late_samples_of_a_compacted_span_are_merged(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step steps[1];
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 600);
	rig_commit(&r);
	compact(&r, 0);
	feed(&r, ids, 600, 100);
	rig_commit(&r);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block where tier=1") == 1);
	assert_int_equal(query(&r, "host.cpu{cpu=0}", T0, MS_PER_HOUR, steps, 1), 0);
	assert_int_equal(steps[0].n, 700);
	rig_stop(&r);
}

/* Three hours of two emitters; the second one's series came later and stand in the buckets of the first. */
static void test_an_hour_of_minutes_becomes_one_block_per_bucket(void **state)
{
	struct rig r;
	series_id ids[40];
	struct step before[2][180], after[180];
	rig_start(&r);
	for (int i = 0; i < 40; i++) {
		char key[32];
		struct series_meta meta = { SERIES_GAUGE, i % 3, "", "" };
		snprintf(key, sizeof(key), "host.s%d", i);
		assert_int_equal(registry_intern(r.registry, view_of(key), &meta, &ids[i], NULL), 0);
	}
	for (int i = 0; i < 3 * 360; i++) {
		double v[40];
		for (int k = 0; k < 40; k++)
			v[k] = (k * 31 + i * 7) % 1000;
		struct tick one = { 1, T0 + i * 10000, 20, ids, v };
		struct tick other = { 2, T0 + i * 10000 + 5, 20, ids + 20, v + 20 };
		assert_int_equal(store_tick(r.store, &one), 0);
		if (i < 360 || i >= 700)
			assert_int_equal(store_tick(r.store, &other), 0);
	}
	assert_int_equal(rig_commit(&r), 0);
	query(&r, "host.s5", T0, MS_PER_MINUTE, before[0], 180);
	query(&r, "host.s25", T0, MS_PER_MINUTE, before[1], 180);
	clock_fake_advance(&r.clock, 7200 * NS_PER_S);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block where tier=1") == 3 * 3);
	query(&r, "host.s5", T0, MS_PER_MINUTE, after, 180);
	assert_same(before[0], after, 180);
	query(&r, "host.s25", T0, MS_PER_MINUTE, after, 180);
	assert_same(before[1], after, 180);
	assert_int_equal(after[100].n, 0);
	rig_stop(&r);
}

static void run_sql(const struct rig *r, const char *sql)
{
	char command[400];
	snprintf(command, sizeof(command), "sqlite3 %s/history.db '%s'", r->dir, sql);
	assert_int_equal(system(command), 0);
}

static void test_a_damaged_piece_is_left_out_of_its_hour_and_told(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step steps[20];
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 600);
	rig_commit(&r);
	compact(&r, 0);
	rig_close(&r);
	run_sql(&r, "update block set data=substr(data, 1, length(data) - 5) where tier=1");
	assert_int_equal(rig_open(&r), 0);
	feed(&r, ids, 600, 100);
	rig_commit(&r);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block where tier=1") == 1 && strstr(r.last_notice, "left out") != NULL);
	assert_int_equal(query(&r, "host.cpu{cpu=0}", T0, MS_PER_MINUTE, steps, 20), 0);
	assert_int_equal(steps[9].n, 0);
	assert_int_equal(steps[10].n, 60);
	assert_int_equal(query(&r, "host.cpu{cpu=0}", T0, 10000, steps, 20),
			 0); /* the raw samples are sound */
	assert_int_equal(steps[9].n, 10);
	rig_stop(&r);
}

static void test_a_file_of_schema_1_is_migrated_and_answers(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step before[60], after[60];
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 1800);
	rig_commit(&r);
	compact(&r, 0);
	query(&r, "host.load", T0, MS_PER_MINUTE, before, 60);
	rig_close(&r);
	run_sql(&r,
		"drop index block_span; alter table block drop column lo; alter table block drop column hi;"
		"create index block_span on block(tier,last,first); pragma user_version=1");
	assert_int_equal(rig_open(&r), 0);
	rig_until(&r, strstr(r.last_notice, "from schema 1 to 2") != NULL);
	query(&r, "host.load", T0, MS_PER_MINUTE, after, 60);
	assert_same(before, after, 60);
	feed(&r, ids, 1800, 1800);
	rig_commit(&r);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block where tier=1 and lo=0") == 1);
	query(&r, "host.load", T0, MS_PER_MINUTE, after, 60);
	assert_same(before, after, 30);
	assert_true(after[30].n > 40 && after[59].n > 40);
	rig_stop(&r);
}

static void test_scattered_samples_get_blocks_of_their_own(void **state)
{
	struct rig r;
	struct step steps[1];
	rig_start(&r);
	for (int i = 0; i < 40; i++) {
		char key[32];
		series_id id;
		double v = i;
		snprintf(key, sizeof(key), "push.s%d", i);
		assert_int_equal(registry_intern(r.registry, view_of(key), NULL, &id, NULL), 0);
		struct tick tick = { .t = T0 + i * 13, .n = 1, .series = &id, .values = &v };
		assert_int_equal(store_tick(r.store, &tick), 0);
	}
	rig_commit(&r);
	compact(&r, 0);
	rig_until(&r, count_of(&r, "block") == 40 + 40 / 16 + 1); /* minutes of neighbours meet in one */
	assert_int_equal(query(&r, "push.s7", T0, MS_PER_MINUTE, steps, 1), 0);
	assert_int_equal(steps[0].n, 1);
	assert_true(steps[0].last == 7);
	rig_stop(&r);
}

static size_t listed;
static void count_series(void *arg, const struct store_series *s)
{
	wall_ms *last = arg;
	listed++;
	if (view_eq(s->key, VIEW("host.load")))
		*last = s->last_t;
}

static void test_series_keep_their_ids_over_restarts_and_are_listed(void **state)
{
	struct rig r;
	series_id ids[SERIES], other;
	struct step steps[1];
	wall_ms last = 0;
	rig_start(&r);
	intern(&r, ids);
	feed(&r, ids, 0, 10);
	rig_commit(&r);
	rig_close(&r);
	registry_free(r.registry); /* another order of interning in the next process */
	r.registry = registry_new(100);
	assert_int_equal(registry_intern(r.registry, VIEW("first.now"), NULL, &other, NULL), 0);
	intern(&r, ids);
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(store_series_count(r.store), 3);
	feed(&r, ids, 10, 10);
	rig_commit(&r);
	listed = 0;
	store_series_each(r.store, count_series, &last);
	assert_int_equal(listed, 3);
	assert_int_equal(last, T0 + 19000);
	assert_int_equal(query(&r, "host.load", T0, MS_PER_MINUTE, steps, 1), 0);
	assert_int_equal(steps[0].n, 20 - 3);
	rig_stop(&r);
}

static void test_the_newest_sample_is_known_at_the_next_start(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	rig_start(&r);
	assert_int_equal(store_newest_sample(r.store), INT64_MIN);
	intern(&r, ids);
	feed(&r, ids, 3590, 10); /* the clock was ahead, and was put right */
	feed(&r, ids, 0, 10);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(store_newest_sample(r.store), INT64_MIN);
	rig_close(&r);
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(store_newest_sample(r.store), T0 + 3599000);
	compact(&r, 0);
	rig_close(&r);
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(store_newest_sample(r.store), T0 + 3599000);
	rig_stop(&r);
}

static void test_unknown_series_and_bad_steps(void **state)
{
	struct rig r;
	struct step steps[1];
	rig_start(&r);
	assert_int_equal(query(&r, "no.such", T0, 1000, steps, 1), 0);
	assert_int_equal(steps[0].n, 0);
	assert_int_equal(query(&r, "no.such", T0, 0, steps, 1), ERR_RANGE);
	rig_stop(&r);
}

static void test_a_stepped_clock_expires_nothing(void **state)
{
	struct rig r;
	series_id ids[SERIES];
	struct step steps[1];
	rig_start(&r);
	r.opt.sample_raw_ns = r.opt.sample_minute_ns = r.opt.sample_hour_ns = 24 * 3600 * NS_PER_S;
	intern(&r, ids);
	feed(&r, ids, 0, 60);
	rig_commit(&r);
	compact(&r, 0);
	rig_commit(&r); /* the chores of the open are over */
	clock_fake_step(&r.clock, 365 * 24 * 3600 * NS_PER_S);
	store_chores_now(r.store);
	rig_commit(&r);
	usleep(100000);
	assert_int_equal(query(&r, "host.load", T0, MS_PER_HOUR, steps, 1), 0);
	assert_int_equal(steps[0].n, 60 - 9);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticks_come_back_as_steps),
		cmocka_unit_test(test_steps_are_the_same_after_compaction),
		cmocka_unit_test(test_hours_answer_when_nothing_finer_is_left),
		cmocka_unit_test(test_late_samples_of_a_compacted_span_are_merged),
		cmocka_unit_test(test_an_hour_of_minutes_becomes_one_block_per_bucket),
		cmocka_unit_test(test_a_damaged_piece_is_left_out_of_its_hour_and_told),
		cmocka_unit_test(test_a_file_of_schema_1_is_migrated_and_answers),
		cmocka_unit_test(test_scattered_samples_get_blocks_of_their_own),
		cmocka_unit_test(test_series_keep_their_ids_over_restarts_and_are_listed),
		cmocka_unit_test(test_the_newest_sample_is_known_at_the_next_start),
		cmocka_unit_test(test_unknown_series_and_bad_steps),
		cmocka_unit_test(test_a_stepped_clock_expires_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
