/* Vectors that were computed independently of this code, from the published algorithm, and checked against Apache Otava 0.8. */
#include "detect/detector.h"

#include "../../../src/detect/divide.h"
#include "../../../src/detect/split.h"
#include "series.h"

#define OPTIONS(...) ((struct detect_options){ .max_pvalue = 0.001, .false_share = 0.01, __VA_ARGS__ })
#define LIST(...)                                                                                            \
	(const size_t[])                                                                                     \
	{                                                                                                    \
		__VA_ARGS__, 0                                                                               \
	}
#define NONE                                                                                                 \
	(const size_t[])                                                                                     \
	{                                                                                                    \
		0                                                                                            \
	}

struct run {
	struct arena arena;
	struct change_result r;
};

static void run(struct run *run, const double *x, size_t n, struct detect_options o)
{
	arena_init(&run->arena, 0);
	run->r.arena = &run->arena;
	assert_int_equal(detect_series(detector_find(VIEW("edivisive")), x, n, &o, &run->r), 0);
}

static void end(struct run *run)
{
	arena_fini(&run->arena);
}

static void assert_places(const double *x, size_t n, struct detect_options o, const size_t *wanted)
{
	struct run a;
	size_t i = 0;
	run(&a, x, n, o);
	for (; wanted[i]; i++) {
		assert_true(i < a.r.n);
		assert_int_equal(a.r.points[i].index, wanted[i]);
	}
	assert_int_equal(a.r.n, i);
	end(&a);
}

/* `digits` significant digits of the figure are given. */
static void assert_figure(double got, double wanted, int digits)
{
	double allowed = fabs(wanted) * 0.50001 * pow(10, 1 - digits);
	if (!(fabs(got - wanted) <= allowed))
		fail_msg("%.15g is not %.15g", got, wanted);
}

/* The candidate of x[0..n) and the p-value of that split of the whole. */
static void assert_candidate(const double *x, size_t n, size_t place, double q, double p, int digits)
{
	struct divider *d = divider_new(n, KAPPA_FREE);
	double got;
	assert_int_equal(divider_candidate(d, x, n, &got), place);
	if (q > 0)
		assert_figure(got, q, 10);
	struct moments left = moments_of(x, place), right = moments_of(x + place, n - place);
	assert_figure(split_p(&left, &right), p, digits);
	divider_free(d);
}

static const double a[] = { 1.02, .95, .99, 1, 1.12, .9, .5, .51, .48, .48, .55 };
static const double b[] = { 2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.8, 1.76, 1.78 };
static const double c[] = { 0, 0, 0, 1, 1.12, .9, .5, .51, .48, .48, .55 };
static const double d[] = { 1.02, .95, .99, 1,   1.12, 1,  1.01, .98, 1.01, .96,
			    .5,   .51, .48, .48, .55,  .5, .49,  .51, .5,   .49 };
static const double e[] = { .3, 2.4, 1.5, -.9, -.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150 };
static const double l[] = { 10,   10.1, 9.9,   10.05, 9.95, 10,  10.1,  9.9,  15,
			    15.1, 14.9, 15.05, 10,    10.1, 9.9, 10.05, 9.95, 10 };
static const double ci[] = { 1.5699015877283817, 1.5699015877283817, 1.5699015877283817, 1.5699015877283817,
			     1.5699015877283817, 1.5699015877283817, 6.5699015877283817, 7.85699015877283817,
			     8.0199015877283817, 9.2369015877283817 };
#define N(x) (sizeof(x) / sizeof((x)[0]))

