/* The reader thread: its own connection, started by the first question, answers one at a time.
 *
 * Rows travel to the loop in chunks of encoded values; at most READER_CHUNKS wait there, then the reader waits, so an
 * answer of any length needs the same memory. The loop decodes and hands rows over in slices.
 */
#ifndef AUSPEX_STORE_READER_H
#define AUSPEX_STORE_READER_H

#include "codec.h"
#include "db.h"

#include <stdatomic.h>

#define READER_STACK       ((size_t)256 << 10)
#define READER_CHUNK_BYTES ((size_t)32 << 10)
#define READER_CHUNKS      4
#define READER_LIMIT       1000
#define READER_LIMIT_MAX   100000

/* A reading connection; renewed when the file behind the path was replaced. */
struct conn {
	sqlite3 *db;
	uint64_t dev, ino;
};
int conn_open(struct conn *c, const char *path);
void conn_close(struct conn *c);

enum request_type { REQUEST_QUERY, REQUEST_STEPS, REQUEST_CHECK };

struct chunk {
	struct chunk *next;
	struct request *request;
	struct buf rows;
	size_t read; /* of rows.data, by the loop */
	bool last;   /* the request ends with this one */
};

struct request {
	struct request *next;
	enum request_type type;
	struct store_query query; /* text of its values lives in `text` */
	char *text;
	struct chunk *final; /* made beforehand: an answer can always be given */
	struct store_read *read;
	struct store_steps *steps;
	uint32_t series; /* the store's id of steps->key */
	atomic_bool cancelled;
	int status;
	char finding[200];
};

struct reader {
	struct store *s;
	uv_mutex_t lock;
	uv_cond_t wake;
	uv_thread_t thread;
	bool running, stop, done; /* running: loop only */
	struct conn conn;         /* the thread's */
	struct request *queue, **queue_end, *current;
	struct chunk *ready, **ready_end; /* for the loop */
	uint32_t n_ready;
};

int reader_init(struct reader *r, struct store *s);
void reader_fini(struct reader *r);
/* Loop: takes over the request; started on demand. -EAGAIN and the like when no thread can be had. */
int reader_put(struct reader *r, struct request *request);
/* Loop: the request is answered with the status it already has, without having been asked. */
void reader_refuse(struct reader *r, struct request *request);
void reader_stop(struct reader *r);
/* Loop: the oldest finished chunk, or NULL. It stays at the head until reader_pop; a request's last one
 * is freed with the request. */
struct chunk *reader_peek(struct reader *r);
void reader_pop(struct reader *r);
struct request *request_new(enum request_type type); /* NULL when out of memory */
void request_free(struct request *request);
/* query.c */
int query_prepare(sqlite3 *db, const struct store_query *q, sqlite3_stmt **st);
/* Values of the current row, borrowed from the statement; `values` has room for the kind's columns. */
void query_row(sqlite3_stmt *st, const struct store_kind *kind, struct store_row *row,
	       struct store_value *values);
int query_check(const struct store_query *q);
/* steps.c */
int steps_read(sqlite3 *db, uint32_t series, struct store_steps *q);
/* What blocks of minutes hold, from <= t < to; without those of schema 1, which do not tell whose they are. */
int steps_read_minutes(sqlite3 *db, uint32_t series, struct store_steps *q, wall_ms from, wall_ms to);

#endif
