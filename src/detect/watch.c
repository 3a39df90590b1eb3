#include "watch_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAR_BOUND       5.0F /* spreads away: part of an abrupt change */
#define FAR_STRAY       2.0F /* and so many times as far as one point in fifty strays */
#define FAR_RUN_MAX     16
#define SLACK           0.5F /* spreads that the CUSUM forgives per point */
#define SUSPICION       5.0F /* CUSUM at which the points held are examined */
#define CUSUM_MAX       60.0F
#define HOLD            16  /* points after a verdict without another, */
#define HOLD_GROWTH     3.0 /* times this for each one of late, */
#define HOLD_MAX        20000
#define RESTLESS_MS     86400e3F /* which wear off one in so much time */
#define RELEARN         40       /* what the spread was before a change weighs as so many points after it */
#define GAP_POINTS      30       /* a gap of so many points, */
#define GAP_MS          600000   /* and at least so long: the level is learned anew */
#define FOLD_FULL       0.9
#define USUAL_MS        60000.0 /* bounds are made for points so far apart */
#define LATE_MAX        8       /* points in a row from the past: the clock was set back */
#define FARTHEST        1e30F
#define FORGET_FARTHEST 0.9999F
#define YOUNG           24 /* a suspicion of so many points is old: what is usual has come to include it */
#define MAD_SD          1.4826F /* standard deviations of the normal distribution per median distance */

void watch_init(struct watch_state *w)
{
	memset(w, 0, sizeof(*w));
	w->whole = true;
}

/* --- the points held ----------------------------------------------------------------------------------------------- */

static unsigned place(const struct watch_state *w, unsigned i)
{
	return (w->ring_next + WATCH_RING - w->ring_n + i) % WATCH_RING;
}

float watch_point(const struct watch_state *w, unsigned i)
{
	return w->ring[place(w, i)];
}

unsigned watch_points(const struct watch_state *w, float out[WATCH_RING])
{
	for (unsigned i = 0; i < w->ring_n; i++)
		out[i] = watch_point(w, i);
	return w->ring_n;
}

wall_ms watch_point_time(const struct watch_state *w, unsigned i)
{
	return w->last_t - (wall_ms)((uint32_t)w->last_t - w->ring_t[place(w, i)]);
}

static void hold_point(struct watch_state *w, wall_ms t, float y)
{
	w->ring[w->ring_next] = y;
	w->ring_t[w->ring_next] = (uint32_t)t;
	w->ring_next = (uint8_t)((w->ring_next + 1) % WATCH_RING);
	w->ring_n = (uint8_t)(w->ring_n < WATCH_RING ? w->ring_n + 1 : WATCH_RING);
}

/* Small numbers stay small: another reference, another unit, the same points. */
static void rebase(struct watch_state *w, double reference, double unit)
{
	double ratio = w->unit / unit, shift = (w->reference - reference) / unit;
	for (unsigned i = 0; i < WATCH_RING; i++)
		w->ring[i] = (float)(w->ring[i] * ratio + shift);
	w->level = (float)(w->level * ratio + shift);
	w->trend = (float)(w->trend * ratio);
	w->spread = (float)(w->spread * ratio);
	w->stray = (float)(w->stray * ratio);
	w->farthest = (float)(w->farthest * ratio);
	w->usual.spread = (float)(w->usual.spread * ratio);
	w->usual.stray = (float)(w->usual.stray * ratio);
	w->usual.farthest = (float)(w->usual.farthest * ratio);
	w->reference = reference;
	w->unit = unit;
}

static double power_of_two(double x)
{
	int exponent = ilogb(x);
	return ldexp(1, exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent);
}

/* The value in units; the first one is the reference, the first difference gives the unit. */
static float scaled(struct watch_state *w, double v)
{
	if (w->ring_n == 0 && w->learned == 0) {
		w->reference = v;
		w->unit = 0;
	}
	double difference = v - w->reference;
	if (w->unit == 0) {
		if (difference == 0)
			return 0;
		w->unit = power_of_two(difference);
	}
	double y = difference / w->unit;
	return (float)fmin(fmax(y, -FARTHEST), FARTHEST);
}

