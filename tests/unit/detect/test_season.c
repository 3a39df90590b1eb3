#include "detect/season.h"

#include "series.h"

#define MOST 20000

static struct noise noise;
static double x[MOST], out[MOST], work[2 * MOST];

static struct season find(size_t n)
{
	return season_find(x, n, work);
}

static void wave(size_t n, double period, double height)
{
	for (size_t i = 0; i < n; i++)
		x[i] = 100 + height * sin(6.283185307179586 * (double)i / period) + gauss(&noise);
}

static void test_periods_are_found(void **state)
{
	static const struct {
		size_t n, period;
	} cases[] = { { 30, 7 }, { 50, 24 }, { 100, 24 }, { 365, 7 }, { 4032, 288 }, { 20000, 1440 } };
	noise = noise_of(1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wave(cases[i].n, (double)cases[i].period, 4);
		size_t found = find(cases[i].n).period;
		size_t reach = cases[i].period / 24;
		assert_in_range(found, cases[i].period - reach, cases[i].period + reach);
	}
}

/* Five working days and a weekend: no sine. */
static void test_any_shape(void **state)
{
	noise = noise_of(2);
	for (size_t i = 0; i < 140; i++)
		x[i] = (i % 7 < 5 ? 10 : 0) + gauss(&noise);
	struct season s = find(140);
	assert_int_equal(s.period, 7);
	assert_false(s.smooth);
	season_take(&s, x, x, 140, out, work);
	for (size_t i = 0; i < 140; i++)
		assert_true(fabs(out[i] - 50.0 / 7) < 5);
}

static unsigned false_periods(size_t n, double correlation)
{
	unsigned found = 0;
	for (int series = 0; series < 200; series++) {
		double last = gauss(&noise);
		for (size_t i = 0; i < n; i++)
			x[i] = last =
				correlation * last + sqrt(1 - correlation * correlation) * gauss(&noise);
		found += find(n).period > 0;
	}
	return found;
}

static void test_noise_has_none(void **state)
{
	static const size_t lengths[] = { 8, 12, 20, 30, 50, 100, 365 };
	noise = noise_of(3);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		assert_in_range(false_periods(lengths[i], 0), 0, 2);
	assert_in_range(false_periods(365, 0.8), 0, 30); /* slow waves that happen to come again */
}

/* A few rare events that happen to be as far apart as some others are no season. */
static void test_rare_events_have_none(void **state)
{
	unsigned found = 0;
	noise = noise_of(4);
	for (int series = 0; series < 200; series++) {
		for (size_t i = 0; i < 100; i++)
			x[i] = uniform(&noise) < 0.05 ? 1 + floor(3 * uniform(&noise)) : 0;
		found += find(100).period > 0;
	}
	assert_in_range(found, 0, 2);
}

static void test_short_and_constant_series(void **state)
{
	for (size_t i = 0; i < 100; i++)
		x[i] = 7;
	for (size_t n = 0; n <= 100; n++)
		assert_int_equal(find(n).period, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_periods_are_found),
		cmocka_unit_test(test_any_shape),
		cmocka_unit_test(test_noise_has_none),
		cmocka_unit_test(test_rare_events_have_none),
		cmocka_unit_test(test_short_and_constant_series),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
