/* What else could explain a step. */
#include "partition.h"

#include <math.h>

#define FEW     12  /* ranks of fewer points prove little: a step must part the values completely */
#define PLACE   4.0 /* one place in so many points is as good as independent */
#define UNEQUAL 2.0 /* standard deviations between the logarithms of variances */
/* How much likelier a step is than a slope, 2 ln of the ratio: few points cannot pay much. */
#define LINE_LEAST    (-2.0)
#define LINE_MOST     4.0
#define LINE_EVEN     36.0 /* of so many points nothing is asked, */
#define LINE_PER      10.0 /* of so many more 1, */
#define LINE_LENIENCY 3.0  /* and less of who would rather have false points than miss one */
#define STRICT_SHARE  0.01

const double *partition_view(struct partition *p, const double *y, size_t n)
{
	if (!p->options.ranks)
		return y;
	scores_of(&p->scores, y, n, p->scored);
	return p->scored;
}

double partition_leniency(const struct partition_options *o)
{
	return fmax(log(o->share / STRICT_SHARE), 0);
}

bool partition_is_step(const struct partition *p, const double *view, size_t n, const struct split *s)
{
	double r = p->options.noise.correlation, independent = (double)n * (1 - r) / (1 + r);
	double margin = fmin(fmax((independent - LINE_EVEN) / LINE_PER, LINE_LEAST), LINE_MOST) -
			LINE_LENIENCY * partition_leniency(&p->options);
	double least = (double)n * p->options.noise.least_sd * p->options.noise.least_sd;
	return independent * log(fmax(scan_line(view, n).rest, least) / fmax(s->rest, least)) > margin;
}

/* Are all values of one side beyond all of the other? */
static bool are_apart(const double *y, size_t n, size_t at)
{
	double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	for (size_t i = 0; i < n; i++) {
		low[i >= at] = fmin(low[i >= at], y[i]);
		high[i >= at] = fmax(high[i >= at], y[i]);
	}
	return high[0] < low[1] || high[1] < low[0];
}

double partition_least_level(size_t n, size_t at)
{
	double level = 2;
	size_t few = at < n - at ? at : n - at;
	for (size_t i = 0; i < few && level > 1e-30; i++)
		level *= (double)(i + 1) / (double)(n - i);
	return level;
}

/* Chance that of n things, k of them marked, as many or more of `drawn` are marked as `found` (hypergeometric). */
static double chance_of(double n, double k, double drawn, double found)
{
	double from = fmax(drawn + k - n, 0), to = fmin(drawn, k),
	       mode = fmin(fmax(floor((drawn + 1) * (k + 1) / (n + 2)), from), to);
	double sum = 0, above = 0, term = 1;
	for (double i = mode; i <= to && term > 0; i++) {
		sum += term;
		above += i >= found ? term : 0;
		term *= (drawn - i) * (k - i) / ((i + 1) * (n - drawn - k + i + 1));
	}
	term = mode * (n - drawn - k + mode) / ((drawn - mode + 1) * (k - mode + 1));
	for (double i = mode - 1; i >= from && term > 0; i--) {
		sum += term;
		above += i >= found ? term : 0;
		term *= i * (n - drawn - k + i) / ((drawn - i + 1) * (k - i + 1));
	}
	return above / sum;
}

/* Where most values are the same it matters how many are not (Fisher's exact test). p->scores has just ranked y. 0 where they are not. */
static double counts_level(const struct partition *p, const double *y, size_t n, size_t at)
{
	double usual = p->scores.ranks[n / 2].value; /* one that most have is in the middle */
	size_t others = 0, right = 0;
	for (size_t i = 0; i < n; i++)
		if (y[i] < usual || y[i] > usual) {
			others++;
			right += i >= at;
		}
	if (2 * others >= n)
		return 0;
	double after = (double)(n - at), k = (double)others, many = (double)right;
	double p1 = fmin(chance_of((double)n, k, after, many), chance_of((double)n, k, (double)at, k - many));
	return fmin(2 * p1 * (double)n / PLACE, 1);
}

static bool ranks_agree(struct partition *p, const double *y, size_t n, const struct split *s, double bound,
			bool on_line)
{
	if (n < FEW)
		return are_apart(y, n, s->at) &&
		       (!p->options.ranks || partition_least_level(n, s->at) <= bound);
	struct scan_noise noise = p->options.noise;
	noise.least_sd = 0;
	scores_of(&p->scores, y, n, p->scored);
	if (!p->options.ranks) {
		struct split other =
			on_line ? scan_step_on_line(p->scored, n, &noise) : scan_step(p->scored, n, &noise);
		bound = PARTITION_RANKS_TIMES * p->options.share;
		if (other.p > bound)
			return false;
	}
	return fmax(p->options.ranks ? partition_least_level(n, s->at) : 0, counts_level(p, y, n, s->at)) <=
	       bound;
}

static void side_of(const double *y, size_t n, double *mean, double *variance)
{
	struct scan_line l = scan_line(y, n);
	*mean = l.middle;
	*variance = l.level_rest / (double)(n - 1);
}

/* Where the sides stray unequally, the variance of each counts for its own mean (Welch 1947, freedom: Satterthwaite 1946). */
static bool sides_agree(const struct partition *p, const double *y, size_t n, const struct split *s,
			double bound, bool on_line)
{
	double n1 = (double)s->at, n2 = (double)n - n1, mean1, mean2, v1, v2;
	side_of(y, s->at, &mean1, &v1);
	side_of(y + s->at, n - s->at, &mean2, &v2);
	double sd = sqrt(2 / (n1 - 1) + 2 / (n2 - 1));
	if (!(v1 > 0 && v2 > 0) || fabs(log(v1 / v2)) < UNEQUAL * sd)
		return true;
	double pooled = ((n1 - 1) * v1 + (n2 - 1) * v2) / (n1 + n2 - 2) * (1 / n1 + 1 / n2);
	double e1 = v1 / n1, e2 = v2 / n2, t = s->t * sqrt(pooled / (e1 + e2));
	double freedom = (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1) + e2 * e2 / (n2 - 1));
	double r = p->options.noise.correlation;
	return scan_level(t, fmax(freedom * (1 - r) / (1 + r), 2), n, on_line) <= bound;
}

bool partition_believes(struct partition *p, const double *y, size_t n, const struct split *s, double bound,
			bool on_line)
{
	return sides_agree(p, partition_view(p, y, n), n, s, bound, on_line) &&
	       ranks_agree(p, y, n, s, bound, on_line);
}
