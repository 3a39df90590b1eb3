/* One ring of bytes, taken once. An item is a head and its payload in one piece, 8-byte aligned; when it does
 * not fit before the end, a head of type 0 fills the rest and the item starts at 0. The ring never moves
 * while items are in it and `tail` passes an item only after its delivery, so what subscribers see stays put
 * although they publish.
 *
 *     tick    head | group t n | n values | n ids
 *     event   head | id t kind severity lengths | subject title detail
 *     fleet   head | t lengths | server json
 *
 * An empty ring starts over at 0: a quiet daemon touches only the first pages.
 */
#include "series/hub.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>

/* A drain delivers at most this many items beyond those it found, so two subscribers that answer each other
 * cannot hold the loop. */
#define DRAIN_EXTRA 1024

struct item_head {
	uint32_t size; /* with head and padding */
	uint32_t type; /* enum hub_type; 0 = filler */
};

struct event_head {
	int64_t id;
	wall_ms t;
	uint32_t kind, severity;
	uint32_t subject_len, title_len, detail_len;
};

struct tick_head {
	wall_ms t;
	series_group group;
	uint32_t n;
};

struct fleet_head {
	wall_ms t;
	uint32_t server_len, json_len;
};

struct subscriber {
	int handle;
	unsigned types; /* 0 = left during a drain */
	void (*cb)(void *arg, const struct hub_item *item);
	void *arg;
};

struct hub {
	unsigned char *ring;
	size_t size, head, tail, used; /* used counts fillers too */
	size_t items;
	uint64_t dropped[3]; /* by type, in the order of the bits */
	void (*wake)(void *arg);
	void *arg;
	struct subscriber *subs;
	int n_subs, cap_subs, next_handle;
	bool draining, left; /* left: a subscriber went during the drain */
};

struct hub *hub_new(size_t max_bytes, void (*wake)(void *arg), void *arg)
{
	struct hub *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->size = (max_bytes < 64 ? 64 : max_bytes > INT32_MAX ? INT32_MAX : max_bytes) & ~(size_t)7;
	h->ring = malloc(h->size);
	h->wake = wake;
	h->arg = arg;
	if (h->ring)
		return h;
	free(h);
	return NULL;
}

void hub_free(struct hub *h)
{
	if (!h)
		return;
	free(h->subs);
	free(h->ring);
	free(h);
}

