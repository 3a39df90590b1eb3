/* What `auto` promises, on series with fixed seeds: few false points whatever the noise, steps found, and sentences. */
#include "detect/detector.h"

#include "series.h"

#define MOST 5000

static double x[MOST];
static struct arena arena;
static struct change_result found;

static size_t look(const char *method, size_t n, double share)
{
	struct detect_options o = DETECT_DEFAULTS;
	o.false_share = share;
	arena_reset(&arena);
	found = (struct change_result){ .arena = &arena };
	assert_int_equal(detect_series(detector_find(view_of(method)), x, n, &o, &found), 0);
	return found.n;
}

static size_t look_at(const double *values, size_t n)
{
	memcpy(x, values, n * sizeof(*x));
	return look("auto", n, 0.01);
}

static bool is_found(size_t at, size_t reach)
{
	for (size_t i = 0; i < found.n; i++)
		if (found.points[i].index + reach >= at && found.points[i].index <= at + reach)
			return true;
	return false;
}

static bool says(const char *word)
{
	return found.why && strstr(found.why, word);
}

/* --- what must not be told ------------------------------------------------------------------------------------------- */

static double student3(struct noise *n)
{
	double a = gauss(n), b = gauss(n), c = gauss(n);
	return gauss(n) / sqrt((a * a + b * b + c * c) / 3);
}

static double value_of(const char *kind, struct noise *n, size_t i)
{
	if (strcmp(kind, "t3") == 0)
		return student3(n);
	if (strcmp(kind, "laplace") == 0)
		return (uniform(n) < 0.5 ? -1 : 1) * log(uniform(n));
	if (strcmp(kind, "outliers") == 0)
		return uniform(n) < 0.01 ? 10 : gauss(n);
	if (strcmp(kind, "trend") == 0)
		return 0.5 * (double)i + gauss(n);
	if (strcmp(kind, "week") == 0)
		return (i % 7 < 5 ? 5 : 0) + gauss(n);
	if (strcmp(kind, "integers") == 0)
		return round(gauss(n));
	if (strcmp(kind, "rare") == 0)
		return uniform(n) < 0.05 ? 1 + floor(3 * uniform(n)) : 0;
	return gauss(n);
}

/* 1 % is promised, 2 % where the noise is not normal; of 300 series that are 3 and 6, and 9 are far from either by chance. */
static void test_noise_is_left_alone(void **state)
{
	static const char *const kinds[] = { "normal", "t3",   "laplace",  "outliers",
					     "trend",  "week", "integers", "rare" };
	static const size_t lengths[] = { 20, 30, 50, 100 };
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t l = 0; l < 4; l++) {
			struct noise n = noise_of(k * 10 + l);
			unsigned wrong = 0;
			for (unsigned series = 0; series < 300; series++) {
				for (size_t i = 0; i < lengths[l]; i++)
					x[i] = 100 + 2 * value_of(kinds[k], &n, i);
				wrong += look("auto", lengths[l], 0.01) > 0;
			}
			if (wrong > 9)
				fail_msg("%s, %zu points: %u of 300", kinds[k], lengths[l], wrong);
		}
}

/* A day of hours that was seen but once and a quarter, or an arc of it, is a bend - where there are points enough to tell. */
static void test_a_part_of_a_season_is_no_change(void **state)
{
	static const size_t lengths[] = { 28, 30, 36, 42 };
	for (size_t l = 0; l < 4; l++) {
		struct noise n = noise_of(64 + l);
		unsigned wrong = 0, bent = 0;
		for (unsigned series = 0; series < 200; series++) {
			double phase = 6.283185307179586 * uniform(&n);
			for (size_t i = 0; i < lengths[l]; i++)
				x[i] = 100 + 5 * sin(6.283185307179586 * (double)i / 24 + phase) +
				       2 * gauss(&n);
			wrong += look("auto", lengths[l], 0.01) > 0;
			bent += says(
				", a smooth bend: it explains them better than steps do, so none is told");
		}
		if (wrong > 10 || bent < 60)
			fail_msg("%zu points: %u of 200, bent %u", lengths[l], wrong, bent);
	}
}

