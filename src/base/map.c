#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define MAP_FIRST_CAP 16u
#define MAP_MAX_CAP   (UINT32_C(1) << 31)

/* The tag is the upper half of the hash, lifted clear of the two marks; a probe compares keys only where the
 * tags agree. */
enum { TAG_EMPTY, TAG_DEAD, TAG_FIRST };

struct map_slot {
	const char *key;
	uint64_t value;
	size_t len;
	uint32_t tag;
	uint32_t low; /* half of the hash: where probing begins; a larger table needs no look at the keys */
};

static uint32_t hash_tag(uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	return tag < TAG_FIRST ? tag + TAG_FIRST : tag;
}

static bool slot_has(const struct map_slot *s, uint32_t tag, struct view key)
{
	return s->tag == tag && s->len == key.len && (key.len == 0 || memcmp(s->key, key.data, key.len) == 0);
}

/* The live slot of `key`, or NULL. At least one slot is always empty, so the probe ends. */
static struct map_slot *map_find(const struct map *m, struct view key, uint64_t hash)
{
	if (m->count == 0)
		return NULL;
	uint32_t tag = hash_tag(hash);
	for (uint32_t i = (uint32_t)hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];
		if (s->tag == TAG_EMPTY)
			return NULL;
		if (slot_has(s, tag, key))
			return s;
	}
}

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

bool map_get(const struct map *m, struct view key, uint64_t *value)
{
	if (m->count == 0)
		return false;
	const struct map_slot *s = map_find(m, key, hash_bytes(key.data, key.len));
	if (s && value)
		*value = s->value;
	return s != NULL;
}

static struct map_slot *map_free_slot(const struct map *m, uint32_t low)
{
	uint32_t i = low & (m->cap - 1);
	while (m->slots[i].tag >= TAG_FIRST)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

/* A fresh table for `want` entries, at most half full; tombstones are left behind. */
static int map_rehash(struct map *m, uint32_t want)
{
	uint32_t cap = MAP_FIRST_CAP;
	while (cap / 2 < want) {
		if (cap >= MAP_MAX_CAP)
			return -ENOMEM;
		cap *= 2;
	}
	struct map fresh = { .slots = calloc(cap, sizeof(struct map_slot)), .cap = cap, .count = m->count };
	if (!fresh.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->cap; i++) {
		const struct map_slot *s = &m->slots[i];
		if (s->tag >= TAG_FIRST)
			*map_free_slot(&fresh, s->low) = *s;
	}
	free(m->slots);
	*m = fresh;
	return 0;
}

/* Room for one more: three quarters may be taken, tombstones included; a table that is nearly empty after a
 * flood shrinks here and not in map_del, which must leave a running iteration alone. */
static int map_make_room(struct map *m)
{
	bool crowded = (uint64_t)(m->count + m->dead + 1) * 4 > (uint64_t)m->cap * 3;
	bool sparse = m->cap > MAP_FIRST_CAP && m->count < m->cap / 16;
	if (!crowded && !sparse)
		return 0;
	int rc = map_rehash(m, m->count + 1);
	return crowded ? rc : 0;
}

int map_put(struct map *m, struct view key, uint64_t value)
{
	uint64_t hash = hash_bytes(key.data, key.len);
	struct map_slot *s = map_find(m, key, hash);
	if (!s) {
		int rc = map_make_room(m);
		if (rc < 0)
			return rc;
		s = map_free_slot(m, (uint32_t)hash);
		m->dead -= s->tag == TAG_DEAD;
		m->count++;
	}
	*s = (struct map_slot){
		.key = key.data, .value = value, .len = key.len, .tag = hash_tag(hash), .low = (uint32_t)hash
	};
	return 0;
}

bool map_del(struct map *m, struct view key)
{
	struct map_slot *s = map_find(m, key, hash_bytes(key.data, key.len));
	if (!s)
		return false;
	m->count--;
	uint32_t i = (uint32_t)(s - m->slots);
	s->tag = TAG_DEAD;
	m->dead++;
	/* At the end of a run no probe needs the mark, nor the marks right before it. */
	if (m->slots[(i + 1) & (m->cap - 1)].tag == TAG_EMPTY) {
		while (m->slots[i].tag == TAG_DEAD) {
			m->slots[i].tag = TAG_EMPTY;
			m->dead--;
			i = (i - 1) & (m->cap - 1);
		}
	}
	return true;
}

bool map_next(const struct map *m, uint32_t *pos, struct view *key, uint64_t *value)
{
	while (*pos < m->cap) {
		const struct map_slot *s = &m->slots[(*pos)++];
		if (s->tag < TAG_FIRST)
			continue;
		if (key)
			*key = (struct view){ s->key, s->len };
		if (value)
			*value = s->value;
		return true;
	}
	return false;
}

void map_clear(struct map *m)
{
	if (m->slots)
		memset(m->slots, 0, m->cap * sizeof(struct map_slot));
	m->count = 0;
	m->dead = 0;
}

void map_fini(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
