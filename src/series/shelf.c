#include "shelf.h"

#include <errno.h>
#include <stdlib.h>

/* In steps of a sixteenth to an eighth of the size: what leaves fits what comes, and the heap does not fray over the days. */
static size_t sealed_bytes(size_t len)
{
	size_t size = sizeof(struct sealed) + len, step = 16;

	while (step * 16 < size)
		step *= 2;
	return (size + step - 1) / step * step;
}

void chain_forget(struct chain *chain, wall_ms last)
{
	if (last >= chain->since)
		chain->since = last + 1;
}

int shelf_add(struct shelf *shelf, struct chain *chain, struct view block, wall_ms first, wall_ms last,
	      uint32_t n)
{
	struct sealed *s = malloc(sealed_bytes(block.len));

	if (!s)
		return -ENOMEM;
	*s = (struct sealed){
		.older = shelf->newest,
		.before = chain->last,
		.chain = chain,
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
	shelf->bytes += sealed_bytes(s->len);
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
	shelf->bytes -= sealed_bytes(s->len);
	free(s);
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
