#include "support.h"

#include "series/block.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define N 500

static wall_ms times[N], times_back[N];
static double values[N], back[N];

static void fill_times(void)
{
	for (int i = 0; i < N; i++)
		times[i] = 1763800000000 + i * 1000 + i * 7919 % 5;
}

static struct view encode(struct buf *b, uint32_t n, const struct block_column *columns, uint32_t n_columns)
{
	struct block_info info;
	struct view v;

	buf_init(b);
	assert_int_equal(block_encode(times, n, columns, n_columns, b), 0);
	v = (struct view){ b->data, b->len };
	assert_int_equal(block_check(v, &info), 0);
	assert_int_equal(info.n, n);
	assert_int_equal(info.n_columns, n_columns);
	assert_int_equal(info.first, times[0]);
	assert_int_equal(info.last, times[n - 1]);
	assert_int_equal(block_times(v, times_back), 0);
	assert_memory_equal(times, times_back, n * sizeof(*times));
	return v;
}

/* Encodes `values`; the decoded ones are `back`. Returns the size. */
static size_t round_trip(int decimals, uint32_t n)
{
	const struct block_column column = { 4000000000u, decimals, values };
	struct buf b;
	size_t size;

	assert_int_equal(block_values(encode(&b, n, &column, 1), 4000000000u, back), 0);
	size = b.len;
	buf_fini(&b);
	return size;
}

static void assert_same(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_true(isnan(values[i]) ? !!isnan(back[i])
					     : memcmp(&values[i], &back[i], sizeof(double)) == 0);
}

static void test_decimals_come_back_nearest(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = (i * 7907 % 10007) / 100.0 - 30;
	for (int i = 0; i < N;
	     i++) /* sums are not the nearest doubles of their decimals; what comes back is */
		values[i] = round(values[i] * 100) / 100;
	round_trip(2, N);
	assert_same(N);
}

static void test_rounds_to_the_declared_resolution(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = sin(i) * 50;
	round_trip(1, N);
	for (int i = 0; i < N; i++) {
		assert_true(back[i] == round(values[i] * 10) / 10);
		assert_true(back[i] == block_round(values[i], 1));
		assert_true(block_round(back[i], 1) == back[i]);
	}
}

static void test_unknown_resolution_is_bit_exact(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = sin(i) * 1e-5;
	values[7] = -0.0;
	values[8] = INFINITY;
	values[9] = -DBL_MAX;
	values[10] = DBL_TRUE_MIN;
	round_trip(-1, N);
	assert_same(N);
}

static void test_unknown_resolution_finds_decimals(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = i % 13 / 1000.0;
	assert_true(round_trip(-1, N) < 600);
	assert_same(N);
}

static void test_too_large_to_scale_falls_back(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = 0.5 + i;
	values[100] = 4503599627370496.0; /* 2^52 */
	round_trip(0, N);
	assert_same(N);
	values[100] = 1e300;
	round_trip(6, N);
	assert_same(N);
}

static void test_largest_scaled(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = (i % 2 ? 1 : -1) * 4503599627370495.0;
	round_trip(0, N);
	assert_same(N);
}

static void test_absent_values(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = i % 3 ? i * 0.25 : NAN; /* bitmap */
	round_trip(2, N);
	assert_same(N);
	for (int i = 0; i < N; i++)
		values[i] = i > 400 ? i * M_PI : NAN; /* runs, floats */
	round_trip(-1, N);
	assert_same(N);
	for (int i = 0; i < N; i++)
		values[i] = i < 10 ? i : NAN;
	round_trip(0, N);
	assert_same(N);
	for (int i = 0; i < N; i++)
		values[i] = NAN;
	round_trip(0, N);
	assert_same(N);
}

static void test_every_length(void **state)
{
	fill_times();
	for (int i = 0; i < N; i++)
		values[i] = (i * 7919 % 1000) * (i % 50 == 49 ? 1e9 : 1);
	for (uint32_t n = 1; n <= 200; n++) {
		round_trip(0, n);
		assert_same(n);
	}
}

static void test_random_integers_of_every_width(void **state)
{
	uint64_t x = 88172645463325252u;

	fill_times();
	for (int bits = 1; bits <= 51; bits++) {
		for (int i = 0; i < N; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			values[i] = (double)(int64_t)(x >> (64 - bits)) * (x & 1 ? 1 : -1) + 0.0;
		}
		round_trip(0, N);
		assert_same(N);
	}
}

