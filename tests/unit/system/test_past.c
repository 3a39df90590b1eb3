#include "support.h"

#include "../../../src/system/past.h"

#include <math.h>
#include <stdlib.h>

#define HOUR_NS (3600 * NS_PER_S)
#define START   (INT64_C(1795878000) * NS_PER_S)

struct seen {
	uint32_t n, samples;
	wall_ns last, oldest;
	double sum; /* of cpu times weight */
	bool ordered;
	mono_us least_mono;
};

static void look(void *arg, const struct past_entry *e)
{
	struct seen *s = arg;
	if (!s->n)
		s->oldest = e->t;
	s->ordered = s->ordered && (!s->n || e->t > s->last);
	s->last = e->t;
	s->n++;
	s->samples += e->n;
	s->sum += e->cpu_percent * e->n;
	if (e->mono < s->least_mono)
		s->least_mono = e->mono;
}

static struct seen see(const struct past *p)
{
	struct seen s = { .ordered = true, .least_mono = INT64_MAX };
	past_each(p, look, &s);
	assert_int_equal(s.n, past_count(p));
	return s;
}

static struct past_entry entry(wall_ns t, double cpu)
{
	return (struct past_entry){
		.t = t, .mono = t / NS_PER_US, .n = 1, .has_load = true, .cpu_percent = cpu
	};
}

static struct past *begin(int64_t retention_ns)
{
	struct past *p = malloc(sizeof(*p));
	assert_non_null(p);
	past_init(p, retention_ns);
	return p;
}

/* A day at 1 Hz: few entries, nothing lost, the mean stays the mean. */
static void test_a_day(void **state)
{
	struct past *p = begin(24 * HOUR_NS);
	double sum = 0;
	for (int64_t i = 0; i < 86400; i++) {
		struct past_entry e = entry(START + i * NS_PER_S, (double)(i % 100));
		past_add(p, &e, e.t);
		sum += e.cpu_percent;
	}
	struct seen s = see(p);
	assert_true(s.ordered);
	assert_int_equal(s.samples, 86400);
	assert_true(fabs(s.sum - sum) < 1e-3 * sum);
	assert_in_range(s.n, 180, 215);
	free(p);
}

static void test_the_retention_is_kept(void **state)
{
	static const int64_t hours[] = { 1, 3, 24, 168, 8760 };
	for (size_t k = 0; k < sizeof(hours) / sizeof(hours[0]); k++) {
		struct past *p = begin(hours[k] * HOUR_NS);
		wall_ns t = START;
		for (int64_t i = 0; i < hours[k] * 90; i++, t += 60 * NS_PER_S) {
			struct past_entry e = entry(t, 1);
			past_add(p, &e, t);
		}
		struct seen s = see(p);
		assert_true(s.oldest <= t - hours[k] * HOUR_NS + hours[k] * HOUR_NS / 10);
		assert_true(s.oldest >=
			    t - hours[k] * HOUR_NS - hours[k] * HOUR_NS / 20 - 25 * 60 * NS_PER_S);
		assert_true(s.n <= PAST_LEVELS * PAST_MOST);
		free(p);
	}
}

static void test_density_falls_with_age(void **state)
{
	struct past *p = begin(24 * HOUR_NS);
	for (int64_t i = 0; i < 86400; i++) {
		struct past_entry e = entry(START + i * NS_PER_S, 0);
		past_add(p, &e, e.t);
	}
	const struct past_level *l = p->level;
	for (int i = 0; i + 1 < PAST_LEVELS; i++) {
		assert_true(l[i].spacing < l[i + 1].spacing);
		assert_true(l[i].n > 25);
	}
	free(p);
}

/* An hour forward, an hour back, a day back: bounded, and what is measured afterwards is there. */
static void test_clock_steps(void **state)
{
	struct past *p = begin(24 * HOUR_NS);
	static const wall_ns steps[] = { HOUR_NS, -HOUR_NS, -24 * HOUR_NS, 48 * HOUR_NS };
	wall_ns t = START;
	for (size_t k = 0; k < 4; k++) {
		for (int i = 0; i < 7200; i++, t += NS_PER_S) {
			struct past_entry e = entry(t, 7);
			past_add(p, &e, t);
		}
		struct seen s = see(p);
		assert_true(s.n <= PAST_LEVELS * PAST_MOST);
		assert_true(llabs(s.last - t) < 10 * NS_PER_S);
		t += steps[k];
	}
	free(p);
}

static void test_slow_samples_pass_unchanged(void **state)
{
	struct past *p = begin(24 * HOUR_NS);
	for (int i = 0; i < 4; i++) {
		struct past_entry e = entry(START + i * 60 * NS_PER_S, i);
		past_add(p, &e, e.t);
	}
	struct seen s = see(p);
	assert_int_equal(s.n, 4);
	assert_true(s.sum == 6);
	free(p);
}

static void test_restored_entries_go_where_they_belong(void **state)
{
	struct past *p = begin(24 * HOUR_NS);
	wall_ns now = START + 30 * HOUR_NS;
	for (wall_ns t = START; t < now; t += 60 * NS_PER_S) {
		struct past_entry e = entry(t, 3);
		e.mono = t < now - 2 * HOUR_NS ? -1 : e.mono; /* before the boot */
		past_restore(p, &e, now);
	}
	struct past_entry odd = entry(now + 48 * HOUR_NS, 100);
	past_restore(p, &odd, now); /* from a future that nobody has seen */
	struct seen s = see(p);
	assert_true(s.ordered);
	assert_true(s.oldest >= now - 25 * HOUR_NS && s.last < now);
	assert_int_equal(s.least_mono, -1);
	assert_true(fabs(s.sum - 3.0 * s.samples) < 1e-6);
	free(p);
}

static void test_nothing_is_kept_without_a_retention(void **state)
{
	struct past *p = begin(0);
	for (int i = 0; i < 100; i++) {
		struct past_entry e = entry(START + i * NS_PER_S, i);
		past_add(p, &e, e.t);
	}
	assert_true(past_count(p) <= 1);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_day),
		cmocka_unit_test(test_the_retention_is_kept),
		cmocka_unit_test(test_density_falls_with_age),
		cmocka_unit_test(test_clock_steps),
		cmocka_unit_test(test_slow_samples_pass_unchanged),
		cmocka_unit_test(test_restored_entries_go_where_they_belong),
		cmocka_unit_test(test_nothing_is_kept_without_a_retention),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
