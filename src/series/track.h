/* A track: the recent history of one emitter, all of whose series share the time of a row. Group 0 (single samples)
 * has one track, a "lane", per series.
 *
 *     raw       open sheet of ticks     → sealed blocks, column c = c
 *     running   the minute under way, one struct step per column
 *     minutes   open sheet of minutes   → sealed blocks, column c = c * MINUTE_FIELDS + field
 *
 * A track does not know budgets: tiers.c decides whether a sheet may grow or has to be sealed instead.
 */
#ifndef AUSPEX_SERIES_TRACK_H
#define AUSPEX_SERIES_TRACK_H

#include "series/tiers.h"
#include "sheet.h"
#include "shelf.h"

#define MINUTE_NONE INT64_MIN
#define FIRST_ROWS  4

enum tier { TIER_RAW, TIER_MINUTE, TIERS };
enum minute_field { MINUTE_COUNT, MINUTE_MIN, MINUTE_MAX, MINUTE_SUM, MINUTE_LAST, MINUTE_FIELDS };

struct column {
	series_id series;
	int decimals;
	struct step running;
};

struct track {
	series_group group; /* 0 = lane */
	uint32_t n_columns, cap_columns;
	struct column *columns;
	struct sheet sheets[TIERS];
	struct chain chains[TIERS];
	wall_ms minute; /* start of the running minute, or MINUTE_NONE */
};

struct track *track_new(series_group group);
/* Its sealed blocks must be gone. */
void track_free(struct track *track);
/* Bytes of everything but sealed blocks. */
size_t track_bytes(const struct track *track);
/* Sheet columns of a tier. */
uint32_t track_width(const struct track *track, enum tier tier);
/* Room for `columns` columns. 0 or -ENOMEM. */
int track_reserve(struct track *track, uint32_t columns);
/* Adds a column to all tiers; there is room. Returns its number. */
uint32_t track_add_column(struct track *track, series_id series, int decimals);
/* Writes a value into an open raw row and the running minute. */
void track_put(struct track *track, uint32_t row, uint32_t column, double v);
/* Does the running minute hold anything? */
bool track_minute_pending(const struct track *track);
/* Adds the running minute to this row of the minutes sheet and starts afresh. */
void track_minute_store(struct track *track, uint32_t row);
void track_minute_reset(struct track *track);
/* A minute of a column as it stands in a row of five arrays. n = 0 if absent. */
struct step minute_step(wall_ms t, const double fields[MINUTE_FIELDS]);

static inline wall_ms minute_floor(wall_ms t)
{
	wall_ms rest = t % MS_PER_MINUTE;

	return t - rest - (rest < 0 ? MS_PER_MINUTE : 0);
}

#endif
