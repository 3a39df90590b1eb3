/* The newest point against the mean of all others: Orion's "compare mean and recent". */
#include "detect/detector.h"

#include "moments.h"

#include <math.h>

#define NOTHING 1e-12 /* means closer to zero have no sign to compare with */

/* Is it a change in the direction that was asked for? */
static bool is_wanted(const struct change_point *p, int direction)
{
	double difference = p->mean_after - p->mean_before;
	if (direction == 0)
		return true;
	if (fabs(p->mean_before) < NOTHING)
		return difference * direction > NOTHING;
	return difference / p->mean_before * direction > 0;
}

static int find(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	if (n < 2)
		return 0;
	struct moments usual = moments_of(x, n - 1);
	struct change_point p = { .index = n - 1,
				  .to = n,
				  .mean_before = usual.mean,
				  .mean_after = x[n - 1],
				  .sd_before = moments_sd(&usual),
				  .p = NAN,
				  .posterior = NAN,
				  .method = "cmr" };
	change_measure(&p);
	return is_wanted(&p, o->direction) ? change_result_add(out, &p) : 0;
}

const struct detector cmr_detector = {
	.name = "cmr",
	.summary = "Compares the newest value with the mean of all others, and always tells it.",
	.batch = find,
};
