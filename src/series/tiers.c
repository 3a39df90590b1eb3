#include "tiers_impl.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DEFAULT_RAW_MS        MS_PER_HOUR
#define DEFAULT_MINUTE_MS     MS_PER_DAY
#define DEFAULT_MAX_BYTES     ((size_t)2 << 20)
#define DEFAULT_BLOCK_SAMPLES 120
#define BLOCK_SAMPLES_MIN     8
/* A chunk of the shelves is so small a part of all. With the default bytes it is 128 KiB, which usual allocators map by itself: it
 * weighs what of it is used, and is given back when it is freed. */
#define CHUNKS 16
/* What a block can encode. */
#define TIME_LIMIT (INT64_C(1) << 52)

static void take_options(struct tiers_options *to, const struct tiers_options *opt)
{
	if (opt)
		*to = *opt;
	if (to->raw_ms <= 0)
		to->raw_ms = DEFAULT_RAW_MS;
	if (to->minute_ms <= 0)
		to->minute_ms = DEFAULT_MINUTE_MS;
	if (to->max_bytes == 0)
		to->max_bytes = DEFAULT_MAX_BYTES;
	if (to->block_samples == 0)
		to->block_samples = DEFAULT_BLOCK_SAMPLES;
	if (to->block_samples < BLOCK_SAMPLES_MIN)
		to->block_samples = BLOCK_SAMPLES_MIN;
	if (to->block_samples > BLOCK_MAX_SAMPLES)
		to->block_samples = BLOCK_MAX_SAMPLES;
}

struct tiers *tiers_new(const struct registry *registry, const struct tiers_options *opt)
{
	struct tiers *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->registry = registry;
	take_options(&t->opt, opt);
	map_init(&t->by_group);
	buf_init(&t->encoded);
	for (int tier = 0; tier < TIERS; tier++)
		t->shelves[tier].chunk_bytes = t->opt.max_bytes / CHUNKS;
	t->times = malloc(t->opt.block_samples * sizeof(*t->times));
	t->values = malloc(t->opt.block_samples * sizeof(*t->values));
	t->open_bytes = sizeof(*t) + t->opt.block_samples * (sizeof(*t->times) + sizeof(*t->values));
	if (t->times && t->values)
		return t;
	tiers_free(t);
	return NULL;
}

void tiers_free(struct tiers *t)
{
	if (!t)
		return;
	for (int tier = 0; tier < TIERS; tier++)
		shelf_fini(&t->shelves[tier]);
	for (uint32_t i = 0; i < t->n_tracks; i++)
		track_free(t->tracks[i]);
	map_fini(&t->by_group);
	buf_fini(&t->encoded);
	free(t->tracks);
	free(t->places);
	free(t->sealing);
	free(t->times);
	free(t->values);
	free(t);
}

size_t tiers_bytes(const struct tiers *t)
{
	return t->open_bytes + t->shelves[TIER_RAW].bytes + t->shelves[TIER_MINUTE].bytes;
}

static int add_track(struct tiers *t, series_group group, struct track **out)
{
	size_t room = sizeof(struct track) + sizeof(struct track *);
	struct track *track = NULL;
	struct track **grown;
	int rc = 0;

	if (!tiers_may_take(t, group == 0, room))
		return ERR_FULL;
	if (t->n_tracks == t->cap_tracks) {
		uint32_t cap = t->cap_tracks ? t->cap_tracks * 2 : 16;
		grown = realloc(t->tracks, cap * sizeof(struct track *));
		if (!grown)
			return -ENOMEM;
		t->open_bytes += (cap - t->cap_tracks) * sizeof(struct track *);
		t->tracks = grown;
		t->cap_tracks = cap;
	}
	track = track_new(group);
	if (!track)
		return -ENOMEM;
	if (group != 0)
		rc = map_put(&t->by_group, (struct view){ (const char *)&track->group, sizeof(group) },
			     (uintptr_t)track);
	if (rc < 0) {
		track_free(track);
		return rc;
	}
	tiers_account(t, track, 0);
	t->tracks[t->n_tracks++] = track;
	*out = track;
	return 0;
}

static int find_group(struct tiers *t, series_group group, struct track **out)
{
	uint64_t found;

	if (!map_get(&t->by_group, (struct view){ (const char *)&group, sizeof(group) }, &found))
		return add_track(t, group, out);
	*out = (struct track *)(uintptr_t)found;
	return 0;
}

/* Places for every series of the registry; `id` must be one of them. */
static int reserve_places(struct tiers *t, series_id id)
{
	uint32_t n = t->n_places * 2 > id ? t->n_places * 2 : id + 1;
	struct place *grown;

	if (id < t->n_places)
		return 0;
	if (!registry_get(t->registry, id))
		return ERR_RANGE;
	n = n < 64 ? 64 : n;
	grown = realloc(t->places, n * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + t->n_places, 0, (n - t->n_places) * sizeof(*grown));
	t->open_bytes += (n - t->n_places) * sizeof(*grown);
	t->places = grown;
	t->n_places = n;
	return 0;
}

