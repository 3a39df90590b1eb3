/* A few points that stand apart from all others before and after them: a step up and one back. The whole-part scan does not see it,
 * because either side of either step is a mixture. Here an inner interval is compared with all the rest (the epidemic
 * alternative of Levin & Kline 1985), its lengths growing by a fifth each. */
#include "partition.h"

#include "detect/student.h"

#include <math.h>

#define PART_MOST 4   /* a bump is at most so small a part of the points */
#define GROWTH    1.2 /* of its lengths */
#define PLACES                                                                                               \
	0.7 /* of all intervals so many are as good as independent: simulated, 18 to 120 points, at 1 % */

struct bump {
	size_t at, length;
	double t;
	double places;
};

static size_t longer(size_t length)
{
	size_t next = (size_t)lround((double)length * GROWTH);
	return next > length ? next : length + 1;
}

static struct bump find_bump(const double *y, size_t n, double *sums, const struct scan_noise *noise)
{
	struct scan_line l = scan_line(y, n);
	struct bump best = { 0 };
	double most = 0, freedom = (double)n * (1 - noise->lost) - 2,
	       least = noise->least_sd * noise->least_sd;
	sums[0] = 0;
	for (size_t i = 0; i < n; i++)
		sums[i + 1] = sums[i] + (y[i] - l.middle);
	for (size_t length = SCAN_SIDE; length <= n / PART_MOST; length = longer(length)) {
		double inner = (double)length, outer = (double)n - inner, stray = 1;
		if (noise->correlation > 0)
			stray = (noise->mean_variance[length] + noise->mean_variance[n - length]) /
				(1 / inner + 1 / outer);
		for (size_t i = SCAN_SIDE; i + length + SCAN_SIDE <= n; i++) {
			double sum = sums[i + length] - sums[i],
			       gain = sum * sum * (double)n / (inner * outer);
			double square = gain / stray / fmax((l.level_rest - gain) / freedom, least);
			best.places++;
			if (square > most) {
				most = square;
				best.at = i;
				best.length = length;
			}
		}
	}
	best.t = sqrt(most);
	best.places *= PLACES;
	return best;
}

static double level_of(const struct bump *b, size_t n, const struct scan_noise *noise)
{
	double freedom =
		((double)n * (1 - noise->lost) - 2) * (1 - noise->correlation) / (1 + noise->correlation);
	return student_p(b->t, fmax(freedom, 2)) * b->places;
}

/* Are all its values beyond all others? */
static bool is_apart(const double *y, size_t n, const struct bump *b)
{
	double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	for (size_t i = 0; i < n; i++) {
		int inner = i >= b->at && i < b->at + b->length;
		low[inner] = fmin(low[inner], y[i]);
		high[inner] = fmax(high[inner], y[i]);
	}
	return high[0] < low[1] || high[1] < low[0];
}

/* The ranks' opinion of the same interval: exact where it is apart, else t of the scores. */
static double ranks_level(struct partition *p, const double *y, size_t n, const struct bump *b)
{
	struct bump scored = *b;
	if (is_apart(y, n, b))
		return partition_least_level(n, b->length) * b->places;
	scores_of(&p->scores, y, n, p->scored);
	double sum = 0, squares = 0, inner = (double)b->length, outer = (double)n - inner;
	for (size_t i = 0; i < n; i++) {
		squares += p->scored[i] * p->scored[i];
		sum += i >= b->at && i < b->at + b->length ? p->scored[i] : 0;
	}
	double gain = sum * sum * (double)n / (inner * outer);
	scored.t = sqrt(gain / (squares - gain) * ((double)n - 2));
	return level_of(&scored, n, &p->options.noise);
}

bool partition_find_bump(struct partition *p, const double *y, size_t n, double bound, struct cut *cut)
{
	struct bump b = find_bump(partition_view(p, y, n), n, p->sums, &p->options.noise);
	double level = b.at ? level_of(&b, n, &p->options.noise) : 1;
	if (p->options.ranks && b.at)
		level = ranks_level(p, y, n, &b);
	else if (level <= bound && ranks_level(p, y, n, &b) > PARTITION_RANKS_TIMES * p->options.share)
		level = 1;
	if (level > bound)
		return false;
	*cut = (struct cut){ .at = b.at, .p = level };
	return true;
}
