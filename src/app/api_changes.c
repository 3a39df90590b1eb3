/* GET /api/changes: where did stored series change?
 *
 * Their samples are read as /api/series/query reads them, in steps, one series after the other; the history may be asked for them. The
 * analysis runs on the pool, on values of its own, and stops when nobody waits any more. Gauges are judged by their means per step,
 * counters by their rates. Several series may be judged together (fdr). */
#include "api_changes.h"

#include "base/num.h"
#include "detect/fdr.h"
#include "series/key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX      2100 /* some weeks of five minutes; a few ms of analysis */
#define SERIES_MOST    128
#define DEFAULT_RANGE  (24 * 3600 * NS_PER_S)
#define DEFAULT_METHOD "edivisive"

static void changes_free(struct changes *c)
{
	arena_fini(&c->arena);
	free(c->steps);
	free(c->from_ram);
	free(c->values);
	free(c);
}

/* --- the question: which series --------------------------------------------------------------------------------------- */

/* What a `key` asks for: a series, or all that a pattern matches. */
struct wanted {
	struct changes *c;
	struct view key; /* canonical, or the pattern */
	bool pattern;
	size_t found;
	bool too_many;
};

static void take(struct wanted *w, struct view key, enum series_type type)
{
	struct changes *c = w->c;
	if (w->pattern ? !series_key_match(w->key, key) : !view_eq(w->key, key))
		return;
	w->found++;
	for (size_t i = 0; i < c->n_series; i++)
		if (view_eq(key, view_of(c->series[i].key)))
			return;
	const char *copy = c->n_series < SERIES_MOST ? arena_strndup(&c->arena, key.data, key.len) : NULL;
	w->too_many |= !copy;
	if (copy)
		c->series[c->n_series++] = (struct changes_series){ .key = copy,
								    .counter = type == SERIES_COUNTER,
								    .result = { .arena = &c->arena } };
}

static void take_stored(void *arg, const struct store_series *s)
{
	take(arg, s->key, s->meta.type);
}

static void find_series(struct wanted *w)
{
	const struct registry *registry = w->c->d->registry;
	for (series_id id = 0; id < registry_count(registry); id++) {
		const struct series *s = registry_get(registry, id);
		if (s)
			take(w, s->key, s->meta.type);
	}
	if (w->pattern || !w->found)
		store_series_each(w->c->d->store, take_stored, w);
}

static bool is_pattern(struct view key)
{
	return memchr(key.data, '*', key.len) || memchr(key.data, '?', key.len);
}

/* False after an error answer. */
static bool read_key(struct changes *c, struct view key)
{
	struct wanted w = { .c = c };
	struct err err = { 0 };
	struct buf canonical;
	buf_init(&canonical);
	int rc = series_key_canonical(key, &canonical, &err);
	if (rc == 0) {
		w.key = (struct view){ canonical.data, canonical.len };
		find_series(&w);
	}
	if (!w.found && is_pattern(key)) {
		w.key = key;
		w.pattern = c->several = true;
		find_series(&w);
	}
	if (w.too_many)
		http_error(c->r, 400, "key: at most %d series at a time", SERIES_MOST);
	else if (!w.found && w.pattern)
		http_error(c->r, 404, "no series matches %.*s; GET /api/series lists them", (int)key.len,
			   key.data);
	else if (rc < 0 && !w.found)
		http_error(c->r, 400, "key: %s", err.text);
	else if (!w.found)
		http_error(c->r, 404, "there is no series %s; GET /api/series lists them",
			   buf_str(&canonical));
	buf_fini(&canonical);
	return w.found && !w.too_many;
}

static bool read_keys(struct changes *c)
{
	struct view rest = { 0 }, key;
	size_t keys = 0;
	c->series = arena_alloc(&c->arena, SERIES_MOST * sizeof(*c->series));
	if (!c->series) {
		http_error(c->r, 503, "out of memory");
		return false;
	}
	for (; http_query_next(c->r, "key", &rest, &key); keys++)
		if (!read_key(c, key))
			return false;
	if (!keys)
		http_error(c->r, 400,
			   "key is missing: name a series, for example key=auspex.rss_bytes; GET /api/series "
			   "lists them");
	c->several |= keys > 1;
	return keys > 0;
}

