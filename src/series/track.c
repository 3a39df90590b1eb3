#include "track.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct track *track_new(series_group group)
{
	struct track *track = calloc(1, sizeof(*track));

	if (!track)
		return NULL;
	track->group = group;
	track->minute = MINUTE_NONE;
	for (int tier = 0; tier < TIERS; tier++)
		track->chains[tier].since = INT64_MIN;
	return track;
}

void track_free(struct track *track)
{
	if (!track)
		return;
	for (int tier = 0; tier < TIERS; tier++)
		sheet_release(&track->sheets[tier]);
	free(track->columns);
	free(track);
}

size_t track_bytes(const struct track *track)
{
	return sizeof(*track) + track->cap_columns * sizeof(*track->columns) +
	       sheet_bytes(&track->sheets[TIER_RAW]) + sheet_bytes(&track->sheets[TIER_MINUTE]);
}

uint32_t track_width(const struct track *track, enum tier tier)
{
	return track->cap_columns * (tier == TIER_MINUTE ? MINUTE_FIELDS : 1);
}

int track_reserve(struct track *track, uint32_t columns)
{
	struct column *grown;
	int rc = 0;

	if (columns <= track->cap_columns)
		return 0;
	grown = realloc(track->columns, columns * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	track->columns = grown;
	for (int tier = 0; tier < TIERS && rc == 0; tier++) {
		struct sheet *s = &track->sheets[tier];
		if (s->cap_rows)
			rc = sheet_grow(s, s->cap_rows, columns * (tier == TIER_MINUTE ? MINUTE_FIELDS : 1));
	}
	if (rc == 0)
		track->cap_columns = columns;
	return rc;
}

uint32_t track_add_column(struct track *track, series_id series, int decimals)
{
	struct column *c = &track->columns[track->n_columns];

	*c = (struct column){ .series = series, .decimals = decimals };
	sheet_add_column(&track->sheets[TIER_RAW]);
	for (int i = 0; i < MINUTE_FIELDS; i++)
		sheet_add_column(&track->sheets[TIER_MINUTE]);
	return track->n_columns++;
}

void track_put(struct track *track, uint32_t row, uint32_t column, double v)
{
	struct column *c = &track->columns[column];

	v = block_round(v, c->decimals); /* now, so that raw, sealed and minute values agree */
	sheet_column(&track->sheets[TIER_RAW], column)[row] = v;
	steps_add(&c->running, 1, track->minute, MS_PER_MINUTE, track->minute, v);
}

bool track_minute_pending(const struct track *track)
{
	for (uint32_t c = 0; c < track->n_columns; c++)
		if (track->columns[c].running.n)
			return true;
	return false;
}

void track_minute_reset(struct track *track)
{
	for (uint32_t c = 0; c < track->n_columns; c++)
		track->columns[c].running = (struct step){ 0 };
	track->minute = MINUTE_NONE;
}

struct step minute_step(wall_ms t, const double fields[MINUTE_FIELDS])
{
	if (isnan(fields[MINUTE_COUNT]))
		return (struct step){ .t = t };
	return (struct step){
		.t = t,
		.n = (uint32_t)fields[MINUTE_COUNT],
		.min = fields[MINUTE_MIN],
		.max = fields[MINUTE_MAX],
		.sum = fields[MINUTE_SUM],
		.last = fields[MINUTE_LAST],
	};
}

static void store_column(struct sheet *minutes, uint32_t row, uint32_t column, const struct step *running)
{
	double *field[MINUTE_FIELDS], before[MINUTE_FIELDS];
	struct step sum;

	for (uint32_t i = 0; i < MINUTE_FIELDS; i++) {
		field[i] = &sheet_column(minutes, column * MINUTE_FIELDS + i)[row];
		before[i] = *field[i];
	}
	sum = minute_step(0, before); /* a late sample brought an old minute back: merge */
	steps_merge(&sum, 1, 0, MS_PER_MINUTE, running);
	*field[MINUTE_COUNT] = sum.n;
	*field[MINUTE_MIN] = sum.min;
	*field[MINUTE_MAX] = sum.max;
	*field[MINUTE_SUM] = sum.sum;
	*field[MINUTE_LAST] = sum.last;
}

void track_minute_store(struct track *track, uint32_t row)
{
	for (uint32_t c = 0; c < track->n_columns; c++) {
		struct step running = track->columns[c].running;
		running.t = 0;
		if (running.n)
			store_column(&track->sheets[TIER_MINUTE], row, c, &running);
	}
	track_minute_reset(track);
}
