/* What tiers.c (appending), tiers_room.c (memory: growing, sealing, evicting) and tiers_query.c (reading) share. */
#ifndef AUSPEX_SERIES_TIERS_IMPL_H
#define AUSPEX_SERIES_TIERS_IMPL_H

#include "base/map.h"
#include "track.h"

#define MINUTE_ROWS 32

/* Where a series is found: a column of its emitter's track, a lane for its single samples, or both. */
struct place {
	struct track *group, *lane;
	uint32_t column; /* in group */
};

struct tiers {
	const struct registry *registry;
	struct tiers_options opt;
	struct map by_group; /* bytes of track->group → track */
	struct track **tracks;
	uint32_t n_tracks, cap_tracks;
	struct place *places; /* by series id */
	uint32_t n_places;
	struct shelf shelves[TIERS];
	size_t open_bytes; /* everything but the shelves */
	size_t lane_bytes; /* the part of open_bytes in lanes */
	struct buf encoded;
	struct block_column *sealing; /* column descriptions of the block being sealed */
	uint32_t cap_sealing;
	wall_ms *times; /* block_samples of each, to decode into */
	double *values;
};

/* May open memory grow by so much? Lanes have a smaller share. */
bool tiers_may_take(const struct tiers *t, bool lane, size_t extra);
/* Books what a track grew or shrank by since it had `before` bytes. */
void tiers_account(struct tiers *t, const struct track *track, size_t before);
/* Room for `columns` columns when the budget allows: 0, ERR_FULL or -ENOMEM. */
int tiers_reserve_columns(struct tiers *t, struct track *track, uint32_t columns);
int tiers_add_column(struct tiers *t, struct track *track, series_id id, uint32_t *column);
/* Puts the running minute among the minutes. On an error it is lost. */
int tiers_flush_minute(struct tiers *t, struct track *track);
/* Makes a new row of the track at time `t` and runs its minute. A code may come with a row (something older was lost);
 * without a row *row is UINT32_MAX. */
int tiers_open_row(struct tiers *tiers, struct track *track, wall_ms t, uint32_t *row);

#endif