/* --- the question: how ------------------------------------------------------------------------------------------------- */

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

static bool read_rate(struct changes *c)
{
	struct view text = http_query(c->r, "fdr");
	c->rate = NAN;
	if (!text.data)
		return true;
	c->several = true;
	if (num_parse_double(text, &c->rate) == 0 && c->rate > 0 && c->rate < 1)
		return true;
	http_error(c->r, 400, "fdr: the share of what is told that may be false is between 0 and 1");
	return false;
}

/* Steps begin at whole multiples, so that asking again a little later sees the same ones. */
static bool read_range(struct changes *c, wall_ns now)
{
	wall_ns start, end;
	if (!api_query_range(c->r, DEFAULT_RANGE, now, &start, &end))
		return false;
	wall_ms first = start / NS_PER_MS, last = end / NS_PER_MS;
	c->step_ms = step_for(last - first);
	c->start = first - (first % c->step_ms + c->step_ms) % c->step_ms;
	c->n = (size_t)((last - c->start) / c->step_ms + 1);
	return true;
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
	struct change_result results[SERIES_MOST];
	c->options.cancelled = nobody_waits;
	c->options.cancelled_arg = c;
	c->running = j;
	for (size_t i = 0; i < c->n_series && c->rc == 0; i++) {
		struct changes_series *s = &c->series[i];
		c->rc = job_cancelled(j)
				? ERR_CANCELLED
				: detect_series(c->detector, s->values, c->n, &c->options, &s->result);
		results[i] = s->result;
	}
	if (c->rc == 0 && !(c->p = arena_alloc(&c->arena, c->n_series * sizeof(*c->p))))
		c->rc = -ENOMEM;
	if (c->rc == 0)
		fdr_collect(results, c->n_series, c->p);
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
			changes_answer(c);
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

/* --- what is analysed ----------------------------------------------------------------------------------------------- */

/* The step as the one that saw more of it tells. */
static const struct step *step_of(const struct changes *c, size_t i)
{
	return c->from_ram[i].n >= c->steps[i].n ? &c->from_ram[i] : &c->steps[i];
}

/* Means; of a counter what it grew by, per second since the step before that has data. Missing where it began anew. */
static void make_values(struct changes *c)
{
	double *values = c->series[c->at].values;
	const struct step *before = NULL;
	size_t before_at = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct step *s = step_of(c, i);
		values[i] = NAN;
		if (!s->n)
			continue;
		if (!c->series[c->at].counter)
			values[i] = step_avg(s);
		else if (before && s->last >= before->last)
			values[i] = (s->last - before->last) /
				    ((double)c->step_ms * (double)(i - before_at) / 1000);
		before = s;
		before_at = i;
	}
}

/* `c` is not the caller's any more. */
static void begin(struct changes *c)
{
	int rc = job_start(&c->job, &c->d->loop, analyse, analysed, c);
	if (rc == 0)
		return;
	http_defer(c->r, NULL, NULL);
	http_error(c->r, 503, "no analysis now: %s", err_text(rc));
	changes_free(c);
}

static void steps_stored(struct store_steps *s, int status);

/* Reads all series that RAM knows alone, and begins the analysis after the last; else asks the history for the next. */
static void read_on(struct changes *c)
{
	for (; c->at < c->n_series; c->at++) {
		struct view key = view_of(c->series[c->at].key);
		series_id id = registry_find(c->d->registry, key);
		memset(c->steps, 0, c->n * sizeof(*c->steps));
		memset(c->from_ram, 0, c->n * sizeof(*c->from_ram));
		if (id != SERIES_NONE)
			tiers_query(c->d->tiers, id, c->start, c->step_ms, c->from_ram, c->n);
		if (!api_ram_covers(c->d, id, c->start) && store_is_durable(c->d->store)) {
			c->stored = (struct store_steps){ .key = key,
							  .start = c->start,
							  .step_ms = c->step_ms,
							  .steps = c->steps,
							  .n = c->n,
							  .done = steps_stored,
							  .arg = c };
			store_query_steps(c->d->store, &c->stored);
			return;
		}
		make_values(c);
	}
	begin(c);
}

