/* Single values out of line: an isolation forest flags them, and the moving average says whether by enough. */
#include "detect/detector.h"

#include "forest.h"
#include "moments.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WINDOW 5

/* A flagged value against the mean of those just before it and itself, as Orion compares them. */
static bool stands_out(const double *x, size_t i, const struct detect_options *o, struct change_point *p)
{
	size_t window = o->window ? o->window : WINDOW;
	if (i + 1 < window)
		return false;
	struct moments usual = moments_of(x + i + 1 - window, window);
	*p = (struct change_point){ .index = i,
				    .from = i + 1 - window,
				    .to = i + 1,
				    .mean_before = usual.mean,
				    .mean_after = x[i],
				    .sd_before = moments_sd(&usual),
				    .p = NAN,
				    .posterior = NAN,
				    .method = "iforest" };
	change_measure(p);
	double percent = p->percentage_change;
	return fabs(percent) > o->min_percent && (o->direction == 0 || percent * o->direction > 0);
}

static int find(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	float *values = malloc((n + 1) * sizeof(*values));
	struct change_point p;
	out->scores = arena_alloc(out->arena, (n + 1) * sizeof(*out->scores));
	out->flagged = arena_alloc(out->arena, (n + 1) * sizeof(*out->flagged));
	out->n_scores = n;
	int rc = values && out->scores && out->flagged ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && rc == 0; i++)
		values[i] = (float)x[i];
	struct forest_rows rows = { values, n, 1 };
	if (rc == 0)
		rc = forest_scores(&rows, o->seed, out->scores, o->cancelled, o->cancelled_arg);
	for (size_t i = 0; i < n && rc == 0; i++) {
		out->flagged[i] = out->scores[i] > FOREST_ANOMALY;
		if (out->flagged[i] && stands_out(x, i, o, &p))
			rc = change_result_add(out, &p);
	}
	free(values);
	return rc;
}

const struct detector iforest_detector = {
	.name = "iforest",
	.summary = "Tells single values out of line, by an isolation forest and the distance from the moving "
		   "average.",
	.batch = find,
	.most = 1000000, /* 100 trees are walked for each value: some seconds */
};
