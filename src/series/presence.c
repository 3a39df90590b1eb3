#include "presence.h"

#include <math.h>

static uint32_t run_length(const double *values, uint32_t n, uint32_t at, bool absent)
{
	uint32_t end = at;

	while (end < n && !!isnan(values[end]) == absent)
		end++;
	return end - at;
}

/* Calls for each run in turn; the first one is absent and may be 0 long. Returns the bytes of all lengths. */
static size_t write_runs(const double *values, uint32_t n, struct buf *out)
{
	bool absent = true;
	size_t size = 0;

	for (uint32_t at = 0, length; at < n; at += length, absent = !absent) {
		length = run_length(values, n, at, absent);
		size += varint_size(length);
		if (out)
			wire_put_varint(out, length);
	}
	return size;
}

static void write_bitmap(const double *values, uint32_t n, struct buf *out)
{
	unsigned byte = 0;

	for (uint32_t i = 0; i < n; i++) {
		byte |= (isnan(values[i]) ? 0u : 1u) << (i % 8);
		if (i % 8 == 7 || i == n - 1) {
			wire_put_u8(out, byte);
			byte = 0;
		}
	}
}

enum presence presence_write(const double *values, uint32_t n, struct buf *out)
{
	if (run_length(values, n, 0, false) == n)
		return PRESENCE_ALL;
	if (write_runs(values, n, NULL) <= (n + 7) / 8) {
		write_runs(values, n, out);
		return PRESENCE_RUNS;
	}
	write_bitmap(values, n, out);
	return PRESENCE_BITMAP;
}

static void set_run(struct presence_map *map, uint32_t at, uint32_t length)
{
	for (uint32_t i = at; i < at + length; i++)
		map->bits[i / 8] |= (unsigned char)(1u << (i % 8));
	map->present += length;
}

static void read_runs(struct reader *r, struct presence_map *map)
{
	bool absent = true;

	for (uint32_t at = 0; at < map->n && !r->failed; absent = !absent) {
		uint64_t length = wire_get_varint(r);
		if (length > map->n - at ||
		    (length == 0 && at > 0)) { /* an empty run would make no headway */
			r->failed = true;
			return;
		}
		if (!absent)
			set_run(map, at, (uint32_t)length);
		at += (uint32_t)length;
	}
}

static void read_bitmap(struct reader *r, struct presence_map *map)
{
	struct reader bytes = reader_cut(r, (map->n + 7) / 8);

	if (bytes.failed)
		return;
	memcpy(map->bits, bytes.p, (map->n + 7) / 8);
	for (uint32_t i = 0; i < map->n; i++)
		map->present += presence_get(map, i);
}

void presence_read(struct reader *r, enum presence form, uint32_t n, struct presence_map *map)
{
	map->n = n;
	map->present = 0;
	memset(map->bits, 0, (n + 7) / 8);
	if (form == PRESENCE_ALL)
		set_run(map, 0, n);
	else if (form == PRESENCE_RUNS)
		read_runs(r, map);
	else
		read_bitmap(r, map);
}
