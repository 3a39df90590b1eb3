/* A hash map from byte strings to 64-bit values.
 *
 * Open addressing with a keyed hash (a random key per process, so peers cannot choose
 * colliding names). The map does not copy keys: the bytes must outlive the entry, as
 * they do when they sit in the object the value points to. Values are integers; store
 * a pointer through (uintptr_t). Not thread-safe.
 *
 *     map_put(&m, VIEW("app.queue"), id);
 *     if (map_get(&m, key, &id)) …
 */
#ifndef AUSPEX_BASE_MAP_H
#define AUSPEX_BASE_MAP_H

#include "base/buf.h"

#include <stdint.h>

struct map_slot;
struct map {
	struct map_slot *slots;
	uint32_t cap;   /* power of two, or 0 */
	uint32_t count; /* live entries */
	uint32_t dead;  /* tombstones */
};

void map_init(struct map *m);
bool map_get(const struct map *m, struct view key, uint64_t *value);
/* Adds or replaces (key bytes are replaced too). 0 or -ENOMEM. */
int map_put(struct map *m, struct view key, uint64_t value);
/* True if it was there. */
bool map_del(struct map *m, struct view key);
/* Iteration: `*pos` starts at 0; false at the end. Deleting the current entry is allowed. */
bool map_next(const struct map *m, uint32_t *pos, struct view *key, uint64_t *value);
void map_clear(struct map *m);
void map_fini(struct map *m);

/* The keyed hash itself (SipHash-1-3 or better), for tables that are not maps. */
uint64_t hash_bytes(const void *data, size_t len);

#endif
