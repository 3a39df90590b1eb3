/* Recent history in RAM: per group of series, sealed compressed blocks plus a small open one, in two tiers.
 *
 * raw      every tick, for `raw_ms`, rounded to the series' declared resolution
 * minute   exact count, min, max, sum, last per minute and series, for `minute_ms`
 * (The store keeps the same tiers for longer, and hours.)
 *
 * Bounded by `max_bytes`, a 16th of it at a time: the oldest raw blocks go first while raw holds more than its half, else the
 * oldest minutes. Open blocks may take half of the bytes, single samples (group 0) half of that; past it new series
 * are refused and blocks sealed early. (An index of 24 bytes per series of the registry comes in any case.)
 * In steady state appending allocates now and then a piece for many sealed blocks, and nothing per sample.
 *
 * Each tick goes into the open block by its time, so a clock that steps back, or a late sample, is kept in order
 * inside it; blocks sealed before may then overlap in time, which queries expect.
 *
 * Queries fold samples into steps: per step the minimum, average and maximum of the raw values in it; raw where nothing
 * was dropped yet, minutes before that (a minute counts to the step that holds its start). Loop only; time is an
 * argument.
 */
#ifndef AUSPEX_SERIES_TIERS_H
#define AUSPEX_SERIES_TIERS_H

#include "series/block.h"
#include "series/registry.h"

/* 0 = default. */
struct tiers_options {
	wall_ms raw_ms;         /* default 1 h */
	wall_ms minute_ms;      /* default 24 h */
	size_t max_bytes;       /* default 2 MiB */
	uint32_t block_samples; /* ticks in a block before it is sealed, 8..BLOCK_MAX_SAMPLES, default 120 */
};

struct tiers;
/* `registry` is borrowed for life; `opt` NULL = defaults. NULL when out of memory. */
struct tiers *tiers_new(const struct registry *registry, const struct tiers_options *opt);
void tiers_free(struct tiers *t);
/* Series of a tick may differ from those of the group's ticks before; a series that belongs to another group is kept as
 * single samples. NaN and infinite values are skipped. 0; ERR_RANGE: an unknown series, or a time more than 2^52 ms from
 * 1970; ERR_FULL or -ENOMEM: some of it could not be kept. What can be kept is kept in any case; the caller counts. */
int tiers_append(struct tiers *t, const struct tick *tick);
/* Drops what is too old and closes minutes that are over. Call about once a minute. */
void tiers_expire(struct tiers *t, wall_ms now);
/* Bytes held, bounded by max_bytes (and the index). */
size_t tiers_bytes(const struct tiers *t);
/* From here on nothing of what a series was given has been dropped, as raw samples or as minutes; INT64_MIN: nothing ever was,
 * INT64_MAX: it was given nothing. */
wall_ms tiers_whole_from(const struct tiers *t, series_id id, bool minutes);

/* One step of an answer. n = 0: no data in it. */
struct step {
	wall_ms t; /* start of the step */
	uint32_t n;
	double min, max, sum, last;
};
static inline double step_avg(const struct step *s) { return s->n ? s->sum / s->n : 0; }
/* Folds one sample into an array of steps that starts at `start`. Outside samples are ignored. Fold in order of time:
 * `last` is the last one folded. The array's own `t` are not read. */
void steps_add(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, wall_ms t, double v);
/* Folds an already aggregated step, by its t. */
void steps_merge(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, const struct step *s);
/* Fills steps[0..n) covering [start, start + n*step_ms). An unknown series gives empty steps. 0, ERR_RANGE (step_ms
 * < 1, or the span overflows) or ERR_CORRUPT. */
int tiers_query(const struct tiers *t, series_id id, wall_ms start, wall_ms step_ms, struct step *steps, size_t n);
/* Calls `cb` with each raw sample held, since <= t < until, block by block (in order unless the clock was stepped).
 * The callback must not query or append. 0 or ERR_CORRUPT. */
int tiers_samples(const struct tiers *t, series_id id, wall_ms since, wall_ms until,
		  void (*cb)(void *arg, wall_ms t, double v), void *arg);

#endif
