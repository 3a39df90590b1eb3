#include "impl.h"

#include "os/self.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PROGRESS_OPS 10000 /* virtual machine steps between two looks at `cancelled` */

int reader_init(struct reader *r, struct store *s)
{
	*r = (struct reader){ .s = s };
	r->queue_end = &r->queue;
	r->ready_end = &r->ready;
	int rc = uv_mutex_init(&r->lock);
	if (rc < 0)
		return rc;
	rc = uv_cond_init(&r->wake);
	if (rc < 0)
		uv_mutex_destroy(&r->lock);
	return rc;
}

static struct chunk *chunk_new(struct request *request)
{
	struct chunk *c = calloc(1, sizeof(*c));
	if (c)
		c->request = request;
	return c;
}

static void chunk_free(struct chunk *c)
{
	buf_fini(&c->rows);
	free(c);
}

struct request *request_new(enum request_type type)
{
	struct request *q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->type = type;
	q->final = chunk_new(q);
	if (!q->final) {
		free(q);
		return NULL;
	}
	q->final->last = true;
	return q;
}

void request_free(struct request *request)
{
	if (request->final)
		chunk_free(request->final);
	free(request->text);
	free(request);
}

void reader_fini(struct reader *r)
{
	conn_close(&r->conn);
	uv_cond_destroy(&r->wake);
	uv_mutex_destroy(&r->lock);
}

int conn_open(struct conn *c, const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	if (c->db && c->ino == (uint64_t)st.st_ino && c->dev == (uint64_t)st.st_dev)
		return 0;
	conn_close(c);
	int rc = db_open(path, SQLITE_OPEN_READWRITE, DB_READ_CACHE_KIB, &c->db, NULL);
	if (rc == 0)
		rc = db_exec(c->db, "PRAGMA query_only=1; PRAGMA wal_autocheckpoint=0");
	c->ino = st.st_ino;
	c->dev = st.st_dev;
	return rc;
}

void conn_close(struct conn *c)
{
	sqlite3_close(c->db);
	c->db = NULL;
}

static void chunk_link(struct reader *r, struct chunk *c)
{
	c->next = NULL;
	*r->ready_end = c;
	r->ready_end = &c->next;
	r->n_ready++;
}

static void chunk_push(struct reader *r, struct chunk *c)
{
	uv_mutex_lock(&r->lock);
	chunk_link(r, c);
	uv_mutex_unlock(&r->lock);
	uv_async_send(&r->s->async);
}

/* Waits while the loop is behind; false when nobody wants the rest. */
static bool chunk_send(struct reader *r, struct chunk *c)
{
	bool wanted;
	uv_mutex_lock(&r->lock);
	while (r->n_ready >= READER_CHUNKS && !r->stop && !c->last)
		uv_cond_wait(&r->wake, &r->lock);
	wanted = !r->stop && !atomic_load(&c->request->cancelled);
	chunk_link(r, c);
	uv_mutex_unlock(&r->lock);
	uv_async_send(&r->s->async);
	return wanted;
}

static void encode_row(struct buf *b, const struct store_row *row)
{
	size_t size = sizeof(struct op_head) + values_size(row->values, row->n);
	struct op_head head = { .len = (uint32_t)size, .n = (uint8_t)row->n, .id = row->id, .t = row->t };
	if (buf_reserve(b, size) < 0)
		return;
	char *p = head_put(b->data + b->len, &head);
	for (size_t i = 0; i < row->n; i++)
		p = value_put(p, &row->values[i]);
	b->len += size;
}

static int is_cancelled(void *request)
{
	return atomic_load(&((struct request *)request)->cancelled);
}

/* Full chunks leave; the rest stays in the request's own. */
static int run_rows(struct reader *r, struct request *q, sqlite3_stmt *st)
{
	struct store_value values[STORE_COLUMNS_MAX];
	struct store_row row;
	struct buf *rows = &q->final->rows;
	int step;
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		query_row(st, q->query.kind, &row, values);
		encode_row(rows, &row);
		if (rows->failed)
			return -ENOMEM;
		if (rows->len < READER_CHUNK_BYTES)
			continue;
		struct chunk *full = chunk_new(q);
		if (!full)
			return -ENOMEM;
		full->rows = *rows;
		buf_init(rows);
		if (!chunk_send(r, full))
			return ERR_CANCELLED;
	}
	return step == SQLITE_DONE ? 0 : step == SQLITE_INTERRUPT ? ERR_CANCELLED : db_code(r->conn.db);
}

