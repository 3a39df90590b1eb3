#include "detect/detector.h"

#include "../../../src/detect/pelt_noise.h"
#include "../../../src/detect/pelt_search.h"
#include "base/err.h"
#include "series.h"

#define MANY 4096

struct run {
	struct arena arena;
	struct change_result r;
};

static const struct change_result *run_with(struct run *run, const double *x, size_t n,
					    struct detect_options o)
{
	arena_init(&run->arena, 0);
	run->r.arena = &run->arena;
	assert_int_equal(detect_series(detector_find(VIEW("pelt")), x, n, &o, &run->r), 0);
	return &run->r;
}

static const struct change_result *run(struct run *r, const double *x, size_t n)
{
	return run_with(r, x, n, DETECT_DEFAULTS);
}

static void end(struct run *run)
{
	arena_fini(&run->arena);
}

/* The only one, at the place or next to it. */
static void assert_one(const double *x, size_t n, size_t wanted)
{
	struct run a;
	const struct change_result *r = run(&a, x, n);
	assert_int_equal(r->n, 1);
	assert_in_range(r->points[0].index, wanted - 1, wanted + 1);
	end(&a);
}

static void assert_nothing(const double *x, size_t n)
{
	struct run a;
	assert_int_equal(run(&a, x, n)->n, 0);
	end(&a);
}

/* Every series of `count`: in how many is something told? */
static unsigned told(unsigned count, size_t n, double (*next)(struct noise *n, size_t i))
{
	static double x[MANY];
	unsigned with = 0;
	for (unsigned seed = 0; seed < count; seed++) {
		struct noise noise = noise_of(seed);
		struct run a;
		for (size_t i = 0; i < n; i++)
			x[i] = next(&noise, i);
		with += run(&a, x, n)->n > 0;
		end(&a);
	}
	return with;
}

static const double a[] = { 1.02, .95, .99, 1, 1.12, .9, .5, .51, .48, .48, .55 };
static const double b[] = { 2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.8, 1.76, 1.78 };
static const double d[] = { 1.02, .95, .99, 1,   1.12, 1,  1.01, .98, 1.01, .96,
			    .5,   .51, .48, .48, .55,  .5, .49,  .51, .5,   .49 };
static const double g[] = { 10, 10, 10, 10, 10, 12, 12, 12, 12, 12 };
#define N(x) (sizeof(x) / sizeof((x)[0]))

static void test_steps_that_others_find(void **state)
{
	double n[120];
	for (size_t i = 0; i < 120; i++)
		n[i] = (i < 60 ? 100 : 108) + 0.4 * ((double)(37 * (i % 60) % 11) - 5);
	assert_one(a, N(a), 6);
	assert_one(b, N(b), 4);
	assert_one(d, N(d), 10);
	assert_one(g, N(g), 5);
	assert_one(n, 120, 60);
}

static void test_a_verdict_tells_everything(void **state)
{
	struct run run_of_it;
	const struct change_point *p = &run(&run_of_it, a, N(a))->points[0];
	assert_int_equal(p->index, 6);
	assert_int_equal(p->from, 0);
	assert_int_equal(p->to, N(a));
	assert_true(fabs(p->mean_before - .9966666667) < 1e-9 && fabs(p->mean_after - .504) < 1e-12);
	assert_true(fabs(p->sd_before - .06749485577) < 1e-10 && fabs(p->sd_after - .02576819745) < 1e-10);
	assert_true(fabs(p->p / 9.47044e-08 - 1) < 1e-5);
	assert_true(fabs(p->percentage_change + 49.431438) < 1e-6);
	assert_true(isnan(p->posterior));
	end(&run_of_it);
}

static void test_where_there_is_nothing(void **state)
{
	static const double same[12] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 }, two[] = { 1, 2 };
	double levels[100], spike[100];
	for (size_t i = 0; i < 100; i++) {
		levels[i] = i % 2 ? 7 : 8;
		spike[i] = i == 40 || i == 99 ? 50 : 1 + (double)(i % 3);
	}
	assert_nothing(same, 0);
	assert_nothing(same, 1);
	assert_nothing(same, 12);
	assert_nothing(two, 2);
	assert_nothing(levels, 100);
	assert_nothing(spike, 100);
}

