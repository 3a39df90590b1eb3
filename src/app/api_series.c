/* GET /api/series and /api/series/query: what is known, and any range of it folded into steps. */
#include "app/parts.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "series/key.h"

#include <stdlib.h>

#define MAX_STEPS     10000
#define DEFAULT_STEPS 300

static double seconds(wall_ms t)
{
	return (double)t / 1000.0;
}

static void write_series(struct jw *w, const struct series *s)
{
	jw_obj(w, NULL);
	jw_str(w, "key", s->key);
	jw_cstr(w, "type", s->meta.type == SERIES_COUNTER ? "counter" : "gauge");
	jw_cstr(w, "unit", s->meta.unit ? s->meta.unit : "");
	jw_cstr(w, "help", s->meta.help ? s->meta.help : "");
	if (s->last_t) {
		jw_fixed(w, "t", seconds(s->last_t), 3);
		jw_double(w, "v", s->last_v);
	}
	jw_end(w);
}

struct listing {
	struct daemon *d;
	struct jw *w;
	struct view match;
};

/* Series of earlier days that nothing feeds any more. */
static void write_stored(void *arg, const struct store_series *s)
{
	struct listing *l = arg;
	if (registry_find(l->d->registry, s->key) != SERIES_NONE ||
	    (l->match.data && !series_key_match(l->match, s->key)))
		return;
	jw_obj(l->w, NULL);
	jw_str(l->w, "key", s->key);
	jw_cstr(l->w, "type", s->meta.type == SERIES_COUNTER ? "counter" : "gauge");
	jw_cstr(l->w, "unit", s->meta.unit ? s->meta.unit : "");
	if (s->last_t)
		jw_fixed(l->w, "t", seconds(s->last_t), 3);
	jw_end(l->w);
}

static void get_series(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct jw *w = http_json(r);
	struct listing l = { d, w, http_query(r, "match") };
	jw_obj(w, NULL);
	jw_arr(w, "series");
	for (series_id id = 0; id < registry_count(d->registry); id++) {
		const struct series *s = registry_get(d->registry, id);
		if (!l.match.data || series_key_match(l.match, s->key))
			write_series(w, s);
	}
	store_series_each(d->store, write_stored, &l);
	jw_end(w);
	jw_end(w);
	http_send(r, 200);
}

/* --- query ------------------------------------------------------------------------------------ */

/* One query under way: RAM answers at once, the history later; per step the one that saw more of it speaks: RAM lacks what came
 * before the start and what it had no room for, the history the last seconds. */
struct query {
	struct http_request *r; /* NULL when the peer has gone */
	struct store_steps stored;
	struct step *steps, *from_ram;
	size_t n;
	wall_ms start, step_ms;
	char key[SERIES_KEY_MAX + 1];
};

static void query_free(struct query *q)
{
	free(q->steps);
	free(q->from_ram);
	free(q);
}

