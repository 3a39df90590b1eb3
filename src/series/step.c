#include "series/tiers.h"

/* The step that `t` falls into; NULL when it is outside. */
static struct step *step_at(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, wall_ms t)
{
	uint64_t at;

	if (t < start || step_ms <= 0)
		return NULL;
	at = ((uint64_t)t - (uint64_t)start) / (uint64_t)step_ms;
	return at < n ? &steps[at] : NULL;
}

void steps_add(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, wall_ms t, double v)
{
	const struct step one = { .t = t, .n = 1, .min = v, .max = v, .sum = v, .last = v };

	steps_merge(steps, n, start, step_ms, &one);
}

void steps_merge(struct step *steps, size_t n, wall_ms start, wall_ms step_ms, const struct step *s)
{
	struct step *to = step_at(steps, n, start, step_ms, s->t);

	if (!to || s->n == 0)
		return;
	if (to->n == 0 || s->min < to->min)
		to->min = s->min;
	if (to->n == 0 || s->max > to->max)
		to->max = s->max;
	to->sum += s->sum;
	to->n += s->n;
	to->last = s->last;
}
