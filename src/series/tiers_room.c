#include "tiers_impl.h"

#include <errno.h>
#include <stdlib.h>

/* A block of so many values is sealed in about 2 ms: wide groups get shorter blocks, so that no tick holds
 * the loop. */
#define SEAL_VALUES 32768

/* Open sheets may take half of the budget, lanes half of that: names that anybody may push must not push out
 * what the daemon measures itself. */
bool tiers_may_take(const struct tiers *t, bool lane, size_t extra)
{
	if (lane && t->lane_bytes + extra > t->opt.max_bytes / 4)
		return false;
	return t->open_bytes + extra <= t->opt.max_bytes / 2;
}

/* Blocks leave until the budget holds: raw ones while they have more than their half, else minutes, so that
 * neither tier starves the other. */
static void evict(struct tiers *t)
{
	while (tiers_bytes(t) > t->opt.max_bytes) {
		size_t share = t->opt.max_bytes > t->open_bytes ? (t->opt.max_bytes - t->open_bytes) / 2 : 0;
		enum tier tier = t->shelves[TIER_RAW].bytes > share ? TIER_RAW : TIER_MINUTE;
		if (!t->shelves[tier].oldest)
			return;
		shelf_drop(&t->shelves[tier], NULL);
	}
}

/* Books what a track grew or shrank by. */
void tiers_account(struct tiers *t, const struct track *track, size_t before)
{
	size_t now = track_bytes(track);

	t->open_bytes += now - before;
	if (track->group == 0)
		t->lane_bytes += now - before;
}

static int reserve_sealing(struct tiers *t, uint32_t n)
{
	struct block_column *grown;

	if (n <= t->cap_sealing)
		return 0;
	grown = realloc(t->sealing, n * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	t->open_bytes += (n - t->cap_sealing) * sizeof(*grown);
	t->sealing = grown;
	t->cap_sealing = n;
	return 0;
}

static int column_decimals(const struct track *track, enum tier tier, uint32_t column)
{
	if (tier == TIER_RAW)
		return track->columns[column].decimals;
	if (column % MINUTE_FIELDS == MINUTE_COUNT)
		return 0;
	return track->columns[column / MINUTE_FIELDS].decimals;
}

/* Turns an open sheet into a sealed block. On -ENOMEM its rows are lost, so that appending can go on. */
static int seal(struct tiers *t, struct track *track, enum tier tier)
{
	struct sheet *s = &track->sheets[tier];
	wall_ms last = s->times[s->n_rows - 1];
	size_t encoded = t->encoded.cap;
	int rc = reserve_sealing(t, s->n_columns);

	for (uint32_t c = 0; rc == 0 && c < s->n_columns; c++)
		t->sealing[c] =
			(struct block_column){ c, column_decimals(track, tier, c), sheet_column(s, c) };
	buf_clear(&t->encoded);
	if (rc == 0)
		rc = block_encode(s->times, s->n_rows, t->sealing, s->n_columns, &t->encoded);
	if (rc == 0)
		rc = shelf_add(&t->shelves[tier], &track->chains[tier],
			       (struct view){ t->encoded.data, t->encoded.len }, s->times[0], last,
			       s->n_rows);
	if (rc < 0)
		chain_forget(&track->chains[tier], last);
	t->open_bytes += t->encoded.cap - encoded;
	sheet_clear(s);
	evict(t);
	return rc;
}

static uint32_t most_rows(const struct tiers *t, const struct track *track, enum tier tier)
{
	uint32_t rows = tier == TIER_RAW ? t->opt.block_samples : MINUTE_ROWS;
	uint32_t quick = SEAL_VALUES / (track_width(track, tier) + 1);

	rows = quick < rows ? quick : rows;
	return rows < FIRST_ROWS ? FIRST_ROWS : rows;
}

/* Room for one more row: the sheet grows while bound and budget allow, else it is sealed. */
static int make_row_room(struct tiers *t, struct track *track, enum tier tier)
{
	struct sheet *s = &track->sheets[tier];
	uint32_t most = most_rows(t, track, tier);
	uint32_t rows = s->cap_rows ? s->cap_rows * 2 : FIRST_ROWS;
	size_t before = track_bytes(track);
	int rc;

	if (s->n_rows < s->cap_rows)
		return 0;
	rows = rows < most ? rows : most;
	if (rows > s->cap_rows &&
	    tiers_may_take(t, track->group == 0,
			   sheet_bytes_for(rows, track_width(track, tier)) - sheet_bytes(s))) {
		rc = sheet_grow(s, rows, track_width(track, tier));
		tiers_account(t, track, before);
		evict(t);
		return rc;
	}
	return s->cap_rows ? seal(t, track, tier) : ERR_FULL;
}

/* Puts the running minute among the minutes. */
int tiers_flush_minute(struct tiers *t, struct track *track)
{
	struct sheet *minutes = &track->sheets[TIER_MINUTE];
	wall_ms minute = track->minute;
	int64_t row;
	int rc;

	if (!track_minute_pending(track)) {
		track->minute = MINUTE_NONE;
		return 0;
	}
	row = sheet_find(minutes, minute);
	if (row < 0) {
		rc = make_row_room(t, track, TIER_MINUTE);
		if (rc < 0) {
			chain_forget(&track->chains[TIER_MINUTE], minute);
			track_minute_reset(track);
			return rc;
		}
		row = sheet_insert(minutes, minute);
	}
	track_minute_store(track, (uint32_t)row);
	return 0;
}

/* A new row of the track at time `t`, in the minute of that time. */
int tiers_open_row(struct tiers *tiers, struct track *track, wall_ms t, uint32_t *row)
{
	int rc = 0, raw;

	if (track->minute != MINUTE_NONE && track->minute != minute_floor(t))
		rc = tiers_flush_minute(tiers, track);
	raw = make_row_room(tiers, track, TIER_RAW);
	if (raw == 0 || track->sheets[TIER_RAW].n_rows < track->sheets[TIER_RAW].cap_rows) {
		track->minute = minute_floor(t);
		*row = sheet_insert(&track->sheets[TIER_RAW], t);
		return rc < 0 ? rc : raw; /* stored; the code tells what was lost on the way */
	}
	*row = UINT32_MAX;
	return raw;
}

/* Reserves columns when the budget allows. */
int tiers_reserve_columns(struct tiers *t, struct track *track, uint32_t columns)
{
	size_t before = track_bytes(track), each = sizeof(struct column);
	int rc;

	if (columns <= track->cap_columns)
		return 0;
	each += (track->sheets[TIER_RAW].cap_rows +
		 MINUTE_FIELDS * (size_t)track->sheets[TIER_MINUTE].cap_rows) *
		sizeof(double);
	if (!tiers_may_take(t, track->group == 0, each * (columns - track->cap_columns)))
		return ERR_FULL;
	rc = track_reserve(track, columns);
	tiers_account(t, track, before);
	evict(t);
	return rc;
}

int tiers_add_column(struct tiers *t, struct track *track, series_id id, uint32_t *column)
{
	int rc = 0;

	if (track->n_columns == track->cap_columns) {
		rc = tiers_reserve_columns(t, track, track->cap_columns + track->cap_columns / 2 + 1);
		if (rc == ERR_FULL)
			rc = tiers_reserve_columns(t, track, track->cap_columns + 1);
	}
	if (rc == 0)
		*column = track_add_column(track, id, registry_get(t->registry, id)->meta.decimals);
	return rc;
}