static void test_several_steps(void **state)
{
	static const double means[] = { 100, 110, 95, 95, 120, 100 };
	double x[300];
	struct noise noise = noise_of(4);
	struct run r;
	for (size_t i = 0; i < 300; i++)
		x[i] = means[i / 50] + 2 * gauss(&noise);
	run(&r, x, 300);
	assert_int_equal(r.r.n, 4);
	static const size_t places[] = { 50, 100, 200, 250 };
	for (size_t i = 0; i < 4; i++) {
		assert_in_range(r.r.points[i].index, places[i] - 1, places[i] + 1);
		assert_int_equal(r.r.points[i].from, i ? r.r.points[i - 1].index : 0);
		assert_int_equal(r.r.points[i].to, i < 3 ? r.r.points[i + 1].index : 300);
	}
	end(&r);
	/* Four values are a bump. */
	for (size_t i = 0; i < 300; i++)
		x[i] = 100 + 2 * gauss(&noise) + (i >= 100 && i < 104 ? 20 : 0);
	run(&r, x, 300);
	assert_int_equal(r.r.n, 2);
	assert_int_equal(r.r.points[0].index, 100);
	assert_int_equal(r.r.points[1].index, 104);
	end(&r);
}

/* By powers of two bit for bit, by others but for rounding; ends of the range of doubles. */
static void test_scale_does_not_matter(void **state)
{
	static const double scales[] = { 0x1p-900, 0x1p-3, 0x1p900, 1e150, 1e-150, 1e300, 1e-300 };
	struct run plain, other;
	run(&plain, b, N(b));
	for (size_t k = 0; k < N(scales); k++) {
		double x[N(b)];
		for (size_t i = 0; i < N(b); i++)
			x[i] = b[i] * scales[k];
		run(&other, x, N(b));
		assert_int_equal(other.r.n, 1);
		assert_int_equal(other.r.points[0].index, plain.r.points[0].index);
		assert_true(fabs(other.r.points[0].p / plain.r.points[0].p - 1) < (k < 3 ? 1e-300 : 1e-9));
		end(&other);
	}
	end(&plain);
}

static void test_missing_values_are_positions(void **state)
{
	double x[2 * N(d)];
	struct run r;
	for (size_t i = 0; i < N(d); i++) {
		x[2 * i] = NAN;
		x[2 * i + 1] = d[i];
	}
	run(&r, x, 2 * N(d));
	assert_int_equal(r.r.n, 1);
	assert_int_equal(r.r.points[0].index, 21);
	end(&r);
}

static double normal(struct noise *n, size_t i)
{
	return 100 + 2 * gauss(n);
}
static double rounded(struct noise *n, size_t i)
{
	return floor(20.5 + 0.4 * gauss(n));
}
static double strays(struct noise *n, size_t i)
{
	double v = gauss(n);
	return uniform(n) < 0.01 ? v + (uniform(n) < 0.5 ? -10 : 10) : v;
}
static double middle_step(struct noise *n, size_t i)
{
	return 100 + 2 * gauss(n) + (i >= 25 ? 5 : 0);
}

static void test_noise_is_seldom_a_step(void **state)
{
	assert_in_range(told(2000, 20, normal), 0, 30);
	assert_in_range(told(2000, 50, normal), 0, 30);
	assert_in_range(told(2000, 100, normal), 0, 30);
	assert_in_range(told(1000, 365, normal), 0, 15);
	assert_in_range(told(1000, 100, rounded), 0, 20);
	assert_in_range(told(1000, 100, strays), 0, 20);
	assert_in_range(told(1000, 50, middle_step), 950, 1000);
}

static void test_the_share_can_be_chosen(void **state)
{
	struct detect_options o = DETECT_DEFAULTS;
	double x[60];
	unsigned with[2] = { 0 };
	o.max_pvalue = 1;
	for (unsigned k = 0; k < 2; k++) {
		o.false_share = k ? 0.2 : 0.001;
		for (unsigned seed = 0; seed < 500; seed++) {
			struct noise noise = noise_of(seed);
			struct run r;
			for (size_t i = 0; i < 60; i++)
				x[i] = gauss(&noise);
			with[k] += run_with(&r, x, 60, o)->n > 0;
			end(&r);
		}
	}
	assert_in_range(with[0], 0, 5);
	assert_in_range(with[1], 20, 150);
}

