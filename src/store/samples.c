#include "impl.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define RECENT_TICKS 256 /* journal rows looked at for the last times at open */

void known_init(struct known *k)
{
	*k = (struct known){ .next_id = 1, .newest = INT64_MIN };
	arena_init(&k->arena, 4096);
	map_init(&k->by_key);
}

void known_fini(struct known *k)
{
	map_fini(&k->by_key);
	arena_fini(&k->arena);
	free(k->all);
	free(k->of_registry);
	*k = (struct known){ 0 };
}

static struct known_series *add(struct known *k, struct view key, uint32_t id, const struct series_meta *meta)
{
	if (k->count == k->cap) {
		uint32_t cap = k->cap ? k->cap * 2 : 64;
		struct known_series *all = realloc(k->all, cap * sizeof(*all));
		if (!all)
			return NULL;
		k->all = all;
		k->cap = cap;
	}
	char *text = arena_strndup(&k->arena, key.data, key.len);
	char *unit = meta->unit && *meta->unit ? arena_strdup(&k->arena, meta->unit) : NULL;
	struct view own = { text, key.len };
	if (!text || map_put(&k->by_key, own, k->count) < 0)
		return NULL;
	struct known_series *s = &k->all[k->count++];
	*s = (struct known_series){ .key = own, .id = id, .epoch = UINT32_MAX, .meta = *meta };
	s->meta.unit = unit ? unit : "";
	s->meta.help = "";
	if (id >= k->next_id)
		k->next_id = id + 1;
	return s;
}

const struct known_series *known_find(const struct known *k, struct view key)
{
	uint64_t i;
	return map_get(&k->by_key, key, &i) ? &k->all[i] : NULL;
}

static int grow_of_registry(struct known *k, series_id id)
{
	uint32_t n = k->n_registry ? k->n_registry : 64;
	while (n <= id)
		n *= 2;
	uint32_t *of = realloc(k->of_registry, n * sizeof(*of));
	if (!of)
		return -ENOMEM;
	memset(of + k->n_registry, 0, (n - k->n_registry) * sizeof(*of));
	k->of_registry = of;
	k->n_registry = n;
	return 0;
}

struct known_series *known_of(struct known *k, const struct registry *r, series_id id)
{
	if (id < k->n_registry && k->of_registry[id])
		return &k->all[k->of_registry[id] - 1];
	const struct series *s = registry_get(r, id);
	if (!s || (id >= k->n_registry && grow_of_registry(k, id) < 0))
		return NULL;
	struct known_series *found = (struct known_series *)known_find(k, s->key);
	if (!found && k->next_id <= SERIES_ID_MAX)
		found = add(k, s->key, k->next_id, &s->meta);
	if (found)
		k->of_registry[id] = (uint32_t)(found - k->all) + 1;
	return found;
}

static int load_series(struct known *k, sqlite3 *db)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, &st, "SELECT id,key,type,decimals,unit,last_t FROM series ORDER BY id");
	int step = SQLITE_DONE;
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		struct view key = { (const char *)sqlite3_column_text(st, 1),
				    (size_t)sqlite3_column_bytes(st, 1) };
		const char *unit = (const char *)sqlite3_column_text(st, 4);
		struct series_meta meta = { sqlite3_column_int(st, 2), sqlite3_column_int(st, 3), unit, "" };
		int64_t id = sqlite3_column_int64(st, 0);
		if (!key.data || id <= 0 || id > SERIES_ID_MAX)
			continue; /* by a foreign hand */
		struct known_series *s = add(k, key, (uint32_t)id, &meta);
		if (!s)
			rc = -ENOMEM;
		else
			s->last_t = sqlite3_column_int64(st, 5);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_code(db);
	sqlite3_finalize(st);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = ((const struct known_series *)a)->id, y = ((const struct known_series *)b)->id;
	return x < y ? -1 : x > y;
}

/* The table is read in order of id, and new ids go up: the array is sorted. */
static void note_tick(struct known *k, wall_ms t, const char *p, const char *end)
{
	struct known_series want = { 0 };
	while (p && p < end) {
		p = varint_get(p, end, &want.id);
		if (!p || end - p < 8)
			return;
		p += 8;
		struct known_series *s = bsearch(&want, k->all, k->count, sizeof(want), by_id);
		if (s && t > s->last_t)
			s->last_t = t;
	}
}

