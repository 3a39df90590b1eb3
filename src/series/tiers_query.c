#include "tiers_impl.h"

#include <math.h>

typedef void (*sample_cb)(void *arg, wall_ms t, double v);

struct range {
	wall_ms since, until; /* since <= t < until */
};

/* From here on raw data is whole; before, minutes answer. A minute that raw has lost a part of counts as
 * lost. */
static wall_ms raw_from(const struct track *track)
{
	wall_ms since = track->chains[TIER_RAW].since, floor;

	if (since == INT64_MIN)
		return since;
	floor = minute_floor(since);
	return floor == since ? since : floor + MS_PER_MINUTE;
}

static bool overlaps(const struct sealed *s, struct range r)
{
	return s->first < r.until && s->last >= r.since;
}

static bool inside(wall_ms t, struct range r)
{
	return t >= r.since && t < r.until;
}

static void give_rows(const wall_ms *times, const double *values, uint32_t n, struct range r, sample_cb cb,
		      void *arg)
{
	for (uint32_t i = 0; i < n; i++)
		if (inside(times[i], r) && !isnan(values[i]))
			cb(arg, times[i], values[i]);
}

/* ERR_MISSING is a block from before the column was there. */
static int give_raw(const struct tiers *t, const struct track *track, uint32_t column, struct range r,
		    sample_cb cb, void *arg)
{
	const struct sheet *open = &track->sheets[TIER_RAW];

	for (const struct sealed *s = track->chains[TIER_RAW].first; s; s = s->after) {
		int rc;
		if (!overlaps(s, r))
			continue;
		rc = block_values(sealed_view(s), column, t->values);
		if (rc == ERR_MISSING)
			continue;
		if (rc == 0)
			rc = block_times(sealed_view(s), t->times);
		if (rc < 0)
			return rc;
		give_rows(t->times, t->values, s->n, r, cb, arg);
	}
	if (open->n_rows)
		give_rows(open->times, sheet_column(open, column), open->n_rows, r, cb, arg);
	return 0;
}

struct fold {
	struct step *steps;
	size_t n;
	wall_ms start, step_ms;
};

static void fold_sample(void *arg, wall_ms t, double v)
{
	const struct fold *f = arg;

	steps_add(f->steps, f->n, f->start, f->step_ms, t, v);
}

static void fold_minute(const struct fold *f, struct range r, const struct step *s)
{
	if (inside(s->t, r))
		steps_merge(f->steps, f->n, f->start, f->step_ms, s);
}

static int fold_sealed_minutes(const struct sealed *s, uint32_t column, struct range r, const struct fold *f)
{
	double fields[MINUTE_FIELDS][MINUTE_ROWS];
	wall_ms times[MINUTE_ROWS];
	int rc = 0;

	for (uint32_t i = 0; i < MINUTE_FIELDS; i++) {
		rc = block_values(sealed_view(s), column * MINUTE_FIELDS + i, fields[i]);
		if (rc == ERR_MISSING)
			return 0;
		if (rc < 0)
			return rc;
	}
	rc = block_times(sealed_view(s), times);
	for (uint32_t row = 0; rc == 0 && row < s->n; row++) {
		double one[MINUTE_FIELDS];
		struct step step;
		for (uint32_t i = 0; i < MINUTE_FIELDS; i++)
			one[i] = fields[i][row];
		step = minute_step(times[row], one);
		fold_minute(f, r, &step);
	}
	return rc;
}

static void fold_open_minutes(const struct track *track, uint32_t column, struct range r,
			      const struct fold *f)
{
	const struct sheet *open = &track->sheets[TIER_MINUTE];
	struct step step;

	for (uint32_t row = 0; row < open->n_rows; row++) {
		double one[MINUTE_FIELDS];
		for (uint32_t i = 0; i < MINUTE_FIELDS; i++)
			one[i] = sheet_column(open, column * MINUTE_FIELDS + i)[row];
		step = minute_step(open->times[row], one);
		fold_minute(f, r, &step);
	}
	step = track->columns[column].running;
	step.t = track->minute;
	if (track->minute != MINUTE_NONE)
		fold_minute(f, r, &step);
}

static int fold_track(const struct tiers *t, const struct track *track, uint32_t column, struct range r,
		      struct fold *f)
{
	wall_ms from = raw_from(track);
	struct range minutes = { r.since, from < r.until ? from : r.until };
	struct range raw = { from > r.since ? from : r.since, r.until };
	int rc = 0;

	if (minutes.since < minutes.until) {
		for (const struct sealed *s = track->chains[TIER_MINUTE].first; s && rc == 0; s = s->after)
			if (overlaps(s, minutes))
				rc = fold_sealed_minutes(s, column, minutes, f);
		fold_open_minutes(track, column, minutes, f);
	}
	if (rc == 0 && raw.since < raw.until)
		rc = give_raw(t, track, column, raw, fold_sample, f);
	return rc;
}

int tiers_query(const struct tiers *t, series_id id, wall_ms start, wall_ms step_ms, struct step *steps,
		size_t n)
{
	struct fold fold = { steps, n, start, step_ms };
	struct range range = { start, start };
	wall_ms span;
	int rc = 0;

	if (step_ms <= 0 || n > INT64_MAX || __builtin_mul_overflow((int64_t)n, step_ms, &span) ||
	    __builtin_add_overflow(start, span, &range.until))
		return ERR_RANGE;
	for (size_t i = 0; i < n; i++)
		steps[i] = (struct step){ .t = start + (wall_ms)i * step_ms };
	if (id >= t->n_places)
		return 0;
	if (t->places[id].group)
		rc = fold_track(t, t->places[id].group, t->places[id].column, range, &fold);
	if (rc == 0 && t->places[id].lane)
		rc = fold_track(t, t->places[id].lane, 0, range, &fold);
	return rc;
}

int tiers_samples(const struct tiers *t, series_id id, wall_ms since, wall_ms until,
		  void (*cb)(void *arg, wall_ms t, double v), void *arg)
{
	struct range range = { since, until };
	int rc = 0;

	if (id >= t->n_places)
		return 0;
	if (t->places[id].group)
		rc = give_raw(t, t->places[id].group, t->places[id].column, range, cb, arg);
	if (rc == 0 && t->places[id].lane)
		rc = give_raw(t, t->places[id].lane, 0, range, cb, arg);
	return rc;
}

static wall_ms whole_from(const struct track *track, bool minutes)
{
	wall_ms since;

	if (!track)
		return INT64_MIN;
	since = track->chains[minutes ? TIER_MINUTE : TIER_RAW].since;
	if (!minutes || since == INT64_MIN || minute_floor(since) == since)
		return since;
	return minute_floor(since) + MS_PER_MINUTE;
}

wall_ms tiers_whole_from(const struct tiers *t, series_id id, bool minutes)
{
	wall_ms group, lane;

	if (id >= t->n_places || (!t->places[id].group && !t->places[id].lane))
		return INT64_MAX;
	group = whole_from(t->places[id].group, minutes);
	lane = whole_from(t->places[id].lane, minutes);
	return lane > group ? lane : group;
}
