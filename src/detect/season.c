#include "detect/season.h"

#include "scan.h"

#include <math.h>

#define EXAMINED     1024 /* points; longer series are averaged first */
#define ABOVE_VALLEY 0.4  /* a peak is so much above the valley before it, */
#define ABOVE_FEW    0.9  /* so much where fewer than four periods are seen */
#define COMMON       3.0  /* standard deviations of the sum of products of pairs; */
#define COMMON_TWICE 2.0  /* where there are only two periods that is too much to ask, */
#define PAIRS        20   /* but there must be so many pairs */
#define AGAIN        0.5  /* share of the peak that there is at twice the lag */
#define HIGHER       0.05 /* a longer period must be better by so much */
#define BLUNT        10   /* a peak may be wrong by that part of the period */
#define CLEAR        4.0  /* normal deviates of the F statistic of the shape */
#define FEW_PERIODS  3    /* fewer than so many make no means of phases, */
#define HARMONICS    2    /* only so many harmonics, */
#define FREELY       12   /* and those only where a period has so many points */

static double correlation(const double *x, size_t n, size_t lag, double squares)
{
	double sum = 0;
	for (size_t i = lag; i < n; i++)
		sum += x[i] * x[i - lag];
	return sum / squares * (double)n / (double)(n - lag);
}

/* Is it made by many pairs of points, and not by a few that happen to meet? */
static bool is_common(const double *x, size_t n, size_t lag)
{
	double sum = 0, squares = 0;
	for (size_t i = lag; i < n; i++) {
		double product = x[i] * x[i - lag];
		sum += product;
		squares += product * product;
	}
	return sum > (3 * lag <= n ? COMMON : COMMON_TWICE) * sqrt(squares);
}

static double centre(double *x, size_t n)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	for (size_t i = 0; i < n; i++) {
		x[i] -= sum / (double)n;
		squares += x[i] * x[i];
	}
	return squares;
}

static size_t find_peak(const double *x, size_t n, double squares)
{
	double before = 1, here = correlation(x, n, 1, squares), after, valley = 1, highest = 0;
	size_t best = 0;
	for (size_t lag = 1; lag <= n / 2 + n / (2 * BLUNT); lag++, before = here, here = after) {
		after = correlation(x, n, lag + 1, squares);
		valley = fmin(valley, here);
		if (lag < SEASON_LEAST || here < before || here < after || here < highest + HIGHER)
			continue;
		if (here - valley < (4 * lag <= n ? ABOVE_VALLEY : ABOVE_FEW) || !is_common(x, n, lag))
			continue;
		if (3 * lag <= n ? correlation(x, n, 2 * lag, squares) < AGAIN * here : n - lag < PAIRS)
			continue;
		best = lag;
		highest = here;
	}
	return best;
}

/* shape[0..period) becomes its slowest harmonics. */
static void smooth(double *shape, size_t period)
{
	double a[HARMONICS] = { 0 }, b[HARMONICS] = { 0 }, angle = 2 * M_PI / (double)period;
	for (size_t i = 0; i < period; i++)
		for (int h = 0; h < HARMONICS; h++) {
			a[h] += shape[i] * cos(angle * (h + 1) * (double)i) * 2 / (double)period;
			b[h] += shape[i] * sin(angle * (h + 1) * (double)i) * 2 / (double)period;
		}
	for (size_t i = 0; i < period; i++) {
		shape[i] = 0;
		for (int h = 0; h < HARMONICS; h++)
			shape[i] += a[h] * cos(angle * (h + 1) * (double)i) +
				    b[h] * sin(angle * (h + 1) * (double)i);
	}
}

void season_take(const struct season *s, const double *x, const double *rest, size_t n, double *out,
		 double *work)
{
	double mean = scan_line(rest, n).middle;
	for (size_t phase = 0; phase < s->period; phase++) {
		double sum = 0;
		size_t count = 0;
		for (size_t i = phase; i < n; i += s->period, count++)
			sum += rest[i] - mean;
		work[phase] = sum / (double)count;
	}
	if (s->smooth)
		smooth(work, s->period);
	for (size_t i = 0, phase = 0; i < n; i++, phase = phase + 1 < s->period ? phase + 1 : 0)
		out[i] = x[i] - work[phase];
}

/* Schwarz' criterion (1978) of a shape; *squares: sum that it leaves. */
static double cost_of(const struct season *s, const double *x, size_t n, double *work, double *squares)
{
	season_take(s, x, x, n, work, work + n);
	*squares = scan_line(work, n).level_rest;
	return (double)n * log(*squares) + s->spent * log((double)n);
}

/* Of the periods near a peak, which is blunt, and of both forms of the shape the one that explains most for its parameters.
 * *left: sum of squares it leaves. */
static struct season sharpen(const double *x, size_t n, size_t near, size_t fold, double *work, double *left)
{
	size_t reach = fold > 1 ? fold : near / BLUNT + 1;
	size_t from = near > reach + SEASON_LEAST ? near - reach : SEASON_LEAST;
	struct season best = { 0 };
	double least = INFINITY, squares = 0;
	for (size_t period = from; period <= near + reach && 2 * period <= n; period++) {
		const struct season forms[] = { { period, false, (double)period - 1 },
						{ period, true, 2 * HARMONICS } };
		bool possible[] = { FEW_PERIODS * period <= n, period >= FREELY };
		for (int i = 0; i < 2; i++) {
			double cost = possible[i] ? cost_of(&forms[i], x, n, work, &squares) : INFINITY;
			if (cost < least) {
				least = cost;
				*left = squares;
				best = forms[i];
			}
		}
	}
	return best;
}

/* Does the shape explain more than chance? F in normal deviates (Paulson 1942). */
static bool is_clear(const struct season *s, double squares, double left, size_t n)
{
	double d1 = s->spent, d2 = (double)n - 1 - s->spent;
	double root = cbrt((squares - left) / d1 / (left / d2));
	return (1 - 2 / (9 * d2)) * root - (1 - 2 / (9 * d1)) >
	       CLEAR * sqrt(2 / (9 * d1) + 2 / (9 * d2) * root * root);
}

struct season season_find(const double *x, size_t n, double *work)
{
	size_t fold = (n + EXAMINED - 1) / EXAMINED, m = fold ? n / fold : 0;
	struct season none = { 0 };
	if (m < 2 * SEASON_LEAST)
		return none;
	for (size_t i = 0; i < m; i++) {
		work[i] = 0;
		for (size_t k = 0; k < fold; k++)
			work[i] += x[i * fold + k];
	}
	double squares = centre(work, m), left = 0;
	size_t peak = squares > 0 ? find_peak(work, m, squares) * fold : 0;
	if (!peak)
		return none;
	struct season s = sharpen(x, n, peak, fold, work, &left);
	return s.period && is_clear(&s, scan_line(x, n).level_rest, left, n) ? s : none;
}
