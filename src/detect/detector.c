#include "detect/detector.h"

#include "fitting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

const struct detector *const detectors[] = {
#define X(name) &name##_detector,
	DETECTORS(X)
#undef X
};
const size_t n_detectors = sizeof(detectors) / sizeof(detectors[0]);

const struct detector *detector_find(struct view name)
{
	for (size_t i = 0; i < n_detectors; i++)
		if (view_eq(name, view_of(detectors[i]->name)))
			return detectors[i];
	return NULL;
}

int detect_options_check(const struct detect_options *o, struct err *err)
{
	if (o->window == 1 || o->window > DETECT_WINDOW_MAX)
		return err_set(err, ERR_RANGE, "window", "a window has 2 to %u points, not %zu",
			       DETECT_WINDOW_MAX, o->window);
	if (!(o->max_pvalue >= 0 && o->max_pvalue <= 1))
		return err_set(err, ERR_RANGE, "max-pvalue", "a p-value is from 0 to 1, not %g",
			       o->max_pvalue);
	if (!(o->min_magnitude >= 0 && isfinite(o->min_magnitude)))
		return err_set(err, ERR_RANGE, "min-magnitude",
			       "the smallest change is a share of 0 or more (0.05 = 5 %%), not %g",
			       o->min_magnitude);
	if (!(o->false_share > 0 && o->false_share < 1))
		return err_set(err, ERR_RANGE, "false-share", "a share is between 0 and 1, not %g",
			       o->false_share);
	if (!(o->min_percent >= 0 && isfinite(o->min_percent)))
		return err_set(err, ERR_RANGE, "min-percent", "a smallest deviation is 0 or more, not %g",
			       o->min_percent);
	return 0;
}

/* Does every value stand as it is? Almost always, and then nothing is copied. */
static int look(const double *x, size_t n, struct fitting *f)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		fitting_take(f, x[i], &rc);
	f->exponent = fitting_exponent(f);
	return rc;
}

static double *fitted(const double *x, const struct fitting *f)
{
	double *values = malloc((f->n_values + 1) * sizeof(*values));
	size_t m = 0;
	for (size_t i = 0; values && i < f->n; i++)
		if (isfinite(x[i]))
			values[m++] = ldexp(x[i], -f->exponent);
	return values;
}

int detect_series(const struct detector *d, const double *x, size_t n, const struct detect_options *o,
		  struct change_result *out)
{
	struct fitting f = { 0 };
	double *values = NULL;
	change_result_init(out, out->arena);
	int rc = n > detector_most(d) ? ERR_FULL : detect_options_check(o, NULL);
	if (rc == 0)
		rc = look(x, n, &f);
	if (rc == 0 && (f.n_gaps > 0 || f.exponent != 0) && !(values = fitted(x, &f)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = d->batch(values ? values : x, f.n_values, o, out);
	if (rc == 0)
		rc = fitting_map(&f, out);
	free(values);
	fitting_fini(&f);
	return rc;
}
