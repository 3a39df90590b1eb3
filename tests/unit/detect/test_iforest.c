#include "detect/detector.h"

#include "../../../src/detect/forest.h"
#include "../../../src/detect/mt.h"
#include "series.h"

static const double ci[] = { 1.5699015877283817, 1.5699015877283817, 1.5699015877283817, 1.5699015877283817,
			     1.5699015877283817, 1.5699015877283817, 6.5699015877283817, 7.85699015877283817,
			     8.0199015877283817, 9.2369015877283817 };
#define N_CI (sizeof(ci) / sizeof(ci[0]))

static void run(struct change_result *r, const double *x, size_t n, const struct detect_options *o)
{
	assert_int_equal(detect_series(detector_find(VIEW("iforest")), x, n, o, r), 0);
}

/* The first output of the authors' own program for this seed is known everywhere. */
static void test_the_generator(void **state)
{
	struct mt m;
	mt_seed(&m, 5489);
	assert_int_equal(mt_next(&m), 3499211612u);
	for (int i = 2; i < 10000; i++)
		mt_next(&m);
	assert_int_equal(mt_next(&m), 4123659995u); /* the 10 000th, as the C++ standard demands */
	mt_seed(&m, 42);
	static const uint32_t trees[] = { 1608637542, 1273642419, 1935803228, 787846414 };
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(mt_draw(&m), trees[i]);
}

static void test_the_set_that_every_build_of_orion_checks(void **state)
{
	static const double scores[] = { .473217, .473217, .473217, .473217, .473217,
					 .473217, .625232, .499897, .502677, .659672 };
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	run(&r, ci, N_CI, &DETECT_DEFAULTS);
	assert_int_equal(r.n_scores, N_CI);
	for (size_t i = 0; i < N_CI; i++) {
		if (!(fabs(r.scores[i] - scores[i]) <= 5.0001e-7))
			fail_msg("score %zu is %.7f, not %.6f", i, r.scores[i], scores[i]);
		assert_int_equal(r.flagged[i], i == 6 || i == 8 || i == 9);
	}
	static const double percents[] = { 155.647984, 56.720758, 38.885753 };
	static const size_t places[] = { 6, 8, 9 };
	assert_int_equal(r.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(r.points[i].index, places[i]);
		assert_true(fabs(r.points[i].percentage_change - percents[i]) < 5.0001e-7);
	}
	arena_fini(&arena);
}

static void test_only_the_asked_direction_and_size(void **state)
{
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	struct detect_options o = DETECT_DEFAULTS;
	o.direction = -1;
	run(&r, ci, N_CI, &o);
	assert_int_equal(r.n, 0);
	o.direction = 1;
	o.min_percent = 50;
	run(&r, ci, N_CI, &o);
	assert_int_equal(r.n, 2);
	o.window = 10; /* not before the tenth row */
	run(&r, ci, N_CI, &o);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.points[0].index, 9);
	arena_fini(&arena);
}

/* Of more than 256 rows trees see samples: what is far out stands out all the same, and a seed repeats itself. */
static void test_a_long_series_with_two_outliers(void **state)
{
	static double x[5000];
	struct noise noise = noise_of(1);
	for (size_t i = 0; i < 5000; i++)
		x[i] = 100 + gauss(&noise);
	x[1234] = 160;
	x[4321] = 40;
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena }, again = { .arena = &arena };
	run(&r, x, 5000, &DETECT_DEFAULTS);
	run(&again, x, 5000, &DETECT_DEFAULTS);
	/* The average of five rows remembers them: some of the next four may stand out from it. */
	bool first = false, second = false;
	for (size_t i = 0; i < r.n; i++) {
		size_t place = r.points[i].index;
		assert_true((place >= 1234 && place < 1239) || (place >= 4321 && place < 4326));
		first |= place == 1234;
		second |= place == 4321;
	}
	assert_true(first && second);
	assert_true(r.scores[1234] > 0.7 && r.scores[4321] > 0.7);
	assert_memory_equal(r.scores, again.scores, sizeof(x));
	for (size_t i = 0; i < 5000; i++)
		assert_true(r.scores[i] > 0 && r.scores[i] < 1);
	arena_fini(&arena);
}

