#include "partition.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_PART 0.9 /* of the share is for the scan over all points, the rest for shorter intervals, */
#define ALIKE                                                                                                \
	2.33 /* or all of it, where neighbours resemble each other so many standard deviations more than noise does */
#define INTERVAL_LEAST 5.5
#define INTERVAL_RATIO                                                                                       \
	1.4142135623730951 /* each scale is so much shorter, and its intervals overlap by half */
#define MOVES_MAX   8
#define CLEAR_SLOPE 11 /* 2 ln of the likelihood ratio */

int partition_init(struct partition *p, struct arena *arena, size_t n)
{
	*p = (struct partition){ 0 };
	p->cuts = arena_alloc(arena, (n / SCAN_SIDE + 1) * sizeof(*p->cuts));
	p->open = arena_alloc(arena, (n / SCAN_SIDE + 2) * sizeof(*p->open));
	p->flat = arena_alloc(arena, (n + 1) * sizeof(double));
	p->scored = arena_alloc(arena, (n + 1) * sizeof(double));
	p->sums = arena_alloc(arena, (n + 1) * sizeof(double));
	if (!p->cuts || !p->open || !p->flat || !p->scored || !p->sums)
		return -ENOMEM;
	return scores_init(&p->scores, arena, n);
}

/* --- one part ----------------------------------------------------------------------------------------------------------- */

/* The best step of x[from..to) that is believed, p at most `bound`; cut->at == 0: there is none. *slope: a slope explains more (and
 * then it was a step on it that was looked for; the values without it are in p->flat). */
static void test_part(struct partition *p, size_t from, size_t to, double bound, struct cut *cut, bool *slope)
{
	const double *y = p->x + from, *view;
	size_t n = to - from;
	struct split s = scan_step(view = partition_view(p, y, n), n, &p->options.noise);
	*cut = (struct cut){ .p = 1 };
	*slope = false;
	if (!s.at || s.p > bound)
		return;
	if (!partition_is_step(p, view, n, &s)) {
		*slope = p->sloped = true;
		scan_take_line(y, n, p->flat);
		y = p->flat;
		s = scan_step_on_line(partition_view(p, y, n), n, &p->options.noise);
		if (!s.at || s.p > bound)
			return;
	}
	if (partition_believes(p, y, n, &s, bound, *slope))
		*cut = (struct cut){ .at = from + s.at, .p = s.p, .on_line = *slope };
}

/* Do neighbours resemble each other more than those of noise (von Neumann 1941)? Noise that does so anyway says nothing. */
static bool are_alike(const double *y, size_t n)
{
	double squares = scan_line(y, n).level_rest, steps = 0;
	for (size_t i = 1; i < n; i++)
		steps += (y[i] - y[i - 1]) * (y[i] - y[i - 1]);
	return squares > 0 && (1 - steps / 2 / squares) * sqrt((double)n) > ALIKE;
}

static size_t intervals_of(double length, size_t n)
{
	return 2 * (size_t)ceil((double)n / length) - 1;
}

/* The most convincing step of y[0..n) within intervals shorter than that. */
static void test_intervals(struct partition *p, const double *y, size_t n, double share, struct cut *cut)
{
	double least = share, scales = 0;
	for (double l = (double)n / INTERVAL_RATIO; l >= INTERVAL_LEAST; l /= INTERVAL_RATIO)
		scales++;
	for (double l = (double)n / INTERVAL_RATIO; l >= INTERVAL_LEAST; l /= INTERVAL_RATIO) {
		size_t length = (size_t)lround(l), count = intervals_of(l, n);
		for (size_t i = 0; i < count; i++) {
			const double *z =
				y + (size_t)lround((double)(n - length) * (double)i / (double)(count - 1));
			const double *view = partition_view(p, z, length);
			struct split s = scan_step(view, length, &p->options.noise);
			double times = scales * (double)count;
			if (s.at && s.p * times < least && partition_is_step(p, view, length, &s) &&
			    partition_believes(p, z, length, &s, least / times, false)) {
				least = s.p * times;
				*cut = (struct cut){ .at = (size_t)(z - y) + s.at, .p = least };
			}
		}
	}
}

