/* How many bytes a sample takes on traces shaped like a host's. Seeded, so the sizes are always the same. */
#include "support.h"

#include "series/block.h"

#include <math.h>
#include <stdio.h>

#define N 120

struct source {
	uint64_t seed;
	double level, counter;
};

static double uniform(struct source *s)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (double)(s->seed >> 11) / 9007199254740992.0;
}

/* Twelve uniforms: near enough to a normal one. */
static double normal(struct source *s)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform(s);
	return sum;
}

static double cpu_percent(struct source *s)
{
	s->level += normal(s) * 1.5 + (12 - s->level) * 0.05;
	return fabs(s->level + (uniform(s) < 0.02 ? 40 : 0));
}

static double memory_mib(struct source *s)
{
	s->level += normal(s) * 4;
	return 3000 + s->level;
}

static double memory_bytes(struct source *s)
{
	s->level += floor(normal(s) * 300);
	return 3e9 - fmod(3e9, 4096) + s->level * 4096;
}

static double load(struct source *s)
{
	s->level += (uniform(s) * 2 - s->level) * 0.08;
	return s->level;
}

static double byte_counter(struct source *s)
{
	s->counter += floor(40000 + fabs(normal(s)) * 15000);
	return s->counter;
}

static double request_counter(struct source *s)
{
	s->counter += floor(uniform(s) * 30);
	return s->counter;
}

static double constant(struct source *s)
{
	return 8;
}

static const struct shape {
	const char *name;
	double (*next)(struct source *s);
	int decimals;
	double most; /* bytes a sample */
} shapes[] = {
	{ "cpu percent, 1 decimal", cpu_percent, 1, 1.4 },
	{ "memory MiB, 1 decimal", memory_mib, 1, 1.3 },
	{ "memory bytes, in pages", memory_bytes, 0, 1.9 },
	{ "load, 2 decimals", load, 2, 1.0 },
	{ "load, 3 decimals", load, 3, 1.4 },
	{ "byte counter", byte_counter, 0, 2.4 },
	{ "request counter", request_counter, 0, 1.0 },
	{ "constant", constant, 0, 0.15 },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void fill_times(struct source *s, wall_ms *times, double jitter_ms)
{
	for (int i = 0; i < N; i++)
		times[i] = 1763800000000 + i * 1000 + (wall_ms)(uniform(s) * jitter_ms);
}

static size_t encoded_size(const wall_ms *times, const struct block_column *columns, uint32_t n_columns)
{
	struct buf b;
	size_t size;

	buf_init(&b);
	assert_int_equal(block_encode(times, N, columns, n_columns, &b), 0);
	size = b.len;
	buf_fini(&b);
	return size;
}

static void test_each_shape(void **state)
{
	struct source s = { .seed = 42 };
	double values[N];
	wall_ms times[N];
	size_t empty;

	fill_times(&s, times, 0);
	empty = encoded_size(times, NULL, 0);
	for (size_t i = 0; i < SHAPES; i++) {
		const struct block_column column = { 1, shapes[i].decimals, values };
		double each;
		s = (struct source){ .seed = 42 };
		for (int k = 0; k < N; k++)
			values[k] = shapes[i].next(&s);
		each = (double)(encoded_size(times, &column, 1) - empty) / N;
		print_message("%-26s %.2f bytes a sample\n", shapes[i].name, each);
		assert_true(each <= shapes[i].most);
	}
}

static void test_a_host(void **state)
{
	static double values[SHAPES][N];
	struct block_column columns[SHAPES];
	struct source s = { .seed = 7 };
	wall_ms times[N];
	double each;

	fill_times(&s, times, 4);
	for (uint32_t i = 0; i < SHAPES; i++) {
		struct source own = { .seed = 1000 + i };
		for (int k = 0; k < N; k++)
			values[i][k] = shapes[i].next(&own);
		columns[i] = (struct block_column){ i, shapes[i].decimals, values[i] };
	}
	each = (double)encoded_size(times, columns, SHAPES) / (N * SHAPES);
	print_message("all together, with times   %.2f bytes a sample\n", each);
	assert_true(each <= 2.0);
}

static void test_times(void **state)
{
	struct source s = { .seed = 9 };
	wall_ms times[N];

	fill_times(&s, times, 0);
	print_message("regular tick               %zu bytes for %d times, head and CRC included\n",
		      encoded_size(times, NULL, 0), N);
	assert_true(encoded_size(times, NULL, 0) <= 32);
	fill_times(&s, times, 4);
	print_message("tick with 4 ms of jitter   %zu bytes for %d times\n", encoded_size(times, NULL, 0), N);
	assert_true(encoded_size(times, NULL, 0) <= 40 + N * 2 / 8);
}

static void test_a_spike_does_not_widen_its_frame(void **state)
{
	double calm[N], spike[N];
	const struct block_column a = { 1, 0, calm }, b = { 1, 0, spike };
	wall_ms times[N];

	for (int i = 0; i < N; i++) {
		times[i] = i * 1000;
		calm[i] = spike[i] = i * 7 % 8;
	}
	spike[50] = 1e12;
	assert_true(encoded_size(times, &b, 1) <= encoded_size(times, &a, 1) + 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_shape),
		cmocka_unit_test(test_a_host),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_a_spike_does_not_widen_its_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
