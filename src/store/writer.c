/* The writer thread's loop: wait, commit, account, answer, tidy. */
#include "impl.h"

#include "os/self.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int writer_init(struct writer *w, struct store *s, struct file *file)
{
	*w = (struct writer){ .s = s, .file = file, .opt = s->opt, .adopted = file->db != NULL };
	w->stats.state_text = "ok";
	w->kinds = calloc(file->n_kinds ? file->n_kinds : 1, sizeof(*w->kinds));
	if (!w->kinds)
		return -ENOMEM;
	for (size_t i = 0; i < file->n_kinds; i++) {
		w->kinds[i].last_id = file->last_id[i];
		w->kinds[i].count = -1;
	}
	int rc = checkpointer_init(&w->checkpointer, file->path);
	if (rc < 0)
		free(w->kinds);
	return rc;
}

void writer_fini(struct writer *w)
{
	checkpointer_fini(&w->checkpointer);
	free(w->kinds);
	w->kinds = NULL;
}

void writer_note_error(struct writer *w, int rc)
{
	struct err err = { 0 };
	if (w->file->db)
		db_err(w->file->db, &err, NULL);
	if (err.code == rc || !w->stats.last_error[0])
		snprintf(w->stats.last_error, sizeof(w->stats.last_error), "%.199s",
			 err.text[0] ? err.text : err_text(rc));
}

/* Looks for operations that concern the file as a whole. While another file waits for adoption everything
 * before the loop's word for it carries ids that may be taken, so the batch fails as a whole. */
static int precheck(struct writer *w, const struct batch *b)
{
	bool was_adopted = w->adopted, renew = false;
	const char *p = b->data.data, *end = p + b->data.len;
	while (p < end) {
		struct op_head head;
		head_get(p, &head);
		w->adopted |= head.op == OP_ADOPTED;
		renew |= head.op == OP_RENEW;
		if (!w->adopted && head.op == OP_CONFIGURE)
			memcpy(&w->opt, p + sizeof(head), sizeof(w->opt));
		p += head.len;
	}
	if (renew && w->file->db)
		fault_renew(w, "found by the check after the start");
	return was_adopted ? 0 : w->code ? w->code : ERR_STORE;
}

static int commit_batch(struct writer *w, const struct batch *b)
{
	int rc = precheck(w, b);
	if (rc == 0)
		rc = fault_ready(w);
	if (rc < 0)
		return rc;
	rc = writer_apply(w, b);
	if (rc == ERR_CORRUPT) { /* nothing of the batch is lost: it goes into the new file */
		writer_note_error(w, rc);
		rc = fault_renew(w, w->stats.last_error);
		rc = rc < 0 || !w->adopted ? ERR_STORE : writer_apply(w, b);
	}
	return rc;
}

static void account(struct writer *w, const struct batch *b, int rc, mono_us took_us)
{
	struct store_stats *st = &w->stats;
	if (rc < 0) {
		st->detail_dropped_fault += b->n_detail;
		st->must_lost += b->n_must;
		st->ticks_lost += b->n_ticks;
		atomic_fetch_add(&w->s->series_epoch, 1); /* it may have held the names of new series */
		return;
	}
	st->records_committed += b->n_detail + b->n_must;
	st->ticks_committed += b->n_ticks;
	st->commits++;
	st->commit_last_us = took_us;
	st->commit_max_us = took_us > st->commit_max_us ? took_us : st->commit_max_us;
	w->commit_total_us += took_us;
	st->commit_avg_us = (double)w->commit_total_us / (double)st->commits;
}

static void measure_files(struct writer *w)
{
	char wal[FILE_PATH_MAX + 8];
	struct stat st;
	w->sizes_at = uv_hrtime() + (uint64_t)NS_PER_S;
	w->stats.file_bytes = stat(w->file->path, &st) == 0 ? st.st_size : 0;
	snprintf(wal, sizeof(wal), "%s-wal", w->file->path);
	w->stats.wal_bytes = stat(wal, &st) == 0 ? st.st_size : 0;
}

static void publish(struct writer *w)
{
	if (uv_hrtime() >= w->sizes_at)
		measure_files(w);
	uv_mutex_lock(&w->s->lock);
	w->s->published = w->stats;
	uv_mutex_unlock(&w->s->lock);
}