static void remove_lane(struct tiers *t, uint32_t at)
{
	struct track *lane = t->tracks[at];

	t->open_bytes -= track_bytes(lane);
	t->lane_bytes -= track_bytes(lane);
	if (lane->n_columns)
		t->places[lane->columns[0].series].lane = NULL;
	t->tracks[at] = t->tracks[--t->n_tracks];
	track_free(lane);
}

static int add_lane(struct tiers *t, series_id id, struct track **lane)
{
	uint32_t column;
	int rc;

	if (!registry_get(t->registry, id))
		return ERR_RANGE;
	rc = add_track(t, 0, lane);
	if (rc < 0)
		return rc;
	rc = tiers_add_column(t, *lane, id, &column);
	if (rc < 0)
		remove_lane(t, t->n_tracks - 1);
	else
		t->places[id].lane = *lane;
	return rc;
}

static int append_single(struct tiers *t, wall_ms time, series_id id, double v)
{
	struct track *lane = t->places[id].lane;
	uint32_t row;
	int rc = lane ? 0 : add_lane(t, id, &lane);

	if (rc < 0)
		return rc;
	rc = tiers_open_row(t, lane, time, &row);
	if (row != UINT32_MAX)
		track_put(lane, row, 0, v);
	return rc;
}

/* One value of a group's tick. A series that lives in another group's track goes to its lane. */
static int append_value(struct tiers *t, struct track *track, uint32_t row, wall_ms time, series_id id,
			double v)
{
	int rc = reserve_places(t, id);
	struct place *p;

	if (rc < 0)
		return rc;
	p = &t->places[id];
	if (!p->group) {
		if (!registry_get(t->registry, id))
			return ERR_RANGE;
		rc = tiers_add_column(t, track, id, &p->column);
		if (rc < 0)
			return rc;
		p->group = track;
	}
	if (p->group != track)
		return append_single(t, time, id, v);
	track_put(track, row, p->column, v);
	return 0;
}

static int append_group(struct tiers *t, const struct tick *tick)
{
	struct track *track;
	uint32_t row;
	int rc = find_group(t, tick->group, &track), worst;

	if (rc < 0)
		return rc;
	if (track->n_columns == 0) {
		rc = tiers_reserve_columns(t, track, tick->n);
		if (rc == ERR_FULL) /* then as many as there is room for */
			rc = tiers_reserve_columns(t, track, 1);
		if (rc < 0)
			return rc;
	}
	worst = tiers_open_row(t, track, tick->t, &row);
	if (row == UINT32_MAX)
		return worst;
	for (uint32_t i = 0; i < tick->n; i++) {
		if (!isfinite(tick->values[i]))
			continue;
		rc = append_value(t, track, row, tick->t, tick->series[i], tick->values[i]);
		worst = rc < 0 ? rc : worst;
	}
	return worst;
}

static int append_singles(struct tiers *t, const struct tick *tick)
{
	int worst = 0;

	for (uint32_t i = 0; i < tick->n; i++) {
		int rc;
		if (!isfinite(tick->values[i]))
			continue;
		rc = reserve_places(t, tick->series[i]);
		if (rc == 0)
			rc = append_single(t, tick->t, tick->series[i], tick->values[i]);
		worst = rc < 0 ? rc : worst;
	}
	return worst;
}

int tiers_append(struct tiers *t, const struct tick *tick)
{
	if (tick->t <= -TIME_LIMIT || tick->t >= TIME_LIMIT)
		return ERR_RANGE;
	if (tick->n == 0)
		return 0;
	return tick->group ? append_group(t, tick) : append_singles(t, tick);
}

/* Rows whose newest is too old leave together. */
static void expire_sheet(struct track *track, enum tier tier, wall_ms cutoff)
{
	struct sheet *s = &track->sheets[tier];
	wall_ms last;

	if (s->n_rows == 0)
		return;
	last = s->times[s->n_rows - 1];
	if (last >= cutoff)
		return;
	chain_forget(&track->chains[tier], last);
	sheet_release(s);
}

static bool track_empty(const struct track *track)
{
	for (int tier = 0; tier < TIERS; tier++)
		if (track->sheets[tier].n_rows || track->chains[tier].first)
			return false;
	return track->minute == MINUTE_NONE;
}

void tiers_expire(struct tiers *t, wall_ms now)
{
	const wall_ms cutoff[TIERS] = { now - t->opt.raw_ms, now - t->opt.minute_ms };

	for (int tier = 0; tier < TIERS; tier++)
		shelf_expire(&t->shelves[tier], cutoff[tier]);
	for (uint32_t i = t->n_tracks; i-- > 0;) {
		struct track *track = t->tracks[i];
		size_t before = track_bytes(track);
		if (track->minute != MINUTE_NONE && track->minute + MS_PER_MINUTE <= now) {
			tiers_flush_minute(t, track); /* what does not fit is marked as forgotten */
			before = track_bytes(track);
		}
		for (int tier = 0; tier < TIERS; tier++)
			expire_sheet(track, (enum tier)tier, cutoff[tier]);
		tiers_account(t, track, before);
		if (track->group == 0 && track_empty(track))
			remove_lane(t, i);
	}
}