static void test_one_step(void **state)
{
	struct run r;
	run(&r, a, N(a), OPTIONS());
	assert_int_equal(r.r.n, 1);
	const struct change_point *p = &r.r.points[0];
	assert_int_equal(p->index, 6);
	assert_int_equal(p->from, 0);
	assert_int_equal(p->to, N(a));
	assert_figure(p->mean_before, .9966666667, 10);
	assert_figure(p->mean_after, .504, 10);
	assert_figure(p->sd_before, .06749485577, 10);
	assert_figure(p->sd_after, .02576819745, 10);
	assert_figure(p->p, 9.47044e-08, 6);
	assert_figure(p->percentage_change, -49.431438, 8);
	assert_true(isnan(p->posterior));
	end(&r);
	assert_candidate(a, N(a), 6, 2.354545455, 9.47044e-08, 6);
	assert_candidate(a, 6, 4, 0, .716642, 6);

	run(&r, b, N(b), OPTIONS());
	assert_int_equal(r.r.n, 1);
	p = &r.r.points[0];
	assert_int_equal(p->index, 4);
	assert_figure(p->mean_before, 2.025, 10);
	assert_figure(p->mean_after, 1.801428571, 10);
	assert_figure(p->p, 8.23697e-08, 6);
	assert_figure(p->percentage_change, -11.040564, 8);
	end(&r);
	assert_candidate(b + 4, N(b) - 4, 5, 0, .0391411, 6);

	run(&r, d, N(d), OPTIONS());
	assert_int_equal(r.r.n, 1);
	assert_int_equal(r.r.points[0].index, 10);
	assert_figure(r.r.points[0].p, 1.42717e-17, 6);
	end(&r);
	struct detect_options strict = OPTIONS(.window = 10);
	strict.max_pvalue = 1e-4;
	assert_places(d, N(d), strict, LIST(10));
}

static void test_two_steps(void **state)
{
	struct run r;
	run(&r, c, N(c), OPTIONS());
	assert_int_equal(r.r.n, 2);
	assert_int_equal(r.r.points[0].index, 3);
	assert_int_equal(r.r.points[1].index, 6);
	assert_figure(r.r.points[0].p, 4.1733e-05, 5);
	assert_figure(r.r.points[1].p, 1.77220e-05, 6);
	assert_true(isnan(r.r.points[0].percentage_change)); /* from a mean of 0 */
	end(&r);
	assert_candidate(c, N(c), 3, 2.8, .00123117, 6);
	assert_places(c, N(c), OPTIONS(.kappa = KAPPA_END), LIST(3, 6));

	assert_places(e, N(e), OPTIONS(), LIST(5, 8));
	assert_candidate(e, 5, 3, 2.88, .0481487, 6);
	struct divider *div = divider_new(50, KAPPA_FREE);
	double q;
	assert_int_equal(divider_candidate(div, e, N(e), &q), 5);
	assert_figure(q, 761.282143, 9);
	assert_int_equal(divider_candidate(div, e + 5, N(e) - 5, &q), 3);
	assert_figure(q, 198.266667, 9);
	divider_free(div);
}

/* Nothing varies, or hardly anything is there. */
static void test_degenerate_series(void **state)
{
	const double twelve[] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
	const double g[] = { 10, 10, 10, 10, 10, 12, 12, 12, 12, 12 };
	struct run r;
	assert_places(twelve, 12, OPTIONS(), NONE);
	run(&r, g, N(g), OPTIONS());
	assert_int_equal(r.r.n, 1);
	assert_int_equal(r.r.points[0].index, 5);
	assert_true(r.r.points[0].p == 0);
	assert_figure(r.r.points[0].percentage_change, 20, 12);
	end(&r);
	assert_places((const double[]){ 1, 2 }, 2, OPTIONS(), NONE);
	assert_places((const double[]){ 1, 1, 2 }, 3, OPTIONS(), LIST(2));
	assert_places((const double[]){ 1, 1, 2, 2 }, 4, OPTIONS(), LIST(2));
	assert_places(twelve, 1, OPTIONS(), NONE);
	assert_places(twelve, 0, OPTIONS(), NONE);
	/* A single point on the right varies as little as nothing. */
	run(&r, (const double[]){ 1, 1, 1, 2, 2, 2.1 }, 6, OPTIONS());
	assert_int_equal(r.r.n, 2);
	assert_int_equal(r.r.points[0].index, 3);
	assert_int_equal(r.r.points[1].index, 5);
	assert_true(r.r.points[1].p == 0);
	assert_figure(r.r.points[1].percentage_change, 5, 12);
	end(&r);
}

