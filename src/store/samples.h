/* Series as the store knows them: ids that survive restarts, announced in the journal before their first tick. Loop only. */
#ifndef AUSPEX_STORE_SAMPLES_H
#define AUSPEX_STORE_SAMPLES_H

#include "base/arena.h"
#include "base/map.h"
#include "db.h"

/* Columns of a block of minutes: series * MINUTE_COLUMNS + field. */
#define MINUTE_COLUMNS 8
enum minute_field { MINUTE_N, MINUTE_SUM, MINUTE_MIN, MINUTE_MAX, MINUTE_LAST, MINUTE_FIELDS };
enum tier { TIER_RAW, TIER_MINUTE };
#define SERIES_ID_MAX (UINT32_MAX / MINUTE_COLUMNS)

struct known_series {
	struct view key; /* in the arena */
	uint32_t id;     /* the store's; 0 = free */
	uint32_t epoch;  /* announced in this epoch of the file */
	wall_ms last_t;
	struct series_meta meta; /* unit: in the arena */
};

struct known {
	struct arena arena;
	struct map by_key; /* → index in `all` */
	struct known_series *all;
	uint32_t count, cap, next_id;
	uint32_t *of_registry; /* registry id → index + 1; 0 = not looked up yet */
	uint32_t n_registry;
	wall_ms newest; /* sample in the file when it was read; INT64_MIN: none */
};

void known_init(struct known *k);
void known_fini(struct known *k);
/* Reads table `series` and the newest ticks. Forgets what it knew. */
int known_load(struct known *k, sqlite3 *db);
/* The entry of a series of the registry, made when new; NULL when out of memory. */
struct known_series *known_of(struct known *k, const struct registry *r, series_id id);
const struct known_series *known_find(const struct known *k, struct view key);

#endif
