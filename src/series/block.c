#include "series/block.h"

#include "base/digest.h"
#include "block_layout.h"
#include "floats.h"
#include "ints.h"
#include "presence.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Without a declared resolution, so many decimals are tried for an exact fit before falling back to XOR:
 * values that were decimal text once (and most were) need a fourth of its bytes. */
#define TRIED_DECIMALS 9

double decimal_scale(int decimals)
{
	static const double scales[BLOCK_DECIMALS_MAX + 1] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
							       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

	return scales[decimals];
}

/* k with k / scale nearest to v. False if it does not fit, or if encoding what decoding gives would not give
 * k again. */
static bool to_scaled(double v, double scale, int64_t *k)
{
	double scaled = nearbyint(v * scale);

	if (!(fabs(scaled) < (double)BLOCK_INT_LIMIT))
		return false;
	*k = (int64_t)scaled;
	return nearbyint(scaled / scale * scale) == scaled;
}

double block_round(double v, int decimals)
{
	int64_t k;

	if (decimals < 0 || decimals > BLOCK_DECIMALS_MAX || !to_scaled(v, decimal_scale(decimals), &k))
		return v;
	return (double)k / decimal_scale(decimals);
}

static bool same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Scales the present values into `k`. False if one does not fit, or with `exact` is not given back bit for
 * bit. */
static bool scale_values(const double *values, uint32_t n, int decimals, bool exact, int64_t *k)
{
	double scale = decimal_scale(decimals);
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (isnan(values[i]))
			continue;
		if (!to_scaled(values[i], scale, &k[m]))
			return false;
		if (exact && !same_bits((double)k[m] / scale, values[i]))
			return false;
		m++;
	}
	return true;
}

/* Decimals to use, the scaled values in `k`; -1: use floats. */
static int choose_decimals(const struct block_column *c, uint32_t n, int64_t *k)
{
	if (c->decimals >= 0 && c->decimals <= BLOCK_DECIMALS_MAX)
		return scale_values(c->values, n, c->decimals, false, k) ? c->decimals : -1;
	for (int d = 0; d <= TRIED_DECIMALS; d++)
		if (scale_values(c->values, n, d, true, k))
			return d;
	return -1;
}

static uint32_t count_present(const double *values, uint32_t n)
{
	uint32_t present = 0;

	for (uint32_t i = 0; i < n; i++)
		present += !isnan(values[i]);
	return present;
}

static unsigned column_head(enum column_kind kind, enum presence form, int decimals)
{
	return (unsigned)kind | (unsigned)form << 2 | (unsigned)decimals << 4;
}

static void write_column(const struct block_column *c, uint32_t n, int64_t *k, struct buf *out)
{
	uint32_t present = count_present(c->values, n);
	size_t head = out->len;
	enum presence form;
	int decimals;

	wire_put_u8(out, column_head(COLUMN_ABSENT, PRESENCE_ALL, 0));
	if (present == 0)
		return;
	form = presence_write(c->values, n, out);
	decimals = choose_decimals(c, n, k);
	if (decimals >= 0)
		ints_write(k, present, out);
	else
		floats_write(c->values, n, out);
	if (!out->failed)
		out->data[head] = (char)(decimals >= 0 ? column_head(COLUMN_SCALED, form, decimals)
						       : column_head(COLUMN_FLOATS, form, 0));
}

static bool times_ok(const wall_ms *times, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (times[i] <= -BLOCK_INT_LIMIT || times[i] >= BLOCK_INT_LIMIT ||
		    (i && times[i] < times[i - 1]))
			return false;
	return true;
}

static void append_part(const struct buf *part, struct buf *out)
{
	wire_put_varint(out, part->len);
	buf_append(out, part->data, part->len);
}

static void write_times(const wall_ms *times, uint32_t n, int64_t *k, struct buf *part, struct buf *out)
{
	wire_put_varint(out, zigzag((uint64_t)times[0]));
	wire_put_varint(out, (uint64_t)(times[n - 1] - times[0]));
	memcpy(k, times, n * sizeof(*k));
	ints_write(k, n, part);
	append_part(part, out);
}

static void write_crc(struct buf *out, size_t start)
{
	uint32_t crc;

	if (out->failed)
		return;
	crc = crc32c(0, out->data + start, out->len - start);
	for (int i = 0; i < BLOCK_CRC_SIZE; i++)
		wire_put_u8(out, crc >> (8 * i) & 0xff);
}

int block_encode(const wall_ms *times, uint32_t n, const struct block_column *columns, uint32_t n_columns,
		 struct buf *out)
{
	size_t start = out->len;
	struct buf part;
	int64_t *k;
	int rc;

	if (n == 0 || n > BLOCK_MAX_SAMPLES || !times_ok(times, n))
		return ERR_RANGE;
	k = malloc(n * sizeof(*k));
	if (!k)
		return -ENOMEM;
	buf_init(&part);
	wire_put_u8(out, BLOCK_MAGIC);
	wire_put_u8(out, BLOCK_VERSION);
	wire_put_varint(out, n);
	wire_put_varint(out, n_columns);
	write_times(times, n, k, &part, out);
	for (uint32_t c = 0; c < n_columns; c++) {
		int64_t before = c ? columns[c - 1].id : 0;
		buf_clear(&part);
		write_column(&columns[c], n, k, &part);
		wire_put_varint(out, zigzag((uint64_t)(columns[c].id - before)));
		append_part(&part, out);
		out->failed |= part.failed;
	}
	write_crc(out, start);
	rc = out->failed || part.failed ? -ENOMEM : 0;
	buf_fini(&part);
	free(k);
	return rc;
}