static void steps_stored(struct store_steps *s, int status)
{
	struct changes *c = s->arg;
	if (c->r && status >= 0) {
		make_values(c);
		c->at++;
		read_on(c);
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
	c->values = calloc(c->n * c->n_series, sizeof(*c->values));
	if (!c->steps || !c->from_ram || !c->values) {
		http_error(c->r, 503, "out of memory");
		return false;
	}
	for (size_t i = 0; i < c->n_series; i++)
		c->series[i].values = c->values + i * c->n;
	return true;
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
	arena_init(&c->arena, 0);
	if (!read_keys(c) || !read_method(c) || !read_rate(c) || !read_range(c, clock_wall_ns(d->clock)) ||
	    !make_room(c)) {
		changes_free(c);
		return;
	}
	http_defer(r, peer_gone, c);
	read_on(c);
}

static const struct http_param params[] = {
	{ "key", "query", "array",
	  "A series, as GET /api/series lists it, or a pattern with * and ?; give it again for further ones. "
	  "Up to 128 "
	  "series." },
	{ "start", "query", "string",
	  "RFC 3339, Unix seconds, or relative (-7d); default a day before the end." },
	{ "end", "query", "string", "As start; default now." },
	{ "method", "query", "string",
	  "How to look, as `auspex detect --list` tells; default " DEFAULT_METHOD "." },
	{ "fdr", "query", "number",
	  "Judges the series together: of what is told at most this share is false (Benjamini-Hochberg). "
	  "Each point then has its "
	  "`q`, and those whose q is larger stand in `held_back`. Best with method=auto, whose p-values are "
	  "made for it." },
};
#define POINTS                                                                                               \
	"{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"number\"},"    \
	"\"index\":{\"type\":\"integer\"},\"mean_before\":{\"type\":\"number\"},\"mean_after\":{\"type\":"   \
	"\"number\"},"                                                                                       \
	"\"p\":{\"type\":[\"number\",\"null\"]},\"q\":{\"type\":[\"number\",\"null\"]},"                     \
	"\"percentage_change\":{\"type\":[\"number\",\"null\"]},\"text\":{\"type\":\"string\"}}}}"
#define VERDICTS                                                                                             \
	"\"key\":{\"type\":\"string\"},\"of\":{\"type\":\"string\"},\"missing\":{\"type\":\"integer\"},"     \
	"\"why\":{\"type\":\"string\"},\"points\":" POINTS ",\"held_back\":" POINTS
const struct http_route api_changes_routes[] = {
	{ METHOD_GET, "/api/changes", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_changes, .params = params,
	  .n_params = sizeof(params) / sizeof(params[0]),
	  .summary = "Where stored series changed, judged in steps that the answer tells; several keys, a "
		     "pattern or fdr are "
		     "answered with a list of series",
	  .response = "{\"type\":\"object\",\"required\":[\"start\",\"end\",\"step\",\"method\",\"n\"],"
		      "\"properties\":{" VERDICTS
		      ",\"start\":{\"type\":\"number\"},\"end\":{\"type\":\"number\"},"
		      "\"step\":{\"type\":\"number\"},\"method\":{\"type\":\"string\"},\"n\":{\"type\":"
		      "\"integer\"},"
		      "\"fdr\":{\"type\":\"number\"},\"series\":{\"type\":\"array\",\"items\":{\"type\":"
		      "\"object\","
		      "\"required\":[\"key\",\"points\"],\"properties\":{" VERDICTS "}}}}}" },
};
const size_t api_changes_n = sizeof(api_changes_routes) / sizeof(api_changes_routes[0]);
