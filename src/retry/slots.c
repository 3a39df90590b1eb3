#include "slots_impl.h"

#include "base/num.h"
#include "slots_search.h"

#include <errno.h>
#include <stdlib.h>

#define HORIZON_MS      MS_PER_DAY
#define EXPIRY_MS       MS_PER_HOUR
#define OFFSETS_MAX     1000u
#define PEER_EVENTS_MAX 10000u
/* Times, offsets and windows are cut to ±30 000 years, so that no sum can overflow. */
#define FAR_MS (INT64_C(1) << 50)

static int64_t bounded(int64_t v)
{
	return v > FAR_MS ? FAR_MS : v < -FAR_MS ? -FAR_MS : v;
}

static int compare_ms(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Copies the offsets, bounded and ascending. */
static int64_t *sorted_offsets(const struct slots_request *r)
{
	int64_t *list = malloc(r->n_offsets * sizeof(*list));
	if (!list)
		return NULL;
	for (size_t i = 0; i < r->n_offsets; i++)
		list[i] = bounded(r->offsets_ms[i]);
	qsort(list, r->n_offsets, sizeof(*list), compare_ms);
	return list;
}

static int reserve(struct slots *s, struct slot_resource *res, const struct slots_request *r,
		   const int64_t *offsets, wall_ms t, wall_ms now)
{
	struct slot_peer *peer = slots_peer(s, r->peer, true);
	wall_ms *at = malloc(r->n_offsets * sizeof(*at));
	struct slot_event *ev = malloc(r->n_offsets * sizeof(*ev));
	int rc = peer && at && ev ? slot_peer_touch(peer, res) : -ENOMEM;

	if (rc == 0 && peer->events + r->n_offsets > PEER_EVENTS_MAX)
		rc = ERR_FULL;
	if (rc < 0)
		goto out;
	if (++s->next_batch == 0)
		s->next_batch = 1;
	for (size_t i = 0; i < r->n_offsets; i++) {
		at[i] = t + offsets[i];
		ev[i] = (struct slot_event){ .expires = at[i] + EXPIRY_MS,
					     .asked = bounded(r->at),
					     .peer = r->peer,
					     .batch = s->next_batch };
	}
	rc = slot_resource_insert(s, res, at, ev, r->n_offsets, now);
	if (rc == 0)
		peer->events += (uint32_t)r->n_offsets;
out:
	free(at);
	free(ev);
	return rc;
}

static int find_slot(struct slots *s, const struct slots_request *r, wall_ms from, wall_ms now,
		     struct slots_answer *out)
{
	struct slot_resource *res = slots_resource(s, r->resource, true, now);
	if (!res)
		return ERR_FULL;
	int64_t window = bounded(r->window_ms);
	res->max_window_ms = window > res->max_window_ms ? window : res->max_window_ms;
	slot_resource_expire(s, res, now);

	int64_t *offsets = sorted_offsets(r);
	if (!offsets)
		return -ENOMEM;
	const struct slots_problem p = { res->at, res->n, offsets, r->n_offsets, r->limit, window };
	wall_ms t = slots_search(&p, from, from + HORIZON_MS, &out->exact);
	int rc = 0;
	out->found = t != SLOTS_NEVER;
	out->now = out->found && t == from;
	out->wait_until = out->found ? t : from + HORIZON_MS;
	if (out->found)
		rc = reserve(s, res, r, offsets, t, now);
	free(offsets);
	return rc;
}

int slots_ask(struct slots *s, const struct slots_request *r, wall_ms now, struct slots_answer *out)
{
	/* Clients send whole seconds, so a request for "now" names a time up to a second ago; judged by that
	 * name, two runs could start closer together than the window allows. */
	wall_ms from = bounded(r->at) > now ? bounded(r->at) : now;
	int rc = 0;

	*out = (struct slots_answer){ .now = true, .found = true, .wait_until = from, .exact = true };
	if (r->n_offsets > OFFSETS_MAX)
		rc = ERR_FULL;
	else if (r->n_offsets)
		rc = find_slot(s, r, from, now, out);
	out->expires_at = out->wait_until + EXPIRY_MS;
	return rc;
}

/* --- registration
 * ------------------------------------------------------------------------------------------- */

/* The reservation of this connection that a registration is about. */
struct claim {
	uint64_t peer;
	uint32_t batch;
	wall_ms first; /* its first reserved time */
	uint32_t n;
};

/* The one whose asked time the registration names (in whole seconds), else the oldest. */
static struct claim find_claim(const struct slot_resource *res, uint64_t peer, wall_ms first_registered)
{
	struct claim c = { .peer = peer };
	bool named = false;

	for (uint32_t i = 0; i < res->n; i++) {
		const struct slot_event *e = &res->ev[i];
		if (e->peer != peer || e->batch == 0 || e->batch == c.batch)
			continue;
		bool match = e->asked / MS_PER_S == first_registered / MS_PER_S;
		if (c.batch && (named || !match) && !(match == named && e->batch < c.batch))
			continue;
		c.batch = e->batch;
		c.first = res->at[i];
		named = match;
	}
	return c;
}

static bool is_claimed(const void *arg, wall_ms at, const struct slot_event *e)
{
	const struct claim *c = arg;
	(void)at;
	return e->peer == c->peer && e->batch == c->batch;
}

/* Reserved times of the claim, ascending; the caller frees. */
static wall_ms *claimed_times(const struct slot_resource *res, struct claim *c)
{
	wall_ms *list = malloc((res->n + 1) * sizeof(*list));
	for (uint32_t i = 0; list && c->batch && i < res->n; i++)
		if (is_claimed(c, res->at[i], &res->ev[i]))
			list[c->n++] = res->at[i];
	return list;
}

/* Ids this connection has registered for the resource; the caller frees. */
static uint64_t *known_ids(const struct slot_resource *res, uint64_t peer, size_t *n)
{
	uint64_t *list = malloc((res->n + 1) * sizeof(*list));
	*n = 0;
	for (uint32_t i = 0; list && i < res->n; i++)
		if (res->ev[i].peer == peer && res->ev[i].id)
			list[(*n)++] = res->ev[i].id;
	return list;
}

static bool id_among(const uint64_t *ids, size_t n, uint64_t id)
{
	for (size_t i = 0; id && i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static uint64_t id_hash(struct view id)
{
	uint64_t h = id.len ? hash_bytes(id.data, id.len) : 0;
	return id.len && h == 0 ? 1 : h;
}

static bool id_repeats(const struct slot_event *ev, size_t n, uint64_t id)
{
	for (size_t i = 0; id && i < n; i++)
		if (ev[i].id == id)
			return true;
	return false;
}

/* What a registration works with. */
struct registration {
	const struct slots_event *events;
	size_t n;
	struct claim claim;
	wall_ms *reserved; /* times of the claim */
	uint64_t *ids;     /* known already */
	size_t n_ids;
	wall_ms *at; /* the events as they will be kept */
	struct slot_event *ev;
};

/* Leaves known ids out and moves times to what was promised. Returns how many are left. */
static size_t settle_times(const struct registration *g)
{
	const struct claim *c = &g->claim;
	wall_ms first = bounded(g->events[0].scheduled_at);
	int64_t shift = c->n && c->first > first ? c->first - first : 0;
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		wall_ms given = bounded(g->events[i].scheduled_at), t = given + shift;
		uint64_t id = id_hash(g->events[i].id);
		if (id_among(g->ids, g->n_ids, id) || id_repeats(g->ev, kept, id))
			continue;
		if (i < c->n && g->reserved[i] > t)
			t = g->reserved[i];
		int64_t life = bounded(g->events[i].expires_at) - given;
		g->ev[kept] = (struct slot_event){ .expires = t + life,
						   .asked = given,
						   .peer = c->peer,
						   .id = id,
						   .deliberate = life < EXPIRY_MS };
		g->at[kept++] = t;
	}
	return kept;
}

static int replace_claim(struct slots *s, struct slot_resource *res, struct slot_peer *peer,
			 const struct slots_event *events, size_t n, wall_ms now)
{
	struct registration g = { .events = events, .n = n };

	g.claim = find_claim(res, peer->serial, bounded(events[0].scheduled_at));
	g.reserved = claimed_times(res, &g.claim);
	g.ids = known_ids(res, peer->serial, &g.n_ids);
	g.at = malloc(n * sizeof(*g.at));
	g.ev = malloc(n * sizeof(*g.ev));
	int rc = g.reserved && g.ids && g.at && g.ev ? 0 : -ENOMEM;
	if (rc == 0) {
		size_t kept = settle_times(&g);
		rc = slot_resource_insert(s, res, g.at, g.ev, kept,
					  now); /* first: a full table must not cost the claim */
		if (rc == 0 && g.claim.batch && kept)
			slot_resource_filter(s, res, is_claimed, &g.claim);
		peer->events += rc == 0 && kept > g.claim.n ? (uint32_t)(kept - g.claim.n) : 0;
	}
	free(g.reserved);
	free(g.ids);
	free(g.at);
	free(g.ev);
	return rc;
}

int slots_register(struct slots *s, uint64_t serial, struct view resource, const struct slots_event *events,
		   size_t n, wall_ms now)
{
	if (n == 0)
		return 0;
	if (n > OFFSETS_MAX)
		return ERR_FULL;
	struct slot_resource *res = slots_resource(s, resource, true, now);
	struct slot_peer *peer = slots_peer(s, serial, true);
	if (!res)
		return ERR_FULL;
	if (!peer)
		return -ENOMEM;
	if (peer->events + n > PEER_EVENTS_MAX)
		return ERR_FULL;
	int rc = slot_peer_touch(peer, res);
	if (rc < 0)
		return rc;
	slot_resource_expire(s, res, now);
	return replace_claim(s, res, peer, events, n, now);
}
