#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN         16u
#define ARENA_FIRST_DEFAULT 4096u

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* of data */
	_Alignas(ARENA_ALIGN) char data[];
};

void arena_init(struct arena *a, size_t first_size)
{
	*a = (struct arena){ .first_size = first_size ? first_size : ARENA_FIRST_DEFAULT };
}

/* Twice the current chunk, so that after a few resets one chunk holds everything; under a limit only as much
 * as is left. 0 when `need` does not fit. */
static size_t arena_chunk_size(const struct arena *a, size_t need)
{
	size_t size = a->head ? a->head->size * 2 : a->first_size;
	if (size < need)
		size = need;
	if (!a->limit)
		return size;
	size_t left = a->limit > a->total ? a->limit - a->total : 0;
	if (need > left)
		return 0;
	return size < left ? size : left;
}

static struct arena_chunk *arena_grow(struct arena *a, size_t need)
{
	size_t size = arena_chunk_size(a, need);
	if (size == 0 || size > PTRDIFF_MAX - sizeof(struct arena_chunk))
		return NULL;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->older = a->head;
	chunk->size = size;
	a->head = chunk;
	a->used = 0;
	a->total += size;
	return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > PTRDIFF_MAX - ARENA_ALIGN)
		return NULL;
	size_t need = size ? (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) : ARENA_ALIGN;
	struct arena_chunk *chunk = a->head;
	if (!chunk || chunk->size < a->used || need > chunk->size - a->used) {
		chunk = arena_grow(a, need);
		if (!chunk)
			return NULL;
	}
	void *p = chunk->data + a->used;
	a->used += need;
	return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);
	return p ? memset(p, 0, size) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *copy = arena_alloc(a, len + 1);
	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	if ((size_t)n < sizeof(small))
		return arena_strndup(a, small, (size_t)n);
	char *text = arena_alloc(a, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = NULL;
	for (struct arena_chunk *c = a->head, *older; c; c = older) {
		older = c->older;
		if (!keep || c->size > keep->size) {
			free(keep);
			keep = c;
		} else {
			free(c);
		}
	}
	if (keep)
		keep->older = NULL;
	a->head = keep;
	a->used = 0;
	a->total = keep ? keep->size : 0;
}

void arena_fini(struct arena *a)
{
	for (struct arena_chunk *c = a->head, *older; c; c = older) {
		older = c->older;
		free(c);
	}
	a->head = NULL;
	a->used = 0;
	a->total = 0;
}
