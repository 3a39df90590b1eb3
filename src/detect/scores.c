#include "scores.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define RUN 8 /* so many are sorted by insertion before runs are merged */

double normal_quantile(double p)
{
	double tail = p < 0.5 ? p : 1 - p, t = sqrt(-2 * log(tail));
	double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
			       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	return p < 0.5 ? -z : z;
}

int scores_init(struct scores *s, struct arena *arena, size_t n)
{
	*s = (struct scores){ .ranks = arena_alloc(arena, (n + 1) * sizeof(*s->ranks)),
			      .spare = arena_alloc(arena, (n + 1) * sizeof(*s->spare)),
			      .normal = arena_alloc(arena, (n + 1) * sizeof(*s->normal)) };
	return s->ranks && s->spare && s->normal ? 0 : -ENOMEM;
}

static void sort_run(struct score_rank *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct score_rank v = r[i];
		size_t k = i;
		for (; k > 0 && r[k - 1].value > v.value; k--)
			r[k] = r[k - 1];
		r[k] = v;
	}
}

static void merge(const struct score_rank *a, const struct score_rank *a_end, const struct score_rank *b,
		  const struct score_rank *b_end, struct score_rank *out)
{
	while (a < a_end && b < b_end)
		*out++ = b->value < a->value ? *b++ : *a++;
	while (a < a_end)
		*out++ = *a++;
	while (b < b_end)
		*out++ = *b++;
}

/* By value; merge sort, because it is sorted again and again and qsort() calls for every comparison. */
static void sort(struct scores *s, size_t n)
{
	for (size_t from = 0; from < n; from += RUN)
		sort_run(s->ranks + from, n - from < RUN ? n - from : RUN);
	for (size_t width = RUN; width < n; width *= 2) {
		for (size_t from = 0; from < n; from += 2 * width) {
			size_t middle = from + width < n ? from + width : n,
			       end = middle + width < n ? middle + width : n;
			merge(s->ranks + from, s->ranks + middle, s->ranks + middle, s->ranks + end,
			      s->spare + from);
		}
		struct score_rank *sorted = s->spare;
		s->spare = s->ranks;
		s->ranks = sorted;
	}
}

static void prepare(struct scores *s, size_t n)
{
	for (size_t i = 0; i < n && s->n != n; i++)
		s->normal[i] = normal_quantile(((double)i + 1 - 0.375) / ((double)n + 0.25));
	s->n = n;
}

void scores_of(struct scores *s, const double *x, size_t n, double *out)
{
	for (size_t i = 0; i < n; i++)
		s->ranks[i] = (struct score_rank){ x[i], i };
	sort(s, n);
	prepare(s, n);
	for (size_t from = 0, to; from < n; from = to) {
		double sum = 0;
		for (to = from; to < n && s->ranks[to].value <= s->ranks[from].value; to++)
			sum += s->normal[to];
		for (size_t i = from; i < to; i++)
			out[s->ranks[i].at] = sum / (double)(to - from);
	}
}
