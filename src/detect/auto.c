/* Looks at the series, chooses how to look for changes in it, and says why. */
#include "detect/detector.h"

#include "auto_look.h"
#include "moments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_EFFECT                                                                                         \
	0.3      /* standard deviations of the noise: a smaller change is nobody's concern, however sure */
#define REFINE 8 /* places of averaged points around which the exact one is looked for */

/* Exact places of cuts that were found in averages of `fold` points. */
static void refine(const struct auto_look *l, const double *x, size_t n, size_t *places, size_t count)
{
	for (size_t i = 0; i < count && l->fold > 1; i++) {
		size_t reach = REFINE * l->fold, low = i ? places[i - 1] : 0;
		size_t high = i + 1 < count ? places[i + 1] : n;
		size_t from = places[i] - low > reach ? places[i] - reach : low;
		size_t to = high - places[i] > reach ? places[i] + reach : high;
		struct split s = scan_step(x + from, to - from, &(struct scan_noise){ 0 });
		places[i] = s.at ? from + s.at : places[i];
	}
}

static int add(const double *x, size_t from, size_t at, size_t to, double p, const char *method, double least,
	       double min_magnitude, struct change_result *out)
{
	struct moments before = moments_of(x + from, at - from), after = moments_of(x + at, to - at);
	struct change_point c = { .index = at,
				  .from = from,
				  .to = to,
				  .mean_before = before.mean,
				  .mean_after = after.mean,
				  .sd_before = moments_sd(&before),
				  .sd_after = moments_sd(&after),
				  .p = p,
				  .posterior = NAN,
				  .method = method };
	change_measure(&c);
	if (!(fabs(c.mean_after - c.mean_before) > least) || c.magnitude < min_magnitude)
		return 0;
	return change_result_add(out, &c);
}

static int tell(struct auto_look *l, const double *x, size_t n, const char *method,
		const struct detect_options *o, struct change_result *out)
{
	const struct partition *p = &l->partition;
	size_t *places = arena_alloc(l->arena, (p->n_cuts + 1) * sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_cuts; i++)
		places[i] = p->cuts[i].at * l->fold;
	refine(l, x, n, places, p->n_cuts);
	int rc = 0;
	for (size_t i = 0; i < p->n_cuts && rc == 0; i++)
		rc = add(x, i ? places[i - 1] : 0, places[i], i + 1 < p->n_cuts ? places[i + 1] : n,
			 p->cuts[i].p, method, LEAST_EFFECT * l->noise_sd, o->min_magnitude, out);
	return rc;
}

static int find(const double *x, size_t n, const struct detect_options *o, bool ranks, const char *method,
		struct change_result *out)
{
	struct arena arena;
	struct auto_look look;
	arena_init(&arena, (n < AUTO_POINTS ? n : AUTO_POINTS) * 160 + 4096);
	int rc = auto_look_at(&look, &arena, x, n, o->false_share, ranks);
	if (rc == 0)
		rc = tell(&look, x, n, method, o, out);
	if (rc == 0 && !(out->why = auto_why(&look, out->arena)))
		rc = -ENOMEM;
	arena_fini(&arena);
	return rc;
}

static int find_auto(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	return find(x, n, o, false, "auto", out);
}

static int find_robust(const double *x, size_t n, const struct detect_options *o, struct change_result *out)
{
	return find(x, n, o, true, "robust", out);
}

const struct detector auto_detector = {
	.name = "auto",
	.summary = "Looks at the series (noise, trend, season, strays), chooses, and says why.",
	.batch = find_auto,
};
const struct detector robust_detector = {
	.name = "robust",
	.summary = "Ranks instead of values: for series with wild outliers and heavy tails.",
	.batch = find_robust,
};
