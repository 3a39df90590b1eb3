/* A limit and its two edges: above it (strictly) the alarm rises once, and falls once when the value is back. Plain data, pure. */
#ifndef AUSPEX_SYSTEM_THRESHOLD_H
#define AUSPEX_SYSTEM_THRESHOLD_H

#include <stdbool.h>

struct threshold {
	double limit; /* < 0: none */
	bool above;
};
enum threshold_edge { THRESHOLD_SAME, THRESHOLD_ROSE, THRESHOLD_FELL };

static inline enum threshold_edge threshold_push(struct threshold *t, double value)
{
	bool above = t->limit >= 0 && value > t->limit;
	if (above == t->above)
		return THRESHOLD_SAME;
	t->above = above;
	return above ? THRESHOLD_ROSE : THRESHOLD_FELL;
}

#endif
