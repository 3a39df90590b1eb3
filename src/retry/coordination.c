#include "coordination.h"

#include "base/json_write.h"
#include "base/timefmt.h"

#include <errno.h>
#include <stdio.h>

#define STYLE        (JW_COMPACT | JW_GO_ESCAPE)
#define REGISTER_MAX 1000u

static void reply_error(const struct coordination *c, const char *text)
{
	struct jw w = jw_init(c->reply, STYLE);
	jw_obj(&w, NULL);
	jw_cstr(&w, "error", text);
	jw_cstr(&w, "type", "error");
	jw_end(&w);
	buf_putc(c->reply, '\n');
}

static int wrong_format(const struct coordination *c, const char *text, int code, struct err *err)
{
	reply_error(c, text);
	return err_set(err, code, "", "%s", text);
}

int coordination_handshake(const struct coordination *c, struct err *err)
{
	json_ref version = json_get(c->doc, c->root, VIEW("version")),
		 client = json_get(c->doc, c->root, VIEW("client"));
	struct view v = VIEW("");

	if ((json_type(c->doc, version) != JSON_STRING && json_type(c->doc, version) != JSON_NULL) ||
	    (json_type(c->doc, client) != JSON_STRING && json_type(c->doc, client) != JSON_NULL))
		return wrong_format(c, "invalid handshake request format", ERR_TYPE, err);
	if (json_type(c->doc, version) == JSON_STRING)
		v = json_string(c->doc, version, c->arena);
	if (v.len && !view_eq(v, VIEW("1.0"))) {
		char text[160];
		snprintf(text, sizeof(text), "unsupported protocol version: %.*s",
			 v.len < 100 ? (int)v.len : 100, v.data);
		return wrong_format(c, text, ERR_VERSION, err);
	}
	struct jw w = jw_init(c->reply, STYLE);
	jw_obj(&w, NULL);
	jw_cstr(&w, "message", "handshake successful");
	jw_cstr(&w, "status", "ok");
	jw_cstr(&w, "type", "handshake_response");
	jw_end(&w);
	buf_putc(c->reply, '\n');
	return 0;
}

static void write_time(struct jw *w, const char *key, wall_ms t)
{
	char text[TIMEFMT_MAX];
	const wall_ms most = INT64_MAX / NS_PER_MS;
	t = t > most ? most : t < -most ? -most : t;
	size_t len = time_format_rfc3339(t * NS_PER_MS, 0, text);
	jw_str(w, key, (struct view){ text, len });
}

static void reply_schedule(const struct coordination *c, const struct slots_answer *a, const char *reason)
{
	struct jw w = jw_init(c->reply, STYLE);
	jw_obj(&w, NULL);
	jw_bool(&w, "can_schedule", a->now);
	write_time(&w, "expires_at", a->expires_at);
	jw_cstr(&w, "message", reason);
	jw_cstr(&w, "reason", reason);
	write_time(&w, "scheduled_at", a->wait_until);
	jw_cstr(&w, "status", "ok");
	jw_cstr(&w, "type", "schedule_response");
	write_time(&w, "wait_until", a->wait_until);
	jw_end(&w);
	buf_putc(c->reply, '\n');
}

static void no_slot_reason(const struct slots_request *r, char *out, size_t size)
{
	char window[TIMEFMT_MAX];
	int64_t ns;
	if (__builtin_mul_overflow(r->window_ms, NS_PER_MS, &ns))
		ns = INT64_MAX;
	duration_format(ns, window);
	snprintf(out, size,
		 "no slot within 24h: %zu scheduled times cannot be placed with at most %lld in any %s; "
		 "nothing was reserved",
		 r->n_offsets, (long long)r->limit, window);
}

/* A client that cannot be given a slot for lack of room is sent away for a minute, as it would assume itself.
 */
static int no_room(const struct coordination *c, const struct slots_request *r, struct err *err, int code)
{
	wall_ms from = r->at > c->now ? r->at : c->now;
	const char *why = "too many scheduled requests are held already; nothing was reserved";
	struct slots_answer a = { .wait_until = from + MS_PER_MINUTE,
				  .expires_at = from + MS_PER_MINUTE + MS_PER_HOUR };
	reply_schedule(c, &a, why);
	return err_set(err, code, "", "%s", why);
}

int coordination_schedule(const struct coordination *c, struct err *err)
{
	struct schedule_request r;
	struct slots_answer a;
	char reason[240] = "request scheduled";
	int rc = schedule_parse(c, &r);

	if (rc < 0)
		return wrong_format(c, "invalid schedule request format", rc, err);
	if (!r.limited)
		r.slots.n_offsets = 0; /* nothing to keep to: nothing to reserve */
	rc = slots_ask(c->slots, &r.slots, c->now, &a);
	if (rc < 0)
		return no_room(c, &r.slots, err, rc);
	if (!a.found)
		no_slot_reason(&r.slots, reason, sizeof(reason));
	else if (!a.now)
		snprintf(reason, sizeof(reason), "rate limit reached, slot reserved");
	reply_schedule(c, &a, reason);
	return 0;
}

static void reply_register(const struct coordination *c, int rc)
{
	struct jw w = jw_init(c->reply, STYLE);
	jw_obj(&w, NULL);
	jw_cstr(&w, "message",
		rc == 0 ? "requests registered successfully"
			: "too many scheduled requests are held already; not all were registered");
	jw_cstr(&w, "status", rc == 0 ? "ok" : "error");
	jw_bool(&w, "success", rc == 0);
	jw_cstr(&w, "type", "register_response");
	jw_end(&w);
	buf_putc(c->reply, '\n');
}

/* Registers the items of the same resource as items[first], which are marked by clearing their resource. */
static int register_group(const struct coordination *c, struct register_request *r, size_t first,
			  struct slots_event *events)
{
	struct view resource = r->items[first].resource;
	size_t n = 0;
	for (size_t i = first; i < r->n; i++) {
		if (!r->items[i].resource.data || !view_eq(r->items[i].resource, resource))
			continue;
		events[n++] = r->items[i].event;
		r->items[i].resource.data = NULL;
	}
	return slots_register(c->slots, c->peer, resource, events, n, c->now);
}

int coordination_register(const struct coordination *c, struct err *err)
{
	struct register_request r;
	int rc = register_parse(c, &r);

	if (rc == 0 && r.n > REGISTER_MAX)
		rc = ERR_FULL;
	struct slots_event *events = rc == 0 ? arena_alloc(c->arena, (r.n + 1) * sizeof(*events)) : NULL;
	if (rc < 0 && rc != ERR_FULL)
		return wrong_format(c, "invalid register request format", rc, err);
	for (size_t i = 0; events && i < r.n && rc == 0; i++)
		if (r.items[i].resource.data)
			rc = register_group(c, &r, i, events);
	if (rc == 0 && !events)
		rc = -ENOMEM;
	reply_register(c, rc);
	return rc < 0 ? err_set(err, rc, "", "registration not kept: %s", err_text(rc)) : 0;
}
