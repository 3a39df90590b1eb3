/* GET /api/series/query: any range of one or several series folded into steps.
 *
 * RAM answers at once, the history later; per step the one that saw more of it speaks: RAM lacks what came before the start and what it had no
 * room for, the history the last seconds. Series are taken one after the other, so that many need no more memory than one.
 */
#include "api_query.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "series/key.h"

#include <stdlib.h>

#define MAX_STEPS     10000
#define MAX_KEYS      128
#define MAX_VALUES    100000 /* keys times steps */
#define DEFAULT_STEPS 300
#define DEFAULT_RANGE (3600 * NS_PER_S)

static void query_free(struct query *q)
{
	buf_fini(&q->keys);
	free(q->steps);
	free(q->from_ram);
	free(q);
}

/* --- one series after the other ---------------------------------------------------------------------------------- */

/* From here on RAM holds all there is of a series; INT64_MAX: of nothing. */
static wall_ms ram_from(const struct daemon *d, series_id id, bool minutes)
{
	wall_ms started = d->started_wall / NS_PER_MS, whole;
	if (id == SERIES_NONE || d->samples_refused)
		return INT64_MAX;
	whole = tiers_whole_from(d->tiers, id, minutes);
	if (store_newest_sample(d->store) >= started) /* the clock was ahead before this start */
		started = store_newest_sample(d->store) + 1;
	return whole > started ? whole : started;
}

bool api_ram_covers(const struct daemon *d, series_id id, wall_ms start)
{
	return start >= ram_from(d, id, false);
}

/* The history is asked for the steps that RAM does not hold whole: the rest of its answer would be read for nothing. */
static size_t steps_to_ask(const struct query *q, series_id id)
{
	bool minutes = q->start % MS_PER_MINUTE == 0 && q->step_ms % MS_PER_MINUTE == 0;
	wall_ms from = ram_from(q->d, id, minutes);
	if (from <= q->start)
		return 0;
	uint64_t n = ((uint64_t)from - (uint64_t)q->start - 1) / (uint64_t)q->step_ms + 1;
	return n < q->n ? (size_t)n : q->n;
}

static void query_stored(struct store_steps *s, int status);

static void query_gone(struct http_request *r, void *state)
{
	struct query *q = state;
	(void)r;
	q->r = NULL;
}

/* Writes all series that RAM answers alone; true when that was the last one, false when the history was asked for the next: then `q` is not the
 * caller's any more. */
static bool go_on(struct query *q)
{
	for (; q->at < q->keys.len; q->at += query_key(q).len + 1) {
		series_id id = registry_find(q->d->registry, query_key(q));
		memset(q->from_ram, 0, q->n * sizeof(*q->from_ram));
		memset(q->steps, 0, q->n * sizeof(*q->steps));
		if (id != SERIES_NONE)
			tiers_query(q->d->tiers, id, q->start, q->step_ms, q->from_ram, q->n);
		size_t ask = steps_to_ask(q, id);
		if (ask && store_is_durable(q->d->store)) {
			q->stored = (struct store_steps){ .key = query_key(q),
							  .start = q->start,
							  .step_ms = q->step_ms,
							  .steps = q->steps,
							  .n = ask,
							  .done = query_stored,
							  .arg = q };
			http_defer(q->r, query_gone, q);
			store_query_steps(q->d->store, &q->stored);
			return false;
		}
		query_answer_series(q);
	}
	return true;
}

static void query_stored(struct store_steps *s, int status)
{
	struct query *q = s->arg;
	if (q->r && status >= 0) {
		query_answer_series(q);
		q->at += query_key(q).len + 1;
		if (!go_on(q))
			return;
	}
	if (q->r) {
		http_defer(q->r, NULL, NULL);
		if (status < 0)
			http_error(q->r, 503, "the history cannot be read: %s", err_text(status));
		else
			query_answer_end(q);
	}
	query_free(q);
}

/* --- the question ---------------------------------------------------------------------------------------------------- */

/* The default is a 300th of the range. */
static wall_ms query_step(struct http_request *r, wall_ns range)
{
	int64_t step_ns = range / DEFAULT_STEPS;
	struct view text = http_query(r, "step");
	if (!text.data)
		return step_ns < NS_PER_S ? 1000 : step_ns / NS_PER_MS;
	if (duration_parse(text, true, &step_ns) < 0) {
		double s = 0;
		num_parse_double(text, &s); /* bare seconds; anything else leaves 0, which is refused */
		step_ns = s > 0 && s < 1e9 ? (int64_t)(s * 1e9) : -1;
	}
	return step_ns / NS_PER_MS;
}

