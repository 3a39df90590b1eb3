/* The second look at a change that the running figures suspect: all points held are examined. */
#include "watch_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUSTAINED_BOUND 5.5 /* standard deviations between the means of a sustained change */
#define AGREEMENT       0.6 /* the medians differ by at least that share of what the means differ by */
#define TAIL_POINTS     8.0 /* means of so many points are as heavy-tailed as one */
#define STEP_OVER_LINE  4.0 /* how much likelier a step is than a slope: 2 ln of the ratio */

float watch_median(float *x, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		float v = x[i];
		unsigned k = i;
		for (; k > 0 && x[k - 1] > v; k--)
			x[k] = x[k - 1];
		x[k] = v;
	}
	return n % 2 ? x[n / 2] : 0.5F * (x[n / 2 - 1] + x[n / 2]);
}

static float median_of(const float *x, unsigned n)
{
	float copy[WATCH_RING];
	memcpy(copy, x, n * sizeof(*x));
	return watch_median(copy, n);
}

double watch_sum_variance(double k, double r)
{
	return k * (1 + r) / (1 - r) - 2 * r * (1 - pow(r, k)) / ((1 - r) * (1 - r));
}

/* Sums of x and x² before each place. */
struct sums {
	unsigned n;
	double x[WATCH_RING + 1], xx[WATCH_RING + 1];
};

static void sums_of(struct sums *s, const float *x, unsigned n, float low, float high)
{
	s->n = n;
	s->x[0] = s->xx[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		double v = fminf(fmaxf(x[i], low), high);
		s->x[i + 1] = s->x[i] + v;
		s->xx[i + 1] = s->xx[i] + v * v;
	}
}

static double mean_of(const struct sums *s, unsigned from, unsigned to)
{
	return (s->x[to] - s->x[from]) / (to - from);
}

/* Squares that a level from..to leaves unexplained. */
static double rest_of(const struct sums *s, unsigned from, unsigned to)
{
	double sum = s->x[to] - s->x[from];
	double rest = s->xx[to] - s->xx[from] - sum * sum / (to - from);
	return rest > 0 ? rest : 0;
}

/* The same for a straight line over everything. */
static double rest_of_line(const struct sums *s, const float *x, float low, float high)
{
	double middle = (s->n - 1) / 2.0, xt = 0, tt = s->n * ((double)s->n * s->n - 1) / 12;
	for (unsigned i = 0; i < s->n; i++)
		xt += (i - middle) * fminf(fmaxf(x[i], low), high);
	double rest = rest_of(s, 0, s->n) - xt * xt / tt;
	return rest > 0 ? rest : 0;
}

/* Where the two means explain most. */
static unsigned best_split(const struct sums *s)
{
	unsigned best = 0;
	double least = INFINITY;
	for (unsigned at = WATCH_BEFORE; at + WATCH_AFTER <= s->n; at++) {
		double rest = rest_of(s, 0, at) + rest_of(s, at, s->n);
		if (rest < least) {
			least = rest;
			best = at;
		}
	}
	return best;
}

/* Standard deviation of the difference of two means. Means of few points inherit the tails of the points. */
static double difference_sd(const struct watch_state *w, double correlation, double before, double after)
{
	const struct watch_usual *u = &w->usual;
	double spread = fmaxf(u->spread, watch_floor(w)), variance = fmax(u->variance, 0.8);
	double block = watch_sum_variance(WATCH_BLOCK, correlation) * u->variance;
	double more = block > 0 && u->block_square > block ? u->block_square / block : 1;
	double stray = u->stray / (WATCH_STRAY_SD * spread);
	double tail = fmax(stray * stray / variance - 1, 0) * fmin(TAIL_POINTS / after, 1);
	double parts = watch_sum_variance(before, correlation) / (before * before) +
		       watch_sum_variance(after, correlation) / (after * after);
	return spread * sqrt(variance * (1 + tail) * more * parts);
}

/* Where each point resembles the one before, a single blow dies away slowly: (1 - correlation) of it is lost per point.
 * Of a step that much must come anew with each point; half of it is asked for. */
static bool is_fed(const float *x, unsigned n, unsigned at, double base, double change, double correlation)
{
	double fed = 0;
	for (unsigned i = at + 1; i < n; i++)
		fed += (double)x[i] - base - correlation * ((double)x[i - 1] - base);
	return fabs(fed) >= 0.5 * (n - at - 1) * (1 - correlation) * change;
}

