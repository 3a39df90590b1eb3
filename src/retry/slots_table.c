/* The tables behind slots: resources, their events in order of time, connections. */
#include "slots_impl.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>

#define RESOURCES_MAX           10000u
#define EVENTS_PER_RESOURCE_MAX 100000u
#define EVENTS_MAX              500000u
#define NAME_MAX_BYTES          256u /* longer names are kept as their digest */

struct slots *slots_new(void)
{
	struct slots *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	map_init(&s->resources);
	map_init(&s->peers);
	return s;
}

static void resource_free(struct slot_resource *r)
{
	free(r->name);
	free(r->at);
	free(r->ev);
	free(r);
}

static void peer_free(struct slot_peer *p)
{
	free(p->list);
	free(p);
}

void slots_free(struct slots *s)
{
	uint32_t pos;
	struct view key;
	uint64_t value;

	if (!s)
		return;
	for (pos = 0; map_next(&s->resources, &pos, &key, &value);)
		resource_free((struct slot_resource *)(uintptr_t)value);
	for (pos = 0; map_next(&s->peers, &pos, &key, &value);)
		peer_free((struct slot_peer *)(uintptr_t)value);
	map_fini(&s->resources);
	map_fini(&s->peers);
	free(s);
}

static struct slot_resource *resource_new(struct slots *s, struct view name)
{
	struct slot_resource *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->name = malloc(name.len + 1);
	if (!r->name) {
		free(r);
		return NULL;
	}
	if (name.len)
		memcpy(r->name, name.data, name.len);
	r->name_len = (uint32_t)name.len;
	if (map_put(&s->resources, (struct view){ r->name, r->name_len }, (uintptr_t)r) < 0) {
		resource_free(r);
		return NULL;
	}
	return r;
}

struct slot_resource *slots_resource(struct slots *s, struct view name, bool make, wall_ms now)
{
	char digest[2 * SHA256_SIZE + 1];
	uint64_t found;

	if (name.len > NAME_MAX_BYTES) {
		unsigned char sum[SHA256_SIZE];
		sha256(name.data, name.len, sum);
		hex_encode(sum, sizeof(sum), digest);
		name = view_of(digest);
	}
	if (map_get(&s->resources, name, &found))
		return (struct slot_resource *)(uintptr_t)found;
	if (!make)
		return NULL;
	if (s->resources.count >= RESOURCES_MAX)
		slots_expire(s, now);
	return s->resources.count < RESOURCES_MAX ? resource_new(s, name) : NULL;
}

static struct view serial_key(const uint64_t *serial)
{
	return (struct view){ (const char *)serial, sizeof(*serial) };
}

struct slot_peer *slots_peer(struct slots *s, uint64_t serial, bool make)
{
	uint64_t found;
	if (map_get(&s->peers, serial_key(&serial), &found))
		return (struct slot_peer *)(uintptr_t)found;
	struct slot_peer *p = make ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->serial = serial;
	if (map_put(&s->peers, serial_key(&p->serial), (uintptr_t)p) < 0) {
		peer_free(p);
		return NULL;
	}
	return p;
}

int slot_peer_touch(struct slot_peer *p, struct slot_resource *r)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->list[i] == r)
			return 0;
	if (p->n == p->cap) {
		uint32_t cap = p->cap ? 2 * p->cap : 2;
		struct slot_resource **list = realloc(p->list, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		p->list = list;
		p->cap = cap;
	}
	p->list[p->n++] = r;
	r->refs++;
	return 0;
}

void slot_resource_filter(struct slots *s, struct slot_resource *r,
			  bool (*drop)(const void *arg, wall_ms at, const struct slot_event *e),
			  const void *arg)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		if (drop(arg, r->at[i], &r->ev[i]))
			continue;
		r->at[kept] = r->at[i];
		r->ev[kept++] = r->ev[i];
	}
	s->events -= r->n - kept;
	r->n = kept;
}

struct age {
	wall_ms now;
	int64_t window_ms;
	bool window_only; /* room is needed: what left the window goes before its hour is over */
};

