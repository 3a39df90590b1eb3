#include "merge.h"

#include "split.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define NO_PLACE SIZE_MAX
#define STAYS    (-HUGE_VAL)

struct place {
	struct change_point point;
	size_t before, after; /* the places that are still there on both sides, or NO_PLACE */
};

/* How weak is it? Places with too large a p-value come before all others, which come by their smallness. */
static double weakness(const struct merge *m, const struct change_point *p)
{
	if (!(p->p < m->max_p))
		return isnan(p->p) ? HUGE_VAL : p->p;
	return p->magnitude > m->min_magnitude ? STAYS : -p->magnitude;
}

static void compare(const struct merge *m, struct change_point *p, size_t from, size_t to)
{
	struct moments left = segments_of(m->segments, m->x, from, p->index);
	struct moments right = segments_of(m->segments, m->x, p->index, to);
	p->from = from;
	p->to = to;
	p->mean_before = left.mean;
	p->mean_after = right.mean;
	p->sd_before = moments_sd(&left);
	p->sd_after = moments_sd(&right);
	p->p = split_p(&left, &right);
	change_measure(p);
}

/* --- a tournament: the weakest place, the first of equals, in O(log n) ------------------------------------------------------- */

static void play(double *tree, size_t i)
{
	for (i /= 2; i > 0; i /= 2)
		tree[i] = fmax(tree[2 * i], tree[2 * i + 1]);
}

static size_t winner(const double *tree, size_t leaves)
{
	size_t i = 1;
	while (i < leaves)
		i = 2 * i + (tree[2 * i] != tree[i]);
	return i - leaves;
}

/* --- merging ------------------------------------------------------------------------------------------------------------------ */

/* Computes place i anew, as its neighbours are now. */
static void refresh(struct merge *m, size_t i, double *tree, size_t leaves)
{
	struct place *p = &m->places[i];
	compare(m, &p->point, p->before == NO_PLACE ? 0 : m->places[p->before].point.index,
		p->after == NO_PLACE ? m->segments->n : m->places[p->after].point.index);
	tree[leaves + i] = weakness(m, &p->point);
	play(tree, leaves + i);
}

static void delete_weak(struct merge *m, double *tree, size_t leaves)
{
	while (tree[1] != STAYS) {
		size_t i = winner(tree, leaves), before = m->places[i].before, after = m->places[i].after;
		tree[leaves + i] = STAYS;
		play(tree, leaves + i);
		m->places[i].point.index = 0; /* no place is at 0 */
		if (before != NO_PLACE)
			m->places[before].after = after;
		if (after == NO_PLACE)
			continue;
		m->places[after].before = before;
		refresh(m, after, tree, leaves);
		if (m->places[after].after != NO_PLACE)
			refresh(m, m->places[after].after, tree, leaves);
	}
}

/* Room for n places and their tournament, which is behind them. */
static double *reserve(struct merge *m, size_t n, size_t leaves)
{
	size_t bytes = n * sizeof(*m->places) + 2 * leaves * sizeof(double);
	if (bytes > m->cap) {
		free(m->places);
		m->places = malloc(2 * bytes);
		m->cap = m->places ? 2 * bytes : 0;
	}
	return m->places ? (double *)(m->places + n) : NULL;
}

int merge_run(struct merge *m, const size_t *at, size_t n, const char *method, struct change_result *out)
{
	size_t leaves = 1;
	int rc = 0;
	if (n == 0)
		return 0;
	while (leaves < n)
		leaves *= 2;
	double *tree = reserve(m, n, leaves);
	if (!tree)
		return -ENOMEM;
	for (size_t i = 0; i < 2 * leaves; i++)
		tree[i] = STAYS;
	for (size_t i = 0; i < n; i++)
		m->places[i] =
			(struct place){ .point = { .index = at[i], .posterior = NAN, .method = method },
					.before = i ? i - 1 : NO_PLACE,
					.after = i + 1 < n ? i + 1 : NO_PLACE };
	for (size_t i = 0; i < n; i++)
		refresh(m, i, tree, leaves);
	delete_weak(m, tree, leaves);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (m->places[i].point.index)
			rc = change_result_add(out, &m->places[i].point);
	return rc;
}

void merge_fini(struct merge *m)
{
	free(m->places);
	m->places = NULL;
	m->cap = 0;
}
