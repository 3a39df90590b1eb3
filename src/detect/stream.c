/* A series that grows: what is fit for the detector is kept, and its state told of each new value. */
#include "detect/detector.h"

#include "fitting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct change_stream {
	const struct detector *d;
	struct detect_options o;
	void *state; /* NULL for detectors without an incremental form */
	struct fitting fitting;
	double *values; /* fitting.n_values of them */
	size_t cap;
};

struct change_stream *change_stream_new(const struct detector *d, const struct detect_options *o)
{
	if (detect_options_check(o, NULL) < 0)
		return NULL;
	struct change_stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->d = d;
	s->o = *o;
	if (d->new && !(s->state = d->new (&s->o))) {
		free(s);
		return NULL;
	}
	return s;
}

void change_stream_free(struct change_stream *s)
{
	if (!s)
		return;
	if (s->state)
		s->d->free(s->state);
	free(s->values);
	fitting_fini(&s->fitting);
	free(s);
}

static int reserve(struct change_stream *s)
{
	if (s->fitting.n_values < s->cap)
		return 0;
	size_t cap = s->cap ? 2 * s->cap : 64;
	double *grown = realloc(s->values, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->values = grown;
	s->cap = cap;
	return 0;
}

/* Another scale: the state begins anew. Happens at most a few times in the life of a series. */
static int rescale(struct change_stream *s, size_t n, int exponent)
{
	void *state = s->d->new ? s->d->new (&s->o) : NULL;
	int rc = s->d->new && !state ? -ENOMEM : 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		s->values[i] = ldexp(s->values[i], s->fitting.exponent - exponent);
	s->fitting.exponent = exponent;
	for (size_t i = 0; i < n && state && rc == 0; i++)
		rc = s->d->append(state, s->values, i + 1);
	if (s->state)
		s->d->free(s->state);
	s->state = state;
	return rc;
}

int change_stream_append(struct change_stream *s, double v)
{
	struct fitting *f = &s->fitting;
	int rc = f->n >= detector_most(s->d) ? ERR_FULL : reserve(s);
	if (rc < 0 || !fitting_take(f, v, &rc))
		return rc;
	int exponent = fitting_exponent(f);
	if (exponent != f->exponent)
		rc = rescale(s, f->n_values - 1, exponent);
	if (rc < 0)
		return rc;
	s->values[f->n_values - 1] = ldexp(v, -exponent);
	return s->state ? s->d->append(s->state, s->values, f->n_values) : 0;
}

size_t change_stream_length(const struct change_stream *s)
{
	return s->fitting.n;
}

int change_stream_points(struct change_stream *s, struct change_result *out)
{
	const struct fitting *f = &s->fitting;
	change_result_init(out, out->arena);
	int rc = s->state ? s->d->points(s->state, s->values, f->n_values, out)
			  : s->d->batch(s->values, f->n_values, &s->o, out);
	return rc == 0 ? fitting_map(f, out) : rc;
}
