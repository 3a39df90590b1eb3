/* GET /api/changes: where did a stored series change?
 *
 * Its samples are read as /api/series/query reads them, in steps; the history may be asked for them. The analysis runs on the pool, on
 * values of its own, and stops when nobody waits any more. Gauges are judged by their means per step, counters by their rates. */
#include "app/parts.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "detect/detector.h"
#include "net/job.h"
#include "series/key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define STEPS_MAX      2100 /* some weeks of five minutes; a few ms of analysis */
#define DEFAULT_RANGE  (24 * 3600 * NS_PER_S)
#define DEFAULT_METHOD "edivisive"

struct changes {
	struct daemon *d;
	struct http_request *r; /* NULL when the peer has gone */
	struct job *job;        /* the loop's; NULL: not on the pool */
	struct job *running;    /* the same, the pool's */
	const struct detector *detector;
	struct detect_options options;
	struct buf key; /* canonical */
	bool known, counter;
	wall_ms start, step_ms;
	size_t n; /* steps */
	struct step *steps, *from_ram;
	struct store_steps stored;
	double *values;
	struct arena arena; /* of the result */
	struct change_result result;
	int rc; /* of the analysis */
};

static void changes_free(struct changes *c)
{
	buf_fini(&c->key);
	arena_fini(&c->arena);
	free(c->steps);
	free(c->from_ram);
	free(c->values);
	free(c);
}

/* --- the question ------------------------------------------------------------------------------------------------------- */

static void find_stored(void *arg, const struct store_series *s)
{
	struct changes *c = arg;
	if (!view_eq(s->key, (struct view){ c->key.data, c->key.len }))
		return;
	c->counter = s->meta.type == SERIES_COUNTER;
	c->known = true;
}

/* False after an error answer. */
static bool read_key(struct changes *c)
{
	struct view key = http_query(c->r, "key");
	struct err err = { 0 };
	if (!key.data) {
		http_error(c->r, 400,
			   "key is missing: name a series, for example key=auspex.rss_bytes; GET /api/series "
			   "lists them");
		return false;
	}
	if (series_key_canonical(key, &c->key, &err) < 0) {
		http_error(c->r, 400, "key: %s", err.text);
		return false;
	}
	series_id id = registry_find(c->d->registry, view_of(buf_str(&c->key)));
	const struct series *s = id == SERIES_NONE ? NULL : registry_get(c->d->registry, id);
	if (s) {
		c->known = true;
		c->counter = s->meta.type == SERIES_COUNTER;
	} else {
		store_series_each(c->d->store, find_stored, c);
	}
	if (!c->known)
		http_error(c->r, 404, "there is no series %s; GET /api/series lists them", buf_str(&c->key));
	return c->known;
}

