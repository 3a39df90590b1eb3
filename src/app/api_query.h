/* A query under way, shared by the file that asks (api_query.c) and the one that writes the answer (api_query_answer.c). */
#ifndef AUSPEX_APP_API_QUERY_H
#define AUSPEX_APP_API_QUERY_H

#include "app/parts.h"

/* What a step holds, and its name in the answer. */
#define COLUMN_MAP(X) X(min) X(avg) X(max) X(last) X(n)
enum column {
#define X(name) COLUMN_##name,
	COLUMN_MAP(X)
#undef X
		COLUMNS
};
#define COLUMNS_DEFAULT (1u << COLUMN_min | 1u << COLUMN_avg | 1u << COLUMN_max)

struct query {
	struct daemon *d;
	struct http_request *r; /* NULL when the peer has gone */
	struct jw *w;
	struct buf keys;   /* canonical, each with a NUL behind it */
	size_t n_keys, at; /* `at`: where in `keys` the one stands whose turn it is */
	unsigned columns;  /* bits of enum column; 0: points */
	wall_ms start, step_ms;
	size_t n; /* steps */
	struct step *steps, *from_ram;
	struct store_steps stored;
};

static inline struct view query_key(const struct query *q)
{
	return view_of(q->keys.data + q->at);
}
/* The column of that name, or -1. */
int query_column_find(struct view name);
void query_answer_begin(struct query *q);
/* What `steps` and `from_ram` hold, as the series whose turn it is. */
void query_answer_series(struct query *q);
void query_answer_end(struct query *q);

#endif
