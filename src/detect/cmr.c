/* The newest point against the mean of all others: Orion's "compare mean and recent". */
#include "detect/detector.h"

#include "segments.h"

#include <math.h>
#include <stdlib.h>

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

static int compare(const struct moments *usual, double newest, size_t n, const struct detect_options *o,
		   struct change_result *out)
{
	struct change_point p = { .index = n - 1,
				  .to = n,
				  .mean_before = usual->mean,
				  .mean_after = newest,
				  .sd_before = moments_sd(usual),
				  .p = NAN,
				  .posterior = NAN,
				  .method = "cmr" };
	change_measure(&p);
	return is_wanted(&p, o->direction) ? change_result_add(out, &p) : 0;
}

struct cmr {
	const struct detect_options *o;
	struct segments segments;
};

static void *cmr_new(const struct detect_options *o)
{
	struct cmr *c = calloc(1, sizeof(*c));
	if (c)
		c->o = o;
	return c;
}

static void cmr_free(void *state)
{
	struct cmr *c = state;
	segments_fini(&c->segments);
	free(c);
}

static int cmr_append(void *state, const double *x, size_t n)
{
	struct cmr *c = state;
	return segments_take(&c->segments, x, n);
}

static int cmr_points(void *state, const double *x, size_t n, struct change_result *out)
{
	const struct cmr *c = state;
	if (n < 2)
		return 0;
	struct moments usual = segments_of(&c->segments, x, 0, n - 1);
	return compare(&usual, x[n - 1], n, c->o, out);
}

static int cmr_batch(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	struct cmr c = { .o = o };
	int rc = cmr_append(&c, x, n);
	if (rc == 0)
		rc = cmr_points(&c, x, n, out);
	segments_fini(&c.segments);
	return rc;
}

const struct detector cmr_detector = {
	.name = "cmr",
	.summary = "Compares the newest value with the mean of all others, and always tells it.",
	.batch = cmr_batch,
	.new = cmr_new,
	.append = cmr_append,
	.points = cmr_points,
	.free = cmr_free,
};