static bool read_method(struct changes *c)
{
	struct view name = http_query(c->r, "method");
	struct buf names;
	c->detector = detector_find(name.data ? name : VIEW(DEFAULT_METHOD));
	if (c->detector)
		return true;
	buf_init(&names);
	for (size_t i = 0; i < n_detectors; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", detectors[i]->name);
	http_error(c->r, 400, "method: there is none called \"%.*s\"; there are %s",
		   (int)(name.len < 80 ? name.len : 80), name.data, buf_str(&names));
	buf_fini(&names);
	return false;
}

/* The shortest of the usual steps that gives no more than STEPS_MAX of them. */
static wall_ms step_for(wall_ms span)
{
	static const int seconds[] = { 1,   2,   5,    10,   15,   30,    60,    120,  300,
				       600, 900, 1800, 3600, 7200, 21600, 43200, 86400 };
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		if (span / (seconds[i] * 1000LL) < STEPS_MAX)
			return seconds[i] * 1000LL;
	return (span / STEPS_MAX / 86400000 + 1) * 86400000;
}

/* Steps begin at whole multiples, so that asking again a little later sees the same ones. */
static bool read_range(struct changes *c, wall_ns now)
{
	wall_ns end = now;
	if (!api_query_time(c->r, "end", API_NOW, now, &end))
		return false;
	wall_ns start = end - DEFAULT_RANGE;
	if (!api_query_time(c->r, "start", API_AGO, now, &start))
		return false;
	if (start >= end) {
		http_error(c->r, 400, "start must be before end");
		return false;
	}
	wall_ms first = start / NS_PER_MS, last = end / NS_PER_MS;
	c->step_ms = step_for(last - first);
	c->start = first - (first % c->step_ms + c->step_ms) % c->step_ms;
	c->n = (size_t)((last - c->start) / c->step_ms + 1);
	return true;
}

/* --- the answer ----------------------------------------------------------------------------------------------------------- */

static double seconds(wall_ms t)
{
	return (double)t / 1000.0;
}

static wall_ms time_of(const struct changes *c, size_t step)
{
	return c->start + c->step_ms * (wall_ms)step;
}

static void write_point(struct jw *w, const struct changes *c, const struct change_point *p)
{
	char when[TIMEFMT_MAX], what[CHANGE_TEXT_MAX], text[CHANGE_TEXT_MAX + TIMEFMT_MAX + 40];
	time_format_rfc3339(time_of(c, p->index) * NS_PER_MS, 0, when);
	snprintf(text, sizeof(text), "%s %s: %s%s", p->index + 1 == p->to ? "at" : "since", when,
		 c->counter ? "per second " : "", change_what_text(p, what));
	jw_obj(w, NULL);
	jw_fixed(w, "t", seconds(time_of(c, p->index)), 3);
	jw_fixed(w, "from_t", seconds(time_of(c, p->from)), 3);
	jw_fixed(w, "to_t", seconds(time_of(c, p->to)), 3);
	change_write_json(w, p);
	jw_cstr(w, "text", text);
	jw_end(w);
}

static void answer(struct changes *c)
{
	struct jw *w = http_json(c->r);
	size_t missing = 0;
	for (size_t i = 0; i < c->n; i++)
		missing += isnan(c->values[i]);
	jw_obj(w, NULL);
	jw_str(w, "key", (struct view){ c->key.data, c->key.len });
	jw_cstr(w, "of", c->counter ? "rate per second" : "mean of the step");
	jw_fixed(w, "start", seconds(c->start), 3);
	jw_fixed(w, "end", seconds(time_of(c, c->n)), 3);
	jw_fixed(w, "step", seconds(c->step_ms), 3);
	jw_cstr(w, "method", c->detector->name);
	jw_u64(w, "n", c->n);
	jw_u64(w, "missing", missing);
	if (c->result.why)
		jw_cstr(w, "why", c->result.why);
	jw_arr(w, "points");
	for (size_t i = 0; i < c->result.n; i++)
		write_point(w, c, &c->result.points[i]);
	jw_end(w);
	jw_end(w);
	http_send(c->r, 200);
}

/* --- the analysis --------------------------------------------------------------------------------------------------------- */

static bool nobody_waits(void *arg)
{
	const struct changes *c = arg;
	return job_cancelled(c->running);
}

static void analyse(struct job *j, void *state)
{
	struct changes *c = state;
	c->options.cancelled = nobody_waits;
	c->options.cancelled_arg = c;
	c->running = j;
	c->rc = detect_series(c->detector, c->values, c->n, &c->options, &c->result);
}

static void analysed(void *state, bool cancelled)
{
	struct changes *c = state;
	c->job = NULL;
	if (c->r) {
		http_defer(c->r, NULL, NULL);
		if (cancelled || c->rc < 0)
			http_error(c->r, 503, "no analysis now: %s",
				   err_text(cancelled ? ERR_CANCELLED : c->rc));
		else
			answer(c);
	}
	changes_free(c);
}

static void peer_gone(struct http_request *r, void *state)
{
	struct changes *c = state;
	(void)r;
	c->r = NULL;
	if (c->job)
		job_cancel(c->job);
}

/* The step as the one that saw more of it tells. */
static const struct step *step_of(const struct changes *c, size_t i)
{
	return c->from_ram[i].n >= c->steps[i].n ? &c->from_ram[i] : &c->steps[i];
}

/* Means; of a counter what it grew by, per second since the step before that has data. Missing where it began anew. */
static void make_values(struct changes *c)
{
	const struct step *before = NULL;
	size_t before_at = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct step *s = step_of(c, i);
		c->values[i] = NAN;
		if (!s->n)
			continue;
		if (!c->counter)
			c->values[i] = step_avg(s);
		else if (before && s->last >= before->last)
			c->values[i] =
				(s->last - before->last) / seconds(c->step_ms * (wall_ms)(i - before_at));
		before = s;
		before_at = i;
	}
}

