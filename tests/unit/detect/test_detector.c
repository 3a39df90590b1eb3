/* What all detectors have in common: options, missing values, scales, the table. */
#include "detect/detector.h"

#include "support.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Says that the middle of what it sees is a change, and gives each value as its own score. */
static int halve(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	struct change_point p = { .index = n / 2, .to = n, .mean_before = x[0], .mean_after = x[n - 1] };
	out->scores = arena_alloc(out->arena, n * sizeof(double));
	out->flagged = arena_zalloc(out->arena, n * sizeof(bool));
	out->n_scores = n;
	for (size_t i = 0; i < n; i++)
		out->scores[i] = x[i];
	out->flagged[n - 1] = true;
	return change_result_add(out, &p);
}
static const struct detector halving = { .name = "halving", .batch = halve };

/* The same point by point: a state that counts. */
static void *count_new(const struct detect_options *o)
{
	return calloc(1, sizeof(size_t));
}
static int count_append(void *state, const double *x, size_t n)
{
	size_t *seen = state;
	assert_int_equal(++*seen, n); /* each value exactly once, in order */
	return 0;
}
static int count_points(void *state, const double *x, size_t n, struct change_result *out)
{
	assert_int_equal(*(size_t *)state, n);
	return halve(x, n, NULL, out);
}
static const struct detector counting = {
	.name = "counting",
	.batch = halve,
	.new = count_new,
	.append = count_append,
	.points = count_points,
	.free = free,
};

static const double gappy[] = { NAN, 1, 2, NAN, NAN, 3, 4, INFINITY, 5, 6, -INFINITY };
#define N_GAPPY (sizeof(gappy) / sizeof(gappy[0]))

static void assert_gappy(const struct change_result *r)
{
	assert_int_equal(r->n, 1);
	assert_int_equal(r->points[0].index, 6); /* the fourth of six values */
	assert_int_equal(r->points[0].from, 0);
	assert_int_equal(r->points[0].to, N_GAPPY);
	assert_int_equal(r->n_scores, N_GAPPY);
	for (size_t i = 0; i < N_GAPPY; i++)
		assert_true(isfinite(gappy[i]) ? r->scores[i] == gappy[i] : isnan(r->scores[i]));
	assert_true(r->flagged[9] && !r->flagged[10]);
}

static void test_missing_values_are_left_out_and_places_mapped_back(void **state)
{
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	assert_int_equal(detect_series(&halving, gappy, N_GAPPY, &DETECT_DEFAULTS, &r), 0);
	assert_gappy(&r);
	arena_fini(&arena);
}

static void test_a_stream_leaves_them_out_as_well(void **state)
{
	const struct detector *const both[] = { &halving, &counting };
	for (size_t k = 0; k < 2; k++) {
		struct arena arena;
		arena_init(&arena, 0);
		struct change_result r = { .arena = &arena };
		struct change_stream *s = change_stream_new(both[k], &DETECT_DEFAULTS);
		for (size_t i = 0; i < N_GAPPY; i++)
			assert_int_equal(change_stream_append(s, gappy[i]), 0);
		assert_int_equal(change_stream_length(s), N_GAPPY);
		assert_int_equal(change_stream_points(s, &r), 0);
		assert_gappy(&r);
		change_stream_free(s);
		arena_fini(&arena);
	}
}

/* No detector sees a value whose square would overflow; what it says comes back in the input's own size. */
static void test_huge_and_tiny_values_are_scaled_without_a_trace(void **state)
{
	static const double scales[] = { 0x1p1000, 0x1p400, 1, 0x1p-400, 0x1p-1000 };
	for (size_t k = 0; k < sizeof(scales) / sizeof(scales[0]); k++) {
		double c = scales[k];
		const double x[] = { 0, 3 * c, 4 * c, -5 * c };
		struct arena arena;
		arena_init(&arena, 0);
		struct change_result r = { .arena = &arena };
		struct change_stream *s = change_stream_new(&counting, &DETECT_DEFAULTS);
		assert_int_equal(detect_series(&halving, x + 1, 3, &DETECT_DEFAULTS, &r), 0);
		for (size_t i = 0; i < 3; i++)
			assert_true(fabs(r.scores[i]) < 1e100 && fabs(r.scores[i]) > 1e-100);
		assert_true(r.points[0].mean_before == 3 * c && r.points[0].mean_after == -5 * c);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(change_stream_append(s, x[i]), 0);
		assert_int_equal(change_stream_points(s, &r), 0);
		assert_true(r.points[0].mean_before == 0 && r.points[0].mean_after == -5 * c);
		change_stream_free(s);
		arena_fini(&arena);
	}
}

/* From the smallest double to the largest: the state begins anew with another scale. */
static void test_a_stream_may_outgrow_its_scale(void **state)
{
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena }, all = { .arena = &arena };
	struct change_stream *s = change_stream_new(&counting, &DETECT_DEFAULTS);
	double x[2000], v = 5e-324;
	size_t n = 0;
	for (; isfinite(v); v *= 4) {
		x[n++] = v;
		assert_int_equal(change_stream_append(s, v), 0);
	}
	assert_int_equal(change_stream_points(s, &r), 0);
	assert_int_equal(detect_series(&halving, x, n, &DETECT_DEFAULTS, &all), 0);
	assert_memory_equal(r.scores, all.scores, n * sizeof(double));
	assert_true(r.points[0].mean_after == x[n - 1]);
	change_stream_free(s);
	arena_fini(&arena);
}

