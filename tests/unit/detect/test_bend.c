#include "bend.h"

#include "series.h"

#define N 40

static double rest_of(const double *x, const struct bend *b)
{
	double out[N], squares = 0;
	bend_take(b, x, N, out);
	for (size_t i = 0; i < N; i++)
		squares += out[i] * out[i];
	return squares;
}

static void test_a_parabola_leaves_nothing(void **state)
{
	double x[N];
	for (size_t i = 0; i < N; i++)
		x[i] = 1000 - 3 * (double)i + 0.2 * (double)(i * i);
	struct bend b = bend_find(x, N);
	assert_true(b.rest < 1e-12 * 1000 * 1000 && b.cycles == 0);
	assert_true(rest_of(x, &b) < 1e-12 * 1000 * 1000);
}

/* Whatever its phase and length, for lengths between those that are tried as well. */
static void test_a_wave_leaves_little(void **state)
{
	double x[N];
	for (double cycles = 0.7; cycles < 1.95; cycles += 0.05)
		for (double phase = 0; phase < 6.3; phase += 0.5) {
			for (size_t i = 0; i < N; i++)
				x[i] = 50 + sin(6.283185307179586 * cycles * (double)i / N + phase);
			struct bend b = bend_find(x, N);
			assert_true(b.rest < 0.05 * N);
			assert_true(fabs(rest_of(x, &b) - b.rest) < 1e-9);
		}
}

static void test_a_step_and_its_noise_stay(void **state)
{
	double x[N];
	for (size_t i = 0; i < N; i++)
		x[i] = i < N / 2 ? 0 : 1;
	struct bend b = bend_find(x, N);
	assert_true(b.rest > 0.03 * N); /* of 0.25 N: a wave of squares has 8 / pi^2 in its sine */
	for (size_t i = 0; i < N; i++)
		x[i] = 7;
	b = bend_find(x, N);
	assert_true(b.rest == 0 && b.middle == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_parabola_leaves_nothing),
		cmocka_unit_test(test_a_wave_leaves_little),
		cmocka_unit_test(test_a_step_and_its_noise_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
