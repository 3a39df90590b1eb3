/* Blocks, both ways. The first byte chooses: even, the rest is a hostile block (its CRC is made right, so
 * that what lies behind it is reached); odd, the rest describes columns that must come back as they went in.
 */
#include "base/digest.h"
#include "series/block.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void decode_hostile(const uint8_t *data, size_t size)
{
	struct view v = { NULL, size };
	struct block_info info;
	char *copy;
	uint32_t crc;

	if (size < 4)
		return;
	copy = malloc(size);
	memcpy(copy, data, size);
	crc = crc32c(0, copy, size - 4);
	for (int i = 0; i < 4; i++)
		copy[size - 4 + i] = (char)(crc >> (8 * i));
	v.data = copy;
	if (block_check(v, &info) == 0) {
		uint32_t *ids = malloc(info.n_columns * sizeof(*ids) + 1);
		wall_ms *times = malloc(info.n * sizeof(*times));
		double *values = malloc(info.n * sizeof(*values));
		block_times(v, times);
		require(block_columns(v, ids) == 0);
		for (uint32_t c = 0; c < info.n_columns && c < 50; c++)
			block_values(v, ids[c], values);
		free(ids);
		free(times);
		free(values);
	}
	free(copy);
}

static bool same(double a, double b)
{
	return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* Either all values are kept bit for bit, or all are at the declared resolution. */
static void compare(const double *in, const double *out, uint32_t n, int decimals)
{
	bool exact = true, rounded = true;

	for (uint32_t i = 0; i < n; i++) {
		exact = exact && same(in[i], out[i]);
		/* the sign of a zero is below any resolution */
		rounded = rounded && (same(block_round(in[i], decimals), out[i]) ||
				      (out[i] == 0 && block_round(in[i], decimals) == 0));
	}
	require(exact || (decimals >= 0 && rounded));
}

#define ROWS_MAX 4096

static void round_trip(const uint8_t *data, size_t size)
{
	static const double steps[4] = { 1, 0.1, 1000, 0.001 };
	int decimals = (data[0] & 15) - 1, how = data[0] >> 4;
	uint32_t n = 0;
	wall_ms *times = malloc(ROWS_MAX * sizeof(*times)), t = 1763800000000;
	double *in = malloc(ROWS_MAX * sizeof(*in)), *out = malloc(ROWS_MAX * sizeof(*out)), level = 0;
	wall_ms *times_out = malloc(ROWS_MAX * sizeof(*times_out));
	struct block_column column = { 77, decimals, in };
	struct view v;
	struct buf b;

	for (data++, size--; size >= 9 && n < ROWS_MAX; data += 9, size -= 9, n++) {
		t += data[0] < 128 ? 1000 + data[0] % 4 : (wall_ms)(data[0] - 128) << (data[1] % 30);
		times[n] = t;
		if (how & 4)
			memcpy(&in[n], data + 1, sizeof(double));
		else
			in[n] = level += (int8_t)data[1] * steps[how & 3];
		if ((how & 8) && data[8] < 64)
			in[n] = NAN;
	}
	buf_init(&b);
	require(block_encode(times, n, &column, 1, &b) == (n ? 0 : ERR_RANGE));
	v = (struct view){ b.data, b.len };
	if (n) {
		require(block_times(v, times_out) == 0 && block_values(v, 77, out) == 0);
		require(memcmp(times, times_out, n * sizeof(*times)) == 0);
		compare(in, out, n, decimals);
	}
	buf_fini(&b);
	free(times);
	free(times_out);
	free(in);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] % 2 == 0)
		decode_hostile(data + 1, size - 1);
	else
		round_trip(data + 1, size - 1);
	return 0;
}
