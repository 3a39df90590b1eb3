#include "auto_look.h"

#include "ascending.h"
#include "bend.h"

#include "detect/robust.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CORRELATED                                                                                           \
	2.3 /* standard deviations by which neighbours resemble each other more than those of noise */
#define LENIENCY        0.4 /* is added to that where the caller would rather have false points than miss one */
#define CORRELATION_MAX 0.95
#define ROUNDS          6 /* what is left after steps depends on the noise, and the other way round */
#define CONVERGED       0.02
#define SEASON_ROUNDS   2
#define CLEAR_CHANGE    12  /* 2 ln of the likelihood ratio */
#define HEAVY           3.0 /* standard deviations of Royston's statistic */
#define HEAVY_FROM      20
#define STEP_SPENDS     2   /* parameters: its place and its height */
#define ONE_STEP        9.0 /* a bend must be so much likelier than one step, 2 ln of the ratio, */
#define ONE_LENIENCY    6.0 /* and more for who would rather have false points than miss one */
#define COARSE          0.5 /* share of values that are not the first of their kind: they were rounded */

static int make_room(struct auto_room *r, struct arena *arena, size_t m)
{
	r->values = arena_alloc(arena, (m + 1) * sizeof(double));
	r->next = arena_alloc(arena, (m + 1) * sizeof(double));
	r->rest = arena_alloc(arena, (m + 1) * sizeof(double));
	r->work = arena_alloc(arena, 2 * (m + 1) * sizeof(double));
	r->mean_variance = arena_alloc(arena, (m + 1) * sizeof(double));
	return r->values && r->next && r->rest && r->work && r->mean_variance ? 0 : -ENOMEM;
}

static void average(const double *x, size_t m, size_t fold, double *out)
{
	for (size_t i = 0; i < m; i++) {
		double sum = 0;
		for (size_t k = 0; k < fold; k++)
			sum += x[i * fold + k] - x[0];
		out[i] = x[0] + sum / (double)fold;
	}
}

/* The smallest difference where at least half of the values were there before. */
static double grain_of(const double *x, size_t n, double *work)
{
	size_t kinds = 1;
	double least = INFINITY;
	memcpy(work, x, n * sizeof(*x));
	sort_ascending(work, n);
	for (size_t i = 1; i < n; i++)
		if (work[i] > work[i - 1]) {
			least = fmin(least, work[i] - work[i - 1]);
			kinds++;
		}
	return kinds > 1 && (double)kinds <= (1 - COARSE) * (double)n ? least : 0;
}

/* Correlation of neighbours in what is left, put right for its bias in short parts (Kendall 1954); *sure in standard deviations. */
static double correlation_of(const double *rest, size_t n, size_t parts, double *sure)
{
	double product = 0, squares = 0, count = (double)n, spent = (double)parts / count;
	for (size_t i = 0; i < n; i++) {
		squares += rest[i] * rest[i];
		product += i ? rest[i] * rest[i - 1] : 0;
	}
	double r = (squares > 0 ? product / squares : 0) + spent;
	*sure = r * sqrt(count);
	return fmin(fmax(r / (1 - fmin(4 * spent, 0.4)), 0), CORRELATION_MAX);
}

static void set_correlation(struct scan_noise *noise, double correlation, struct auto_room *r, size_t n)
{
	noise->correlation = correlation;
	noise->mean_variance = r->mean_variance;
	for (size_t k = 1; k <= n; k++)
		r->mean_variance[k] = scan_sum_variance((double)k, correlation) / ((double)k * (double)k);
}

/* Are values not those of normal noise? Shapiro & Francia's W' with Royston's approximation (1993). */
static bool is_heavy(const double *rest, size_t n, struct partition *p, double *work)
{
	double product = 0, squares = 0, normal = 0, u = log((double)n), v = log(u);
	if (n < HEAVY_FROM)
		return false;
	scores_of(&p->scores, rest, n, work);
	for (size_t i = 0; i < n; i++) {
		product += rest[i] * work[i];
		squares += rest[i] * rest[i];
		normal += work[i] * work[i];
	}
	double w =
		squares > 0 && normal > 0 ? product / sqrt(squares) * (product / sqrt(squares)) / normal : 1;
	double z = (log(fmax(1 - w, 1e-12)) - (1.0521 * (v - u) - 1.2725)) / (1.0308 - 0.26758 * (v + 2 / u));
	return z > HEAVY;
}

