#include "coordination.h"

#include "base/timefmt.h"

#include <errno.h>

static json_ref member(const struct coordination *c, json_ref object, const char *name)
{
	json_ref v = json_get(c->doc, object, view_of(name));
	return v != JSON_NONE && json_type(c->doc, v) == JSON_NULL ? JSON_NONE : v;
}

/* Absent leaves *out as it is. */
static int get_string(const struct coordination *c, json_ref object, const char *name, struct view *out)
{
	json_ref v = member(c, object, name);
	if (v == JSON_NONE)
		return 0;
	if (json_type(c->doc, v) != JSON_STRING)
		return ERR_TYPE;
	*out = json_string(c->doc, v, c->arena);
	return 0;
}

static int get_number(const struct coordination *c, json_ref object, const char *name, int64_t *out)
{
	json_ref v = member(c, object, name);
	return v == JSON_NONE ? 0 : json_i64(c->doc, v, out);
}

static int64_t seconds_to_ms(double s)
{
	const double most = 9e15;
	return (int64_t)((s > most ? most : s < -most ? -most : s) * 1000);
}

/* A time: Unix seconds, or RFC 3339. */
static int get_time(const struct coordination *c, json_ref object, const char *name, wall_ms *out)
{
	json_ref v = member(c, object, name);
	double seconds;
	wall_ns t;

	if (v == JSON_NONE)
		return 0;
	if (json_double(c->doc, v, &seconds) == 0) {
		*out = seconds_to_ms(seconds);
		return 0;
	}
	if (json_type(c->doc, v) != JSON_STRING)
		return ERR_TYPE;
	struct view text = json_string(c->doc, v, c->arena);
	int rc = time_parse_rfc3339(text, &t, NULL);
	if (rc == ERR_RANGE) { /* the zero time of Go and its like */
		*out = text.len && text.data[0] < '2' ? INT64_MIN / 2 : INT64_MAX / 2;
		return 0;
	}
	if (rc < 0)
		return ERR_TYPE;
	*out = t >= 0 ? t / NS_PER_MS : (t - NS_PER_MS + 1) / NS_PER_MS;
	return 0;
}

/* A length of time: a number of `unit_ns`, or Go's text for one. Milliseconds out. */
static int to_ms(const struct coordination *c, json_ref v, int64_t unit_ns, int64_t *out)
{
	int64_t n, ns;
	if (json_i64(c->doc, v, &n) == 0) {
		*out = unit_ns == NS_PER_MS ? n : n / NS_PER_MS;
		return 0;
	}
	if (json_type(c->doc, v) != JSON_STRING ||
	    duration_parse(json_string(c->doc, v, c->arena), false, &ns) < 0)
		return ERR_TYPE;
	*out = ns / NS_PER_MS;
	return 0;
}

/* `window_ms` in milliseconds, or `window` as text (or Go's own number: nanoseconds). */
static int get_window(const struct coordination *c, int64_t *out)
{
	json_ref ms = member(c, c->root, "window_ms"), any = member(c, c->root, "window");
	if (ms != JSON_NONE)
		return json_i64(c->doc, ms, out);
	return any == JSON_NONE ? 0 : to_ms(c, any, 1, out);
}

/* No list at all means one run, now; an empty one means none. */
static int get_offsets(const struct coordination *c, struct slots_request *out)
{
	static const int64_t at_once[] = { 0 };
	json_ref list = json_get(c->doc, c->root, VIEW("retry_offsets"));
	size_t n = 0;

	out->offsets_ms = at_once;
	out->n_offsets = list == JSON_NONE ? 1 : 0;
	if (list == JSON_NONE || json_type(c->doc, list) == JSON_NULL)
		return 0;
	if (json_type(c->doc, list) != JSON_ARRAY)
		return ERR_TYPE;
	int64_t *offsets = arena_alloc(c->arena, (c->doc->nodes[list].len + 1) * sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	for (json_ref v = json_first(c->doc, list); v != JSON_NONE; v = json_next(c->doc, list, v))
		if (to_ms(c, v, NS_PER_MS, &offsets[n++]) < 0)
			return ERR_TYPE;
	out->offsets_ms = offsets;
	out->n_offsets = n;
	return 0;
}

static int check_command(const struct coordination *c, json_ref object)
{
	json_ref list = member(c, object, "command");
	if (list == JSON_NONE || json_type(c->doc, list) == JSON_STRING)
		return 0;
	if (json_type(c->doc, list) != JSON_ARRAY)
		return ERR_TYPE;
	for (json_ref v = json_first(c->doc, list); v != JSON_NONE; v = json_next(c->doc, list, v))
		if (json_type(c->doc, v) != JSON_STRING)
			return ERR_TYPE;
	return 0;
}

int schedule_parse(const struct coordination *c, struct schedule_request *out)
{
	struct slots_request *r = &out->slots;
	int rc;

	*out = (struct schedule_request){
		.limited = member(c, c->root, "rate_limit") != JSON_NONE,
		.slots = { .peer = c->peer, .resource = VIEW("unknown"), .at = c->now }
	};
	rc = get_string(c, c->root, "resource_id", &r->resource);
	rc = rc ? rc : get_number(c, c->root, "rate_limit", &r->limit);
	rc = rc ? rc : get_window(c, &r->window_ms);
	rc = rc ? rc : get_offsets(c, r);
	rc = rc ? rc : check_command(c, c->root);
	rc = rc ? rc : get_time(c, c->root, "requested_at", &r->at);
	return rc ? rc : get_time(c, c->root, "request_time", &r->at);
}

static int parse_item(const struct coordination *c, json_ref object, struct view resource,
		      struct register_item *item)
{
	struct slots_event *e = &item->event;
	int rc = json_type(c->doc, object) == JSON_OBJECT ? 0 : ERR_TYPE;

	*item = (struct register_item){ .resource = resource, .event = { .scheduled_at = c->now } };
	rc = rc ? rc : get_string(c, object, "resource_id", &item->resource);
	rc = rc ? rc : get_string(c, object, "id", &e->id);
	rc = rc ? rc : check_command(c, object);
	rc = rc ? rc : get_time(c, object, "requested_at", &e->scheduled_at);
	rc = rc ? rc : get_time(c, object, "scheduled_at", &e->scheduled_at);
	if (rc == 0 && __builtin_add_overflow(e->scheduled_at, MS_PER_HOUR, &e->expires_at))
		e->expires_at = INT64_MAX;
	return rc ? rc : get_time(c, object, "expires_at", &e->expires_at);
}

int register_parse(const struct coordination *c, struct register_request *out)
{
	json_ref list = member(c, c->root, "requests");
	struct view resource = VIEW("unknown");
	int rc = get_string(c, c->root, "resource_id", &resource);

	*out = (struct register_request){ .n = 0 };
	if (rc < 0 || list == JSON_NONE)
		return rc;
	if (json_type(c->doc, list) != JSON_ARRAY)
		return ERR_TYPE;
	out->items = arena_alloc(c->arena, (c->doc->nodes[list].len + 1) * sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (json_ref v = json_first(c->doc, list); rc == 0 && v != JSON_NONE; v = json_next(c->doc, list, v))
		rc = parse_item(c, v, resource, &out->items[out->n++]);
	return rc;
}
