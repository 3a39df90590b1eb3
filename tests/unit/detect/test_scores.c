#include "scores.h"

#include "series.h"

static void test_the_normal_deviate(void **state)
{
	assert_true(fabs(normal_quantile(0.5)) < 5e-4);
	assert_true(fabs(normal_quantile(0.975) - 1.959964) < 5e-4);
	assert_true(fabs(normal_quantile(1e-6) + 4.753424) < 5e-4);
	assert_true(normal_quantile(0.1) == -normal_quantile(0.9));
}

static void test_scores_follow_the_ranks(void **state)
{
	struct arena arena;
	struct scores s;
	struct noise n = noise_of(3);
	double x[1000], out[1000], sum = 0, squares = 0;
	arena_init(&arena, 0);
	assert_int_equal(scores_init(&s, &arena, 1000), 0);
	for (int i = 0; i < 1000; i++)
		x[i] = exp(3 * gauss(&n));
	scores_of(&s, x, 1000, out);
	for (int i = 0; i < 1000; i++) {
		sum += out[i];
		squares += out[i] * out[i];
		assert_true(i == 0 || (x[i] > x[i - 1]) == (out[i] > out[i - 1]));
	}
	assert_true(fabs(sum) < 1e-9 && fabs(squares / 1000 - 1) < 0.01);
	arena_fini(&arena);
}

/* Every length is sorted, in place or not. */
static void test_every_length(void **state)
{
	struct arena arena;
	struct scores s;
	struct noise n = noise_of(4);
	double x[200], out[200];
	arena_init(&arena, 0);
	assert_int_equal(scores_init(&s, &arena, 200), 0);
	for (size_t length = 0; length <= 200; length++) {
		for (size_t i = 0; i < length; i++)
			x[i] = out[i] = floor(20 * uniform(&n));
		scores_of(&s, out, length, out);
		for (size_t i = 1; i < length; i++) {
			assert_true(s.ranks[i - 1].value <= s.ranks[i].value);
			assert_true((x[i] > x[i - 1]) == (out[i] > out[i - 1]));
			assert_true((x[i] < x[i - 1]) == (out[i] < out[i - 1]));
		}
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_normal_deviate),
		cmocka_unit_test(test_scores_follow_the_ranks),
		cmocka_unit_test(test_every_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