/* A day of hours, seen at least twice. */
static void test_a_daily_season_is_no_change(void **state)
{
	static const size_t lengths[] = { 50, 100, 200 };
	for (size_t l = 0; l < 3; l++) {
		struct noise n = noise_of(60 + l);
		unsigned wrong = 0;
		for (unsigned series = 0; series < 200; series++) {
			for (size_t i = 0; i < lengths[l]; i++)
				x[i] = 100 + 5 * sin(6.283185307179586 * (double)i / 24) + 2 * gauss(&n);
			wrong += look("auto", lengths[l], 0.01) > 0;
		}
		assert_in_range(wrong, 0, 7);
		assert_true(says("a season of 2"));
	}
}

static void test_the_share_is_the_callers(void **state)
{
	struct noise n = noise_of(70);
	unsigned wrong = 0;
	for (unsigned series = 0; series < 500; series++) {
		for (size_t i = 0; i < 50; i++)
			x[i] = gauss(&n);
		wrong += look("auto", 50, 0.1) > 0;
	}
	assert_in_range(wrong, 25, 75);
}

/* --- what must be told ------------------------------------------------------------------------------------------------- */

/* Noise of 2 %, steps of 5 and 10 %: auto may miss three more of 100 than the yardstick; here 4 more of 500 for the seeds. */
static void test_steps_are_found_as_often_as_the_yardstick_does(void **state)
{
	static const struct {
		size_t n;
		double bound; /* exceeded by 1 % of noise: two million series */
	} cases[] = { { 20, 4.07 }, { 30, 3.89 }, { 50, 3.76 }, { 100, 3.715 } };
	for (size_t c = 0; c < 4; c++)
		for (int late = 0; late < 2; late++)
			for (double step = 2.5; step < 6; step *= 2) {
				struct noise noise = noise_of(80 + c);
				size_t n = cases[c].n, at = late ? n - 5 : n / 2, best;
				unsigned hits = 0, bar = 0;
				double t;
				for (unsigned series = 0; series < 500; series++) {
					for (size_t i = 0; i < n; i++)
						x[i] = 50 + gauss(&noise) + (i >= at ? step : 0);
					t = largest_t(x, n, &best);
					bar += t > cases[c].bound && best + 1 >= at && best <= at + 1;
					look("auto", n, 0.01);
					hits += is_found(at, 1);
				}
				if (hits + 19 < bar)
					fail_msg("n %zu, at %zu, step %g: %u, yardstick %u", n, at, step,
						 hits, bar);
			}
}

/* Wrong as often as Otava's rule is (2.4 to 6.7 % of such series), auto finds more; 1 % of room for the seeds. */
static void test_more_is_found_than_by_otavas_rule(void **state)
{
	static const struct {
		size_t n;
		double share;
	} cases[] = { { 20, 0.024 }, { 30, 0.024 }, { 50, 0.03 }, { 100, 0.067 } };
	for (size_t c = 0; c < 4; c++)
		for (int late = 0; late < 2; late++) {
			struct noise noise = noise_of(95 + c);
			size_t n = cases[c].n, at = late ? n - 5 : n / 2;
			unsigned hits = 0, bar = 0;
			for (unsigned series = 0; series < 400; series++) {
				for (size_t i = 0; i < n; i++)
					x[i] = 50 + gauss(&noise) + (i >= at ? 2.5 : 0);
				look("edivisive", n, 0.01);
				bar += is_found(at, 1);
				look("auto", n, cases[c].share);
				hits += is_found(at, 1);
			}
			if (hits + 4 < bar)
				fail_msg("n %zu, at %zu: %u, Otava's rule %u", n, at, hits, bar);
		}
}

/* Point by point, asked now and then: the same as all at once. */
static void test_a_stream_gives_the_same(void **state)
{
	struct noise n = noise_of(99);
	for (unsigned series = 0; series < 100; series++) {
		struct change_stream *s = change_stream_new(detector_find(VIEW("auto")), &DETECT_DEFAULTS);
		struct change_result grown = { .arena = &arena };
		size_t length = 10 + (size_t)(150 * uniform(&n)), at = (size_t)((double)length * uniform(&n));
		for (size_t i = 0; i < length; i++) {
			x[i] = uniform(&n) < 0.02 ? NAN : gauss(&n) + (i >= at ? 6 : 0);
			assert_int_equal(change_stream_append(s, x[i]), 0);
			if (i % 20 && i + 1 < length)
				continue;
			look("auto", i + 1, 0.01);
			assert_int_equal(change_stream_points(s, &grown), 0);
			assert_int_equal(grown.n, found.n);
			for (size_t k = 0; k < found.n; k++)
				assert_memory_equal(&grown.points[k], &found.points[k],
						    sizeof(grown.points[k]));
		}
		change_stream_free(s);
	}
}