static bool find_cut(struct partition *p, size_t from, size_t to, struct cut *cut)
{
	size_t n = to - from;
	double share = p->options.share * (double)n / (double)p->n;
	bool slope;
	test_part(p, from, to, WHOLE_PART * share, cut, &slope);
	if (cut->at)
		return true;
	const double *y = slope ? p->flat : p->x + from;
	bool all = p->options.noise.correlation <= 0 && are_alike(y, n);
	share *= (all ? 1 : 1 - WHOLE_PART) / 2;
	if (!partition_find_bump(p, y, n, share, cut))
		test_intervals(p, y, n, share, cut);
	if (!cut->at)
		return false;
	cut->at += from;
	cut->on_line = slope;
	return true;
}

/* --- all of them -------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	size_t x = ((const struct cut *)a)->at, y = ((const struct cut *)b)->at;
	return (x > y) - (x < y);
}

static void divide(struct partition *p)
{
	size_t open = 0;
	p->open[open++] = (struct stretch){ 0, p->n };
	while (open > 0) {
		struct stretch s = p->open[--open];
		struct cut c;
		if (s.to - s.from < 2 * SCAN_SIDE || !find_cut(p, s.from, s.to, &c))
			continue;
		p->cuts[p->n_cuts++] = c;
		p->open[open++] = (struct stretch){ s.from, c.at };
		p->open[open++] = (struct stretch){ c.at, s.to };
	}
	qsort(p->cuts, p->n_cuts, sizeof(*p->cuts), by_place);
}

static size_t begin_of(const struct partition *p, size_t part)
{
	return part ? p->cuts[part - 1].at : 0;
}

static size_t end_of(const struct partition *p, size_t part)
{
	return part < p->n_cuts ? p->cuts[part].at : p->n;
}

static void doubt(struct partition *p, size_t i)
{
	if (i < p->n_cuts && p->cuts[i].moves < MOVES_MAX)
		p->cuts[i].doubtful = true;
}

/* A cut is judged by what is between its neighbours: it may move, or prove to be none. */
static void judge(struct partition *p, size_t i)
{
	struct cut *c = &p->cuts[i], found;
	bool slope;
	test_part(p, begin_of(p, i), end_of(p, i + 1), p->options.share, &found, &slope);
	c->doubtful = false;
	c->p = found.p;
	if (!found.at)
		return;
	c->on_line = slope;
	if (found.at != c->at) {
		c->at = found.at;
		c->moves++;
		doubt(p, i + 1);
		if (i > 0)
			doubt(p, i - 1);
	}
}

/* The cut that convinces least, when it does not. */
static size_t weakest(const struct partition *p)
{
	size_t at = p->n_cuts;
	double most = p->options.share;
	for (size_t i = 0; i < p->n_cuts; i++)
		if (p->cuts[i].p > most) {
			most = p->cuts[i].p;
			at = i;
		}
	return at;
}

static void settle(struct partition *p)
{
	for (size_t i = 0; i < p->n_cuts; i++)
		p->cuts[i].doubtful = true;
	for (;;) {
		bool seen = false;
		for (size_t i = 0; i < p->n_cuts; i++)
			if (p->cuts[i].doubtful) {
				judge(p, i);
				seen = true;
			}
		if (seen)
			continue;
		size_t at = weakest(p);
		if (at == p->n_cuts)
			return;
		memmove(p->cuts + at, p->cuts + at + 1, (--p->n_cuts - at) * sizeof(*p->cuts));
		doubt(p, at);
		if (at > 0)
			doubt(p, at - 1);
	}
}

void partition_find(struct partition *p, const double *x, size_t n, const struct partition_options *o)
{
	p->x = x;
	p->n = n;
	p->options = *o;
	p->n_cuts = 0;
	p->sloped = false;
	if (n < 2 * SCAN_SIDE)
		return;
	divide(p);
	settle(p);
}

void partition_rest(const struct partition *p, double *out)
{
	for (size_t part = 0; part <= p->n_cuts; part++) {
		size_t from = begin_of(p, part), n = end_of(p, part) - from;
		struct scan_line l = scan_line(p->x + from, n);
		bool slope = n > 8 && (double)n * log(l.level_rest / l.rest) > CLEAR_SLOPE;
		for (size_t i = 0; i < n; i++)
			out[from + i] = p->x[from + i] - l.middle -
					(slope ? l.slope * ((double)i - ((double)n - 1) / 2) : 0);
	}
}
