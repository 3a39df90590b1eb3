/* Slots form a ring by number, texts a ring of bytes. An event's three texts lie together and never wrap.
 * Offsets are logical: they only grow, and `off % max_bytes` is the place; an event is gone once the writer
 * is more than max_bytes past its start.
 */
#include "series/event.h"

#include "base/err.h"

#include <stdlib.h>

struct slot {
	int64_t id;
	wall_ms t;
	uint64_t off; /* logical, of the subject; title and detail follow */
	uint32_t subject_len, title_len, detail_len;
	uint8_t kind, severity;
};

struct timeline {
	struct slot *slots;
	uint32_t max_events, count, first; /* first = place of the oldest */
	char *bytes;
	size_t max_bytes;
	uint64_t write; /* logical */
	int64_t last_id;
};

struct timeline *timeline_new(uint32_t max_events, size_t max_bytes)
{
	struct timeline *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->max_events = max_events ? max_events : 1;
	t->max_bytes = max_bytes ? max_bytes : 1;
	t->slots = malloc(t->max_events * sizeof(*t->slots)); /* pages cost nothing until they are written */
	t->bytes = malloc(t->max_bytes);
	if (t->slots && t->bytes)
		return t;
	timeline_free(t);
	return NULL;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t->bytes);
	free(t);
}

void timeline_start_after(struct timeline *t, int64_t last_id)
{
	if (last_id > t->last_id)
		t->last_id = last_id;
}

/* The i-th oldest. */
static struct slot *slot_at(const struct timeline *t, uint32_t i)
{
	return &t->slots[((uint64_t)t->first + i) % t->max_events];
}

static void drop_oldest(struct timeline *t)
{
	t->first = (t->first + 1) % t->max_events;
	t->count--;
}

/* Makes `size` bytes free in one piece; returns their logical offset. size <= max_bytes. */
static uint64_t make_room(struct timeline *t, size_t size)
{
	size_t to_end = t->max_bytes - (size_t)(t->write % t->max_bytes);
	uint64_t off = size > to_end ? t->write + to_end : t->write;

	while (t->count && off + size - slot_at(t, 0)->off > t->max_bytes)
		drop_oldest(t);
	t->write = off + size;
	return off;
}

static char *put_text(char *to, struct view v)
{
	if (v.len)
		memcpy(to, v.data, v.len);
	return to + v.len;
}

static bool fits(const struct timeline *t, const struct event *e)
{
	size_t left = t->max_bytes < UINT32_MAX ? t->max_bytes : UINT32_MAX;

	if (e->subject.len > left)
		return false;
	left -= e->subject.len;
	return e->title.len <= left && e->detail.len <= left - e->title.len;
}

int64_t timeline_add(struct timeline *t, const struct event *e)
{
	struct slot *s;
	uint64_t off;
	char *to;

	if (!fits(t, e) || (unsigned)e->kind >= EVENT_KINDS || e->id < 0)
		return ERR_RANGE;
	if (e->id != 0 && t->count && e->id <= slot_at(t, t->count - 1)->id)
		return ERR_RANGE;
	off = make_room(t, e->subject.len + e->title.len + e->detail.len);
	if (t->count == t->max_events)
		drop_oldest(t);
	to = put_text(t->bytes + off % t->max_bytes, e->subject);
	to = put_text(to, e->title);
	put_text(to, e->detail);
	s = slot_at(t, t->count++);
	*s = (struct slot){
		.id = e->id ? e->id : t->last_id + 1,
		.t = e->t,
		.off = off,
		.subject_len = (uint32_t)e->subject.len,
		.title_len = (uint32_t)e->title.len,
		.detail_len = (uint32_t)e->detail.len,
		.kind = (uint8_t)e->kind,
		.severity = (uint8_t)e->severity,
	};
	timeline_start_after(t, s->id);
	return s->id;
}

int64_t timeline_oldest_id(const struct timeline *t)
{
	return t->count ? slot_at(t, 0)->id : 0;
}

static struct event event_of(const struct timeline *t, const struct slot *s)
{
	const char *text = t->bytes + s->off % t->max_bytes;

	return (struct event){
		.id = s->id,
		.t = s->t,
		.kind = (enum event_kind)s->kind,
		.severity = (enum event_severity)s->severity,
		.subject = { text, s->subject_len },
		.title = { text + s->subject_len, s->title_len },
		.detail = { text + s->subject_len + s->title_len, s->detail_len },
	};
}

void timeline_query(const struct timeline *t, const struct event_filter *filter,
		    void (*cb)(void *arg, const struct event *e), void *arg)
{
	uint32_t found = 0;

	for (uint32_t i = t->count; i > 0 && found < filter->limit; i--) {
		struct event e = event_of(t, slot_at(t, i - 1));
		if (!event_filter_match(filter, &e))
			continue;
		cb(arg, &e);
		found++;
	}
}

/* First slot whose id is greater: ids ascend along the ring. */
static uint32_t after(const struct timeline *t, int64_t id)
{
	uint32_t lo = 0, hi = t->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (slot_at(t, mid)->id <= id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void timeline_replay(const struct timeline *t, int64_t after_id, void (*cb)(void *arg, const struct event *e),
		     void *arg)
{
	for (uint32_t i = after(t, after_id); i < t->count; i++) {
		struct event e = event_of(t, slot_at(t, i));
		cb(arg, &e);
	}
}