static void query_answer(struct query *q)
{
	struct jw *w = http_json(q->r);
	jw_obj(w, NULL);
	jw_cstr(w, "key", q->key);
	jw_fixed(w, "start", seconds(q->start), 3);
	jw_fixed(w, "end", seconds(q->start + q->step_ms * (wall_ms)q->n), 3);
	jw_fixed(w, "step", seconds(q->step_ms), 3);
	jw_arr(w, "points");
	for (size_t i = 0; i < q->n; i++) {
		const struct step *ram = &q->from_ram[i];
		const struct step *s = ram->n >= q->steps[i].n ? ram : &q->steps[i];
		if (!s->n)
			continue;
		jw_obj(w, NULL);
		jw_fixed(w, "t", seconds(q->start + q->step_ms * (wall_ms)i), 3);
		jw_double(w, "min", s->min);
		jw_double(w, "avg", step_avg(s));
		jw_double(w, "max", s->max);
		jw_u64(w, "n", s->n);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	http_send(q->r, 200);
}

static void query_stored(struct store_steps *s, int status)
{
	struct query *q = s->arg;
	if (q->r) {
		http_defer(q->r, NULL, NULL);
		if (status < 0)
			http_error(q->r, 503, "the history cannot be read: %s", err_text(status));
		else
			query_answer(q);
	}
	query_free(q);
}

static void query_gone(struct http_request *r, void *state)
{
	struct query *q = state;
	(void)r;
	q->r = NULL;
}

/* Reads start, end and step; false after an error answer. */
static bool query_range(struct http_request *r, wall_ns now, struct query *q)
{
	wall_ns start = now - 3600 * NS_PER_S, end = now;
	if (!api_query_time(r, "start", API_AGO, now, &start) ||
	    !api_query_time(r, "end", API_NOW, now, &end))
		return false;
	if (start >= end) {
		http_error(r, 400, "start must be before end");
		return false;
	}
	int64_t step_ns = (end - start) / DEFAULT_STEPS;
	struct view text = http_query(r, "step");
	if (text.data && duration_parse(text, true, &step_ns) < 0) {
		double s = 0;
		num_parse_double(text, &s); /* bare seconds; anything else leaves 0, which is refused below */
		step_ns = s > 0 && s < 1e9 ? (int64_t)(s * 1e9) : -1;
	}
	q->step_ms = step_ns / NS_PER_MS;
	if (!text.data && q->step_ms < 1000)
		q->step_ms = 1000;
	q->start = start / NS_PER_MS;
	int64_t span = end / NS_PER_MS - q->start;
	if (q->step_ms < 1 || (span + q->step_ms - 1) / q->step_ms > MAX_STEPS) {
		http_error(r, 400, "step must be a duration such as 10s that gives at most %d steps",
			   MAX_STEPS);
		return false;
	}
	q->n = (size_t)((span + q->step_ms - 1) / q->step_ms);
	return true;
}

static bool query_key(struct http_request *r, struct query *q)
{
	struct view key = http_query(r, "key");
	struct err err = { 0 };
	struct buf text;
	if (!key.data) {
		http_error(r, 400,
			   "key is missing: name a series, for example key=auspex.rss_bytes; GET /api/series "
			   "lists them");
		return false;
	}
	buf_init(&text);
	int rc = series_key_canonical(key, &text, &err);
	if (rc == 0)
		memcpy(q->key, buf_str(&text), text.len + 1);
	else
		http_error(r, 400, "key: %s", err.text);
	buf_fini(&text);
	return rc == 0;
}

/* Does RAM hold everything since `start`? A sample pushed with an old time says nothing of its neighbours. */
static bool ram_covers(const struct daemon *d, series_id id, wall_ms start)
{
	return id != SERIES_NONE && start >= d->started_wall / NS_PER_MS &&
	       start >= tiers_oldest(d->tiers, id) && !d->samples_refused;
}

static void get_query(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct query *q = calloc(1, sizeof(*q));
	if (!q) {
		http_error(r, 503, "out of memory");
		return;
	}
	if (!query_key(r, q) || !query_range(r, clock_wall_ns(d->clock), q)) {
		query_free(q);
		return;
	}
	q->steps = calloc(q->n, sizeof(*q->steps));
	q->from_ram = calloc(q->n, sizeof(*q->from_ram));
	if (!q->steps || !q->from_ram) {
		query_free(q);
		http_error(r, 503, "out of memory");
		return;
	}
	q->r = r;
	series_id id = registry_find(d->registry, view_of(q->key));
	if (id != SERIES_NONE)
		tiers_query(d->tiers, id, q->start, q->step_ms, q->from_ram, q->n);
	q->stored = (struct store_steps){ .key = view_of(q->key),
					  .start = q->start,
					  .step_ms = q->step_ms,
					  .steps = q->steps,
					  .n = q->n,
					  .done = query_stored,
					  .arg = q };
	if (ram_covers(d, id, q->start) || !store_is_durable(d->store)) {
		query_answer(q);
		query_free(q);
		return;
	}
	http_defer(r, query_gone, q);
	store_query_steps(d->store, &q->stored);
}

static const struct http_param list_params[] = {
	{ "match", "query", "string", "Pattern over keys: * any characters, ? one." },
};
static const struct http_param query_params[] = {
	{ "key", "query", "string", "The series, as GET /api/series lists it." },
	{ "start", "query", "string", "RFC 3339, Unix seconds, or relative (-1h); default one hour ago." },
	{ "end", "query", "string", "As start; default now." },
	{ "step", "query", "string", "Duration (10s, 5m) or seconds; default a 300th of the range." },
};
const struct http_route api_series_routes[] = {
	{ METHOD_GET, "/api/series", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_series, .params = list_params,
	  .n_params = 1, .summary = "Every known series with its last value",
	  .response = "{\"type\":\"object\",\"required\":[\"series\"],\"properties\":{\"series\":{\"type\":"
		      "\"array\",\"items\":{\"type\":\"object\"}}}}" },
	{ METHOD_GET, "/api/series/query", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_query,
	  .params = query_params, .n_params = 4,
	  .summary = "Minimum, average and maximum of one series per step",
	  .response = "{\"type\":\"object\",\"required\":[\"key\",\"points\"],\"properties\":{\"points\":{"
		      "\"type\":\"array\",\"items\":{\"type\":"
		      "\"object\",\"properties\":{\"t\":{\"type\":\"number\"},\"min\":{\"type\":\"number\"},"
		      "\"avg\":{\"type\":\"number\"},\"max\":{"
		      "\"type\":\"number\"},\"n\":{\"type\":\"integer\"}}}}}}" },
};
const size_t api_series_n = sizeof(api_series_routes) / sizeof(api_series_routes[0]);