int hub_subscribe(struct hub *h, unsigned types, void (*cb)(void *arg, const struct hub_item *item),
		  void *arg)
{
	if (h->n_subs == h->cap_subs) {
		int cap = h->cap_subs ? h->cap_subs * 2 : 8;
		struct subscriber *grown = realloc(h->subs, (size_t)cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		h->subs = grown;
		h->cap_subs = cap;
	}
	h->subs[h->n_subs++] = (struct subscriber){ h->next_handle, types, cb, arg };
	return h->next_handle++;
}

/* Not during a drain, which walks by index. */
static void forget_left(struct hub *h)
{
	int kept = 0;

	for (int i = 0; i < h->n_subs; i++)
		if (h->subs[i].cb)
			h->subs[kept++] = h->subs[i];
	h->n_subs = kept;
	h->left = false;
}

void hub_unsubscribe(struct hub *h, int handle)
{
	for (int i = 0; i < h->n_subs; i++) {
		if (h->subs[i].handle != handle)
			continue;
		h->subs[i].types = 0;
		h->subs[i].cb = NULL;
		h->left = true;
	}
	if (h->left && !h->draining)
		forget_left(h);
}

static int type_index(enum hub_type type)
{
	return type == HUB_TICK ? 0 : type == HUB_EVENT ? 1 : 2;
}

static void put_head(struct hub *h, size_t size, unsigned type)
{
	struct item_head head = { (uint32_t)size, type };

	memcpy(h->ring + h->head, &head, sizeof(head));
}

/* Finds `size` bytes in one piece at h->head, with a filler if the end is too short. */
static bool find_room(struct hub *h, size_t size)
{
	size_t to_end = h->size - h->head;

	if (size > h->size - h->used)
		return false;
	if (h->used == 0)
		h->head = h->tail = 0;
	else if (h->head >= h->tail && size > to_end) {
		if (size > h->tail)
			return false;
		if (to_end) /* a multiple of 8, so there is room for a head */
			put_head(h, to_end, 0);
		h->used += to_end;
		h->head = 0;
	}
	return true;
}

/* Room for one item; NULL (counted) when full. The caller fills the payload at once. */
static unsigned char *reserve(struct hub *h, enum hub_type type, size_t payload)
{
	size_t size = (sizeof(struct item_head) + payload + 7) & ~(size_t)7;
	unsigned char *place;

	if (payload > h->size || !find_room(h, size)) {
		h->dropped[type_index(type)]++;
		return NULL;
	}
	put_head(h, size, type);
	place = h->ring + h->head + sizeof(struct item_head);
	h->head += size;
	h->used += size;
	h->items++;
	return place;
}

static unsigned char *put(unsigned char *to, const void *data, size_t len)
{
	if (len)
		memcpy(to, data, len);
	return to + len;
}

static void published(struct hub *h)
{
	if (h->items == 1 && !h->draining && h->wake)
		h->wake(h->arg);
}

int hub_tick(struct hub *h, const struct tick *tick)
{
	struct tick_head head = { tick->t, tick->group, tick->n };
	size_t values = (size_t)tick->n * sizeof(double), ids = (size_t)tick->n * sizeof(series_id);
	unsigned char *to = reserve(h, HUB_TICK, sizeof(head) + values + ids);

	if (!to)
		return ERR_FULL;
	to = put(to, &head, sizeof(head));
	to = put(to, tick->values, values);
	put(to, tick->series, ids);
	published(h);
	return 0;
}

/* Longer than any ring; keeps the sum of three lengths from wrapping. */
static size_t text_len(struct view v)
{
	return v.len < UINT32_MAX ? v.len : UINT32_MAX;
}

int hub_event(struct hub *h, const struct event *event)
{
	struct event_head head = {
		.id = event->id,
		.t = event->t,
		.kind = event->kind,
		.severity = event->severity,
		.subject_len = (uint32_t)text_len(event->subject),
		.title_len = (uint32_t)text_len(event->title),
		.detail_len = (uint32_t)text_len(event->detail),
	};
	unsigned char *to = reserve(
		h, HUB_EVENT, sizeof(head) + head.subject_len + head.title_len + (size_t)head.detail_len);

	if (!to)
		return ERR_FULL;
	to = put(to, &head, sizeof(head));
	to = put(to, event->subject.data, head.subject_len);
	to = put(to, event->title.data, head.title_len);
	put(to, event->detail.data, head.detail_len);
	published(h);
	return 0;
}

int hub_fleet(struct hub *h, const struct fleet_record *record)
{
	struct fleet_head head = { record->t, (uint32_t)text_len(record->server),
				   (uint32_t)text_len(record->json) };
	unsigned char *to = reserve(h, HUB_FLEET, sizeof(head) + head.server_len + (size_t)head.json_len);

	if (!to)
		return ERR_FULL;
	to = put(to, &head, sizeof(head));
	to = put(to, record->server.data, head.server_len);
	put(to, record->json.data, head.json_len);
	published(h);
	return 0;
}

static struct view take(const unsigned char **from, uint32_t len)
{
	struct view v = { (const char *)*from, len };

	*from += len;
	return v;
}

/* The item at the tail, as views into the ring. */
static struct hub_item read_item(const unsigned char *p, enum hub_type type)
{
	struct hub_item item = { .type = type };

	if (type == HUB_TICK) {
		const struct tick_head *head = (const void *)p;
		const double *values = (const void *)(head + 1);
		item.u.tick = (struct tick){ .group = head->group,
					     .t = head->t,
					     .n = head->n,
					     .values = values,
					     .series = (const void *)(values + head->n) };
	} else if (type == HUB_EVENT) {
		const struct event_head *head = (const void *)p;
		p += sizeof(*head);
		item.u.event = (struct event){ .id = head->id,
					       .t = head->t,
					       .kind = (enum event_kind)head->kind,
					       .severity = (enum event_severity)head->severity };
		item.u.event.subject = take(&p, head->subject_len);
		item.u.event.title = take(&p, head->title_len);
		item.u.event.detail = take(&p, head->detail_len);
	} else {
		const struct fleet_head *head = (const void *)p;
		p += sizeof(*head);
		item.u.fleet.t = head->t;
		item.u.fleet.server = take(&p, head->server_len);
		item.u.fleet.json = take(&p, head->json_len);
	}
	return item;
}

/* Who subscribes during a delivery gets the next item first; who leaves gets no more. */
static void deliver(struct hub *h, const struct hub_item *item)
{
	int n = h->n_subs;

	for (int i = 0; i < n; i++) {
		struct subscriber s =
			h->subs[i]; /* a copy: the array may move while the callback subscribes */
		if (s.types & item->type)
			s.cb(s.arg, item);
	}
}

static void pass(struct hub *h, size_t size)
{
	h->tail += size;
	h->used -= size;
	if (h->tail == h->size)
		h->tail = 0;
}

static struct item_head head_at_tail(const struct hub *h)
{
	struct item_head head;

	memcpy(&head, h->ring + h->tail, sizeof(head));
	return head;
}

size_t hub_drain(struct hub *h)
{
	size_t delivered = 0, most = h->items + DRAIN_EXTRA;

	if (h->draining)
		return 0;
	h->draining = true;
	while (h->items > 0 && delivered < most) {
		struct item_head head = head_at_tail(h);
		if (head.type != 0) {
			struct hub_item item =
				read_item(h->ring + h->tail + sizeof(head), (enum hub_type)head.type);
			deliver(h, &item);
			h->items--;
			delivered++;
		}
		pass(h, head.size);
	}
	h->draining = false;
	if (h->left)
		forget_left(h);
	if (h->items > 0 && h->wake)
		h->wake(h->arg);
	return delivered;
}

size_t hub_queued_bytes(const struct hub *h)
{
	return h->used;
}

uint64_t hub_dropped(const struct hub *h, enum hub_type type)
{
	return h->dropped[type_index(type)];
}
