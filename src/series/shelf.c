#include "shelf.h"

#include <errno.h>
#include <stdlib.h>

static size_t sealed_bytes(size_t len)
{
	return (sizeof(struct sealed) + len + 7) & ~(size_t)7;
}

/* A chunk with room for `bytes` more, or NULL. */
static struct chunk *chunk_with_room(struct shelf *shelf, size_t bytes)
{
	struct chunk *c = shelf->filled;
	size_t size = sizeof(*c) + bytes;

	if (c && c->size - c->used >= bytes)
		return c;
	size = size > shelf->chunk_bytes ? size : shelf->chunk_bytes;
	c = malloc(size);
	if (!c)
		return NULL;
	*c = (struct chunk){ .size = size, .used = sizeof(*c) };
	shelf->bytes += c->used;
	shelf->filled = c;
	return c;
}

void chain_forget(struct chain *chain, wall_ms last)
{
	if (last >= chain->since)
		chain->since = last + 1;
}

int shelf_add(struct shelf *shelf, struct chain *chain, struct view block, wall_ms first, wall_ms last,
	      uint32_t n)
{
	size_t bytes = sealed_bytes(block.len);
	struct chunk *chunk = chunk_with_room(shelf, bytes);
	struct sealed *s;

	if (!chunk)
		return -ENOMEM;
	s = (struct sealed *)((char *)chunk + chunk->used);
	chunk->used += bytes;
	shelf->bytes += bytes;
	chunk->blocks++;
	*s = (struct sealed){
		.older = shelf->newest,
		.before = chain->last,
		.chain = chain,
		.chunk = chunk,
		.first = first,
		.last = last,
		.n = n,
		.len = (uint32_t)block.len,
	};
	memcpy(s->data, block.data, block.len);
	if (shelf->newest)
		shelf->newest->newer = s;
	else
		shelf->oldest = s;
	shelf->newest = s;
	if (chain->last)
		chain->last->after = s;
	else
		chain->first = s;
	chain->last = s;
	return 0;
}

void shelf_drop(struct shelf *shelf, struct sealed *s)
{
	s = s ? s : shelf->oldest;
	if (!s)
		return;
	*(s->older ? &s->older->newer : &shelf->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &shelf->newest) = s->older;
	*(s->before ? &s->before->after : &s->chain->first) = s->after;
	*(s->after ? &s->after->before : &s->chain->last) = s->before;
	chain_forget(s->chain, s->last);
	if (--s->chunk->blocks > 0)
		return;
	if (s->chunk == shelf->filled)
		shelf->filled = NULL;
	shelf->bytes -= s->chunk->used;
	free(s->chunk);
}

void shelf_expire(struct shelf *shelf, wall_ms cutoff)
{
	struct sealed *next;

	for (struct sealed *s = shelf->oldest; s; s = next) {
		next = s->newer;
		if (s->last < cutoff)
			shelf_drop(shelf, s);
	}
}

void shelf_fini(struct shelf *shelf)
{
	while (shelf->oldest)
		shelf_drop(shelf, NULL);
}
