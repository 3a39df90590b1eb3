#include "fitting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define EXPONENT_STEP                                                                                        \
	600 /* values up to 2^300: their squares, and sums of millions of them, are far from the end of doubles */

static int skip(struct fitting *f)
{
	if (f->n_gaps > 0 && f->gaps[f->n_gaps - 1].at == f->n_values) {
		f->gaps[f->n_gaps - 1].skipped++;
		return 0;
	}
	if (f->n_gaps == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 16;
		struct gap *grown = realloc(f->gaps, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		f->gaps = grown;
		f->cap = cap;
	}
	size_t so_far = f->n_gaps ? f->gaps[f->n_gaps - 1].skipped : 0;
	f->gaps[f->n_gaps++] = (struct gap){ f->n_values, so_far + 1 };
	return 0;
}

bool fitting_take(struct fitting *f, double v, int *rc)
{
	bool there = isfinite(v);
	*rc = there ? 0 : skip(f);
	if (*rc < 0)
		return false;
	f->n++;
	f->n_values += there;
	if (there)
		f->largest = fmax(f->largest, fabs(v));
	return there;
}

int fitting_exponent(const struct fitting *f)
{
	if (f->largest == 0)
		return 0;
	int exponent = ilogb(f->largest), half = EXPONENT_STEP / 2;
	int steps =
		exponent > half ? (exponent + half - 1) / EXPONENT_STEP : (exponent - half) / EXPONENT_STEP;
	return steps * EXPONENT_STEP;
}

/* Input position of the i-th value that is there. */
static size_t position(const struct fitting *f, size_t i)
{
	size_t low = 0, high = f->n_gaps; /* gaps that lie before the value */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (f->gaps[middle].at <= i)
			low = middle + 1;
		else
			high = middle;
	}
	return i + (low ? f->gaps[low - 1].skipped : 0);
}

static void map_point(const struct fitting *f, struct change_point *p)
{
	p->index = position(f, p->index);
	p->from = p->from ? position(f, p->from) : 0;
	p->to = p->to < f->n_values ? position(f, p->to) : f->n;
	p->mean_before = ldexp(p->mean_before, f->exponent);
	p->mean_after = ldexp(p->mean_after, f->exponent);
	p->sd_before = ldexp(p->sd_before, f->exponent);
	p->sd_after = ldexp(p->sd_after, f->exponent);
}

static int map_scores(const struct fitting *f, struct change_result *r)
{
	double *scores = arena_alloc(r->arena, f->n * sizeof(*scores));
	bool *flagged = arena_zalloc(r->arena, f->n * sizeof(*flagged));
	if (!scores || !flagged)
		return -ENOMEM;
	for (size_t i = 0; i < f->n; i++)
		scores[i] = NAN;
	for (size_t i = 0; i < f->n_values; i++) {
		size_t at = position(f, i);
		scores[at] = r->scores[i];
		flagged[at] = r->flagged[i];
	}
	r->scores = scores;
	r->flagged = flagged;
	r->n_scores = f->n;
	return 0;
}

int fitting_map(const struct fitting *f, struct change_result *r)
{
	for (size_t i = 0; i < r->n && (f->n_gaps > 0 || f->exponent != 0); i++)
		map_point(f, &r->points[i]);
	return f->n_gaps > 0 && r->scores ? map_scores(f, r) : 0;
}

void fitting_fini(struct fitting *f)
{
	free(f->gaps);
	*f = (struct fitting){ 0 };
}