static void test_steps_on_slopes_and_seasons_and_among_strays(void **state)
{
	struct noise n = noise_of(90);
	for (size_t i = 0; i < 200; i++)
		x[i] = 0.1 * (double)i + gauss(&n) + (i >= 120 ? 8 : 0);
	look("auto", 200, 0.01);
	assert_true(found.n == 1 && is_found(120, 1) && says("slope"));
	for (size_t i = 0; i < 200; i++)
		x[i] = 5 * sin(6.283185307179586 * (double)i / 24) + gauss(&n) + (i >= 120 ? 6 : 0);
	look("auto", 200, 0.01);
	assert_true(found.n == 1 && is_found(120, 2) && says("season of 24"));
	for (size_t i = 0; i < 200; i++)
		x[i] = (i % 37 == 0 ? 50 : gauss(&n)) + (i >= 120 ? 3 : 0);
	look("auto", 200, 0.01);
	assert_true(found.n == 1 && is_found(120, 2) && says("strays"));
	for (size_t i = 0; i < 200; i++)
		x[i] = student3(&n) + (i >= 120 ? 4 : 0);
	look("auto", 200, 0.01);
	assert_true(found.n == 1 && is_found(120, 2));
	look("robust", 200, 0.01);
	assert_true(found.n == 1 && is_found(120, 2) && says("ranks decide"));
	assert_string_equal(found.points[0].method, "robust");
}

static void test_many_steps_and_close_ones(void **state)
{
	struct noise n = noise_of(91);
	static const size_t cuts[] = { 25, 39, 68, 90, 101, 131, 150, 177 };
	for (size_t i = 0, part = 0; i < 200; i++) {
		part += part < 8 && i == cuts[part];
		x[i] = gauss(&n) + (part % 2 ? 5 : 0);
	}
	look("auto", 200, 0.01);
	assert_int_equal(found.n, 8);
	for (size_t i = 0; i < 8; i++)
		assert_true(is_found(cuts[i], 1));
	for (size_t i = 0; i < 200; i++)
		x[i] = gauss(&n) + 6 * (double)(i / 40);
	look("auto", 200, 0.01);
	assert_int_equal(found.n, 4);
	for (size_t i = 0; i < 200; i++)
		x[i] = gauss(&n) + (i >= 100 && i < 107 ? 6 : 0);
	look("auto", 200, 0.01);
	assert_true(found.n == 2 && is_found(100, 1) && is_found(107, 1));
}

/* The vectors that plain E-divisive is known to stumble over, and some that it masters. */
static void test_vectors(void **state)
{
	const double bump[] = { 10,   10.1, 9.9,   10.05, 9.95, 10,  10.1,  9.9,  15,
				15.1, 14.9, 15.05, 10,    10.1, 9.9, 10.05, 9.95, 10 };
	assert_int_equal(look_at(bump, 18), 2);
	assert_true(is_found(8, 0) && is_found(12, 0));
	const double artefact[] = { 1, 1, 1, 2, 2, 2.1 };
	assert_int_equal(look_at(artefact, 6), 1);
	assert_true(is_found(3, 0));
	const double down[] = { 1.02, .95, .99, 1, 1.12, .9, .5, .51, .48, .48, .55 };
	assert_true(look_at(down, 11) == 1 && is_found(6, 0));
	const double two[] = {
		.3, 2.4, 1.5, -.9, -.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150
	};
	assert_true(look_at(two, 14) == 2 && is_found(5, 0) && is_found(8, 0));
	const double exact[] = { 10, 10, 10, 10, 10, 12, 12, 12, 12, 12 };
	assert_true(look_at(exact, 10) == 1 && is_found(5, 0));
	assert_true(fabs(found.points[0].percentage_change - 20) < 1e-9);
	for (size_t i = 0; i < 90; i++)
		x[i] = (i >= 40 && i < 43 ? 108 : 100) + 0.4 * ((double)(37 *
									 (i < 40   ? i
									  : i < 43 ? i - 40
										   : i - 43) %
									 11) -
								5);
	assert_true(look("auto", 90, 0.01) == 2 && is_found(40, 0) && is_found(43, 0));
}

/* --- what else is asked ---------------------------------------------------------------------------------------------- */

