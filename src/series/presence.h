/* Which of a column's values are there: a bitmap, or lengths of runs (absent, present, absent, …) when that is
 * shorter, as it is for a column that appeared late or had one gap. */
#ifndef AUSPEX_SERIES_PRESENCE_H
#define AUSPEX_SERIES_PRESENCE_H

#include "series/block.h"
#include "wire.h"

enum presence { PRESENCE_ALL, PRESENCE_BITMAP, PRESENCE_RUNS, PRESENCE_KINDS };

struct presence_map {
	uint32_t n, present;
	unsigned char bits[BLOCK_MAX_SAMPLES / 8];
};

static inline bool presence_get(const struct presence_map *m, uint32_t i)
{
	return m->bits[i / 8] >> (i % 8) & 1;
}

/* Appends what tells the values from the gaps (nothing for PRESENCE_ALL) and returns the form chosen. */
enum presence presence_write(const double *values, uint32_t n, struct buf *out);
/* Fills the map; sets r->failed on hostile bytes. */
void presence_read(struct reader *r, enum presence form, uint32_t n, struct presence_map *map);

#endif
