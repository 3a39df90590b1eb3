#include "dynamo_value.h"

#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>

#define NUMBER_MAX 1e15 /* the service takes 38 digits; nothing of ours is larger */

static void put(struct jw *w, const char *key, const char *type, struct view v)
{
	jw_obj(w, key);
	jw_str(w, type, v);
	jw_end(w);
}

void dynamo_put_text(struct jw *w, const char *key, struct view v)
{
	put(w, key, "S", v);
}

void dynamo_put_int(struct jw *w, const char *key, int64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);
	put(w, key, "N", (struct view){ text, (size_t)n });
}

void dynamo_put_number(struct jw *w, const char *key, double v, int decimals)
{
	char text[48];
	if (!isfinite(v))
		v = 0;
	v = fmin(fmax(v, -NUMBER_MAX), NUMBER_MAX);
	int n = snprintf(text, sizeof(text), "%.*f", decimals, v);
	put(w, key, "N", (struct view){ text, (size_t)n });
}

void dynamo_put_bool(struct jw *w, const char *key, bool v)
{
	jw_obj(w, key);
	jw_bool(w, "BOOL", v);
	jw_end(w);
}

void dynamo_put_seconds(struct jw *w, const char *key, wall_ns t)
{
	char text[40];
	if (t < 0)
		t = 0;
	int n = snprintf(text, sizeof(text), "%lld.%06lld", (long long)(t / NS_PER_S),
			 (long long)(t % NS_PER_S / NS_PER_US));
	put(w, key, "N", (struct view){ text, (size_t)n });
}

void dynamo_put_iso(struct jw *w, const char *key, wall_ns t)
{
	char text[TIMEFMT_MAX];
	if (t < 0)
		t = 0;
	time_format_rfc3339(t - t % NS_PER_S, 0, text); /* "2026-11-22T20:10:10Z" */
	int n = snprintf(text + 19, sizeof(text) - 19, ".%06lld", (long long)(t % NS_PER_S / NS_PER_US));
	put(w, key, "S", (struct view){ text, 19 + (size_t)n });
}

struct view dynamo_get(const struct json_doc *d, json_ref item, const char *key, const char *type,
		       struct arena *arena)
{
	json_ref value = json_get(d, json_get(d, item, view_of(key)), view_of(type));
	return json_type(d, value) == JSON_STRING ? json_string(d, value, arena) : (struct view){ NULL, 0 };
}