static void test_poor_series(void **state)
{
	for (size_t n = 0; n <= 100; n++) {
		for (size_t i = 0; i < n; i++)
			x[i] = 7;
		assert_int_equal(look("auto", n, 0.01), 0);
		assert_int_equal(look("robust", n, 0.01), 0);
		for (size_t i = 0; i < n; i++)
			x[i] = (double)(i % 2);
		assert_int_equal(look("auto", n, 0.01), 0);
		for (size_t i = 0; i < n; i++)
			x[i] = 3 * (double)i;
		assert_int_equal(look("auto", n, 0.01), 0);
	}
	assert_true(says("slope"));
	x[0] = 1;
	look("auto", 1, 0.01);
	assert_string_equal(found.why, "1 value: fewer than 6 tell nothing");
}

static void fill(size_t n, double scale, double shift)
{
	struct noise noise = noise_of(92);
	for (size_t i = 0; i < n; i++)
		x[i] = scale *
		       (round(100 * gauss(&noise)) + (i >= 60 ? 500 : 0) + (i >= 90 ? 700 : 0) + shift);
}

/* Times a power of two: the same to the last bit. Shifted: the same places. */
static void test_scale_does_not_matter(void **state)
{
	static const double scales[] = { 0x1p-1060, 0x1p-400, 0x1p-30, 0x1p40, 0x1p900 };
	fill(120, 1, 0);
	assert_int_equal(look("auto", 120, 0.01), 2);
	struct change_point plain[2] = { found.points[0], found.points[1] };
	for (size_t k = 0; k < sizeof(scales) / sizeof(scales[0]); k++) {
		fill(120, scales[k], 0);
		assert_int_equal(look("auto", 120, 0.01), 2);
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(found.points[i].index, plain[i].index);
			assert_true(found.points[i].p == plain[i].p);
		}
	}
	fill(120, 1, 1e9);
	assert_int_equal(look("auto", 120, 0.01), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(found.points[i].index, plain[i].index);
		assert_true(fabs(found.points[i].p / plain[i].p - 1) < 1e-3);
	}
}

/* Both ways the same: intervals, means and deviations are those of the values as they came. */
static void test_points_are_told_in_full(void **state)
{
	fill(120, 1, 5000);
	look("auto", 120, 0.01);
	const struct change_point *a = &found.points[0], *b = &found.points[1];
	assert_true(a->from == 0 && a->to == b->index && b->from == a->index && b->to == 120);
	assert_true(a->mean_after == b->mean_before && a->sd_after == b->sd_before);
	assert_true(fabs(a->mean_before - 5000) < 60 && a->sd_before > 60 && a->p < 1e-6);
	assert_true(isnan(a->posterior));
	assert_string_equal(a->method, "auto");
}

static void test_small_changes_may_be_left_out(void **state)
{
	struct detect_options o = DETECT_DEFAULTS;
	o.min_magnitude = 0.2;
	fill(120, 1, 5000);
	arena_reset(&arena);
	assert_int_equal(detect_series(detector_find(VIEW("auto")), x, 120, &o, &found), 0);
	assert_int_equal(found.n, 0);
}

/* Longer than it looks at point by point: averaged, and then to the point. */
static void test_long_series_are_averaged(void **state)
{
	static double y[300000];
	struct noise n = noise_of(93);
	for (size_t i = 0; i < 300000; i++)
		y[i] = gauss(&n) + (i >= 200000 ? 3 : 0);
	arena_reset(&arena);
	assert_int_equal(detect_series(detector_find(VIEW("auto")), y, 300000, &DETECT_DEFAULTS, &found), 0);
	assert_int_equal(found.n, 1);
	assert_true(is_found(200000, 2) && says("averages of 74"));
	assert_int_equal(found.points[0].to, 300000);
}

static int set_up(void **state)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_is_left_alone),
		cmocka_unit_test(test_a_part_of_a_season_is_no_change),
		cmocka_unit_test(test_a_daily_season_is_no_change),
		cmocka_unit_test(test_the_share_is_the_callers),
		cmocka_unit_test(test_steps_are_found_as_often_as_the_yardstick_does),
		cmocka_unit_test(test_more_is_found_than_by_otavas_rule),
		cmocka_unit_test(test_a_stream_gives_the_same),
		cmocka_unit_test(test_steps_on_slopes_and_seasons_and_among_strays),
		cmocka_unit_test(test_many_steps_and_close_ones),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_poor_series),
		cmocka_unit_test(test_scale_does_not_matter),
		cmocka_unit_test(test_points_are_told_in_full),
		cmocka_unit_test(test_small_changes_may_be_left_out),
		cmocka_unit_test(test_long_series_are_averaged),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