static void look_again(struct auto_look *l, struct partition_options *o, struct auto_room *r)
{
	partition_find(&l->partition, r->values, l->m, o);
	partition_rest(&l->partition, r->rest);
}

static void choose(struct auto_look *l, struct partition_options *o, struct auto_room *r)
{
	double sure, correlation, bound = CORRELATED + LENIENCY * partition_leniency(o);
	look_again(l, o, r);
	l->heavy = is_heavy(r->rest, l->m, &l->partition, r->work);
	if (l->heavy && !o->ranks) {
		o->ranks = l->ranks = true;
		look_again(l, o, r);
	}
	correlation = correlation_of(r->rest, l->m, l->partition.n_cuts + 1, &sure);
	for (int i = 0; i < ROUNDS && sure > bound && l->partition.n_cuts > 0; i++) {
		if (correlation <= o->noise.correlation + CONVERGED)
			break;
		set_correlation(&o->noise, correlation, r, l->m);
		look_again(l, o, r);
		correlation = correlation_of(r->rest, l->m, l->partition.n_cuts + 1, &sure);
	}
	l->correlation = o->noise.correlation;
}

/* Does a bend explain more than the steps that were found, and the season? Then it takes their place. One step is given the benefit of
 * the doubt: a wrong bend would hide it; more than one, and a season, pay for what they spend (Schwarz 1978). */
static void consider_bend(struct auto_look *l, const struct partition_options *o, struct auto_room *r)
{
	const double *x = l->season.period ? r->next : r->values;
	double alike = l->correlation, independent = (double)l->m * (1 - alike) / (1 + alike);
	double spent = STEP_SPENDS * (double)l->partition.n_cuts + l->season.spent, squares = 0;
	if (l->partition.n_cuts == 0 || l->m < BEND_LEAST)
		return;
	for (size_t i = 0; i < l->m; i++)
		squares += r->rest[i] * r->rest[i];
	struct bend b = bend_find(x, l->m);
	double least = (double)l->m * o->noise.least_sd * o->noise.least_sd;
	double margin = spent > STEP_SPENDS ? log(independent) * (BEND_SPENDS - spent)
					    : ONE_STEP + ONE_LENIENCY * partition_leniency(o);
	if (!(independent * log(fmax(squares, least) / fmax(b.rest, least)) > margin))
		return;
	l->bent = true;
	l->season = (struct season){ 0 };
	l->partition.n_cuts = 0;
	bend_take(&b, x, l->m, r->rest);
}

int auto_look_at(struct auto_look *l, struct arena *arena, const double *x, size_t n, double share,
		 bool ranks)
{
	struct partition_options o = { .share = share, .ranks = ranks };
	struct auto_room r;
	*l = (struct auto_look){ .arena = arena, .n = n, .share = share, .ranks = ranks };
	l->fold = n / AUTO_POINTS + (n % AUTO_POINTS != 0);
	l->fold = l->fold ? l->fold : 1;
	l->m = n / l->fold;
	if (make_room(&r, arena, l->m) < 0 || partition_init(&l->partition, arena, l->m) < 0)
		return -ENOMEM;
	if (l->m == 0)
		return 0;
	average(x, l->m, l->fold, r.next);
	l->grain = grain_of(r.next, l->m, r.work);
	l->strays = robust_clip(r.next, l->m, r.values, r.work);
	auto_take_season(l, &r, &o);
	o.noise.lost = l->season.spent / (double)l->m;
	o.noise.least_sd = l->season.period ? 0 : l->grain / sqrt(12);
	choose(l, &o, &r);
	consider_bend(l, &o, &r);
	double squares = 0;
	for (size_t i = 0; i < l->m; i++)
		squares += r.rest[i] * r.rest[i];
	l->noise_sd = sqrt(squares / (double)l->m);
	for (size_t i = 0; i < l->m; i++)
		l->level += fabs(r.values[i]) / (double)l->m;
	return 0;
}
