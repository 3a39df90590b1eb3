#include "forest.h"

#include "base/err.h"
#include "mt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TREES      100
#define SAMPLE_MAX 256
#define NODES_MAX  (2 * SAMPLE_MAX)
#define CONSTANT   1e-7 /* columns that vary less are not split */
#define ROUNDING   1e-12
#define EULER      0.5772156649015329

/* A leaf has left = 0 and adds `value` to the path; an inner node sends values up to `value` left. */
struct node {
	double value;
	uint32_t column;
	uint16_t left, right;
};

struct tree {
	const struct forest_rows *rows;
	uint32_t random;    /* state of the xorshift */
	unsigned limit;     /* deepest node */
	uint32_t *columns;  /* a permutation: those known to be constant come first */
	uint32_t *constant; /* those of the way to the node, in the order they were found */
	uint32_t *sample;   /* rows, ordered by node */
	struct node nodes[NODES_MAX];
	unsigned n_nodes;
};

/* Length of an unsuccessful search in a tree of m: what growing a leaf of m rows on would add. */
static double expected_path(size_t m)
{
	if (m < 2)
		return 0;
	return m == 2 ? 1 : 2 * (log((double)m - 1) + EULER) - 2 * ((double)m - 1) / (double)m;
}

static uint32_t draw(struct tree *t)
{
	uint32_t y = t->random ? t->random : 1;
	y ^= y << 13;
	y ^= y >> 17;
	y ^= y << 5;
	t->random = y;
	return y % 0x80000000u;
}

static void range_of(const struct tree *t, uint32_t column, size_t from, size_t to, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (size_t i = from; i < to; i++) {
		double v = (double)t->rows->values[t->sample[i] * t->rows->columns + column];
		*low = fmin(*low, v);
		*high = fmax(*high, v);
	}
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t v = *a;
	*a = *b;
	*b = v;
}

/* A column that varies among the rows, at random. False: none does. *known columns are known not to, from the nodes above: they come first
 * among t->columns. The draws are those of scikit-learn's random splitter, which draws known ones, too, and moves the column that it
 * takes to the end: the order stays for the nodes that follow. */
static bool pick_column(struct tree *t, size_t from, size_t to, uint32_t *known, uint32_t *column,
			double *low, double *high)
{
	uint32_t n = (uint32_t)t->rows->columns, drawn = 0, found = 0;
	bool picked = false;
	while (!picked && n > *known + found) {
		uint32_t i = drawn + draw(t) % (n - found - drawn);
		if (i < *known) {
			swap(&t->columns[drawn++], &t->columns[i]);
			continue;
		}
		i += found;
		*column = t->columns[i];
		range_of(t, *column, from, to, low, high);
		picked = *high > *low + CONSTANT;
		swap(&t->columns[i], &t->columns[picked ? n - 1 : *known + found++]);
	}
	memcpy(t->columns, t->constant, *known * sizeof(*t->columns));
	memcpy(t->constant + *known, t->columns + *known, found * sizeof(*t->columns));
	*known += found;
	return picked;
}

static size_t partition(struct tree *t, size_t from, size_t to, uint32_t column, double threshold)
{
	while (from < to) {
		uint32_t row = t->sample[from];
		if ((double)t->rows->values[row * t->rows->columns + column] <= threshold) {
			from++;
		} else {
			t->sample[from] = t->sample[--to];
			t->sample[to] = row;
		}
	}
	return from;
}

/* Grows the node of sample[from..to), left before right; not deeper than the limit of 8. Returns its place. */
static uint16_t grow(struct tree *t, size_t from, size_t to, unsigned depth, uint32_t constant)
{
	uint16_t place = (uint16_t)t->n_nodes++;
	uint32_t column = 0;
	double low, high;
	if (to - from < 2 || depth >= t->limit ||
	    !pick_column(t, from, to, &constant, &column, &low, &high)) {
		t->nodes[place] = (struct node){ .value = depth + expected_path(to - from) };
		return place;
	}
	double threshold = (high - low) * draw(t) / 2147483647.0 + low;
	if (threshold >= high)
		threshold = low;
	size_t middle = partition(t, from, to, column, threshold);
	t->nodes[place] = (struct node){ .value = threshold, .column = column };
	uint16_t left = grow(t, from, middle, depth + 1, constant);
	uint16_t right = grow(t, middle, to, depth + 1, constant);
	t->nodes[place].left = left;
	t->nodes[place].right = right;
	return place;
}

static double path_of(const struct tree *t, const float *row)
{
	const struct node *n = &t->nodes[0];
	while (n->left)
		n = &t->nodes[(double)row[n->column] <= n->value ? n->left : n->right];
	return n->value;
}

/* `size` rows of all, each as likely: Floyd's way would need a set, so the first ones of a shuffle are taken. */
static void take_sample(struct tree *t, uint32_t *shuffled, size_t size, struct mt *random)
{
	size_t n = t->rows->n;
	for (size_t i = 0; i < size && size < n; i++) {
		size_t k = i + mt_next(random) % (n - i);
		uint32_t row = shuffled[k];
		shuffled[k] = shuffled[i];
		shuffled[i] = row;
	}
	memcpy(t->sample, shuffled, size * sizeof(*t->sample));
}

static void plant(struct tree *t, uint32_t *rows, size_t size, uint32_t seed)
{
	struct mt random;
	mt_seed(&random, seed);
	mt_seed(&random, mt_draw(&random));
	t->random = mt_draw(&random);
	t->n_nodes = 0;
	for (uint32_t c = 0; c < t->rows->columns; c++)
		t->columns[c] = c;
	take_sample(t, rows, size, &random);
	grow(t, 0, size, 0, 0);
}

static unsigned depth_limit(size_t size)
{
	unsigned limit = 1;
	while ((size_t)1 << limit < size)
		limit++;
	return limit;
}

/* Of a sum of paths. A sum that is as usual but for its rounding is no anomaly, nor is one row alone. */
static double score_of(double sum, double usual)
{
	return fabs(sum - usual) <= ROUNDING * usual ? FOREST_ANOMALY : exp2(-sum / usual);
}

int forest_scores(const struct forest_rows *rows, uint32_t seed, double *scores, bool (*cancelled)(void *arg),
		  void *arg)
{
	size_t size = rows->n < SAMPLE_MAX ? rows->n : SAMPLE_MAX;
	struct tree *t = malloc(sizeof(*t));
	uint32_t *numbers = malloc((rows->n + size + 2 * rows->columns) * sizeof(*numbers));
	struct mt seeds;
	int rc = t && numbers ? 0 : -ENOMEM;
	mt_seed(&seeds, seed);
	if (rc == 0) {
		t->rows = rows;
		t->limit = depth_limit(size);
		t->sample = numbers + rows->n;
		t->columns = t->sample + size;
		t->constant = t->columns + rows->columns;
	}
	for (size_t i = 0; i < rows->n && rc == 0; i++) {
		numbers[i] = (uint32_t)i;
		scores[i] = 0;
	}
	for (unsigned k = 0; k < TREES && rc == 0; k++) {
		if (cancelled && cancelled(arg)) {
			rc = ERR_CANCELLED;
			break;
		}
		plant(t, numbers, size, mt_draw(&seeds));
		for (size_t i = 0; i < rows->n; i++)
			scores[i] += path_of(t, rows->values + i * rows->columns);
	}
	for (size_t i = 0; i < rows->n && rc == 0; i++)
		scores[i] = score_of(scores[i], TREES * expected_path(size));
	free(t);
	free(numbers);
	return rc;
}