/* The split of a sustained change, or 0. */
static unsigned find_sustained(const struct watch_state *w, const struct watch_options *o, const float *x,
			       unsigned n, double correlation)
{
	unsigned run = w->up > w->down ? w->up_run : w->down_run;
	if (run < WATCH_AFTER || n < WATCH_BEFORE + WATCH_AFTER)
		return 0;
	unsigned at = run > n - WATCH_BEFORE ? WATCH_BEFORE : n - run;
	float reach = WATCH_CLIP * fmaxf(w->usual.spread, watch_floor(w));
	float before = median_of(x, at), after = median_of(x + at, n - at);
	float low = fminf(before, after) - reach, high = fmaxf(before, after) + reach;
	struct sums s;
	sums_of(&s, x, n, low, high);
	at = best_split(&s);
	double base = mean_of(&s, 0, at), difference = fabs(mean_of(&s, at, n) - base);
	double bound = watch_width(w, o, correlation, SUSTAINED_BOUND);
	if (difference < bound * difference_sd(w, correlation, at, n - at))
		return 0;
	if (fabs(median_of(x + at, n - at) - median_of(x, at)) < AGREEMENT * difference)
		return 0;
	if (!is_fed(x, n, at, base, difference, correlation))
		return 0;
	double step = rest_of(&s, 0, at) + rest_of(&s, at, n), line = rest_of_line(&s, x, low, high);
	return line > step * exp(STEP_OVER_LINE / n) ? at : 0;
}

static unsigned find_abrupt(const struct watch_state *w, const float *x, unsigned n, double correlation)
{
	unsigned run = (unsigned)abs(w->far_run);
	double highest = 0;
	if (run >= n)
		return 0;
	for (unsigned i = n - run; i < n; i++)
		highest = fmax(highest, fabs((double)(x[i] - w->level)));
	return is_fed(x, n, n - run, (double)w->level, highest, correlation) ? n - run : 0;
}

/* Where almost all points are the same, a few others prove little: the change must surpass all that was seen. */
static bool is_seen_before(const struct watch_state *w, double change)
{
	const struct watch_usual *u = &w->usual;
	bool mostly_same = u->spread < 0.5F * watch_floor(w) || u->farthest > 100 * u->spread;
	return mostly_same && change / w->unit <= (double)u->farthest;
}

/* What is next to nothing beside the change is nothing: the points are held with 24 bits. */
static double snapped(double mean, double change)
{
	return fabs(mean) < 1e-5 * fabs(change) ? 0 : mean;
}

static void describe(const struct watch_state *w, const float *x, unsigned n, unsigned at, double correlation,
		     struct watch_verdict *out)
{
	struct sums s;
	sums_of(&s, x, n, -INFINITY, INFINITY);
	double before = mean_of(&s, 0, at), after = mean_of(&s, at, n);
	double sd = difference_sd(w, correlation, at, n - at);
	*out = (struct watch_verdict){
		.from = watch_point_time(w, 0),
		.t = watch_point_time(w, at),
		.to = w->last_t,
		.n_before = at,
		.n_after = n - at,
		.mean_before = w->reference + before * w->unit,
		.mean_after = w->reference + after * w->unit,
		.sd_before = sqrt(rest_of(&s, 0, at) / at) * w->unit,
		.sd_after = sqrt(rest_of(&s, at, n) / (n - at)) * w->unit,
		.score = sd > 0 ? fabs(after - before) / sd : INFINITY,
	};
	out->p = erfc(out->score / sqrt(2));
}

unsigned watch_judge(const struct watch_state *w, const struct watch_options *o, bool abrupt,
		     struct watch_verdict *out)
{
	float x[WATCH_RING];
	unsigned n = watch_points(w, x), at;
	double correlation = watch_correlation(w);
	if (abrupt)
		at = find_abrupt(w, x, n, correlation);
	else
		at = find_sustained(w, o, x, n, correlation);
	if (at == 0)
		return 0;
	describe(w, x, n, at, correlation, out);
	double change = fabs(out->mean_after - out->mean_before);
	out->mean_before = snapped(out->mean_before, change);
	out->mean_after = snapped(out->mean_after, change);
	if (is_seen_before(w, change))
		return 0;
	return change > 0 && change >= o->min_percent / 100 * fabs(out->mean_before) ? at : 0;
}