/* `c` is not the caller's any more. */
static void begin(struct changes *c)
{
	make_values(c);
	int rc = job_start(&c->job, &c->d->loop, analyse, analysed, c);
	if (rc == 0)
		return;
	http_defer(c->r, NULL, NULL);
	http_error(c->r, 503, "no analysis now: %s", err_text(rc));
	changes_free(c);
}

static void steps_stored(struct store_steps *s, int status)
{
	struct changes *c = s->arg;
	if (c->r && status >= 0) {
		begin(c);
		return;
	}
	if (c->r) {
		http_defer(c->r, NULL, NULL);
		http_error(c->r, 503, "the history cannot be read: %s", err_text(status));
	}
	changes_free(c);
}

static bool make_room(struct changes *c)
{
	c->steps = calloc(c->n, sizeof(*c->steps));
	c->from_ram = calloc(c->n, sizeof(*c->from_ram));
	c->values = calloc(c->n, sizeof(*c->values));
	if (!c->steps || !c->from_ram || !c->values)
		http_error(c->r, 503, "out of memory");
	return c->steps && c->from_ram && c->values;
}

static void read_steps(struct changes *c)
{
	struct view key = { c->key.data, c->key.len };
	series_id id = registry_find(c->d->registry, key);
	if (id != SERIES_NONE)
		tiers_query(c->d->tiers, id, c->start, c->step_ms, c->from_ram, c->n);
	if (api_ram_covers(c->d, id, c->start) || !store_is_durable(c->d->store)) {
		begin(c);
		return;
	}
	c->stored = (struct store_steps){ .key = key,
					  .start = c->start,
					  .step_ms = c->step_ms,
					  .steps = c->steps,
					  .n = c->n,
					  .done = steps_stored,
					  .arg = c };
	store_query_steps(c->d->store, &c->stored);
}

static void get_changes(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct changes *c = calloc(1, sizeof(*c));
	if (!c) {
		http_error(r, 503, "out of memory");
		return;
	}
	c->d = d;
	c->r = r;
	c->options = DETECT_DEFAULTS;
	buf_init(&c->key);
	arena_init(&c->arena, 0);
	change_result_init(&c->result, &c->arena);
	if (!read_key(c) || !read_method(c) || !read_range(c, clock_wall_ns(d->clock)) || !make_room(c)) {
		changes_free(c);
		return;
	}
	http_defer(r, peer_gone, c);
	read_steps(c);
}

static const struct http_param params[] = {
	{ "key", "query", "string", "The series, as GET /api/series lists it." },
	{ "start", "query", "string",
	  "RFC 3339, Unix seconds, or relative (-7d); default a day before the end." },
	{ "end", "query", "string", "As start; default now." },
	{ "method", "query", "string",
	  "How to look, as `auspex detect --list` tells; default " DEFAULT_METHOD "." },
};
const struct http_route api_changes_routes[] = {
	{ METHOD_GET, "/api/changes", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_changes, .params = params,
	  .n_params = sizeof(params) / sizeof(params[0]),
	  .summary = "Where a stored series changed, judged in steps that the answer tells",
	  .response = "{\"type\":\"object\",\"required\":[\"key\",\"start\",\"end\",\"step\",\"method\","
		      "\"n\",\"points\"],"
		      "\"properties\":{\"key\":{\"type\":\"string\"},\"of\":{\"type\":\"string\"},\"start\":{"
		      "\"type\":"
		      "\"number\"},\"end\":{\"type\":\"number\"},\"step\":{\"type\":\"number\"},\"method\":{"
		      "\"type\":"
		      "\"string\"},\"n\":{\"type\":\"integer\"},\"missing\":{\"type\":\"integer\"},\"why\":{"
		      "\"type\":"
		      "\"string\"},\"points\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
		      "\"properties\":{\"t\":{"
		      "\"type\":\"number\"},\"index\":{\"type\":\"integer\"},\"mean_before\":{\"type\":"
		      "\"number\"},"
		      "\"mean_after\":{\"type\":\"number\"},\"p\":{\"type\":[\"number\",\"null\"]},"
		      "\"percentage_change\":{\"type\":[\"number\",\"null\"]},\"text\":{\"type\":\"string\"}}"
		      "}}}}" },
};
const size_t api_changes_n = sizeof(api_changes_routes) / sizeof(api_changes_routes[0]);