/* --- what is usual --------------------------------------------------------------------------------------------------- */

float watch_floor(const struct watch_state *w)
{
	if (w->unit == 0)
		return 0;
	double level = fabs(w->reference / w->unit + w->level) * 1e-3;
	return (float)(w->whole ? fmax(level, 0.5 / w->unit) : level);
}

double watch_correlation(const struct watch_state *w)
{
	double r = w->usual.variance > 0 ? w->usual.covariance / w->usual.variance : 0;
	r += (1 + 4 * r) / w->learned; /* its bias in short series (Kendall 1954) */
	return r < 0 ? 0 : r > 0.97 ? 0.97 : r;
}

double watch_width(const struct watch_state *w, const struct watch_options *o, double correlation,
		   double bound)
{
	double known = w->learned * (1 - correlation) / (1 + correlation);
	double interval = fmax(w->interval_ms, 1);
	double dense = interval < USUAL_MS ? 2 * log(USUAL_MS / interval) : 0;
	return sqrt(bound * bound + dense) * (1 + 8 / known) * o->strictness;
}

static void remember_usual(struct watch_state *w)
{
	w->usual = (struct watch_usual){ w->spread,   w->stray,      w->farthest,
					 w->variance, w->covariance, w->block_square };
}

static void return_to_usual(struct watch_state *w)
{
	w->spread = w->usual.spread;
	w->stray = w->usual.stray;
	w->farthest = w->usual.farthest;
	w->variance = w->usual.variance;
	w->covariance = w->usual.covariance;
	w->block_square = w->usual.block_square;
}

static void learn(struct watch_state *w)
{
	float x[WATCH_RING], distance[WATCH_RING], before = 0;
	unsigned n = watch_points(w, x);
	memcpy(distance, x, n * sizeof(*x));
	w->level = watch_median(distance, n);
	for (unsigned i = 0; i < n; i++)
		distance[i] = fabsf(x[i] - w->level);
	w->spread = fmaxf(MAD_SD * watch_median(distance, n), 1e-12F);
	w->stray = fmaxf(WATCH_STRAY_SD * w->spread, distance[n - 2]); /* sorted: the last but one */
	w->farthest = distance[n - 1];
	w->learned = w->levelled = (uint16_t)n;
	float spread = fmaxf(w->spread, watch_floor(w));
	double square = 0, product = 0;
	for (unsigned i = 0; i < n; i++) {
		float u = fminf(fmaxf((x[i] - w->level) / spread, -WATCH_CLIP), WATCH_CLIP);
		square += (double)(u * u);
		product += (double)(u * before);
		before = u;
	}
	w->variance = (float)(square / n);
	w->covariance = (float)(product / n);
	w->last = before;
	remember_usual(w);
	w->block_square = (float)(watch_sum_variance(WATCH_BLOCK, watch_correlation(w)) * w->variance);
	w->block_sum = 0;
	w->block_n = 0;
	remember_usual(w);
}

static void follow_block(struct watch_state *w, float u, float gain)
{
	w->block_sum += u;
	if (++w->block_n < WATCH_BLOCK)
		return;
	float square = fminf(w->block_sum * w->block_sum, 9 * fmaxf(w->block_square, 1));
	gain = fminf(gain * WATCH_BLOCK, 0.1F);
	w->block_square += fmaxf(gain, 0.025F) * (square - w->block_square);
	w->block_sum = 0;
	w->block_n = 0;
}

/* Brown's double exponential smoothing: a series that drifts is not always behind. */
static void follow_level(struct watch_state *w, float residual)
{
	if (w->levelled < WATCH_LEVELLED) {
		w->levelled++;
		w->level += residual / (float)w->levelled;
		return;
	}
	const float forget = 1.0F / WATCH_LEVELLED;
	w->level += w->trend + forget * (2 - forget) * residual;
	w->trend += forget * forget * residual;
}