/* Reads start, end and step; false after an error answer. */
static bool query_range(struct query *q, wall_ns now)
{
	wall_ns start, end;
	if (!api_query_range(q->r, DEFAULT_RANGE, now, &start, &end))
		return false;
	q->start = start / NS_PER_MS;
	q->step_ms = query_step(q->r, end - start);
	if (q->step_ms % MS_PER_MINUTE ==
	    0) /* whole minutes are answered from minutes, which are sixty times fewer */
		q->start -= q->start % MS_PER_MINUTE;
	int64_t span = end / NS_PER_MS - q->start;
	if (q->step_ms < 1 || (span + q->step_ms - 1) / q->step_ms > MAX_STEPS) {
		http_error(q->r, 400, "step must be a duration such as 10s that gives at most %d steps",
			   MAX_STEPS);
		return false;
	}
	q->n = (size_t)((span + q->step_ms - 1) / q->step_ms);
	if (q->n * q->n_keys > MAX_VALUES) {
		http_error(q->r, 400,
			   "step must be longer for so many keys: together they may have at most %d steps",
			   MAX_VALUES);
		return false;
	}
	return true;
}

static bool query_keys(struct query *q)
{
	struct view rest = { 0 }, key;
	struct err err = { 0 };
	while (http_query_next(q->r, "key", &rest, &key)) {
		if (++q->n_keys > MAX_KEYS) {
			http_error(q->r, 400, "key: at most %d series at a time", MAX_KEYS);
			return false;
		}
		int rc = series_key_canonical(key, &q->keys, &err);
		if (rc < 0) {
			http_error(q->r, 400, "key: %s", err.text);
			return false;
		}
		buf_append(&q->keys, "", 1);
	}
	if (!q->n_keys)
		http_error(q->r, 400,
			   "key is missing: name a series, for example key=auspex.rss_bytes; GET /api/series "
			   "lists them");
	else if (q->keys.failed)
		http_error(q->r, 503, "out of memory");
	return q->n_keys && !q->keys.failed;
}

static bool query_columns(struct query *q)
{
	struct view text = http_query(q->r, "columns");
	if (!text.data) {
		q->columns = q->n_keys > 1 ? COLUMNS_DEFAULT : 0;
		return true;
	}
	for (size_t used = 0; used <= text.len;) {
		const char *from = text.data + used, *comma = memchr(from, ',', text.len - used);
		struct view name = { from, comma ? (size_t)(comma - from) : text.len - used };
		int column = query_column_find(view_trim(name));
		if (column < 0) {
			http_error(q->r, 400,
				   "columns: use a comma-separated list of min, avg, max, last, n");
			return false;
		}
		q->columns |= 1u << column;
		used += name.len + 1;
	}
	return true;
}

static void get_query(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct query *q = calloc(1, sizeof(*q));
	if (!q) {
		http_error(r, 503, "out of memory");
		return;
	}
	q->d = d;
	q->r = r;
	buf_init(&q->keys);
	if (!query_keys(q) || !query_columns(q) || !query_range(q, clock_wall_ns(d->clock))) {
		query_free(q);
		return;
	}
	q->steps = malloc(q->n * sizeof(*q->steps));
	q->from_ram = malloc(q->n * sizeof(*q->from_ram));
	if (!q->steps || !q->from_ram) {
		query_free(q);
		http_error(r, 503, "out of memory");
		return;
	}
	query_answer_begin(q);
	if (go_on(q)) {
		query_answer_end(q);
		query_free(q);
	}
}

static const struct http_param params[] = {
	{ "key", "query", "array",
	  "A series, as GET /api/series lists it; give it again for each further one, up to 128." },
	{ "start", "query", "string",
	  "RFC 3339, Unix seconds, or relative (-1h); default an hour before the end. With a step of whole "
	  "minutes, "
	  "the "
	  "minute it lies in." },
	{ "end", "query", "string", "As start; default now." },
	{ "step", "query", "string", "Duration (10s, 5m) or seconds; default a 300th of the range." },
	{ "columns", "query", "string",
	  "Of min, avg, max, last, n, separated by commas: the answer has an array of each instead of "
	  "points. Several keys are always answered so." },
};
#define NUMBERS "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"null\"]}}"
const struct http_route api_query_routes[] = {
	{ METHOD_GET, "/api/series/query", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_query, .params = params,
	  .n_params = sizeof(params) / sizeof(params[0]),
	  .summary = "Minimum, average and maximum per step, of one series as points, of several as arrays "
		     "that begin with step number `from`",
	  .response = "{\"type\":\"object\",\"required\":[\"start\",\"end\",\"step\"],\"properties\":{"
		      "\"key\":{\"type\":\"string\"},"
		      "\"points\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"t\":{"
		      "\"type\":\"number\"},"
		      "\"min\":{\"type\":\"number\"},\"avg\":{\"type\":\"number\"},\"max\":{\"type\":"
		      "\"number\"},\"n\":{\"type\":"
		      "\"integer\"}}}},\"series\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
		      "\"required\":[\"key\",\"from\"],"
		      "\"properties\":{\"key\":{\"type\":\"string\"},\"from\":{\"type\":\"integer\"},"
		      "\"min\":" NUMBERS ",\"avg\":" NUMBERS ",\"max\":" NUMBERS ",\"last\":" NUMBERS
		      ",\"n\":" NUMBERS "}}}}}" },
};
const size_t api_query_n = sizeof(api_query_routes) / sizeof(api_query_routes[0]);