static void test_odd_times(void **state)
{
	fill_times();
	values[0] = 1;
	for (int i = 0; i < N; i++)
		times[i] = i < 100 ? -4503599627370495 : i < 200 ? 0 : 4503599627370495 - N + i;
	for (int i = 0; i < N; i++)
		values[i] = i;
	round_trip(0, N);
	assert_same(N);
}

static void test_columns_are_independent(void **state)
{
	double a[N], b[N], c[N];
	const struct block_column columns[] = { { 9, 0, a }, { 3, 1, b }, { UINT32_MAX, -1, c } };
	uint32_t ids[3];
	struct buf buf;
	struct view v;

	fill_times();
	for (int i = 0; i < N; i++) {
		a[i] = i;
		b[i] = i / 10.0;
		c[i] = sqrt(i);
	}
	v = encode(&buf, N, columns, 3);
	assert_int_equal(block_columns(v, ids), 0);
	assert_int_equal(ids[0], 9);
	assert_int_equal(ids[1], 3);
	assert_int_equal(ids[2], UINT32_MAX);
	assert_int_equal(block_values(v, UINT32_MAX, back), 0);
	assert_memory_equal(back, c, sizeof(c));
	assert_int_equal(block_values(v, 3, back), 0);
	assert_memory_equal(back, b, sizeof(b));
	assert_int_equal(block_values(v, 4, back), ERR_MISSING);
	buf_fini(&buf);
}

static void test_a_run_of_columns_in_one_walk(void **state)
{
	static double one[N], two[N], run[4 * N];
	const struct block_column columns[] = {
		{ 16, 0, one }, { 24, 0, one }, { 26, 0, two }, { 32, 0, one }
	};
	struct block_info info;
	struct buf buf;

	fill_times();
	for (int i = 0; i < N; i++) {
		one[i] = i;
		two[i] = 2 * i;
	}
	struct view v = encode(&buf, N, columns, 4);
	assert_int_equal(block_check_sum(v, &info), 0);
	assert_int_equal(info.n_columns, 4);
	assert_int_equal(block_values_run(v, 24, 4, run), 0);
	assert_memory_equal(run, one, sizeof(one));
	assert_memory_equal(run + 2 * N, two, sizeof(two));
	for (int i = 0; i < N; i++)
		assert_true(isnan(run[N + i]) && isnan(run[3 * N + i]));
	assert_int_equal(block_values_run(v, 28, 4, run), ERR_MISSING);
	assert_int_equal(block_values_run(v, UINT32_MAX - 1, 2, run), ERR_MISSING);
	buf.data[buf.len / 2] ^= 1;
	assert_int_equal(block_check_sum(v, &info), ERR_CORRUPT);
	buf_fini(&buf);
}

static void test_refuses_bad_input(void **state)
{
	struct buf b;

	buf_init(&b);
	fill_times();
	assert_int_equal(block_encode(times, 0, NULL, 0, &b), ERR_RANGE);
	assert_int_equal(block_encode(times, BLOCK_MAX_SAMPLES + 1, NULL, 0, &b), ERR_RANGE);
	times[5] = times[4] - 1;
	assert_int_equal(block_encode(times, 10, NULL, 0, &b), ERR_RANGE);
	times[0] = INT64_MIN;
	assert_int_equal(block_encode(times, 1, NULL, 0, &b), ERR_RANGE);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimals_come_back_nearest),
		cmocka_unit_test(test_rounds_to_the_declared_resolution),
		cmocka_unit_test(test_unknown_resolution_is_bit_exact),
		cmocka_unit_test(test_unknown_resolution_finds_decimals),
		cmocka_unit_test(test_too_large_to_scale_falls_back),
		cmocka_unit_test(test_largest_scaled),
		cmocka_unit_test(test_absent_values),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_random_integers_of_every_width),
		cmocka_unit_test(test_odd_times),
		cmocka_unit_test(test_columns_are_independent),
		cmocka_unit_test(test_a_run_of_columns_in_one_walk),
		cmocka_unit_test(test_refuses_bad_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