/* Steps of stochastic approximation; their lengths are those that converge fastest on normal noise. */
static void follow(struct watch_state *w, float residual, float spread, float u)
{
	float distance = fabsf(residual), gain = 1.0F / (float)w->learned;
	w->learned = (uint16_t)(w->learned < WATCH_LEARNED ? w->learned + 1 : WATCH_LEARNED);
	w->spread *= 1 + (distance * MAD_SD > w->spread ? 1.17F : -1.17F) * gain;
	w->spread = fmaxf(w->spread, 1e-12F);
	w->stray *= 1 + fminf(8 * gain, 0.3F) * (distance > w->stray ? 0.98F : -0.02F);
	w->stray = fmaxf(w->stray, 1e-12F);
	w->farthest = fmaxf(w->farthest * FORGET_FARTHEST, distance);
	w->variance += gain * (u * u - w->variance);
	w->covariance += gain * (u * w->last - w->covariance);
	w->last = u;
	follow_level(w, fminf(fmaxf(residual, -2 * spread), 2 * spread));
	follow_block(w, u, gain);
}

/* --- suspicion --------------------------------------------------------------------------------------------------------- */

static void cusum_step(float *sum, uint8_t *run, float u)
{
	*sum = fminf(*sum + u - SLACK, CUSUM_MAX);
	if (*sum <= 0) {
		*sum = 0;
		*run = 0;
	} else if (*run < UINT8_MAX) {
		++*run;
	}
}

static void count_far(struct watch_state *w, const struct watch_options *o, float residual, float spread)
{
	float far = FAR_BOUND * spread;
	if (fabsf(residual) < far) { /* the usual case is cheap */
		w->far_run = 0;
		return;
	}
	far = (float)(watch_width(w, o, watch_correlation(w), (double)FAR_BOUND) * (double)spread);
	far = fmaxf(far, FAR_STRAY * w->usual.stray * (float)o->strictness);
	int side = residual > 0 ? 1 : -1;
	if (fabsf(residual) < far)
		w->far_run = 0;
	else if (w->far_run * side > 0)
		w->far_run = (int8_t)(abs(w->far_run) <= FAR_RUN_MAX ? w->far_run + side : w->far_run);
	else
		w->far_run = (int8_t)side;
}

/* The points held are examined while a run is young, then ever more seldom. */
static bool worth_a_look(const struct watch_state *w)
{
	if (fmaxf(w->up, w->down) < SUSPICION)
		return false;
	unsigned run = w->up > w->down ? w->up_run : w->down_run;
	return run <= 8 || (run <= 16 && run % 2 == 0) || run % 4 == 0;
}

/* --- a verdict ------------------------------------------------------------------------------------------------------ */

static void calm(struct watch_state *w)
{
	w->up = w->down = w->block_sum = w->last = 0;
	w->up_run = w->down_run = w->block_n = 0;
	w->far_run = 0;
}

/* The points from `at` on are the new usual. */
static void settle(struct watch_state *w, unsigned at)
{
	double sum = 0, hold = HOLD * pow(HOLD_GROWTH, (double)w->restless);
	unsigned n = w->ring_n - at;
	for (unsigned i = at; i < w->ring_n; i++)
		sum += (double)watch_point(w, i);
	w->ring_n = (uint8_t)n;
	w->level = (float)(sum / n);
	w->trend = 0;
	w->levelled = (uint16_t)n;
	w->learned = w->learned < RELEARN ? w->learned : RELEARN;
	w->hold = (uint32_t)fmin(hold, HOLD_MAX);
	w->restless += 1;
	return_to_usual(w);
	calm(w);
}

static void level_anew(struct watch_state *w)
{
	w->ring_n = 0;
	w->late = 0;
	w->levelled = 0;
	w->trend = 0;
	w->hold = WATCH_WARM;
	calm(w);
	if (!w->learned)
		watch_init(w);
}

/* Floats have 24 bits: they are not to be spent on a level far away from the reference. */
static void keep_small(struct watch_state *w)
{
	float usual = fmaxf(fmaxf(w->spread, watch_floor(w)), 1e-3F * w->farthest);
	if (fabsf(w->level) > 1e4F * usual && usual > 0)
		rebase(w, w->reference + (double)w->level * w->unit, power_of_two((double)usual * w->unit));
}

/* --- points ----------------------------------------------------------------------------------------------------------- */