int known_load(struct known *k, sqlite3 *db)
{
	known_fini(k);
	known_init(k);
	int rc = load_series(k, db);
	sqlite3_stmt *st = NULL;
	if (rc == 0)
		rc = db_preparef(db, &st, "SELECT t,data FROM tick ORDER BY id DESC LIMIT %d", RECENT_TICKS);
	while (rc == 0 && sqlite3_step(st) == SQLITE_ROW) {
		const char *data = sqlite3_column_blob(st, 1);
		note_tick(k, sqlite3_column_int64(st, 0), data, data + sqlite3_column_bytes(st, 1));
	}
	sqlite3_finalize(st);
	if (rc == 0)
		rc = db_int(db,
			    "SELECT max(t) FROM (SELECT max(t) AS t FROM tick UNION ALL SELECT max(last) "
			    "FROM block WHERE tier=0"
			    " UNION ALL SELECT max(last) FROM block WHERE tier=1)",
			    INT64_MIN, &k->newest);
	return rc;
}

static int announce(struct store *s, struct known_series *k, uint32_t epoch)
{
	struct store_value v[4] = { SV_TEXT(k->key), SV_INT(k->meta.type), SV_INT(k->meta.decimals),
				    SV_TEXT(view_of(k->meta.unit)) };
	struct op_head head = { .op = OP_SERIES, .id = k->id };
	head.len = (uint32_t)(sizeof(head) + values_size(v, 4));
	int rc;
	char *p = queue_reserve(&s->queue, head.len, STORE_DETAIL, true, &rc);
	if (!p)
		return rc;
	p = head_put(p, &head);
	for (int i = 0; i < 4; i++)
		p = value_put(p, &v[i]);
	queue_publish_more(&s->queue, head.len);
	k->epoch = epoch;
	return 0;
}

/* Looks the series up and announces the new ones. Returns the bytes the row may need. */
static int prepare_tick(struct store *s, const struct tick *tick, size_t *size)
{
	uint32_t epoch = atomic_load(&s->series_epoch);
	for (uint32_t i = 0; i < tick->n; i++) {
		struct known_series *k = known_of(&s->known, s->registry, tick->series[i]);
		if (!k)
			return -ENOMEM;
		int rc = k->epoch == epoch ? 0 : announce(s, k, epoch);
		if (rc < 0)
			return rc;
	}
	*size = sizeof(struct op_head) + (size_t)tick->n * (VARINT_MAX + sizeof(double));
	return 0;
}

static char *put_values(struct store *s, const struct tick *tick, char *p)
{
	for (uint32_t i = 0; i < tick->n; i++) {
		if (isnan(tick->values[i]))
			continue;
		struct known_series *k = known_of(&s->known, s->registry, tick->series[i]);
		if (tick->t > k->last_t)
			k->last_t = tick->t;
		p = varint_put(p, k->id);
		memcpy(p, &tick->values[i], sizeof(double)); /* little-endian: what we run on */
		p += sizeof(double);
	}
	return p;
}

int store_tick(struct store *s, const struct tick *tick)
{
	size_t size;
	int rc;
	if (s->closing)
		return ERR_CLOSED;
	if (!s->durable || tick->n == 0)
		return 0;
	rc = prepare_tick(s, tick, &size);
	if (rc < 0)
		return rc;
	char *start = queue_reserve(&s->queue, size, STORE_DETAIL, true, &rc);
	if (!start)
		return rc;
	char *end = put_values(s, tick, start + sizeof(struct op_head));
	struct op_head head = {
		.len = (uint32_t)(end - start), .op = OP_TICK, .id = tick->group, .t = tick->t
	};
	head_put(start, &head);
	queue_publish(&s->queue, head.len, STORE_DETAIL, true,
		      (uint64_t)(s->opt.sample_flush_ms * NS_PER_MS));
	return 0;
}

uint32_t store_series_count(const struct store *s)
{
	return s->known.count;
}

void store_series_each(const struct store *s, void (*cb)(void *arg, const struct store_series *series),
		       void *arg)
{
	for (uint32_t i = 0; i < s->known.count; i++) {
		const struct known_series *k = &s->known.all[i];
		struct store_series out = { .key = k->key, .meta = k->meta, .last_t = k->last_t };
		cb(arg, &out);
	}
}
