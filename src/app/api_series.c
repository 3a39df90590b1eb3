/* GET /api/series: what is known. */
#include "app/parts.h"

#include "series/block.h"
#include "series/key.h"

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
		jw_double(w, "v", block_round(s->last_v, s->meta.decimals));
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

static const struct http_param list_params[] = {
	{ "match", "query", "string", "Pattern over keys: * any characters, ? one." },
};
const struct http_route api_series_routes[] = {
	{ METHOD_GET, "/api/series", FAMILY_OWN, ACCESS_READ, LIMIT_NONE, get_series, .params = list_params,
	  .n_params = 1, .summary = "Every known series with its last value",
	  .response = "{\"type\":\"object\",\"required\":[\"series\"],\"properties\":{\"series\":{\"type\":"
		      "\"array\",\"items\":{\"type\":\"object\"}}}}" },
};
const size_t api_series_n = sizeof(api_series_routes) / sizeof(api_series_routes[0]);
