/* PELT (Killick, Fearnhead & Eckley 2012) for steps of the mean in noise of one deviation: of all partitions of the series the one with
 * the least squared distances plus a penalty per border (pelt_search.h), in units of a robust noise (pelt_noise.h).
 *
 * A border that is told must also pass the t test of all others: with noise estimated from few values a penalty alone is no bound.
 * The weakest that does not is taken away and its neighbours are judged anew, so no figure is stale. Stretches of one value are joined
 * to the nearer neighbour.
 *
 * There is no incremental form: each value moves the noise, and with it all costs. A stream runs the whole when it is asked.
 * Values that depend on each other, slopes and seasons are not noise of this kind: steps are what it explains them with. */
#include "detect/detector.h"

#include "pelt_noise.h"
#include "pelt_search.h"
#include "split.h"

#include <errno.h>
#include <stdlib.h>

#define FEWEST 4   /* values, two on each side */
#define PASSES 200 /* of taking away; what fails after so many goes at once */

/* A border between two stretches; moments are those of the stretch behind it. */
struct border {
	size_t at;
	struct moments after;
	double p;
	double weakness; /* > 0: not to be told; the weakest goes first */
	bool goes;
};

/* In squared deviations of the noise. The gain of the best single step in Gaussian noise hardly grows with n (as 2 log log n), a bump has
 * n^2 places and pays twice: 0.75 log n covers both beyond any length taken. The rest was found by simulation, so that in at most one
 * Gaussian series of a hundred a step is told, whatever its length: measured were 0.7 % at 10 values, 0.8 % at 20, 1.0 % at 50, 0.5 % at
 * 100, 0.2 % at 365, with the t test at its default. The tail of a gain (chi-square, one degree) falls to a tenth per 2 ln 10: so for other shares. */
static double penalty_of(size_t n, double share)
{
	return 0.75 * log((double)n) + 13.2 + 2 * log(0.01 / share);
}

static size_t count_borders(const uint32_t *begins, size_t n)
{
	size_t k = 0;
	for (size_t end = n; end > 0; end = begins[end - 1])
		k++;
	return k;
}

static void read_borders(const uint32_t *begins, const double *x, size_t n, struct border *b, size_t k)
{
	for (size_t end = n; end > 0; end = begins[end - 1]) {
		size_t at = begins[end - 1];
		b[--k] = (struct border){ .at = at, .after = moments_of(x + at, end - at) };
	}
}

static void judge(const struct border *before, struct border *b, const struct detect_options *o, double noise)
{
	const struct moments *left = &before->after, *right = &b->after;
	double apart = fabs(left->mean - right->mean);
	struct change_point measure = { .mean_before = left->mean, .mean_after = right->mean };
	change_measure(&measure);
	b->p = split_p(left, right);
	if (left->n < 2 || right->n < 2)
		b->weakness = 2 + noise / (noise + apart);
	else if (!(b->p <= o->max_pvalue))
		b->weakness = 1 + (isnan(b->p) ? 1 : b->p);
	else
		b->weakness = measure.magnitude < o->min_magnitude ? 1 / (1 + measure.magnitude) : 0;
}

/* The weakest of its neighbourhood: of neighbours one goes at a time. */
static bool goes(const struct border *b, size_t i, size_t n)
{
	return b[i].weakness > 0 && (i == 1 || b[i].weakness > b[i - 1].weakness) &&
	       (i + 1 == n || b[i].weakness >= b[i + 1].weakness);
}

/* Takes away what does not hold. b[0] is the begin of the series. Returns how many are left, with it. */
static size_t clear_borders(struct border *b, size_t n, const struct detect_options *o, double noise)
{
	size_t before = 0;
	for (unsigned pass = 0; n != before; pass++) {
		size_t kept = 1;
		before = n;
		for (size_t i = 1; i < n; i++)
			judge(&b[i - 1], &b[i], o, noise);
		for (size_t i = 1; i < n; i++)
			b[i].goes = pass < PASSES ? goes(b, i, n) : b[i].weakness > 0;
		for (size_t i = 1; i < n; i++) {
			if (b[i].goes)
				b[kept - 1].after = moments_join(b[kept - 1].after, b[i].after);
			else
				b[kept++] = b[i];
		}
		n = kept;
	}
	return n;
}

static int tell(const struct border *b, size_t k, size_t n, struct change_result *out)
{
	int rc = 0;
	for (size_t i = 1; i < k && rc == 0; i++) {
		struct change_point p = { .index = b[i].at,
					  .from = b[i - 1].at,
					  .to = i + 1 < k ? b[i + 1].at : n,
					  .mean_before = b[i - 1].after.mean,
					  .mean_after = b[i].after.mean,
					  .sd_before = moments_sd(&b[i - 1].after),
					  .sd_after = moments_sd(&b[i].after),
					  .p = b[i].p,
					  .posterior = NAN,
					  .method = "pelt" };
		change_measure(&p);
		rc = change_result_add(out, &p);
	}
	return rc;
}

/* begins[] is what the search gave. */
static int judge_all(const uint32_t *begins, const double *x, size_t n, const struct detect_options *o,
		     double noise, struct change_result *out)
{
	size_t k = count_borders(begins, n);
	struct border *b = calloc(k, sizeof(*b));
	if (!b)
		return -ENOMEM;
	read_borders(begins, x, n, b, k);
	k = clear_borders(b, k, o, noise);
	int rc = tell(b, k, n, out);
	free(b);
	return rc;
}

static int pelt_batch(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	double noise = pelt_noise(x, n);
	if (!(noise > 0) || n < FEWEST)
		return noise < 0 ? -ENOMEM : 0;
	double *y = malloc(n * sizeof(*y));
	uint32_t *begins = malloc(n * sizeof(*begins));
	int rc = y && begins ? 0 : -ENOMEM;
	if (rc == 0) {
		pelt_standardise(x, n, noise, y);
		rc = pelt_search(y, n, penalty_of(n, o->false_share), begins, o->cancelled, o->cancelled_arg);
	}
	if (rc == 0)
		rc = judge_all(begins, x, n, o, noise, out);
	free(y);
	free(begins);
	return rc;
}

const struct detector pelt_detector = {
	.name = "pelt",
	.summary = "Finds the steps that explain the series best at a price for each (PELT); single outliers "
		   "are no steps.",
	.batch = pelt_batch,
};
