#include "slots_search.h"

/* Steps of work a search may take: some milliseconds of the loop. */
#define WORK_MAX 2000000
/* With more offsets than this, pairs of them are dearer than a sweep over everything near. */
#define PAIRS_MAX   32
#define BISECT_COST 16

/* Index of the first event later than t. */
static size_t first_after(const struct slots_problem *p, wall_ms t)
{
	size_t lo = 0, hi = p->n_events;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->events[mid] > t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Do the new events break the limit without any old one? */
static bool offsets_collide(const struct slots_problem *p)
{
	size_t limit = (size_t)p->limit;
	for (size_t b = limit; b < p->n_offsets; b++)
		if (p->offsets[b] - p->offsets[b - limit] < p->window_ms)
			return true;
	return false;
}

/* Moves t out of the bad intervals of the new events a..b. */
static wall_ms leave_pair(const struct slots_problem *p, size_t a, size_t b, wall_ms t, wall_ms until,
			  int64_t *work)
{
	size_t old = (size_t)p->limit - (b - a); /* how many old ones complete the group */
	size_t i = first_after(p, t + p->offsets[b] - p->window_ms);

	*work += BISECT_COST;
	for (; old <= p->n_events && i <= p->n_events - old && t <= until; i++, (*work)++) {
		wall_ms e_first = p->events[i], e_last = p->events[i + old - 1];
		if (e_last - p->window_ms - p->offsets[a] >= t)
			break;
		if (e_last - e_first < p->window_ms && e_first + p->window_ms - p->offsets[b] > t)
			t = e_first + p->window_ms - p->offsets[b];
	}
	return t;
}

/* One pass over all groups of new events that fit one window. */
static wall_ms leave_pairs(const struct slots_problem *p, wall_ms t, wall_ms until, int64_t *work)
{
	for (size_t a = 0; a < p->n_offsets; a++)
		for (size_t b = a; b < p->n_offsets && p->offsets[b] - p->offsets[a] < p->window_ms &&
				   b - a < (size_t)p->limit && t <= until && *work < WORK_MAX;
		     b++)
			t = leave_pair(p, a, b, t, until, work);
	return t;
}

/* The merged sequence of old and new events near t, one at a time. */
struct merge {
	const struct slots_problem *p;
	wall_ms t;
	size_t e, o; /* next of each */
};

static wall_ms merge_peek(const struct merge *m, bool *new_one)
{
	const struct slots_problem *p = m->p;
	*new_one = m->o < p->n_offsets && (m->e >= p->n_events || m->t + p->offsets[m->o] < p->events[m->e]);
	if (*new_one)
		return m->t + p->offsets[m->o];
	return m->e < p->n_events ? p->events[m->e] : INT64_MAX;
}

static void merge_step(struct merge *m, bool new_one)
{
	m->o += new_one;
	m->e += !new_one;
}

/* Two readers L apart run over the merged sequence: what lies between them are L+1 neighbours. */
static wall_ms leave_sweep(const struct slots_problem *p, wall_ms t, int64_t *work)
{
	size_t from = first_after(p, t + p->offsets[0] - p->window_ms);
	struct merge back = { p, t, from, 0 }, front = back;
	wall_ms stop = t + p->offsets[p->n_offsets - 1] + p->window_ms, bound = t;
	bool new_back, new_front;

	for (int64_t i = 0;; i++, *work += 2) {
		wall_ms at = merge_peek(&front, &new_front);
		if (at >= stop)
			break;
		merge_step(&front, new_front);
		if (i < p->limit)
			continue;
		wall_ms first = merge_peek(&back, &new_back);
		/* With both a new event and an old one inside; front.o - 1 is the last new one. */
		if (at - first < p->window_ms && front.o > back.o && front.e > back.e) {
			wall_ms end = p->events[back.e] + p->window_ms - p->offsets[front.o - 1];
			bound = end > bound ? end : bound;
		}
		merge_step(&back, new_back);
	}
	return bound;
}

wall_ms slots_search(const struct slots_problem *p, wall_ms from, wall_ms until, bool *exact)
{
	int64_t work = 0;
	wall_ms t = from;

	*exact = true;
	if (p->n_offsets == 0 || p->window_ms <= 0)
		return from;
	if (p->limit <= 0 || offsets_collide(p))
		return SLOTS_NEVER;
	while (t <= until && work < WORK_MAX) {
		wall_ms next = p->n_offsets <= PAIRS_MAX ? leave_pairs(p, t, until, &work)
							 : leave_sweep(p, t, &work);
		if (next == t)
			break;
		t = next;
	}
	if (work >= WORK_MAX && t <= until) {
		*exact = false;
		t = p->events[p->n_events - 1] + p->window_ms - p->offsets[0];
		t = t > from ? t : from;
	}
	return t <= until ? t : SLOTS_NEVER;
}
