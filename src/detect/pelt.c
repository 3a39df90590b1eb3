/* PELT (Killick, Fearnhead & Eckley 2012) for steps of the mean in noise of one deviation: of all partitions of the series the one with
 * the least squared distances plus a penalty per border (pelt_search.h), in units of a robust noise (pelt_noise.h).
 *
 * A border that is told must also pass the t test of all others: with noise estimated from few values a penalty alone is no bound.
 * The weakest that does not is taken away and its neighbours are judged anew, so no figure is stale. Stretches of one value are joined
 * to the nearer neighbour.
 *
 * Point by point: each value would move the noise, and with it all costs. So noise and penalty are taken from the first values, eight
 * ninths of all or more, and only now and then from more of them: then the search begins anew, at lengths that grow by an eighth or a
 * sixteenth, which is O(1) per value in the end. All at once takes them from as many values, and gives the same answer. A series is
 * short for that until 64 values have come since the first that differs: then it is searched anew whenever somebody asks.
 *
 * Values that depend on each other, slopes and seasons are not noise of this kind: steps are what it explains them with. */
#include "detect/detector.h"

#include "pelt_noise.h"
#include "pelt_search.h"
#include "segments.h"
#include "split.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define FEWEST    4  /* values, two on each side */
#define SHORT     64 /* values */
#define STEPS     8  /* the noise is taken anew so often while the length doubles */
#define ASK_EVERY 4096u
#define PASSES    200 /* of taking away; what fails after so many goes at once */

struct pelt {
	const struct detect_options *o;
	struct pelt_search search; /* of x[0..search.n) */
	struct segments segments;
	uint32_t *begins; /* cap of them */
	size_t cap;
	size_t varies; /* so many values are as the first one */
	size_t frozen; /* noise and penalty are those of so many values */
	double noise;
};

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

static void read_borders(const struct pelt *p, const double *x, size_t n, struct border *b, size_t k)
{
	for (size_t end = n; end > 0; end = p->begins[end - 1]) {
		size_t at = p->begins[end - 1];
		b[--k] = (struct border){ .at = at, .after = segments_of(&p->segments, x, at, end) };
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

static int judge_all(const struct pelt *p, const double *x, size_t n, struct change_result *out)
{
	size_t k = count_borders(p->begins, n);
	struct border *b = calloc(k, sizeof(*b));
	if (!b)
		return -ENOMEM;
	read_borders(p, x, n, b, k);
	k = clear_borders(b, k, p->o, p->noise);
	int rc = tell(b, k, n, out);
	free(b);
	return rc;
}

/* --- value by value ----------------------------------------------------------------------------------------------------- */

/* How many values the noise of n is taken from, the first other one standing at `varies`. */
static size_t frozen_length(size_t n, size_t varies)
{
	size_t since = n - varies, power = SHORT;
	if (since <= SHORT)
		return n;
	while (power <= since / 2)
		power *= 2;
	return n - since % (power / STEPS);
}

static int freeze(struct pelt *p, const double *x, size_t length)
{
	double noise = pelt_noise(x, length);
	if (noise < 0)
		return -ENOMEM;
	p->noise = noise;
	p->frozen = length;
	pelt_search_restart(&p->search, penalty_of(length, p->o->false_share));
	return 0;
}

/* Searches all but the last value, which may yet prove to be a stray. */
static int catch_up(struct pelt *p, const double *x, size_t n)
{
	size_t length = frozen_length(n, p->varies);
	int rc = length == p->frozen ? 0 : freeze(p, x, length);
	for (size_t i = p->search.n; i + 1 < n && rc == 0; i++) {
		if (i % ASK_EVERY == 0 && p->o->cancelled && p->o->cancelled(p->o->cancelled_arg))
			rc = ERR_CANCELLED;
		else
			p->begins[i] = pelt_search_add(&p->search, pelt_value(x, n, i, p->noise));
	}
	return rc;
}

static void *pelt_new(const struct detect_options *o)
{
	struct pelt *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->o = o;
	if (pelt_search_init(&p->search, 0) < 0) {
		free(p);
		return NULL;
	}
	return p;
}

static void pelt_free(void *state)
{
	struct pelt *p = state;
	pelt_search_fini(&p->search);
	segments_fini(&p->segments);
	free(p->begins);
	free(p);
}

static int reserve(struct pelt *p, size_t n)
{
	size_t cap = p->cap ? p->cap : SHORT;
	if (n <= p->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	uint32_t *grown = realloc(p->begins, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	p->begins = grown;
	p->cap = cap;
	return 0;
}

static int pelt_append(void *state, const double *x, size_t n)
{
	struct pelt *p = state;
	int rc = reserve(p, n);
	while (p->varies < n && x[p->varies] == x[0])
		p->varies++;
	if (rc == 0)
		rc = segments_take(&p->segments, x, n);
	return rc < 0 || n - p->varies <= SHORT ? rc : catch_up(p, x, n);
}

static int pelt_points(void *state, const double *x, size_t n, struct change_result *out)
{
	struct pelt *p = state;
	if (p->varies == n || n < FEWEST)
		return 0;
	int rc = catch_up(p, x, n);
	if (rc < 0)
		return rc;
	p->begins[n - 1] = pelt_search_try(&p->search, pelt_value(x, n, n - 1, p->noise));
	return judge_all(p, x, n, out);
}

static int pelt_batch(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	struct pelt *p = pelt_new(o);
	int rc = p ? pelt_append(p, x, n) : -ENOMEM;
	if (rc == 0)
		rc = pelt_points(p, x, n, out);
	if (p)
		pelt_free(p);
	return rc;
}

const struct detector pelt_detector = {
	.name = "pelt",
	.summary = "Finds the steps that explain the series best at a price for each (PELT); single outliers "
		   "are no steps.",
	.batch = pelt_batch,
	.new = pelt_new,
	.append = pelt_append,
	.points = pelt_points,
	.free = pelt_free,
};
