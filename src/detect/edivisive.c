/* E-divisive with windows and a t test, exactly as Apache Otava 0.8 runs it, or as Hunter did (`legacy`).
 *
 *     windows    of 50 points, each begins half of one behind the one before, or at the last place found in that one;
 *                each is divided (divide.h) as long as p <= W, ten times max_pvalue
 *     merging    over the whole series (merge.h)
 *
 * Windows that are full never change when points come: what they gave is kept. The last one or two, cut short by the end of the
 * series, are divided anew whenever somebody asks. So a point costs O(1), and all at once is the same code. */
#include "detect/detector.h"

#include "divide.h"
#include "merge.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW 50 /* Otava's and Hunter's, by default */

struct edivisive {
	const struct detect_options *o;
	size_t window;
	double weak_p;
	struct divider *divider;
	struct segments segments;
	struct merge merge;
	size_t next;    /* where the next window begins */
	size_t *places; /* found so far, ascending */
	size_t n_places, cap;
};

/* The first pass keeps more than will be told: ten times max_pvalue, as far as that still is a bound. */
static double weak_pvalue(const struct detect_options *o)
{
	double p = o->max_pvalue;
	if (10 * p < (o->legacy ? 1 : 0.5))
		return 10 * p;
	return p < 0.5 ? 2 * p : p;
}

static void edivisive_free(void *state)
{
	struct edivisive *e = state;
	divider_free(e->divider);
	segments_fini(&e->segments);
	merge_fini(&e->merge);
	free(e->places);
	free(e);
}

static void *edivisive_new(const struct detect_options *o)
{
	struct edivisive *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->o = o;
	e->window = o->window ? o->window : WINDOW;
	e->weak_p = weak_pvalue(o);
	e->divider = divider_new(e->window, o->legacy ? KAPPA_END : o->kappa);
	if (!e->divider) {
		free(e);
		return NULL;
	}
	return e;
}

/* They come in ascending order: a window begins at or behind the last place found before. */
static int add_place(struct edivisive *e, size_t place)
{
	if (e->n_places == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 64;
		size_t *grown = realloc(e->places, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		e->places = grown;
		e->cap = cap;
	}
	e->places[e->n_places++] = place;
	return 0;
}

/* Divides the window that begins at *start; *start is then the next one's. */
static int take_window(struct edivisive *e, const double *x, size_t n, size_t *start)
{
	const size_t *found;
	size_t begin = *start, end = n - begin < e->window ? n : begin + e->window;
	size_t k = divider_run(e->divider, x + begin, end - begin, e->weak_p, &found);
	int rc = e->o->cancelled && e->o->cancelled(e->o->cancelled_arg) ? ERR_CANCELLED : 0;
	for (size_t i = 0; i < k && rc == 0; i++)
		rc = add_place(e, begin + found[i]);
	*start += e->window / 2;
	if (k > 0 && begin + found[k - 1] > *start)
		*start = begin + found[k - 1];
	return rc;
}

static int edivisive_append(void *state, const double *x, size_t n)
{
	struct edivisive *e = state;
	int rc = 0;
	while (rc == 0 && n - e->next >= e->window)
		rc = take_window(e, x, n, &e->next);
	return rc == 0 ? segments_take(&e->segments, x, n) : rc;
}

static int edivisive_points(void *state, const double *x, size_t n, struct change_result *out)
{
	struct edivisive *e = state;
	size_t kept = e->n_places, start = e->next;
	int rc = 0;
	while (rc == 0 && start < n)
		rc = take_window(e, x, n, &start);
	e->merge.segments = &e->segments;
	e->merge.x = x;
	e->merge.max_p = e->o->max_pvalue;
	e->merge.min_magnitude = e->o->min_magnitude;
	e->merge.method = "edivisive";
	if (rc == 0)
		rc = merge_run(&e->merge, e->places, e->n_places, kept, out);
	e->n_places = kept;
	return rc;
}

static int edivisive_batch(const double *x, size_t n, const struct detect_options *o,
			   struct change_result *out)
{
	struct edivisive *e = edivisive_new(o);
	int rc = e ? edivisive_append(e, x, n) : -ENOMEM;
	if (rc == 0)
		rc = edivisive_points(e, x, n, out);
	if (e)
		edivisive_free(e);
	return rc;
}

const struct detector edivisive_detector = {
	.name = "edivisive",
	.summary = "Splits where the distributions on both sides differ most, as Apache Otava and Hunter do.",
	.batch = edivisive_batch,
	.new = edivisive_new,
	.append = edivisive_append,
	.points = edivisive_points,
	.free = edivisive_free,
};