/* The whole interval is tested, so a short bump in its middle is not seen - unless a window ends with it. */
static void test_bumps(void **state)
{
	double m[90];
	static const size_t blocks[] = { 40, 3, 47 };
	assert_places(l, N(l), OPTIONS(), NONE);
	assert_candidate(l, N(l), 8, 26.1873016, .0357071, 6);
	for (size_t block = 0, i = 0; block < 3; block++)
		for (size_t j = 0; j < blocks[block]; j++)
			m[i++] = (block == 1 ? 108 : 100) + 0.4 * ((double)(37 * j % 11) - 5);
	struct run r;
	run(&r, m, 90, OPTIONS());
	assert_int_equal(r.r.n, 2);
	assert_int_equal(r.r.points[0].index, 40);
	assert_int_equal(r.r.points[1].index, 43);
	assert_figure(r.r.points[0].p, 1.30697e-12, 6);
	assert_figure(r.r.points[1].p, 2.07825e-13, 6);
	end(&r);
}

static void test_a_step_over_several_windows(void **state)
{
	double x[120];
	for (size_t i = 0; i < 120; i++)
		x[i] = (i < 60 ? 100 : 108) + 0.4 * ((double)(37 * (i % 60) % 11) - 5);
	struct run r;
	run(&r, x, 120, OPTIONS());
	assert_int_equal(r.r.n, 1);
	assert_int_equal(r.r.points[0].index, 60);
	assert_figure(r.r.points[0].mean_before, 99.95333333, 10);
	assert_figure(r.r.points[0].mean_after, 107.9533333, 10);
	assert_figure(r.r.points[0].percentage_change, 8.003735, 7);
	end(&r);
}

static void test_the_set_that_every_build_of_orion_checks(void **state)
{
	struct run r;
	run(&r, ci, N(ci), OPTIONS());
	assert_int_equal(r.r.n, 1);
	assert_int_equal(r.r.points[0].index, 6);
	assert_figure(r.r.points[0].p, 1.45199e-07, 6);
	assert_figure(r.r.points[0].percentage_change, 404.549062, 9);
	end(&r);
}

/* Powers of two times the series: the same places, p-values to the last bit, and means that are as many times as large. */
static void test_scale_does_not_matter(void **state)
{
	static const double scales[] = { 0x1p-1000, 0x1p-400, 0x1p-30, 0x1p40, 0x1p400, 0x1p1000 };
	static double x[365], y[365];
	struct noise noise = noise_of(4);
	for (size_t i = 0; i < N(x); i++)
		x[i] = 10 + gauss(&noise) + 3 * (double)(i / 90 % 2);
	struct run plain;
	run(&plain, x, N(x), OPTIONS());
	assert_true(plain.r.n >= 3);
	for (size_t k = 0; k < N(scales); k++) {
		struct run r;
		for (size_t i = 0; i < N(x); i++)
			y[i] = x[i] * scales[k];
		run(&r, y, N(y), OPTIONS());
		assert_int_equal(r.r.n, plain.r.n);
		for (size_t i = 0; i < r.r.n; i++) {
			const struct change_point *scaled = &r.r.points[i], *usual = &plain.r.points[i];
			assert_int_equal(scaled->index, usual->index);
			assert_true(scaled->p == usual->p &&
				    scaled->percentage_change == usual->percentage_change);
			assert_true(scaled->mean_after == usual->mean_after * scales[k]);
			assert_true(scaled->sd_before == usual->sd_before * scales[k]);
		}
		end(&r);
	}
	end(&plain);
}

/* --- a year of nightly runs ------------------------------------------------------------------------------------------------ */

static double year[400];
static size_t n_year;

static int load_year(void **state)
{
	n_year = shared_series("data/change/t365.json", year, N(year));
	return 0;
}

#define NEED_YEAR()                                                                                          \
	do {                                                                                                 \
		if (n_year != 365)                                                                           \
			skip_because(                                                                        \
				"no data/change/t365.json in ../shared; AUSPEX_SHARED may name the folder"); \
	} while (0)

