#include "detect/lag.h"

#include "series.h"

#define N 400
static double x[N], y[N], work[2 * N];

static void autoregressive(double *out, struct noise *noise, double phi)
{
	double v = 0;
	for (int i = -50; i < N; i++) {
		v = phi * v + gauss(noise);
		if (i >= 0)
			out[i] = v;
	}
}

static void test_who_leads(void **state)
{
	struct noise noise = noise_of(1);
	autoregressive(x, &noise, 0.5);
	for (int i = 0; i < N; i++)
		y[i] = (i >= 7 ? 3 * x[i - 7] : 0) + gauss(&noise);
	struct lag_result r = lag_correlate(x, y, N, 30, work);
	assert_int_equal(r.lag, 7);
	assert_true(r.r > 0.8 && r.p < 1e-9 && r.r > r.bound);
	r = lag_correlate(y, x, N, 30, work); /* the other way round */
	assert_int_equal(r.lag, -7);
	for (int i = 0; i < N; i++)
		y[i] = -y[i];
	r = lag_correlate(x, y, N, 30, work);
	assert_int_equal(r.lag, 7);
	assert_true(r.r < -0.8);
}

/* Series that know nothing of each other pass the bound about once in twenty searches, persistent ones too. */
static void test_chance(void **state)
{
	static const double phis[] = { 0, 0.5, 0.9 };
	for (size_t i = 0; i < 3; i++) {
		struct noise noise = noise_of(40 + i);
		size_t told = 0;
		for (int round = 0; round < 400; round++) {
			autoregressive(x, &noise, phis[i]);
			autoregressive(y, &noise, phis[i]);
			struct lag_result r = lag_correlate(x, y, N, 10, work);
			assert_true((r.p < 0.05) == (fabs(r.r) > r.bound));
			told += r.p < 0.05;
		}
		if (told > 40)
			fail_msg("phi %g: %zu of 400 searches told something", phis[i], told);
	}
}

static void test_scale_does_not_count(void **state)
{
	struct noise noise = noise_of(2);
	autoregressive(x, &noise, 0.3);
	for (int i = 0; i < N; i++)
		y[i] = x[i] + gauss(&noise);
	struct lag_result r = lag_correlate(x, y, N, 5, work);
	for (int i = 0; i < N; i++) {
		x[i] = x[i] * 1e-12 + 5e-9;
		y[i] = y[i] * 1e12;
	}
	struct lag_result scaled = lag_correlate(x, y, N, 5, work);
	assert_int_equal(scaled.lag, r.lag);
	assert_true(fabs(scaled.r - r.r) < 1e-6 && fabs(scaled.p - r.p) <= 1e-6);
}

static void test_nothing_to_correlate(void **state)
{
	for (int i = 0; i < N; i++) {
		x[i] = 0.1;
		y[i] = i;
	}
	assert_true(isnan(lag_correlate(x, y, N, 5, work).r));
	assert_true(isnan(lag_correlate(y, y, 3, 5, work).r));
	struct lag_result r = lag_correlate(y, y, N, 5 * N, work);
	assert_true(r.r > 0.99);
	assert_int_equal(r.lag, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_leads),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_scale_does_not_count),
		cmocka_unit_test(test_nothing_to_correlate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
