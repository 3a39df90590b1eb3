/* Arena: memory with one lifetime.
 *
 * For a request, a tick or a configuration load: allocate freely, reset once. Chunks
 * grow geometrically and are kept across resets (the largest one), so a steady state
 * allocates nothing. Memory is NOT zeroed unless the call says so. Not thread-safe.
 *
 *     struct arena a;
 *     arena_init(&a, 4096);
 *     char *copy = arena_strndup(&a, view.data, view.len);
 *     arena_reset(&a);   // everything above is gone
 *     arena_fini(&a);
 */
#ifndef AUSPEX_BASE_ARENA_H
#define AUSPEX_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *head; /* current chunk, newest first */
	size_t used;              /* bytes used in head */
	size_t first_size;        /* size of the first chunk */
	size_t total;             /* bytes held in all chunks */
	size_t limit;             /* 0 = none; else arena_alloc fails past it */
};

/* `first_size` 0 = 4096. Allocates nothing yet. */
void arena_init(struct arena *a, size_t first_size);
/* Aligned to 16. NULL when out of memory or past `limit`. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);
/* NUL-terminated copies; NULL when out of memory. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets every allocation; keeps one chunk for reuse. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);

#endif
