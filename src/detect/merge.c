#include "merge.h"

#include "split.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NO_PLACE SIZE_MAX
#define STAYS    (-HUGE_VAL)
#define MEMO     256 /* comparisons that are remembered */
#define LONG_RUN 16  /* places from which on a barrier is worth it, */
#define BEHIND   4   /* so many behind it: the last ones change their mind too often */

struct place {
	struct change_point point;
	size_t before, after; /* the places that are still there on both sides, or NO_PLACE */
	bool deleted;
};

/* A deletion left of a barrier that computed the barrier anew. It happens as soon as no place from the barrier on is weaker than `gate`:
 * the least weak of the deletions since the touch before. */
struct touch {
	double gate;
	size_t left; /* what is left of the barrier then */
	bool both;   /* the place behind the barrier, too */
};

struct barrier {
	size_t place; /* among all */
	size_t first_touch, n_settled;
};

/* --- comparisons --------------------------------------------------------------------------------------------------------- */

/* How weak is it? Places with too large a p-value come before all others, which come by their smallness. */
static double weakness(const struct merge *m, const struct change_point *p)
{
	if (!(p->p < m->max_p))
		return isnan(p->p) ? HUGE_VAL : p->p;
	return p->magnitude > m->min_magnitude ? STAYS : -p->magnitude;
}

static void compare(const struct merge *m, struct change_point *p, size_t from, size_t to)
{
	struct change_point *known = m->memo ? &m->memo[(p->index + 5 * from + 11 * to) % MEMO] : NULL;
	if (known && known->index == p->index && known->from == from && known->to == to) {
		*p = *known;
		return;
	}
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
	if (known)
		*known = *p;
}

/* --- a tournament: the weakest place, the first of equals, in O(log n) ------------------------------------------------------- */

static void play(struct merge *m, size_t i, double key)
{
	double *tree = m->tree;
	i += m->leaves;
	tree[i] = key;
	for (i /= 2; i > 0; i /= 2)
		tree[i] = tree[2 * i] > tree[2 * i + 1] ? tree[2 * i] : tree[2 * i + 1];
}

static size_t winner(const struct merge *m)
{
	size_t i = 1;
	while (i < m->leaves)
		i = 2 * i + (m->tree[2 * i] != m->tree[i]);
	return i - m->leaves;
}

/* --- a run ------------------------------------------------------------------------------------------------------------------- */

/* Computes place i anew, as its neighbours are now. */
static void refresh(struct merge *m, size_t i)
{
	struct place *p = &m->places[i];
	compare(m, &p->point, p->before == NO_PLACE ? m->left : m->places[p->before].point.index,
		p->after == NO_PLACE ? m->segments->n : m->places[p->after].point.index);
	play(m, i, weakness(m, &p->point));
}

/* Room for n places, and for their tournament behind them. */
static int reserve(struct merge *m, size_t n)
{
	m->leaves = 1;
	while (m->leaves < n)
		m->leaves *= 2;
	size_t bytes = n * sizeof(*m->places) + 2 * m->leaves * sizeof(double);
	if (bytes > m->cap) {
		free(m->places);
		m->places = malloc(2 * bytes);
		m->cap = m->places ? 2 * bytes : 0;
	}
	m->tree = (double *)(m->places + n);
	return m->places ? 0 : -ENOMEM;
}

static void line_up(struct merge *m, const size_t *at, size_t n)
{
	for (size_t i = 0; i < 2 * m->leaves; i++)
		m->tree[i] = STAYS;
	for (size_t i = 0; i < n; i++)
		m->places[i] =
			(struct place){ .point = { .index = at[i], .posterior = NAN, .method = m->method },
					.before = i ? i - 1 : NO_PLACE,
					.after = i + 1 < n ? i + 1 : NO_PLACE };
	for (size_t i = 0; i < n; i++)
		refresh(m, i);
}

static void delete_place(struct merge *m, size_t i)
{
	size_t before = m->places[i].before, after = m->places[i].after;
	play(m, i, STAYS);
	m->places[i].deleted = true;
	if (before != NO_PLACE)
		m->places[before].after = after;
	if (after == NO_PLACE)
		return;
	m->places[after].before = before;
	refresh(m, after);
	if (m->places[after].after != NO_PLACE)
		refresh(m, m->places[after].after);
}