static void test_series_in_which_nothing_stands_out(void **state)
{
	static const double same[300];
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	for (size_t n = 0; n <= 300; n += n < 3 ? 1 : 99) {
		run(&r, same, n, &DETECT_DEFAULTS);
		assert_int_equal(r.n, 0);
		assert_int_equal(r.n_scores, n);
		for (size_t i = 0; i < n; i++)
			assert_true(r.scores[i] <= 0.5);
	}
	arena_fini(&arena);
}

/* Twenty rows of 100 + 0.4 (37i mod 11 - 5), 8 more from row 15 on, and 50 + 0.25 (23i mod 7 - 3), 20 more in row 5; then with a column of
 * sevens between them and i mod 3 behind. Scores: scikit-learn 1.9.1, IsolationForest(contamination="auto", random_state=42). */
static void test_several_columns_as_scikit_learn_scores_them(void **state)
{
	static const double two[] = { .483569, .402702, .415017, .494658, .419393, .76286,  .446374,
				      .473823, .456422, .429285, .45956,  .473482, .407002, .427175,
				      .471619, .501496, .538572, .566155, .542381, .542857 };
	static const double four[] = { .537895, .433064, .452745, .495566, .438257, .710414, .459164,
				       .466613, .470324, .447493, .454352, .50097,  .460476, .436249,
				       .507948, .53286,  .531995, .56834,  .561159, .550399 };
	float narrow[20][2], wide[20][4];
	double scores[20];
	for (int i = 0; i < 20; i++) {
		narrow[i][0] = wide[i][0] = (float)(100 + 0.4 * (37 * i % 11 - 5) + (i >= 15 ? 8 : 0));
		narrow[i][1] = wide[i][2] = (float)(50 + 0.25 * (23 * i % 7 - 3) + (i == 5 ? 20 : 0));
		wide[i][1] = 7;
		wide[i][3] = (float)(i % 3);
	}
	struct forest_rows rows = { &narrow[0][0], 20, 2 };
	assert_int_equal(forest_scores(&rows, 42, scores, NULL, NULL), 0);
	for (size_t i = 0; i < 20; i++)
		assert_true(fabs(scores[i] - two[i]) < 1e-6);
	rows = (struct forest_rows){ &wide[0][0], 20, 4 };
	assert_int_equal(forest_scores(&rows, 42, scores, NULL, NULL), 0);
	for (size_t i = 0; i < 20; i++)
		assert_true(fabs(scores[i] - four[i]) < 1e-6);
}

/* Several columns in one forest, one of them constant. */
static void test_rows_of_several_columns(void **state)
{
	enum { ROWS = 200, COLUMNS = 3 };
	float values[ROWS][COLUMNS];
	double scores[ROWS];
	struct noise noise = noise_of(2);
	for (size_t i = 0; i < ROWS; i++) {
		values[i][0] = (float)gauss(&noise);
		values[i][1] = 7;
		values[i][2] = (float)gauss(&noise);
	}
	values[150][0] = 9;
	values[150][2] = -9;
	struct forest_rows rows = { &values[0][0], ROWS, COLUMNS };
	assert_int_equal(forest_scores(&rows, 42, scores, NULL, NULL), 0);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(scores[i] <= scores[150]);
	assert_true(scores[150] > 0.7);
	rows.n = 1; /* nothing to compare with */
	assert_int_equal(forest_scores(&rows, 42, scores, NULL, NULL), 0);
	assert_true(scores[0] == 0.5);
}

static bool at_once(void *arg)
{
	return true;
}

static void test_it_can_be_stopped_and_knows_its_limits(void **state)
{
	struct arena arena;
	arena_init(&arena, 0);
	struct change_result r = { .arena = &arena };
	struct detect_options o = DETECT_DEFAULTS;
	o.cancelled = at_once;
	const struct detector *d = detector_find(VIEW("iforest"));
	assert_int_equal(detect_series(d, ci, N_CI, &o, &r), ERR_CANCELLED);
	assert_int_equal(detect_series(d, ci, detector_most(d) + 1, &DETECT_DEFAULTS, &r), ERR_FULL);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_generator),
		cmocka_unit_test(test_the_set_that_every_build_of_orion_checks),
		cmocka_unit_test(test_only_the_asked_direction_and_size),
		cmocka_unit_test(test_a_long_series_with_two_outliers),
		cmocka_unit_test(test_series_in_which_nothing_stands_out),
		cmocka_unit_test(test_several_columns_as_scikit_learn_scores_them),
		cmocka_unit_test(test_rows_of_several_columns),
		cmocka_unit_test(test_it_can_be_stopped_and_knows_its_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