static bool is_over(const void *arg, wall_ms at, const struct slot_event *e)
{
	const struct age *a = arg;
	bool left_window = at <= a->now - a->window_ms;
	if (a->window_only)
		return left_window;
	return e->expires <= a->now && (e->deliberate || left_window);
}

void slot_resource_expire(struct slots *s, struct slot_resource *r, wall_ms now)
{
	const struct age a = { now, r->max_window_ms, false };
	slot_resource_filter(s, r, is_over, &a);
}

static int make_room(struct slots *s, struct slot_resource *r, size_t n, wall_ms now)
{
	if (r->n + n > EVENTS_PER_RESOURCE_MAX) {
		const struct age a = { now, r->max_window_ms, true };
		slot_resource_filter(s, r, is_over, &a);
	}
	if (s->events + n > EVENTS_MAX)
		slots_expire(s, now);
	if (r->n + n > EVENTS_PER_RESOURCE_MAX || s->events + n > EVENTS_MAX)
		return ERR_FULL;
	if (r->n + n <= r->cap)
		return 0;
	uint32_t cap = r->cap * 2 > r->n + n ? r->cap * 2 : (uint32_t)(r->n + n);
	wall_ms *at = realloc(r->at, cap * sizeof(*at));
	if (at)
		r->at = at;
	struct slot_event *ev = realloc(r->ev, cap * sizeof(*ev));
	if (ev)
		r->ev = ev;
	if (!at || !ev)
		return -ENOMEM;
	r->cap = cap;
	return 0;
}

/* Few and nearly always in order already. */
static void sort_new(wall_ms *at, struct slot_event *ev, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		wall_ms t = at[i];
		struct slot_event e = ev[i];
		size_t j = i;
		for (; j > 0 && at[j - 1] > t; j--) {
			at[j] = at[j - 1];
			ev[j] = ev[j - 1];
		}
		at[j] = t;
		ev[j] = e;
	}
}

int slot_resource_insert(struct slots *s, struct slot_resource *r, wall_ms *at, struct slot_event *ev,
			 size_t n, wall_ms now)
{
	int rc = make_room(s, r, n, now);
	if (rc < 0)
		return rc;
	sort_new(at, ev, n);
	size_t old = r->n, out = r->n + n;
	while (n > 0) { /* merged from the back, so each moves once */
		bool take_old = old > 0 && r->at[old - 1] > at[n - 1];
		out--;
		r->at[out] = take_old ? r->at[old - 1] : at[n - 1];
		r->ev[out] = take_old ? r->ev[old - 1] : ev[n - 1];
		old -= take_old;
		n -= !take_old;
		s->events += !take_old;
		r->n += !take_old;
	}
	return 0;
}

void slots_expire(struct slots *s, wall_ms now)
{
	uint32_t pos = 0;
	struct view key;
	uint64_t value;

	while (map_next(&s->resources, &pos, &key, &value)) {
		struct slot_resource *r = (struct slot_resource *)(uintptr_t)value;
		slot_resource_expire(s, r, now);
		if (r->n == 0 && r->refs == 0) {
			map_del(&s->resources, key);
			resource_free(r);
		}
	}
}

struct departure {
	uint64_t peer;
	wall_ms now;
};

static bool is_unclaimed(const void *arg, wall_ms at, const struct slot_event *e)
{
	const struct departure *d = arg;
	return e->peer == d->peer && e->batch != 0 && at > d->now;
}

void slots_peer_gone(struct slots *s, uint64_t serial, wall_ms now)
{
	const struct departure d = { serial, now };
	struct slot_peer *p = slots_peer(s, serial, false);
	if (!p)
		return;
	map_del(&s->peers, serial_key(&p->serial));
	for (uint32_t i = 0; i < p->n; i++) {
		slot_resource_filter(s, p->list[i], is_unclaimed, &d);
		p->list[i]->refs--;
	}
	peer_free(p);
}

uint32_t slots_resources(const struct slots *s)
{
	return s->resources.count;
}

uint32_t slots_events(const struct slots *s)
{
	return s->events;
}