/* The search against all partitions, one by one: the same least cost. */
static double stretch_cost(const double *y, size_t from, size_t to)
{
	double mean = 0, cost = 0;
	for (size_t i = from; i < to; i++)
		mean += y[i] / (double)(to - from);
	for (size_t i = from; i < to; i++)
		cost += (y[i] - mean) * (y[i] - mean);
	return cost;
}

static double cost_of(const double *y, const uint32_t *begins, size_t n, double penalty)
{
	double cost = -penalty;
	for (size_t to = n; to > 0; to = begins[to - 1])
		cost += stretch_cost(y, begins[to - 1], to) + penalty;
	return cost;
}

static void test_the_search_is_exact(void **state)
{
	for (unsigned seed = 0; seed < 300; seed++) {
		struct noise noise = noise_of(seed);
		double y[80], least[81], penalty = 0.5 + 12 * uniform(&noise);
		uint32_t begins[80];
		size_t n = 1 + (size_t)(79 * uniform(&noise));
		for (size_t i = 0; i < n; i++)
			y[i] = seed % 3 ? gauss(&noise) + 3 * (double)(i / 13 % 2)
					: floor(4 * uniform(&noise));
		least[0] = -penalty;
		for (size_t to = 1; to <= n; to++) {
			least[to] = INFINITY;
			for (size_t from = 0; from < to; from++)
				least[to] =
					fmin(least[to], least[from] + stretch_cost(y, from, to) + penalty);
		}
		struct pelt_search search;
		assert_int_equal(pelt_search_init(&search, penalty), 0);
		for (size_t i = 0; i < n; i++) {
			uint32_t tried = pelt_search_try(&search, y[i]);
			begins[i] = pelt_search_add(&search, y[i]);
			assert_int_equal(begins[i], tried);
		}
		pelt_search_fini(&search);
		for (size_t to = 1; to <= n; to++)
			assert_true(fabs(cost_of(y, begins, to, penalty) - least[to]) < 1e-9);
	}
}

static void test_noise_is_measured_beside_steps(void **state)
{
	static double x[2000];
	struct noise noise = noise_of(1);
	for (size_t i = 0; i < 2000; i++)
		x[i] = 3 * gauss(&noise) + 50 * (double)(i / 100 % 2);
	double sd = pelt_noise(x, 2000);
	assert_true(sd > 2.7 && sd < 3.3);
	for (size_t i = 0; i < 2000; i++) /* most of them agree */
		x[i] = rounded(&noise, i);
	sd = pelt_noise(x, 2000);
	assert_true(sd > 0.4 && sd < 0.6);
}

static bool asked_twice(void *arg)
{
	return ++*(unsigned *)arg >= 2;
}

static void test_it_can_be_stopped(void **state)
{
	static double x[20000];
	struct noise noise = noise_of(2);
	unsigned asked = 0;
	struct detect_options o = DETECT_DEFAULTS;
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	for (size_t i = 0; i < 20000; i++)
		x[i] = gauss(&noise);
	o.cancelled = asked_twice;
	o.cancelled_arg = &asked;
	assert_int_equal(detect_series(detector_find(VIEW("pelt")), x, 20000, &o, &r), ERR_CANCELLED);
	assert_int_equal(asked, 2);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_that_others_find),
		cmocka_unit_test(test_a_verdict_tells_everything),
		cmocka_unit_test(test_where_there_is_nothing),
		cmocka_unit_test(test_several_steps),
		cmocka_unit_test(test_scale_does_not_matter),
		cmocka_unit_test(test_missing_values_are_positions),
		cmocka_unit_test(test_noise_is_seldom_a_step),
		cmocka_unit_test(test_the_share_can_be_chosen),
		cmocka_unit_test(test_the_search_is_exact),
		cmocka_unit_test(test_noise_is_measured_beside_steps),
		cmocka_unit_test(test_it_can_be_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
