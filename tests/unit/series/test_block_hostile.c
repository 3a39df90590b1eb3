#include "support.h"

#include "base/digest.h"
#include "series/block.h"

#include <math.h>
#include <stdlib.h>

#define N 200

static wall_ms times[N];
static double values[2][N];

static void encode(struct buf *b)
{
	const struct block_column columns[] = { { 1, 1, values[0] }, { 2, -1, values[1] } };

	for (int i = 0; i < N; i++) {
		times[i] = 1763800000000 + i * 1000 + i % 3;
		values[0][i] = i % 20 ? i / 10.0 : NAN;
		values[1][i] = sin(i);
	}
	buf_init(b);
	assert_int_equal(block_encode(times, N, columns, 2, b), 0);
}

static void fix_crc(char *data, size_t len)
{
	uint32_t crc = crc32c(0, data, len - 4);

	for (int i = 0; i < 4; i++)
		data[len - 4 + i] = (char)(crc >> (8 * i));
}

/* Reads all of a block whose size was checked; the sanitizers judge. */
static void read_all(struct view v)
{
	struct block_info info;
	uint32_t *ids;
	wall_ms *t;
	double *d;

	if (block_check(v, &info) < 0)
		return;
	ids = malloc(info.n_columns * sizeof(*ids) + 1);
	t = malloc(info.n * sizeof(*t));
	d = malloc(info.n * sizeof(*d));
	block_times(v, t);
	if (block_columns(v, ids) == 0)
		for (uint32_t c = 0; c < info.n_columns; c++)
			block_values(v, ids[c], d);
	free(ids);
	free(t);
	free(d);
}

static void test_every_flipped_bit_is_noticed(void **state)
{
	struct block_info info;
	struct buf b;

	encode(&b);
	for (size_t i = 0; i < b.len * 8; i++) {
		b.data[i / 8] ^= (char)(1 << i % 8);
		assert_true(block_check((struct view){ b.data, b.len }, &info) < 0);
		b.data[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_equal(block_check((struct view){ b.data, b.len }, &info), 0);
	buf_fini(&b);
}

static void test_every_truncation_is_noticed(void **state)
{
	struct block_info info;
	struct buf b;

	encode(&b);
	for (size_t len = 0; len < b.len; len++) {
		char *exact = malloc(len + 1);
		memcpy(exact, b.data, len);
		assert_int_equal(block_check((struct view){ exact, len }, &info), ERR_CORRUPT);
		free(exact);
	}
	buf_fini(&b);
}

static void test_damage_under_a_right_crc_is_survived(void **state)
{
	struct buf b;

	encode(&b);
	for (size_t i = 0; i + 4 < b.len; i++) {
		for (int change = 0; change < 256; change += 5) {
			char *exact = malloc(b.len);
			memcpy(exact, b.data, b.len);
			exact[i] = (char)change;
			fix_crc(exact, b.len);
			read_all((struct view){ exact, b.len });
			free(exact);
		}
	}
	buf_fini(&b);
}

static void test_unknown_version(void **state)
{
	struct block_info info;
	struct buf b;

	encode(&b);
	b.data[1] = 9;
	fix_crc(b.data, b.len);
	assert_int_equal(block_check((struct view){ b.data, b.len }, &info), ERR_VERSION);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flipped_bit_is_noticed),
		cmocka_unit_test(test_every_truncation_is_noticed),
		cmocka_unit_test(test_damage_under_a_right_crc_is_survived),
		cmocka_unit_test(test_unknown_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
