#include "series/block.h"

#include "base/digest.h"
#include "block_layout.h"
#include "floats.h"
#include "ints.h"
#include "presence.h"

#include <math.h>

struct layout {
	struct block_info info;
	struct reader times;   /* the encoded times */
	struct reader columns; /* from the first column to the CRC */
};

/* Reads the head; columns are walked by their users. */
static int open_block(struct view block, struct layout *l)
{
	const unsigned char *p = (const unsigned char *)block.data;
	struct reader r = { p, p, false };
	uint64_t n, n_columns, first, span;

	if (block.len < 2 + BLOCK_CRC_SIZE)
		return ERR_CORRUPT;
	r.end = p + block.len - BLOCK_CRC_SIZE;
	if (wire_get_u8(&r) != BLOCK_MAGIC)
		return ERR_CORRUPT;
	if (wire_get_u8(&r) != BLOCK_VERSION)
		return ERR_VERSION;
	n = wire_get_varint(&r);
	n_columns = wire_get_varint(&r);
	first = unzigzag(wire_get_varint(&r));
	span = wire_get_varint(&r);
	l->times = reader_cut(&r, wire_get_varint(&r));
	if (r.failed || n == 0 || n > BLOCK_MAX_SAMPLES || n_columns > reader_left(&r))
		return ERR_CORRUPT;
	l->columns = r;
	l->info = (struct block_info){
		.n = (uint32_t)n,
		.n_columns = (uint32_t)n_columns,
		.first = (wall_ms)first,
		.last = (wall_ms)(first + span),
	};
	return 0;
}

/* Steps to the next column; false at the end or when the bytes are bad (r->failed). */
static bool next_column(struct reader *r, int64_t *id, struct reader *payload)
{
	if (reader_left(r) == 0)
		return false;
	*id = (int64_t)((uint64_t)*id + unzigzag(wire_get_varint(r)));
	*payload = reader_cut(r, wire_get_varint(r));
	if (*id < 0 || *id > UINT32_MAX)
		r->failed = true;
	return !r->failed;
}

static uint32_t stored_crc(struct view block)
{
	const unsigned char *p = (const unsigned char *)block.data + block.len - BLOCK_CRC_SIZE;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int open_checked(struct view block, struct layout *l)
{
	int rc = open_block(block, l);
	if (rc == 0 && crc32c(0, block.data, block.len - BLOCK_CRC_SIZE) != stored_crc(block))
		rc = ERR_CORRUPT;
	return rc;
}

int block_check_sum(struct view block, struct block_info *info)
{
	struct layout l;
	int rc = open_checked(block, &l);
	if (rc == 0)
		*info = l.info;
	return rc;
}

int block_check(struct view block, struct block_info *info)
{
	struct reader payload;
	struct layout l;
	int64_t id = 0;
	uint32_t columns = 0;
	int rc = open_checked(block, &l);

	if (rc < 0)
		return rc;
	while (next_column(&l.columns, &id, &payload))
		columns++;
	if (l.columns.failed || columns != l.info.n_columns)
		return ERR_CORRUPT;
	*info = l.info;
	return 0;
}

int block_columns(struct view block, uint32_t *ids)
{
	struct reader payload;
	struct layout l;
	int64_t id = 0;
	int rc = open_block(block, &l);

	for (uint32_t i = 0; rc == 0 && i < l.info.n_columns; i++) {
		if (next_column(&l.columns, &id, &payload))
			ids[i] = (uint32_t)id;
		else
			rc = ERR_CORRUPT;
	}
	return rc;
}

int block_times(struct view block, wall_ms *times)
{
	int64_t some[FRAME_VALUES];
	struct ints_reader in;
	struct layout l;
	uint32_t n = 0;
	int rc = open_block(block, &l);

	if (rc < 0)
		return rc;
	ints_open(&in, &l.times, l.info.n);
	for (unsigned m; (m = ints_next(&in, some)) > 0; n += m)
		memcpy(times + n, some, m * sizeof(*times));
	if (l.times.failed || times[0] != l.info.first || times[n - 1] != l.info.last)
		return ERR_CORRUPT;
	for (uint32_t i = 1; i < n; i++)
		if (times[i] < times[i - 1])
			return ERR_CORRUPT;
	return 0;
}

static void read_scaled(struct reader *r, int decimals, double *values, uint32_t n)
{
	double scale = decimal_scale(decimals);
	int64_t some[FRAME_VALUES];
	struct ints_reader in;

	ints_open(&in, r, n);
	for (unsigned m; (m = ints_next(&in, some)) > 0; values += m)
		for (unsigned i = 0; i < m; i++)
			values[i] = (double)some[i] / scale;
}

/* Moves the present values from the front to their places, from the back so that none is overwritten. */
static void spread(const struct presence_map *map, double *values)
{
	uint32_t from = map->present;

	for (uint32_t i = map->n; i-- > 0;)
		values[i] = presence_get(map, i) ? values[--from] : NAN;
}

static int read_column(struct reader *r, uint32_t n, double *values)
{
	unsigned head = wire_get_u8(r), form = head >> 2 & 3;
	enum column_kind kind = (enum column_kind)(head & 3);
	struct presence_map map;

	if (r->failed || kind > COLUMN_FLOATS || form >= PRESENCE_KINDS)
		return ERR_CORRUPT;
	if (kind == COLUMN_ABSENT) {
		for (uint32_t i = 0; i < n; i++)
			values[i] = NAN;
		return 0;
	}
	presence_read(r, (enum presence)form, n, &map);
	if (r->failed || map.present == 0)
		return ERR_CORRUPT;
	if (kind == COLUMN_SCALED)
		read_scaled(r, (int)(head >> 4), values, map.present);
	else
		floats_read(r, values, map.present);
	if (r->failed)
		return ERR_CORRUPT;
	if (map.present < n)
		spread(&map, values);
	return 0;
}

int block_values_run(struct view block, uint32_t id, uint32_t n_ids, double *values)
{
	struct reader payload;
	struct layout l;
	int64_t at = 0;
	uint32_t found = 0;
	int rc = open_block(block, &l);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < (size_t)n_ids * l.info.n; i++)
		values[i] = NAN;
	while (rc == 0 && found < n_ids && next_column(&l.columns, &at, &payload)) {
		if (at < id || at - id >= n_ids)
			continue;
		rc = read_column(&payload, l.info.n, values + (size_t)(at - id) * l.info.n);
		found++;
	}
	if (rc < 0 || l.columns.failed)
		return ERR_CORRUPT;
	return found ? 0 : ERR_MISSING;
}

int block_values(struct view block, uint32_t id, double *values)
{
	return block_values_run(block, id, 1, values);
}