/* Notes of a deletion left of place `barrier`, after which `next` and what is behind it were computed anew, what the barrier saw of it. */
static int note_touch(struct merge *m, size_t barrier, size_t next, bool next_only, double key, double *gate)
{
	const struct place *b = &m->places[barrier];
	bool second = next != NO_PLACE && !next_only && m->places[next].after == barrier;
	*gate = key < *gate ? key : *gate;
	if (next != barrier && !second)
		return 0;
	if (m->n_touches == m->touches_cap) {
		size_t cap = m->touches_cap ? 2 * m->touches_cap : 16;
		struct touch *grown = realloc(m->touches, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		m->touches = grown;
		m->touches_cap = cap;
	}
	size_t left = b->before == NO_PLACE ? m->left : m->places[b->before].point.index;
	m->touches[m->n_touches++] = (struct touch){ *gate, left, next == barrier };
	*gate = HUGE_VAL;
	return 0;
}

/* Plays in a touch of the barrier that this run began with. */
static void touch_first(struct merge *m, const struct touch *t)
{
	m->left = t->left;
	refresh(m, 0);
	if (t->both && m->places[0].after != NO_PLACE)
		refresh(m, m->places[0].after);
}

/* Deletes what is weak among the places of the run. touches[touch..end) are those of its barrier; `record` >= 0: notes are taken for that
 * place. 1: the barrier has fallen; 0 or -ENOMEM. */
static int delete_weak(struct merge *m, size_t touch, size_t end, size_t record)
{
	bool barrier = m->n_barriers > 0;
	double gate = HUGE_VAL;
	int rc = 0;
	while (rc == 0 && (touch < end || m->tree[1] != STAYS)) {
		double key = m->tree[1];
		if (touch < end && m->touches[touch].gate >= key) {
			struct touch t = m->touches[touch++];
			touch_first(m, &t);
			if (record != NO_PLACE)
				rc = note_touch(m, record, 0, !t.both, t.gate, &gate);
			continue;
		}
		size_t i = winner(m), next = m->places[i].after;
		if (barrier && i == 0)
			return 1;
		delete_place(m, i);
		if (record != NO_PLACE && i < record)
			rc = note_touch(m, record, next, false, key, &gate);
	}
	return rc;
}

/* --- barriers ----------------------------------------------------------------------------------------------------------------- */

/* Runs from the last barrier on. Returns the first place of the run in *first; codes of delete_weak. */
static int run(struct merge *m, const size_t *at, size_t n, size_t record, size_t *first)
{
	const struct barrier *b = m->n_barriers ? &m->barriers[m->n_barriers - 1] : NULL;
	size_t touch = b ? b->first_touch : 0, end = b ? m->n_touches : 0;
	*first = b ? b->place : 0;
	m->left = *first ? at[*first - 1] : 0;
	int rc = reserve(m, n - *first);
	if (rc < 0)
		return rc;
	line_up(m, at + *first, n - *first);
	return delete_weak(m, touch, end, record);
}

static void drop_barrier(struct merge *m)
{
	const struct barrier *b = &m->barriers[--m->n_barriers];
	m->n_touches = b->first_touch;
	m->n_settled = m->n_barriers ? m->barriers[m->n_barriers - 1].n_settled : 0;
}

static int settle(struct merge *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (m->places[i].deleted)
			continue;
		if (m->n_settled == m->settled_cap) {
			size_t cap = m->settled_cap ? 2 * m->settled_cap : 16;
			struct change_point *grown = realloc(m->settled, cap * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			m->settled = grown;
			m->settled_cap = cap;
		}
		m->settled[m->n_settled++] = m->places[i].point;
	}
	return 0;
}

static int push_barrier(struct merge *m, size_t place, size_t first_touch)
{
	if (m->n_barriers == m->barriers_cap) {
		size_t cap = m->barriers_cap ? 2 * m->barriers_cap : 16;
		struct barrier *grown = realloc(m->barriers, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		m->barriers = grown;
		m->barriers_cap = cap;
	}
	m->barriers[m->n_barriers++] = (struct barrier){ place, first_touch, m->n_settled };
	return 0;
}

/* After a long run: the last of its survivors that will be there becomes a barrier. The same run again takes the notes. */
static int advance(struct merge *m, const size_t *at, size_t n, size_t n_kept, size_t *first)
{
	size_t i = n_kept > *first + BEHIND ? n_kept - *first - BEHIND : 0, touches = m->n_touches;
	while (i > 0 && m->places[i].deleted)
		i--;
	if (i == 0)
		return 0;
	int rc = run(m, at, n, i, first);
	if (rc == 0)
		rc = settle(m, i);
	if (rc == 0)
		rc = push_barrier(m, *first + i, touches);
	if (rc < 0)
		return rc;
	/* The places of the run that are settled now are not told twice. */
	for (size_t k = 0; k < i; k++)
		m->places[k].deleted = true;
	return 0;
}

int merge_run(struct merge *m, const size_t *at, size_t n, size_t n_kept, struct change_result *out)
{
	size_t first;
	int rc = 0;
	if (n == 0)
		return 0;
	if (m->runs++ == 1) /* it comes again: what it compares is worth remembering */
		m->memo = calloc(MEMO, sizeof(*m->memo));
	while ((rc = run(m, at, n, NO_PLACE, &first)) > 0)
		drop_barrier(m);
	size_t length = n - first;
	if (rc == 0 && m->runs > 1 && length > LONG_RUN)
		rc = advance(m, at, n, n_kept, &first);
	for (size_t i = 0; i < m->n_settled && rc == 0; i++)
		rc = change_result_add(out, &m->settled[i]);
	for (size_t i = 0; i < length && rc == 0; i++)
		if (!m->places[i].deleted)
			rc = change_result_add(out, &m->places[i].point);
	return rc;
}

void merge_fini(struct merge *m)
{
	free(m->places);
	free(m->memo);
	free(m->barriers);
	free(m->touches);
	free(m->settled);
	memset(m, 0, sizeof(*m));
}
