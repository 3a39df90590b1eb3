/* Opening, loading at start, closing. */
#include "impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int alloc_ids(struct store *s)
{
	size_t n = s->n_kinds ? s->n_kinds : 1;
	s->next_id = malloc(n * sizeof(*s->next_id));
	s->open_id = calloc(n, sizeof(*s->open_id));
	s->adopt_id = calloc(n, sizeof(*s->adopt_id));
	if (!s->next_id || !s->open_id || !s->adopt_id)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->next_id[i] = 1;
	return 0;
}

static void take_ids(struct store *s)
{
	for (size_t i = 0; i < s->n_kinds; i++) {
		s->open_id[i] = s->file.last_id[i];
		s->next_id[i] = s->open_id[i] + 1;
	}
}

/* A disk that is full or read-only at start is no reason not to start: the writer keeps trying. */
static int open_file(struct store *s, struct err *err)
{
	struct err why = { 0 };
	int rc = file_open(&s->file, &why);
	if (rc == 0) {
		take_ids(s);
		return known_load(&s->known, s->file.db);
	}
	if (!file_may_recover(rc))
		return err_set(err, rc, why.place, "%s", why.text);
	file_say(&s->file, true, "history cannot be opened: %s; trying again each second", why.text);
	return rc;
}

static int start_writer(struct store *s, int open_rc)
{
	uv_thread_options_t opt = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = WRITER_STACK };
	int rc = writer_init(&s->writer, s, &s->file);
	if (rc < 0)
		return rc;
	if (open_rc < 0)
		fault_begin(&s->writer, open_rc);
	s->published = s->writer.stats;
	return uv_thread_create_ex(&s->writer_thread, &opt, writer_main, &s->writer);
}

static void check_in_background(struct store *s)
{
	struct request *q = s->file.check_later ? request_new(REQUEST_CHECK) : NULL;
	if (q && reader_put(&s->reader, q) < 0)
		request_free(q);
}

static int open_durable(struct store *s, struct err *err)
{
	s->file.power = s->opt.durability == STORE_POWER;
	s->file.say = store_say;
	s->file.say_arg = s;
	int open_rc = open_file(s, err);
	if (open_rc < 0 && !file_may_recover(open_rc))
		return open_rc;
	int rc = start_writer(s, open_rc);
	if (rc < 0)
		return err_set(err, rc, s->file.path, "the writer thread cannot start: %s", err_text(rc));
	check_in_background(s);
	return 0;
}

static void store_free(struct store *s)
{
	reader_fini(&s->reader);
	queue_fini(&s->queue);
	writer_fini(&s->writer);
	known_fini(&s->known);
	file_fini(&s->file);
	conn_close(&s->load);
	uv_mutex_destroy(&s->lock);
	free(s->next_id);
	free(s->open_id);
	free(s->adopt_id);
	free(s);
}

static void free_after_close(uv_handle_t *handle)
{
	store_free(handle->data);
}

static struct store *store_new(uv_loop_t *loop, const struct store_options *opt)
{
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->loop = loop;
	s->file.lock_fd = -1;
	s->answered_end = &s->answered;
	s->notes_end = &s->notes;
	store_set_options(s, opt);
	s->published.state_text = "ok";
	known_init(&s->known);
	if (uv_mutex_init(&s->lock) < 0)
		goto no_lock;
	if (queue_init(&s->queue, s->opt.queue_bytes) < 0)
		goto no_queue;
	if (reader_init(&s->reader, s) < 0)
		goto no_reader;
	if (uv_async_init(loop, &s->async, store_on_async) < 0)
		goto no_async;
	s->async.data = s;
	return s;
no_async:
	reader_fini(&s->reader);
no_reader:
	queue_fini(&s->queue);
no_queue:
	uv_mutex_destroy(&s->lock);
no_lock:
	free(s);
	return NULL;
}

int store_open(struct store **out, uv_loop_t *loop, const struct store_kind *const *kinds, size_t n_kinds,
	       const struct registry *registry, const struct store_options *opt, struct log *log,
	       const struct clock *clock, struct store_notice notice, struct err *err)
{
	*out = NULL;
	int rc = schema_validate(kinds, n_kinds, err);
	if (rc < 0)
		return rc;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
		       0); /* no process-wide counter in every malloc; refused once in use */
	struct store *s = store_new(loop, opt);
	if (!s)
		return err_set(err, -ENOMEM, "store", "out of memory");
	s->kinds = kinds;
	s->n_kinds = n_kinds;
	s->registry = registry;
	s->log = log;
	s->clock = clock;
	s->notice = notice;
	s->durable = opt->dir != NULL;
	rc = alloc_ids(s);
	if (rc == 0)
		rc = file_init(&s->file, opt->dir, kinds, n_kinds);
	if (rc < 0)
		err_set(err, rc, opt->dir, "%s", err_text(rc));
	if (rc == 0 && s->durable)
		rc = open_durable(s, err);
	if (rc < 0) {
		deliver_drop_notes(s);
		file_fini(&s->file); /* the lock is free for the next try, before the loop turns */
		uv_close((uv_handle_t *)&s->async, free_after_close);
		return rc;
	}
	uv_async_send(&s->async); /* notices, and the end of store_load's connection */
	*out = s;
	return 0;
}

int store_load(struct store *s, const struct store_query *q,
	       void (*row)(void *arg, const struct store_row *row), void *arg)
{
	int rc = query_check(q);
	if (rc < 0 || !s->durable)
		return rc;
	rc = conn_open(&s->load, s->file.path);
	sqlite3_stmt *st = NULL;
	if (rc == 0)
		rc = query_prepare(s->load.db, q, &st);
	int step = SQLITE_DONE;
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_value values[STORE_COLUMNS_MAX];
		struct store_row r;
		query_row(st, q->kind, &r, values);
		row(arg, &r);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_code(s->load.db);
	sqlite3_finalize(st);
	return rc;
}

static void report_closed(uv_handle_t *handle)
{
	struct store *s = handle->data;
	void (*cb)(void *arg) = s->close_cb;
	void *arg = s->close_arg;
	store_free(s);
	if (cb)
		cb(arg);
}

void store_close(struct store *s, void (*cb)(void *arg), void *arg)
{
	s->closing = true;
	s->close_cb = cb;
	s->close_arg = arg;
	if (s->durable) {
		queue_stop(&s->queue);
	} else {
		s->writer_done = true;
	}
	reader_stop(&s->reader);
	uv_async_send(&s->async);
}

void store_close_step(struct store *s)
{
	if (!s->closing || s->finished || s->backups_running)
		return;
	uv_mutex_lock(&s->lock);
	bool writer_done = s->writer_done && !s->answered && !s->backups;
	uv_mutex_unlock(&s->lock);
	uv_mutex_lock(&s->reader.lock);
	bool reader_done = s->reader.done && !s->reader.ready;
	uv_mutex_unlock(&s->reader.lock);
	if (!writer_done || !reader_done)
		return;
	s->finished = true;
	if (s->durable)
		uv_thread_join(&s->writer_thread);
	if (s->reader.running)
		uv_thread_join(&s->reader.thread);
	deliver_drop_notes(s);
	uv_close((uv_handle_t *)&s->async, report_closed);
}
