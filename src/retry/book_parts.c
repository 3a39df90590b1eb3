/* The small containers of the run book: ring of pointers, interned commands, hours. */
#include "book_impl.h"

#include <errno.h>
#include <stdlib.h>

void *ring_get(const struct ring *r, uint64_t index)
{
	if (index < r->first || index - r->first >= r->n)
		return NULL;
	return r->items[(r->head + (index - r->first)) & (r->cap - 1)];
}

void ring_set(struct ring *r, uint64_t index, void *item)
{
	if (index >= r->first && index - r->first < r->n)
		r->items[(r->head + (index - r->first)) & (r->cap - 1)] = item;
}

static int ring_grow(struct ring *r)
{
	uint32_t cap = r->cap ? 2 * r->cap : 8;
	void **items = malloc(cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n; i++)
		items[i] = r->items[(r->head + i) & (r->cap - 1)];
	free(r->items);
	r->items = items;
	r->head = 0;
	r->cap = cap;
	return 0;
}

int ring_push(struct ring *r, void *item)
{
	if (r->n == r->cap && ring_grow(r) < 0)
		return -ENOMEM;
	r->items[(r->head + r->n++) & (r->cap - 1)] = item;
	return 0;
}

void *ring_pop(struct ring *r)
{
	if (r->n == 0)
		return NULL;
	void *item = r->items[r->head];
	r->head = (r->head + 1) & (r->cap - 1);
	r->n--;
	r->first++;
	return item;
}

static int commands_grow(struct commands *c)
{
	uint32_t cap = c->cap ? c->cap + c->cap / 2 : 64;
	uint32_t *count = realloc(c->count, cap * sizeof(*count));
	if (count)
		c->count = count;
	uint64_t *last = realloc(c->last, cap * sizeof(*last));
	if (last)
		c->last = last;
	struct command_rest *rest = realloc(c->rest, cap * sizeof(*rest));
	if (rest)
		c->rest = rest;
	if (!count || !last || !rest)
		return -ENOMEM;
	c->cap = cap;
	return 0;
}

static uint32_t commands_new_id(struct commands *c)
{
	if (c->free) {
		uint32_t id = c->free - 1;
		c->free = (uint32_t)c->last[id];
		return id;
	}
	if (c->n == c->cap && commands_grow(c) < 0)
		return COMMAND_NONE;
	return c->n++;
}

/* Good enough to spread the commands of a host; who makes them collide only loses the short cut. */
static uint32_t front_slot(struct view text)
{
	uint64_t h = text.len * UINT64_C(0x9E3779B97F4A7C15), word;
	size_t i = 0;
	for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
		memcpy(&word, text.data + i, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
		h ^= h >> 29;
	}
	size_t tail =
		text.len < sizeof(word) ? text.len : sizeof(word); /* the last bytes, some of them again */
	word = 0;
	memcpy(&word, text.data + text.len - tail, tail);
	h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(h >> 40) % FRONT_SLOTS;
}

static bool command_is(const struct commands *c, uint32_t id, struct view text)
{
	const struct command_rest *r = &c->rest[id];
	return r->text && r->len == text.len && memcmp(r->text, text.data, text.len) == 0;
}

uint32_t commands_find(struct commands *c, struct view text)
{
	uint64_t found;
	if (text.len == 0)
		return map_get(&c->ids, text, &found) ? (uint32_t)found : COMMAND_NONE;
	uint32_t slot = front_slot(text);
	if (c->front[slot] && command_is(c, c->front[slot] - 1, text))
		return c->front[slot] - 1;
	if (!map_get(&c->ids, text, &found))
		return COMMAND_NONE;
	c->front[slot] = (uint32_t)found + 1;
	return (uint32_t)found;
}

uint32_t commands_intern(struct commands *c, struct view text, uint32_t hint)
{
	if (hint && hint <= c->n && command_is(c, hint - 1, text))
		return hint - 1;
	uint32_t known = commands_find(c, text);
	if (known != COMMAND_NONE)
		return known;
	if (text.len > INT32_MAX)
		return COMMAND_NONE;

	char *copy = malloc(text.len ? text.len : 1);
	if (!copy)
		return COMMAND_NONE;
	if (text.len)
		memcpy(copy, text.data, text.len);
	uint32_t id = commands_new_id(c);
	if (id == COMMAND_NONE) {
		free(copy);
		return id;
	}
	c->count[id] = 0;
	c->last[id] = 0;
	c->rest[id] = (struct command_rest){ .text = copy, .len = (uint32_t)text.len };
	c->bytes += text.len + 16;
	if (map_put(&c->ids, (struct view){ copy, text.len }, id) < 0) {
		commands_release(c, id);
		return COMMAND_NONE;
	}
	return id;
}

void commands_release(struct commands *c, uint32_t id)
{
	struct command_rest *r = &c->rest[id];
	map_del(&c->ids, (struct view){ r->text, r->len });
	c->bytes -= r->len + 16;
	free(r->text);
	r->text = NULL;
	c->count[id] = 0;
	c->last[id] = c->free;
	c->free = id + 1;
}

void commands_fini(struct commands *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->count[i])
			free(c->rest[i].text);
	map_fini(&c->ids);
	free(c->count);
	free(c->last);
	free(c->rest);
}

static wall_ns hour_of(wall_ns t)
{
	wall_ns rest = t % NS_PER_HOUR;
	return t - rest - (rest < 0 ? NS_PER_HOUR : 0);
}

static bool hour_holds(const struct book_hour *h, wall_ns t)
{
	return t >= h->hour && t - h->hour < NS_PER_HOUR;
}

/* Index of the first hour at or after `hour`. */
static uint32_t hours_find(const struct hours *h, wall_ns hour)
{
	uint32_t lo = 0, hi = h->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (h->list[mid].hour < hour)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int hours_insert(struct hours *h, uint32_t at, wall_ns hour)
{
	if (h->n == h->cap) {
		uint32_t cap = h->cap ? 2 * h->cap : 32;
		struct book_hour *list = realloc(h->list, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		h->list = list;
		h->cap = cap;
	}
	memmove(&h->list[at + 1], &h->list[at], (h->n - at) * sizeof(*h->list));
	h->list[at] = (struct book_hour){ .hour = hour };
	h->n++;
	return 0;
}

int hours_add(struct hours *h, wall_ns t, bool success)
{
	uint32_t i = h->n - 1;
	if (h->n == 0 || !hour_holds(&h->list[i], t)) {
		wall_ns hour = hour_of(t);
		i = hours_find(h, hour);
		if ((i == h->n || h->list[i].hour != hour) && hours_insert(h, i, hour) < 0)
			return -ENOMEM;
	}
	h->list[i].runs++;
	h->list[i].successes += success;
	return 0;
}

void hours_remove(struct hours *h, wall_ns t, bool success)
{
	uint32_t i = h->n && hour_holds(&h->list[0], t) ? 0 : hours_find(h, hour_of(t));
	if (i >= h->n)
		return;
	h->list[i].runs--;
	h->list[i].successes -= success;
	if (h->list[i].runs == 0) {
		h->n--;
		memmove(&h->list[i], &h->list[i + 1], (h->n - i) * sizeof(*h->list));
	}
}