static void assert_refused(struct detect_options o, const char *place)
{
	struct err err = { 0 };
	assert_int_equal(detect_options_check(&o, &err), ERR_RANGE);
	assert_string_equal(err.place, place);
	assert_true(*err.text);
	assert_null(change_stream_new(&halving, &o));
}

static void test_options_out_of_range_are_refused(void **state)
{
	struct detect_options o = DETECT_DEFAULTS;
	assert_int_equal(detect_options_check(&o, NULL), 0);
	o.window = 1;
	assert_refused(o, "window");
	o.window = DETECT_WINDOW_MAX + 1;
	assert_refused(o, "window");
	o = DETECT_DEFAULTS;
	o.max_pvalue = NAN;
	assert_refused(o, "max-pvalue");
	o.max_pvalue = 1.1;
	assert_refused(o, "max-pvalue");
	o = DETECT_DEFAULTS;
	o.min_magnitude = -1;
	assert_refused(o, "min-magnitude");
	o = DETECT_DEFAULTS;
	o.false_share = 0;
	assert_refused(o, "false-share");
}

static void test_detectors_are_found_by_name(void **state)
{
	for (size_t i = 0; i < n_detectors; i++) {
		assert_ptr_equal(detector_find(view_of(detectors[i]->name)), detectors[i]);
		assert_non_null(detectors[i]->batch);
		assert_true(!detectors[i]->new == !detectors[i]->append &&
			    !detectors[i]->new == !detectors[i]->points &&
			    !detectors[i]->new == !detectors[i]->free);
	}
	assert_null(detector_find(VIEW("nonsense")));
}

static bool at_once(void *arg)
{
	return true;
}

/* None of them fails on series that are no series. */
static void test_all_of_them_take_anything(void **state)
{
	static const double odd[] = { 0, 0, 0, 1, 0, 5e-324, 1e308, -1e308,   NAN,
				      7, 7, 7, 7, 7, 7,      7,     INFINITY, 2 };
	const size_t n = sizeof(odd) / sizeof(odd[0]);
	for (size_t d = 0; d < n_detectors; d++)
		for (size_t from = 0; from <= n; from++)
			for (size_t to = from; to <= n; to++) {
				struct arena arena;
				arena_init(&arena, 0);
				struct change_result r = { .arena = &arena };
				struct detect_options o = DETECT_DEFAULTS;
				assert_int_equal(detect_series(detectors[d], odd + from, to - from, &o, &r),
						 0);
				for (size_t i = 0; i < r.n; i++) {
					assert_in_range(r.points[i].index, 1, to - from - 1);
					assert_true(r.points[i].from < r.points[i].index &&
						    r.points[i].index < r.points[i].to &&
						    r.points[i].to <= to - from);
					assert_true(i == 0 || r.points[i].index > r.points[i - 1].index);
					assert_string_equal(r.points[i].method, detectors[d]->name);
				}
				o.cancelled = at_once;
				int rc = detect_series(detectors[d], odd + from, to - from, &o, &r);
				assert_true(rc == 0 || rc == ERR_CANCELLED);
				arena_fini(&arena);
			}
}

static void test_cmr_compares_the_newest_with_the_rest(void **state)
{
	const double x[] = { 1.5699015877283817, 1.5699015877283817, 1.5699015877283817, 1.5699015877283817,
			     1.5699015877283817, 1.5699015877283817, 6.5699015877283817, 7.85699015877283817,
			     8.0199015877283817, 9.2369015877283817 };
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	struct detect_options o = DETECT_DEFAULTS;
	const struct detector *cmr = detector_find(VIEW("cmr"));
	assert_int_equal(detect_series(cmr, x, 10, &o, &r), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.points[0].index, 9);
	assert_true(fabs(r.points[0].percentage_change - 160.878633) < 5e-7);
	o.direction = 1;
	detect_series(cmr, x, 10, &o, &r);
	assert_int_equal(r.n, 1);
	o.direction = -1;
	detect_series(cmr, x, 10, &o, &r);
	assert_int_equal(r.n, 0);
	/* Over nothing the difference itself has a direction. */
	const double from_zero[] = { 0, 0, -2 };
	detect_series(cmr, from_zero, 3, &o, &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(detect_series(cmr, x, 1, &DETECT_DEFAULTS, &r), 0);
	assert_int_equal(r.n, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_values_are_left_out_and_places_mapped_back),
		cmocka_unit_test(test_a_stream_leaves_them_out_as_well),
		cmocka_unit_test(test_huge_and_tiny_values_are_scaled_without_a_trace),
		cmocka_unit_test(test_a_stream_may_outgrow_its_scale),
		cmocka_unit_test(test_options_out_of_range_are_refused),
		cmocka_unit_test(test_detectors_are_found_by_name),
		cmocka_unit_test(test_all_of_them_take_anything),
		cmocka_unit_test(test_cmr_compares_the_newest_with_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
