/* Blocks of minutes come in short pieces, as the journal is folded; an hour of them becomes one block per bucket of series. */
#include "compact.h"
#include "reader.h"

#include <errno.h>
#include <stdlib.h>

/* Hours further back stay as they are; the look each minute must not grow with the history. */
#define MERGE_LOOK_BACK_MS (25 * MS_PER_HOUR)

/* An hour and a bucket with more than one block: 1, 0 when there is none. */
static int find_pieces(struct writer *w, wall_ms now, struct hour_part *h)
{
	sqlite3_stmt *st;
	wall_ms end = now - COMPACT_GRACE_MS;
	end -= end % MS_PER_HOUR;
	int rc = db_preparef(
		w->file->db, &st,
		"SELECT last-last%%%lld AS hour,lo FROM block WHERE tier=%d AND last>=%lld AND last<%lld"
		" AND lo BETWEEN 0 AND %u AND lo%%%d=0 GROUP BY hour,lo HAVING count(*)>1 LIMIT 1",
		(long long)MS_PER_HOUR, TIER_MINUTE, (long long)(end - MERGE_LOOK_BACK_MS), (long long)end,
		SERIES_ID_MAX - MINUTE_BUCKET, MINUTE_BUCKET);
	if (rc < 0)
		return rc;
	int step = sqlite3_step(st);
	if (step == SQLITE_ROW) {
		h->start = sqlite3_column_int64(st, 0);
		h->lo = (uint32_t)sqlite3_column_int64(st, 1);
	}
	rc = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : db_code(w->file->db);
	sqlite3_finalize(st);
	return rc;
}

static int read_pieces(struct writer *w, struct hour_part *h)
{
	int rc = 0;
	for (uint32_t k = 0; rc == 0 && k < MINUTE_BUCKET; k++) {
		struct store_steps q = { .start = h->start,
					 .step_ms = MS_PER_MINUTE,
					 .steps = h->steps[k],
					 .n = MINUTES_PER_HOUR };
		rc = steps_read_minutes(w->file->db, h->lo + k, &q, h->start, h->start + MS_PER_HOUR);
	}
	return rc;
}

/* What is damaged is lost with the pieces: told, for nothing else would remember it. */
static int tell_damage(struct writer *w, const struct hour_part *h)
{
	sqlite3_stmt *st;
	int step = SQLITE_DONE, bad = 0;
	int rc = db_preparef(w->file->db, &st,
			     "SELECT data FROM block WHERE tier=%d AND last>=%lld AND last<%lld AND lo=%u",
			     TIER_MINUTE, (long long)h->start, (long long)(h->start + MS_PER_HOUR), h->lo);
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		struct view block = { sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0) };
		struct block_info info;
		bad += block_check_sum(block, &info) < 0;
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_code(w->file->db);
	sqlite3_finalize(st);
	if (rc == 0 && bad)
		file_say(w->file, true,
			 "%d damaged blocks with minutes of up to %d series were left out of the history",
			 bad, MINUTE_BUCKET);
	return rc;
}

static int delete_pieces(struct writer *w, const struct hour_part *h)
{
	return db_execf(w->file->db, "DELETE FROM block WHERE tier=%d AND last>=%lld AND last<%lld AND lo=%u",
			TIER_MINUTE, (long long)h->start, (long long)(h->start + MS_PER_HOUR), h->lo);
}

static int merge(struct writer *w, struct hour_part *h)
{
	int rc = writer_begin(w);
	if (rc < 0)
		return rc;
	rc = read_pieces(w, h);
	if (rc == 0)
		rc = tell_damage(w, h);
	if (rc == 0)
		rc = delete_pieces(w, h);
	if (rc == 0)
		rc = part_write_hour(w, h);
	return writer_end(w, rc);
}

int merge_slice(struct writer *w, wall_ms now)
{
	struct hour_part *h = calloc(1, sizeof(*h));
	int rc = h ? find_pieces(w, now, h) : -ENOMEM;
	if (rc > 0) {
		rc = merge(w, h);
		rc = rc < 0 ? rc : 1;
	}
	free(h);
	return rc;
}
