#include "http_limit.h"

#include <stdlib.h>

#define NEIGHBOURS 8

static struct http_limit_row *row_find(struct http_limiter *l, uint64_t key, mono_us now)
{
	struct http_limit_row *spare = NULL;

	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		struct http_limit_row *row = &l->rows[(key + i) % HTTP_LIMIT_ROWS];
		if (row->key == key)
			return row;
		if (!spare || row->key == 0 || (spare->key != 0 && row->start < spare->start))
			spare = row;
	}
	*spare = (struct http_limit_row){ .key = key, .start = now };
	return spare;
}

int http_limiter_count(struct http_limiter *l, uint64_t key, uint32_t limit, mono_us now)
{
	if (!l->rows)
		l->rows = calloc(HTTP_LIMIT_ROWS, sizeof(*l->rows));
	if (!l->rows)
		return 0;
	struct http_limit_row *row = row_find(l, key ? key : 1, now);
	if (now - row->start >= HTTP_LIMIT_WINDOW_US) {
		row->start = now;
		row->count = 0;
	}
	if (row->count < limit) {
		row->count++;
		return 0;
	}
	return (int)((row->start + HTTP_LIMIT_WINDOW_US - now + US_PER_S - 1) / US_PER_S);
}

void http_limiter_fini(struct http_limiter *l)
{
	free(l->rows);
	l->rows = NULL;
}