/* MUST records that went into a failed batch before their ticket make that ticket fail too. */
static int answer_status(struct writer *w, const struct batch *b, int rc)
{
	int status = rc < 0 ? rc : w->carry;
	if (b->tickets)
		w->carry = 0;
	if (rc < 0 && b->must_open)
		w->carry = rc;
	return status;
}

static void handle_batch(struct writer *w, struct batch *b)
{
	int rc = 0;
	if (b->data.len) {
		uint64_t t0 = uv_hrtime();
		bool was_adopted = w->adopted;
		rc = commit_batch(w, b);
		account(w, b, rc, (mono_us)((uv_hrtime() - t0) / 1000));
		if (rc < 0 && was_adopted) {
			writer_note_error(w, rc);
			fault_set(w, rc);
		} else if (rc == 0) {
			fault_clear(w);
		}
	}
	if (rc == 0 &&
	    (w->opt.durability == STORE_POWER) != w->file->power) /* not possible inside a transaction */
		file_set_power(w->file, !w->file->power);
	int status = answer_status(w, b, rc);
	publish(w);
	queue_done(&w->s->queue);
	if (b->tickets)
		store_answer(w->s, b->tickets, b->tickets_last, status);
}

static void checkpoint_here(struct writer *w)
{
	sqlite3_wal_checkpoint_v2(w->file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	w->wal_pages = 0;
	checkpointer_reset(&w->checkpointer);
}

/* In a busy spell the bulk is copied beside us, in rounds that leave less and less; what little is left at last is done here,
 * because only a log that is copied to its end begins anew. */
static void checkpoint(struct writer *w, bool idle)
{
	bool full = w->wal_pages >= WRITER_WAL_MAX;
	int copied;
	if (!w->file->db || w->wal_pages < WRITER_WAL_IDLE ||
	    checkpointer_busy(&w->checkpointer, full, &copied))
		return;
	int left = w->wal_pages - copied;
	bool nearly = copied > 0 && left < WRITER_WAL_REST;
	if (idle || nearly || full)
		checkpoint_here(w);
	else if ((copied > 0 || left >= WRITER_WAL_BUSY) && !checkpointer_ask(&w->checkpointer))
		checkpoint_here(w);
}

/* When to wake without being asked. */
static uint64_t next_wake(const struct writer *w, bool more)
{
	if (w->state != STORE_OK || !w->file->db)
		return w->retry_at;
	if (more)
		return 0;
	return w->wal_pages >= WRITER_WAL_IDLE ? uv_hrtime() + WRITER_IDLE_NS : QUEUE_NEVER;
}

static void finish(struct writer *w)
{
	checkpointer_stop(&w->checkpointer);
	if (w->file->db) {
		for (size_t i = 0; i < w->file->n_kinds; i++)
			db_execf(w->file->db, "UPDATE kind SET last_id=%lld WHERE name=%Q AND last_id<%lld",
				 (long long)w->kinds[i].last_id, w->file->kinds[i]->name,
				 (long long)w->kinds[i].last_id);
	}
	writer_finalize(w);
	file_close(w->file);
	uv_mutex_lock(&w->s->lock);
	w->s->writer_done = true;
	uv_mutex_unlock(&w->s->lock);
	uv_async_send(&w->s->async);
}

static void start(struct writer *w)
{
	int rc = w->file->db ? writer_prepare(w) : ERR_STORE;
	if (rc == 0) /* puts what the start wrote on the disk, see configure() in file.c */
		sqlite3_wal_checkpoint_v2(w->file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc < 0) {
		writer_finalize(w);
		file_close(w->file);
	}
}

void writer_main(void *arg)
{
	struct writer *w = arg;
	bool stop = false, more = false;
	self_thread_step_back(); /* a commit may wait for the loop, HTTP may not wait for a commit */
	start(w);
	while (!stop) {
		bool some = queue_take(&w->s->queue, next_wake(w, more), &stop);
		if (some)
			handle_batch(w, &w->s->queue.work);
		if (w->state != STORE_OK || !w->file->db) {
			fault_probe(w);
			publish(w);
			more = false;
		} else if (!stop) {
			more = chores_slice(w);
		}
		checkpoint(w, !some && !more);
	}
	finish(w);
}
