#include "detect/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* k1 with this compression makes about two thirds of QUANTILES_CENTROIDS, never more than all of them. */
#define COMPRESSION 190.0

void quantiles_init(struct quantiles *q)
{
	q->min = INFINITY;
	q->max = -INFINITY;
	q->weight = 0;
	q->n = q->n_new = 0;
}

/* --- merging ------------------------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	double x = ((const struct centroid *)a)->mean, y = ((const struct centroid *)b)->mean;
	return (x > y) - (x < y);
}

/* The largest share that a centroid beginning at `share` may reach to: one step of k1(q) = COMPRESSION / (2 pi) asin(2 q - 1). */
static double reach(double share)
{
	double k = asin(fmin(2 * share - 1, 1)) + 2 * M_PI / COMPRESSION;
	return k >= M_PI / 2 ? 1 : (sin(k) + 1) / 2;
}

/* Walks through all in order and joins neighbours as far as the scale allows. */
static void compress(struct quantiles *q, struct centroid *all, size_t n)
{
	double total = 0, before = 0;
	for (size_t i = 0; i < n; i++)
		total += all[i].weight;
	qsort(all, n, sizeof(*all), ascending);
	struct centroid last = all[0];
	double limit = reach(0) * total;
	q->n = 0;
	for (size_t i = 1; i < n; i++) {
		double grown = last.weight + all[i].weight;
		if (before + grown <= limit || q->n == QUANTILES_CENTROIDS - 1) {
			last.mean += (all[i].mean - last.mean) * (all[i].weight / grown);
			last.weight = grown;
			continue;
		}
		before += last.weight;
		limit = reach(before / total) * total;
		q->centroids[q->n++] = last;
		last = all[i];
	}
	q->centroids[q->n++] = last;
	q->weight = total;
}

static void settle(struct quantiles *q)
{
	struct centroid all[QUANTILES_CENTROIDS + QUANTILES_BUFFER];
	if (q->n_new == 0)
		return;
	memcpy(all, q->centroids, q->n * sizeof(*all));
	for (uint32_t i = 0; i < q->n_new; i++)
		all[q->n + i] = (struct centroid){ q->fresh[i], 1 };
	size_t n = q->n + q->n_new;
	q->n_new = 0;
	compress(q, all, n);
}

void quantiles_add(struct quantiles *q, double v)
{
	if (!isfinite(v))
		return;
	if (q->n_new == QUANTILES_BUFFER)
		settle(q);
	q->fresh[q->n_new++] = v;
	q->min = fmin(q->min, v);
	q->max = fmax(q->max, v);
}

void quantiles_merge(struct quantiles *q, struct quantiles *other)
{
	struct centroid all[2 * QUANTILES_CENTROIDS];
	settle(q);
	settle(other);
	if (other->n == 0)
		return;
	memcpy(all, q->centroids, q->n * sizeof(*all));
	memcpy(all + q->n, other->centroids, other->n * sizeof(*all));
	q->min = fmin(q->min, other->min);
	q->max = fmax(q->max, other->max);
	compress(q, all, q->n + other->n);
}

/* --- asking -------------------------------------------------------------------------------------------------------------- */

double quantiles_count(const struct quantiles *q)
{
	return (q->n ? q->weight : 0) + q->n_new;
}

/* The curve goes from (0, min) through each centroid, in the middle of its weight, to (weight, max). */
struct knot {
	double at, value;
};

static struct knot knot_of(const struct quantiles *q, uint32_t i, double before)
{
	if (i == q->n)
		return (struct knot){ q->weight, q->max };
	return (struct knot){ before + q->centroids[i].weight / 2, q->centroids[i].mean };
}

static double between(double x, double x0, double y0, double x1, double y1)
{
	return x1 > x0 ? y0 + (y1 - y0) * ((x - x0) / (x1 - x0)) : y1;
}

double quantiles_value(struct quantiles *q, double share)
{
	settle(q);
	if (q->n == 0)
		return NAN;
	double at = fmin(fmax(share, 0), 1) * q->weight, before = 0;
	struct knot last = { 0, q->min };
	for (uint32_t i = 0; i <= q->n; i++) {
		struct knot next = knot_of(q, i, before);
		if (at <= next.at || i == q->n)
			return between(at, last.at, last.value, next.at, next.value);
		before += q->centroids[i].weight;
		last = next;
	}
	return q->max;
}

double quantiles_share(struct quantiles *q, double v)
{
	settle(q);
	if (q->n == 0)
		return NAN;
	if (v < q->min)
		return 0;
	if (v >= q->max)
		return 1;
	double before = 0;
	struct knot last = { 0, q->min };
	for (uint32_t i = 0; i <= q->n; i++) {
		struct knot next = knot_of(q, i, before);
		if (v < next.value)
			return between(v, last.value, last.at, next.value, next.at) / q->weight;
		if (i < q->n)
			before += q->centroids[i].weight;
		last = next;
	}
	return 1;
}

void quantiles_curve(struct quantiles *q, double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		values[i] = quantiles_value(q, (double)i / (double)(n - 1));
}