/* False: the point has no place in the order of time. */
static bool note_time(struct watch_state *w, wall_ms t)
{
	if (w->ring_n == 0 && w->interval_ms == 0) {
		w->last_t = t;
		return true;
	}
	wall_ms passed = t - w->last_t;
	if (passed < 0) {
		if (++w->late < LATE_MAX)
			return false;
		level_anew(w);
		w->last_t = t;
		return true;
	}
	w->late = 0;
	if (w->interval_ms > 0 && passed > GAP_MS && (float)passed > GAP_POINTS * w->interval_ms)
		level_anew(w);
	else
		w->interval_ms += w->interval_ms > 0 ? ((float)passed - w->interval_ms) / 16 : (float)passed;
	w->restless = fmaxf(w->restless - (float)passed / RESTLESS_MS, 0);
	w->last_t = t;
	return true;
}

static bool take(struct watch_state *w, const struct watch_options *o, wall_ms t, double v,
		 struct watch_verdict *out)
{
	if (!note_time(w, t))
		return false;
	w->whole = w->whole && v == floor(v) && fabs(v) < 0x1p53; /* above it no double has a fraction */
	float y = scaled(w, v);
	hold_point(w, t, y);
	if (w->learned == 0) {
		if (w->ring_n == WATCH_WARM)
			learn(w);
		return false;
	}
	if (w->levelled == 0) {
		w->level = y;
		w->levelled = 1;
	}
	if (w->hold > 0 || (w->up <= 0 && w->down <= 0) || w->up_run > YOUNG || w->down_run > YOUNG)
		remember_usual(w);
	float spread = fmaxf(fmaxf(w->usual.spread, watch_floor(w)), 1e-12F);
	float residual = y - w->level, u = fminf(fmaxf(residual / spread, -WATCH_CLIP), WATCH_CLIP);
	if (w->hold > 0) {
		w->hold--;
	} else {
		cusum_step(&w->up, &w->up_run, u);
		cusum_step(&w->down, &w->down_run, -u);
		count_far(w, o, residual, spread);
	}
	follow(w, residual, spread, u);
	bool abrupt = abs(w->far_run) >= WATCH_FAR_RUN && abs(w->far_run) <= FAR_RUN_MAX;
	unsigned at = abrupt || worth_a_look(w) ? watch_judge(w, o, abrupt, out) : 0;
	if (at)
		settle(w, at);
	keep_small(w);
	return at > 0;
}

bool watch_append(struct watch_state *w, const struct watch_options *o, wall_ms t, double v,
		  struct watch_verdict *out)
{
	if (!isfinite(v) || fabs(v) > 1e300)
		return false;
	if (o->fold_ms <= 0)
		return take(w, o, t, v, out);
	wall_ms spacing = t - w->fold_to;
	w->fold_to = t;
	if (w->fold_n == 0 || t < w->fold_from) {
		w->fold_from = t;
		w->fold_mean = 0;
		w->fold_n = 0;
	}
	w->fold_mean += (v - w->fold_mean) / ++w->fold_n;
	/* Full when the next point would be outside: nobody waits for it. Emitters are some milliseconds early or late. */
	if ((double)(t - w->fold_from + spacing) < FOLD_FULL * (double)o->fold_ms && w->fold_n < UINT16_MAX)
		return false;
	w->fold_n = 0;
	return take(w, o, w->fold_from, w->fold_mean, out);
}

/* --- for people ---------------------------------------------------------------------------------------------------------- */

double watch_percent(const struct watch_verdict *v)
{
	return v->mean_before != 0 ? (v->mean_after - v->mean_before) / v->mean_before * 100 : NAN;
}

const char *watch_text(const struct watch_verdict *v, char out[WATCH_TEXT_MAX])
{
	double percent = watch_percent(v);
	int n = snprintf(out, WATCH_TEXT_MAX, "the mean is %.4g instead of %.4g", v->mean_after,
			 v->mean_before);
	if (n > 0 && n < WATCH_TEXT_MAX && isfinite(percent))
		snprintf(out + n, (size_t)(WATCH_TEXT_MAX - n), " (%+.3g %%)", percent);
	return out;
}
