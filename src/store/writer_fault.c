/* What the writer does when the disk says no: states, probes, reopening. */
#include "impl.h"

#include <errno.h>
#include <stdio.h>

#define PROBE_BYTES 16384

static const char *state_text(enum store_state state)
{
	static const char *const texts[] = { "ok", "memory only", "disk full", "read-only", "I/O error" };
	return texts[state];
}

static void set_state(struct writer *w, enum store_state state, int code)
{
	w->state = w->stats.state = state;
	w->stats.state_text = state_text(state);
	w->code = code;
}

void fault_set(struct writer *w, int code)
{
	enum store_state state = code == -ENOSPC  ? STORE_DISK_FULL
				 : code == -EROFS ? STORE_READ_ONLY
						  : STORE_IO_ERROR;
	bool fresh = state != w->state;
	set_state(w, state, code);
	w->retry_at = uv_hrtime() + WRITER_RETRY_NS;
	if (fresh)
		file_say(w->file, true, "history cannot be written (%s): %s; trying again each second",
			 state_text(state), w->stats.last_error);
}

void fault_begin(struct writer *w, int code)
{
	snprintf(w->stats.last_error, sizeof(w->stats.last_error), "%s", err_text(code));
	set_state(w,
		  code == -ENOSPC  ? STORE_DISK_FULL
		  : code == -EROFS ? STORE_READ_ONLY
				   : STORE_IO_ERROR,
		  code);
	w->retry_at = uv_hrtime() + WRITER_RETRY_NS;
}

void fault_clear(struct writer *w)
{
	if (w->state == STORE_OK)
		return;
	file_say(w->file, false, "history is being written again (it was: %s)", state_text(w->state));
	set_state(w, STORE_OK, 0);
}

static void keep_error(struct writer *w, const struct err *err)
{
	snprintf(w->stats.last_error, sizeof(w->stats.last_error), "%.199s", err->text);
}

/* A file whose ids or series the loop does not know: it must look before anything is written. */
static bool needs_adoption(struct writer *w)
{
	int64_t series = 0;
	for (size_t i = 0; i < w->file->n_kinds; i++)
		if (w->file->last_id[i] > w->kinds[i].last_id)
			return true;
	return db_int(w->file->db, "SELECT count(*) FROM series", 0, &series) < 0 || series > 0;
}

static void ask_for_adoption(struct writer *w)
{
	w->adopted = false;
	uv_mutex_lock(&w->s->lock);
	w->s->adopt = true;
	memcpy(w->s->adopt_id, w->file->last_id, w->file->n_kinds * sizeof(*w->s->adopt_id));
	uv_mutex_unlock(&w->s->lock);
	uv_async_send(&w->s->async);
}

/* Opens (again), at most once a second. */
static int reopen(struct writer *w)
{
	struct err err = { 0 };
	writer_finalize(w);
	file_close(w->file);
	int rc = file_open(w->file, &err);
	if (rc == 0)
		rc = writer_prepare(w);
	if (rc < 0) {
		keep_error(w, &err);
		writer_finalize(w);
		file_close(w->file);
		w->retry_at = uv_hrtime() + WRITER_RETRY_NS;
		return rc;
	}
	atomic_fetch_add(&w->s->series_epoch, 1);
	w->adopted = true;
	if (needs_adoption(w))
		ask_for_adoption(w);
	return 0;
}

int fault_ready(struct writer *w)
{
	if (w->file->db && file_present(w->file))
		return w->adopted ? 0 : w->code ? w->code : ERR_STORE;
	if (!w->file->db && uv_hrtime() < w->retry_at)
		return w->code ? w->code : ERR_STORE;
	if (w->file->db)
		file_say(w->file, true, "the history file %s was removed while in use; a new one is begun",
			 w->file->path);
	int rc = reopen(w);
	return rc < 0 ? rc : w->adopted ? 0 : ERR_STORE;
}

int fault_renew(struct writer *w, const char *why)
{
	writer_finalize(w);
	int rc = file_set_aside(w->file, why);
	return rc < 0 ? rc : reopen(w);
}

/* Two transactions: pages that are freed in the one that made them would never be written. */
static int write_probe(struct writer *w)
{
	if (w->state == STORE_DISK_FULL)
		sqlite3_wal_checkpoint_v2(w->file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	int rc = db_execf(w->file->db, "REPLACE INTO probe VALUES(1, zeroblob(%d))", PROBE_BYTES);
	return rc < 0 ? rc : db_exec(w->file->db, "DELETE FROM probe");
}

void fault_probe(struct writer *w)
{
	if (uv_hrtime() < w->retry_at)
		return;
	int rc = fault_ready(w);
	if (w->file->db &&
	    !w->adopted) { /* the loop will tell; should its first look have failed, it looks again */
		ask_for_adoption(w);
		w->retry_at = uv_hrtime() + WRITER_RETRY_NS;
		return;
	}
	if (rc == 0 && (rc = write_probe(w)) < 0) {
		struct err err;
		db_err(w->file->db, &err, NULL);
		keep_error(w, &err);
	}
	if (rc == 0)
		fault_clear(w);
	else
		fault_set(w, rc);
}
