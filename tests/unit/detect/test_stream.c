/* Point by point is all at once, to the last bit: after every append, for 10 000 series of all kinds. */
#include "detect/detector.h"

#include "series.h"

#define SERIES       10000
#define LONGEST      400
#define FOREST_EVERY 50 /* a hundred trees take a millisecond */

static double next_value(struct noise *n, unsigned kind, size_t i, double *walk)
{
	switch (kind) {
	case 0: /* noise */
		return 100 + 2 * gauss(n);
	case 1: /* steps */
		return 100 + 2 * gauss(n) + 10 * (double)(i / 17 % 3);
	case 2: /* few levels: ties everywhere */
		return floor(3 * uniform(n));
	case 3: /* hardly ever anything */
		return uniform(n) < 0.9 ? 0 : uniform(n);
	case 4: /* constant stretches */
		return (double)(i / 11 % 2) + (uniform(n) < 0.03 ? 0.1 : 0);
	case 5: /* two decimals */
		return round(100 * (1 + 0.05 * gauss(n))) / 100;
	case 6: /* a walk */
		return *walk += gauss(n);
	default: /* gaps, far outliers, one of them beyond the scale */
		return uniform(n) < 0.2    ? NAN
		       : uniform(n) < 0.01 ? 1e200 * gauss(n)
		       : uniform(n) < 0.05 ? 1e6 * gauss(n)
					   : gauss(n);
	}
}

/* Most are short, so that there are many; windows are short as well, so that there are several. */
static size_t length_of(struct noise *n, unsigned seed)
{
	size_t most = seed % 100 == 0 ? LONGEST : seed % 10 == 0 ? 100 : 40;
	return 2 + (size_t)(uniform(n) * (double)(most - 2));
}

static struct detect_options options_of(struct noise *n)
{
	static const size_t windows[] = { 2, 5, 8, 10, 20, 30, 0 };
	static const double ps[] = { 0.001, 0.001, 0.01, 0.05, 0.2, 1 };
	struct detect_options o = DETECT_DEFAULTS;
	o.window = windows[(size_t)(uniform(n) * 7)];
	o.max_pvalue = ps[(size_t)(uniform(n) * 6)];
	o.min_magnitude = uniform(n) < 0.3 ? 0.1 * uniform(n) : 0;
	o.legacy = uniform(n) < 0.1;
	o.kappa = uniform(n) < 0.1 ? KAPPA_END : KAPPA_FREE;
	return o;
}

static void assert_same(const struct change_result *a, const struct change_result *b, const char *name,
			unsigned seed, size_t n)
{
	bool same = a->n == b->n && a->n_scores == b->n_scores &&
		    (a->n == 0 || memcmp(a->points, b->points, a->n * sizeof(*a->points)) == 0) &&
		    (!a->n_scores || memcmp(a->scores, b->scores, a->n_scores * sizeof(*a->scores)) == 0);
	if (!same)
		fail_msg("%s, series %u after %zu points: %zu and %zu points differ", name, seed, n, a->n,
			 b->n);
}

static void grow(const struct detector *d, unsigned seed)
{
	static double x[LONGEST];
	struct noise noise = noise_of(seed);
	size_t n = length_of(&noise, seed);
	struct detect_options o = options_of(&noise);
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result whole = { .arena = &arena }, grown = { .arena = &arena };
	struct change_stream *s = change_stream_new(d, &o);
	assert_non_null(s);
	/* Nobody asks after each point of a long one; those that run anew whenever they are asked are so at the end, and seldom before. */
	double walk = 50, asked = d->append ? n > 100 ? 0.1 : n > 12 ? 0.3 : 1 : n > 40 ? 0 : 0.02;
	for (size_t i = 0; i < n; i++) {
		x[i] = next_value(&noise, seed % 8, i, &walk);
		arena_reset(&arena);
		assert_int_equal(change_stream_append(s, x[i]), 0);
		if (i + 1 < n && uniform(&noise) >= asked)
			continue;
		assert_int_equal(change_stream_points(s, &grown), 0);
		assert_int_equal(detect_series(d, x, i + 1, &o, &whole), 0);
		assert_same(&grown, &whole, d->name, seed, i + 1);
	}
	change_stream_free(s);
	arena_fini(&arena);
}

static void test_point_by_point_is_all_at_once(void **state)
{
	for (size_t d = 0; d < n_detectors; d++)
		for (unsigned seed = 0; seed < SERIES;
		     seed += strcmp(detectors[d]->name, "iforest") ? 1 : FOREST_EVERY)
			grow(detectors[d], seed);
}

/* Long enough that what was found is settled, and that what seemed settled falls. */
static void grow_long(const struct detector *d, unsigned kind, size_t n, unsigned every,
		      struct detect_options o)
{
	static double x[12000];
	struct noise noise = noise_of(kind);
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result whole = { .arena = &arena }, grown = { .arena = &arena };
	struct change_stream *s = change_stream_new(d, &o);
	double walk = 50;
	for (size_t i = 0; i < n; i++) {
		x[i] = next_value(&noise, kind, i, &walk);
		assert_int_equal(change_stream_append(s, x[i]), 0);
		arena_reset(&arena);
		assert_int_equal(change_stream_points(s, &grown), 0);
		if (i % every && i + 50 < n)
			continue;
		assert_int_equal(detect_series(d, x, i + 1, &o, &whole), 0);
		assert_same(&grown, &whole, d->name, kind, i + 1);
	}
	change_stream_free(s);
	arena_fini(&arena);
}

static void grow_kinds(const char *name, size_t n)
{
	const struct detector *d = detector_find(view_of(name));
	for (unsigned kind = 0; kind < 8; kind++) {
		struct detect_options o = DETECT_DEFAULTS;
		grow_long(d, kind, n, 23, o);
		o.window = 10;
		o.max_pvalue = 0.03;
		grow_long(d, kind, n / 2, 11, o);
		o.min_magnitude = 0.02;
		grow_long(d, kind, n / 2, 11, o);
		o.legacy = true;
		o.false_share = 0.3;
		grow_long(d, kind, n / 2, 11, o);
	}
	grow_long(d, 0, 6 * n, 499, DETECT_DEFAULTS);
}

static void test_long_ones_by_edivisive(void **state)
{
	grow_kinds("edivisive", 2000);
}

static void test_long_ones_by_pelt(void **state)
{
	grow_kinds("pelt", 800);
}

/* Nothing for long, then something: the noise of a series begins with its first other value. */
static void test_a_constant_beginning(void **state)
{
	static double x[3000];
	const struct detector *d = detector_find(VIEW("pelt"));
	struct noise noise = noise_of(3);
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result whole = { .arena = &arena }, grown = { .arena = &arena };
	struct change_stream *s = change_stream_new(d, &DETECT_DEFAULTS);
	for (size_t i = 0; i < 3000; i++) {
		x[i] = i < 2000 ? 5 : 9 + gauss(&noise);
		assert_int_equal(change_stream_append(s, x[i]), 0);
		if (i < 1990 || (i > 2200 && i % 29))
			continue;
		arena_reset(&arena);
		assert_int_equal(change_stream_points(s, &grown), 0);
		assert_int_equal(detect_series(d, x, i + 1, &DETECT_DEFAULTS, &whole), 0);
		assert_same(&grown, &whole, "pelt", 0, i + 1);
	}
	assert_true(grown.n > 0 && grown.points[0].index == 2000);
	change_stream_free(s);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_point_by_point_is_all_at_once),
		cmocka_unit_test(test_long_ones_by_edivisive),
		cmocka_unit_test(test_long_ones_by_pelt),
		cmocka_unit_test(test_a_constant_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
