/* The season of a series that may also have changed. */
#include "auto_look.h"

#include <math.h>
#include <string.h>

#define CLEAR_CHANGE 12 /* 2 ln of the likelihood ratio */
#define ROUNDS       2

/* The mean of x, or its one best step, or its slope where that explains clearly more. */
static void main_change(const double *x, size_t n, double *fit)
{
	struct split s = scan_step(x, n, &(struct scan_noise){ 0 });
	struct scan_line l = scan_line(x, n);
	double half = ((double)n - 1) / 2, before = l.middle, after = l.middle, slope = 0;
	double rest = s.at ? fmin(s.rest, l.rest) : l.rest;
	if ((double)n * log(l.level_rest / fmax(rest, 1e-9 * l.level_rest)) < CLEAR_CHANGE) {
		/* Nothing but the mean. */
	} else if (s.at && s.rest < l.rest) {
		before = scan_line(x, s.at).middle;
		after = scan_line(x + s.at, n - s.at).middle;
	} else {
		slope = l.slope;
	}
	for (size_t i = 0; i < n; i++)
		fit[i] = (i < s.at ? before : after) + slope * ((double)i - half);
}

/* The season of r->next that shows when a change - in r->rest, where the series without it will be - is taken out. *left: variance
 * that both leave. */
static struct season try_season(struct auto_look *l, struct auto_room *r, double *left)
{
	for (size_t i = 0; i < l->m; i++)
		r->rest[i] = r->next[i] - r->rest[i];
	struct season s = season_find(r->rest, l->m, r->work);
	memcpy(r->work, r->rest, l->m * sizeof(double));
	if (s.period)
		season_take(&s, r->rest, r->rest, l->m, r->work, r->work + l->m);
	*left = scan_line(r->work, l->m).level_rest / ((double)l->m - 1 - s.spent);
	return s;
}

static void keep_season(struct auto_look *l, struct auto_room *r, const struct season *s)
{
	l->season = *s;
	if (s->period)
		season_take(s, r->next, r->rest, l->m, r->values, r->work);
	else
		memcpy(r->values, r->next, l->m * sizeof(double));
}

/* The season is measured beside the main change, and that again without the season. */
static void find_season(struct auto_look *l, struct auto_room *r)
{
	double plain, changed;
	memcpy(r->next, r->values, l->m * sizeof(double));
	memset(r->rest, 0, l->m * sizeof(double));
	struct season s = try_season(l, r, &plain);
	keep_season(l, r, &s);
	main_change(r->next, l->m, r->rest);
	s = try_season(l, r, &changed);
	/* Without a season the change explains it: it only looked like one. */
	if ((double)l->m * log(plain / changed) > (s.period ? CLEAR_CHANGE : 0))
		keep_season(l, r, &s);
	for (int i = 0; i < ROUNDS && l->season.period; i++) {
		main_change(r->values, l->m, r->rest);
		s = try_season(l, r, &changed);
		keep_season(l, r, s.period ? &s : &l->season);
	}
}

/* Schwarz' criterion (1978) of a partition whose values had `spent` parameters taken out before. */
static double cost_of(struct auto_look *l, struct auto_room *r, const double *values, double spent,
		      const struct partition_options *o)
{
	double squares = 0, n = (double)l->m;
	partition_find(&l->partition, values, l->m, o);
	partition_rest(&l->partition, r->rest);
	for (size_t i = 0; i < l->m; i++)
		squares += r->rest[i] * r->rest[i];
	return n * log(squares) + log(n) * (spent + 2 * (double)l->partition.n_cuts);
}

/* A series that goes up and down a few times seems to have a season, until its steps are seen. */
static bool is_worth_it(struct auto_look *l, struct auto_room *r, const struct partition_options *o)
{
	struct partition_options with = *o;
	with.noise.lost = l->season.spent / (double)l->m;
	return cost_of(l, r, r->values, l->season.spent, &with) < cost_of(l, r, r->next, 0, o);
}

void auto_take_season(struct auto_look *l, struct auto_room *r, const struct partition_options *o)
{
	find_season(l, r);
	if (l->season.period && !is_worth_it(l, r, o))
		keep_season(l, r, &(struct season){ 0 });
}
