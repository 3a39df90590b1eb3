#include "series/registry.h"

#include "base/arena.h"
#include "base/map.h"
#include "series/block.h"
#include "series/key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define FIRST_SERIES 64
#define KEY_CHUNK    4096

struct registry {
	struct series *series; /* dense, by id */
	uint32_t count, cap, room;
	uint64_t overflow;
	struct map ids;     /* canonical key → id */
	struct map words;   /* unit and help texts, each kept once */
	struct arena texts; /* what both maps' keys point to */
};

struct registry *registry_new(uint32_t cap)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->cap = cap;
	map_init(&r->ids);
	map_init(&r->words);
	arena_init(&r->texts, KEY_CHUNK);
	return r;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	map_fini(&r->ids);
	map_fini(&r->words);
	arena_fini(&r->texts);
	free(r->series);
	free(r);
}

static int make_room(struct registry *r)
{
	uint32_t room = r->room ? r->room * 2 : FIRST_SERIES;
	struct series *grown;

	if (r->count < r->room)
		return 0;
	if (room > r->cap || room < r->room)
		room = r->cap;
	grown = realloc(r->series, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->series = grown;
	r->room = room;
	return 0;
}

/* Units and sentences repeat across thousands of series: one copy of each. NULL when out of memory. */
static const char *keep_word(struct registry *r, const char *text)
{
	struct view v = view_of(text);
	uint64_t found;
	char *copy;

	if (v.len == 0)
		return "";
	if (map_get(&r->words, v, &found))
		return (const char *)(uintptr_t)found;
	copy = arena_strndup(&r->texts, v.data, v.len);
	if (copy && map_put(&r->words, (struct view){ copy, v.len }, (uintptr_t)copy) < 0)
		return NULL;
	return copy;
}

static int keep_meta(struct registry *r, const struct series_meta *meta, struct series_meta *out)
{
	*out = meta ? *meta : (struct series_meta){ .type = SERIES_GAUGE, .decimals = -1 };
	if (out->decimals < 0 || out->decimals > BLOCK_DECIMALS_MAX)
		out->decimals = -1;
	out->unit = keep_word(r, out->unit);
	out->help = keep_word(r, out->help);
	return out->unit && out->help ? 0 : -ENOMEM;
}

/* `key` is canonical and new. */
static int add(struct registry *r, struct view key, const struct series_meta *meta, series_id *id)
{
	struct series *s;
	char *copy;
	int rc = make_room(r);

	if (rc < 0)
		return rc;
	s = &r->series[r->count];
	memset(s, 0, sizeof(*s));
	rc = keep_meta(r, meta, &s->meta);
	if (rc < 0)
		return rc;
	copy = arena_strndup(&r->texts, key.data, key.len);
	if (!copy)
		return -ENOMEM;
	s->key = (struct view){ copy, key.len };
	s->id = r->count;
	rc = map_put(&r->ids, s->key, s->id);
	if (rc < 0)
		return rc;
	*id = r->count++;
	return 0;
}

static bool lookup(const struct registry *r, struct view key, series_id *id)
{
	uint64_t found;

	if (!map_get(&r->ids, key, &found))
		return false;
	*id = (series_id)found;
	return true;
}

static int refuse(struct registry *r, struct view key, struct err *err)
{
	r->overflow++;
	return err_set(
		err, ERR_FULL, NULL,
		"series %.*s is refused: %u series are known, which is the limit; raise it or send fewer "
		"label values",
		(int)(key.len < 128 ? key.len : 128), key.data, r->cap);
}

int registry_intern(struct registry *r, struct view key, const struct series_meta *meta, series_id *id,
		    struct err *err)
{
	struct buf canonical;
	struct view name;
	int rc;

	if (lookup(r, key, id)) /* only canonical keys are in the map, so a hit needs no parsing */
		return 0;
	buf_init(&canonical);
	rc = series_key_canonical(key, &canonical, err);
	if (rc < 0)
		goto out;
	name = (struct view){ canonical.data, canonical.len };
	if (lookup(r, name, id))
		goto out;
	rc = r->count == r->cap ? refuse(r, name, err) : add(r, name, meta, id);
	if (rc == -ENOMEM)
		err_set(err, rc, NULL, "out of memory for a new series");
out:
	buf_fini(&canonical);
	return rc;
}

series_id registry_find(const struct registry *r, struct view key)
{
	series_id id = SERIES_NONE;
	struct buf canonical;

	if (lookup(r, key, &id))
		return id;
	buf_init(&canonical);
	if (series_key_canonical(key, &canonical, NULL) == 0)
		lookup(r, (struct view){ canonical.data, canonical.len }, &id);
	buf_fini(&canonical);
	return id;
}

const struct series *registry_get(const struct registry *r, series_id id)
{
	return id < r->count ? &r->series[id] : NULL;
}

uint32_t registry_count(const struct registry *r)
{
	return r->count;
}

uint32_t registry_cap(const struct registry *r)
{
	return r->cap;
}

uint64_t registry_overflow(const struct registry *r)
{
	return r->overflow;
}

void registry_note(struct registry *r, const struct tick *tick)
{
	for (uint32_t i = 0; i < tick->n; i++) {
		struct series *s;

		if (tick->series[i] >= r->count || isnan(tick->values[i]))
			continue;
		s = &r->series[tick->series[i]];
		if (tick->t < s->last_t && tick->group == 0)
			continue; /* a pushed sample may be late; a collector's newest tick is the newest even
				     after a clock step */
		s->last_t = tick->t;
		s->last_v = tick->values[i];
	}
}
