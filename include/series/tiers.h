/* Recent history in RAM: per group of series, sealed compressed blocks plus a small open one, in two tiers.
 *
 * raw      every tick, for `raw_ms`
 * minute   count, min, max, sum, last per minute and series, for `minute_ms`
 * (The store keeps the same tiers for longer, and hours.) Bounded by `max_bytes`: the oldest block goes first.
 *
 * Queries fold samples into steps: per step the minimum, average and maximum of the raw values in it; raw where it
 * reaches back far enough, else minutes. Loop only; time is an argument.
 */
#ifndef AUSPEX_SERIES_TIERS_H
#define AUSPEX_SERIES_TIERS_H

#include "series/block.h"
#include "series/registry.h"

struct tiers_options {
	wall_ms raw_ms;    /* default 1 h */
	wall_ms minute_ms; /* default 24 h */
	size_t max_bytes;  /* default 2 MiB */
	uint32_t block_samples; /* ticks in a block before it is sealed, default 120 */
};

struct tiers;
struct tiers *tiers_new(const struct registry *registry, const struct tiers_options *opt);
void tiers_free(struct tiers *t);
/* 0, or -ENOMEM / ERR_FULL (counted by the caller). A tick older than the group's newest is kept when it fits the open block, else refused ERR_RANGE. */
int tiers_append(struct tiers *t, const struct tick *tick);
/* Drops what is too old. Call about once a minute. */
void tiers_expire(struct tiers *t, wall_ms now);
size_t tiers_bytes(const struct tiers *t);
/* Oldest raw time held for a series; INT64_MAX if none. */
wall_ms tiers_oldest(const struct tiers *t, series_id id);

/* One step of an answer. n = 0: no data in it. */
struct step {
	wall_ms t; /* start of the step */
	uint32_t n;
	double min, max, sum, last;
};
static inline double step_avg(const struct step *s) { return s->n ? s->sum / s->n : 0; }
/* Folds one sample into an array of steps that starts at `start`. Outside samples are ignored. */
void steps_add(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, wall_ms t, double v);
/* Folds an already aggregated step. */
void steps_merge(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, const struct step *s);
/* Fills steps[0..n) covering [start, start + n*step_ms). */
int tiers_query(const struct tiers *t, series_id id, wall_ms start, wall_ms step_ms, struct step *steps, size_t n);

#endif