static void test_a_year_with_smallest_changes(void **state)
{
	NEED_YEAR();
	struct detect_options o = OPTIONS(.window = 30, .min_magnitude = .05);
	o.max_pvalue = .01;
	assert_places(year, n_year, o, LIST(15, 71));
	o.max_pvalue = .05;
	assert_places(year, n_year, o, LIST(15, 71));
	o.max_pvalue = .1;
	assert_places(year, n_year, o, LIST(10, 11, 15, 71, 363));
	o.max_pvalue = .2;
	assert_places(year, n_year, o, LIST(10, 11, 15, 71));
}

static size_t count(struct detect_options o)
{
	struct run r;
	run(&r, year, n_year, o);
	size_t n = r.r.n;
	end(&r);
	return n;
}

static void test_a_year_with_every_change(void **state)
{
	NEED_YEAR();
	struct detect_options o = OPTIONS(.window = 30);
	o.max_pvalue = .01;
	assert_places(year, n_year, o, LIST(15, 26, 61, 71, 95, 117, 131, 142, 148, 165, 169, 192, 212, 260));
	o.max_pvalue = .001;
	assert_places(year, n_year, o, LIST(15, 61, 71, 95, 117, 131, 142, 148, 192, 212, 260));
	o.max_pvalue = 1e-4;
	assert_places(year, n_year, o, LIST(71, 95, 117, 131, 142, 148, 192, 212));
	o.max_pvalue = 1e-5;
	assert_places(year, n_year, o, LIST(71, 95, 131, 192, 212));
	o.max_pvalue = .1;
	assert_int_equal(count(o), 35);
	o.max_pvalue = .2;
	assert_int_equal(count(o), 70);
}

static void test_a_year_as_hunter_saw_it(void **state)
{
	NEED_YEAR();
	struct detect_options o = OPTIONS(.window = 30, .legacy = true, .min_magnitude = .05);
	o.max_pvalue = .01;
	assert_places(year, n_year, o, LIST(27, 71));
	static const double more[] = { .05, .1, .2 };
	for (size_t i = 0; i < N(more); i++) {
		o.max_pvalue = more[i];
		assert_places(year, n_year, o, LIST(16, 71));
	}
	o.min_magnitude = 0;
	o.max_pvalue = .01;
	assert_places(year, n_year, o, LIST(27, 61, 71, 82, 95, 131, 142, 148, 192, 212, 249, 260, 265, 353));
	o.max_pvalue = .001;
	assert_places(year, n_year, o, LIST(71, 95, 113, 131, 142, 148, 192, 212, 260));
	o.max_pvalue = 1e-4;
	assert_places(year, n_year, o, LIST(71, 95, 113, 131, 192, 212));
}

/* A place keeps what it was compared with when the one behind it is deleted; its figures are the original's. */
static void test_a_year_by_default_keeps_what_was_compared(void **state)
{
	NEED_YEAR();
	struct run r;
	assert_places(year, n_year, OPTIONS(), LIST(15, 61, 71, 95, 117, 131, 192, 212));
	run(&r, year, n_year, OPTIONS());
	assert_int_equal(r.r.points[5].index, 131);
	assert_int_equal(r.r.points[5].to, 148);
	assert_figure(r.r.points[5].mean_after, 28639.352941, 11);
	assert_int_equal(r.r.points[6].from, 131);
	assert_figure(r.r.points[6].mean_before, 28485.540984, 11);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_step),
		cmocka_unit_test(test_two_steps),
		cmocka_unit_test(test_degenerate_series),
		cmocka_unit_test(test_bumps),
		cmocka_unit_test(test_a_step_over_several_windows),
		cmocka_unit_test(test_the_set_that_every_build_of_orion_checks),
		cmocka_unit_test(test_scale_does_not_matter),
		cmocka_unit_test(test_a_year_with_smallest_changes),
		cmocka_unit_test(test_a_year_with_every_change),
		cmocka_unit_test(test_a_year_as_hunter_saw_it),
		cmocka_unit_test(test_a_year_by_default_keeps_what_was_compared),
	};
	return cmocka_run_group_tests(tests, load_year, NULL);
}