static int run_query(struct reader *r, struct request *q)
{
	sqlite3_stmt *st;
	int rc = query_prepare(r->conn.db, &q->query, &st);
	if (rc == 0)
		rc = run_rows(r, q, st);
	sqlite3_finalize(st);
	return rc;
}

static void run_request(struct reader *r, struct request *q)
{
	int rc = atomic_load(&q->cancelled) ? ERR_CANCELLED : conn_open(&r->conn, r->s->file.path);
	if (rc == 0) {
		sqlite3_progress_handler(r->conn.db, PROGRESS_OPS, is_cancelled, q);
		if (q->type == REQUEST_QUERY)
			rc = run_query(r, q);
		else if (q->type == REQUEST_STEPS)
			rc = steps_read(r->conn.db, q->series, q->steps);
		else
			rc = db_check(r->conn.db, false, q->finding, sizeof(q->finding)) ? 0 : ERR_CORRUPT;
		sqlite3_progress_handler(r->conn.db, 0, NULL, NULL);
	}
	q->status = atomic_load(&q->cancelled) ? ERR_CANCELLED : rc;
	chunk_send(r, q->final);
}

static struct request *next_request(struct reader *r)
{
	uv_mutex_lock(&r->lock);
	while (!r->queue && !r->stop)
		uv_cond_wait(&r->wake, &r->lock);
	struct request *q = r->queue;
	if (q) {
		r->queue = q->next;
		if (!r->queue)
			r->queue_end = &r->queue;
		if (r->stop)
			atomic_store(&q->cancelled, true);
	}
	r->current = q;
	uv_mutex_unlock(&r->lock);
	return q;
}

static void reader_main(void *arg)
{
	struct reader *r = arg;
	struct request *q;
	self_thread_step_back();
	while ((q = next_request(r)))
		run_request(r, q);
	conn_close(&r->conn);
	uv_mutex_lock(&r->lock);
	r->done = true;
	uv_mutex_unlock(&r->lock);
	uv_async_send(&r->s->async);
}

int reader_put(struct reader *r, struct request *request)
{
	if (!r->running) {
		uv_thread_options_t opt = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = READER_STACK };
		int rc = uv_thread_create_ex(&r->thread, &opt, reader_main, r);
		if (rc < 0)
			return rc;
		r->running = true;
	}
	request->next = NULL;
	uv_mutex_lock(&r->lock);
	*r->queue_end = request;
	r->queue_end = &request->next;
	uv_cond_broadcast(&r->wake);
	uv_mutex_unlock(&r->lock);
	return 0;
}

void reader_refuse(struct reader *r, struct request *request)
{
	chunk_push(r, request->final);
}

void reader_stop(struct reader *r)
{
	uv_mutex_lock(&r->lock);
	r->stop = true;
	r->done |= !r->running;
	if (r->current)
		atomic_store(&r->current->cancelled, true);
	uv_cond_broadcast(&r->wake);
	uv_mutex_unlock(&r->lock);
}

struct chunk *reader_peek(struct reader *r)
{
	uv_mutex_lock(&r->lock);
	struct chunk *c = r->ready;
	uv_mutex_unlock(&r->lock);
	return c;
}

void reader_pop(struct reader *r)
{
	uv_mutex_lock(&r->lock);
	struct chunk *c = r->ready;
	r->ready = c->next;
	if (!r->ready)
		r->ready_end = &r->ready;
	r->n_ready--;
	if (c->last && r->current == c->request)
		r->current = NULL;
	uv_cond_broadcast(&r->wake);
	uv_mutex_unlock(&r->lock);
	if (c->last) /* goes with its request */
		return;
	chunk_free(c);
}
