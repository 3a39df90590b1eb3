/* What the writer does between batches, a slice of one transaction at a time so that commits go on. */
#include "impl.h"

#include <errno.h>

#define CLOCK_JUMP_NS ((int64_t)3600 * NS_PER_S)

void chores_trim(struct writer *w, size_t kind, wall_ns before, int64_t keep)
{
	struct trim *t = &w->kinds[kind].trim;
	bool both = t->active;
	t->before = both && t->before > before ? t->before : before;
	t->keep = keep >= 0 ? keep : both ? t->keep : -1;
	t->active = true;
}

static int count_rows(struct writer *w, size_t i)
{
	char *sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\"", w->file->kinds[i]->name);
	int rc = sql ? db_int(w->file->db, sql, 0, &w->kinds[i].count) : -1;
	sqlite3_free(sql);
	return rc;
}

/* Rows beyond the newest `keep`; the count is taken once and then kept up to date. */
static int64_t excess(struct writer *w, size_t i)
{
	struct kind_state *k = &w->kinds[i];
	if (k->trim.keep < 0 || (k->count < 0 && count_rows(w, i) < 0))
		return 0;
	int64_t n = k->count - k->trim.keep;
	return n > WRITER_SLICE_ROWS ? WRITER_SLICE_ROWS : n > 0 ? n : 0;
}

static int delete_rows(struct writer *w, size_t i, int64_t beyond, int *deleted)
{
	const char *name = w->file->kinds[i]->name;
	int rc = writer_begin(w), by_time = 0, by_count = 0;
	if (rc < 0)
		return rc;
	rc = writer_remember_id(w, i);
	if (rc == 0)
		rc = db_execf(w->file->db,
			      "DELETE FROM \"%w\" WHERE id IN (SELECT id FROM \"%w\" WHERE t<%lld LIMIT %d)",
			      name, name, (long long)w->kinds[i].trim.before, WRITER_SLICE_ROWS);
	if (rc == 0)
		by_time = sqlite3_changes(w->file->db);
	beyond -= by_time;
	if (rc == 0 && beyond > 0) {
		rc = db_execf(w->file->db,
			      "DELETE FROM \"%w\" WHERE id IN (SELECT id FROM \"%w\" ORDER BY id LIMIT %lld)",
			      name, name, (long long)beyond);
		by_count = rc == 0 ? sqlite3_changes(w->file->db) : 0;
	}
	*deleted = by_time + by_count;
	w->kinds[i].pending -= *deleted;
	return writer_end(w, rc);
}

/* What a chore could not do is a fault when the disk is to blame; anything else must not stop the writer. */
static bool is_more(struct writer *w, int rc)
{
	if (rc >= 0)
		return rc > 0;
	writer_note_error(w, rc);
	if (rc == ERR_CORRUPT)
		rc = fault_renew(w, w->stats.last_error);
	else if (rc != ERR_STORE && rc != -ENOSPC && rc != -EROFS)
		file_say(w->file, true, "samples could not be compacted: %s", err_text(rc));
	if (rc == ERR_STORE || rc == -ENOSPC || rc == -EROFS)
		fault_set(w, rc);
	return false;
}

/* True when a slice was full: more of it waits. */
static bool trim_slice(struct writer *w, size_t i)
{
	int deleted = 0;
	int rc = delete_rows(w, i, excess(w, i), &deleted);
	if (rc < 0)
		return is_more(w, rc);
	w->kinds[i].trim.active = deleted >= WRITER_SLICE_ROWS;
	if (deleted)
		compact_shrink(w);
	return w->kinds[i].trim.active;
}

/* A wall clock that was stepped must not expire everything: retention rests for an hour after a jump. */
static bool clock_is_steady(struct writer *w, wall_ms now)
{
	uint64_t mono = uv_hrtime();
	int64_t drift = w->last_mono ? (now - w->last_wall) * NS_PER_MS - (int64_t)(mono - w->last_mono) : 0;
	w->last_wall = now;
	w->last_mono = mono;
	if (drift > CLOCK_JUMP_NS || drift < -CLOCK_JUMP_NS)
		w->hold_until = mono + (uint64_t)CLOCK_JUMP_NS;
	return mono >= w->hold_until;
}

static void start_periodic(struct writer *w, wall_ms now)
{
	w->chores_at = uv_hrtime() + WRITER_CHORES_NS;
	w->compacting = true;
	w->expiring = clock_is_steady(w, now);
}

bool chores_slice(struct writer *w)
{
	for (size_t i = 0; i < w->file->n_kinds; i++)
		if (w->kinds[i].trim.active && trim_slice(w, i))
			return true;
	bool due = uv_hrtime() >= w->chores_at;
	if (!due && !w->compacting && !w->expiring)
		return false;
	wall_ms now = clock_wall_ms(w->s->clock);
	if (due)
		start_periodic(w, now);
	if (w->compacting)
		return (w->compacting = is_more(w, compact_slice(w, now))) || w->expiring;
	if (w->expiring)
		return w->expiring = is_more(w, compact_expire(w, now));
	return false;
}
