/* What GET /api/changes says. */
#include "api_changes.h"

#include "base/timefmt.h"
#include "detect/fdr.h"

#include <math.h>
#include <stdio.h>

static double seconds(wall_ms t)
{
	return (double)t / 1000.0;
}

static wall_ms time_of(const struct changes *c, size_t step)
{
	return c->start + c->step_ms * (wall_ms)step;
}

static double q_of(const struct changes *c, const struct change_point *p)
{
	return isnan(c->rate) ? NAN : fdr_adjusted(c->p, c->n_series, p->p);
}

static void write_point(struct jw *w, const struct changes *c, const struct changes_series *s,
			const struct change_point *p)
{
	char when[TIMEFMT_MAX], what[CHANGE_TEXT_MAX], text[CHANGE_TEXT_MAX + TIMEFMT_MAX + 40];
	time_format_rfc3339(time_of(c, p->index) * NS_PER_MS, 0, when);
	snprintf(text, sizeof(text), "%s %s: %s%s", p->index + 1 == p->to ? "at" : "since", when,
		 s->counter ? "per second " : "", change_what_text(p, what));
	jw_obj(w, NULL);
	jw_fixed(w, "t", seconds(time_of(c, p->index)), 3);
	jw_fixed(w, "from_t", seconds(time_of(c, p->from)), 3);
	jw_fixed(w, "to_t", seconds(time_of(c, p->to)), 3);
	change_write_json(w, p);
	if (!isnan(c->rate))
		jw_double(w, "q", q_of(c, p));
	jw_cstr(w, "text", text);
	jw_end(w);
}

/* Those that are told, or those that are held back. */
static void write_points(struct jw *w, const struct changes *c, const struct changes_series *s, bool told)
{
	jw_arr(w, told ? "points" : "held_back");
	for (size_t i = 0; i < s->result.n; i++) {
		const struct change_point *p = &s->result.points[i];
		if (fdr_believes(q_of(c, p), c->rate) == told)
			write_point(w, c, s, p);
	}
	jw_end(w);
}

static void write_name(struct jw *w, const struct changes_series *s)
{
	jw_cstr(w, "key", s->key);
	jw_cstr(w, "of", s->counter ? "rate per second" : "mean of the step");
}

static void write_range(struct jw *w, const struct changes *c)
{
	jw_fixed(w, "start", seconds(c->start), 3);
	jw_fixed(w, "end", seconds(time_of(c, c->n)), 3);
	jw_fixed(w, "step", seconds(c->step_ms), 3);
	jw_cstr(w, "method", c->detector->name);
	jw_u64(w, "n", c->n);
}

static void write_verdicts(struct jw *w, const struct changes *c, const struct changes_series *s)
{
	size_t missing = 0;
	for (size_t i = 0; i < c->n; i++)
		missing += isnan(s->values[i]);
	jw_u64(w, "missing", missing);
	if (s->result.why)
		jw_cstr(w, "why", s->result.why);
	write_points(w, c, s, true);
	if (!isnan(c->rate))
		write_points(w, c, s, false);
}

void changes_answer(struct changes *c)
{
	struct jw *w = http_json(c->r);
	jw_obj(w, NULL);
	if (c->several) {
		write_range(w, c);
		if (!isnan(c->rate))
			jw_double(w, "fdr", c->rate);
		jw_arr(w, "series");
		for (size_t i = 0; i < c->n_series; i++) {
			jw_obj(w, NULL);
			write_name(w, &c->series[i]);
			write_verdicts(w, c, &c->series[i]);
			jw_end(w);
		}
		jw_end(w);
	} else {
		write_name(w, &c->series[0]);
		write_range(w, c);
		write_verdicts(w, c, &c->series[0]);
	}
	jw_end(w);
	http_send(c->r, 200);
}
