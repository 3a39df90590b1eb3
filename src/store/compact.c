#include "compact.h"

#include "impl.h"

#include <errno.h>
#include <stdlib.h>

static wall_ms span_start(wall_ms t)
{
	wall_ms r = t % COMPACT_SPAN_MS;
	return t - (r < 0 ? r + COMPACT_SPAN_MS : r);
}

static int remember_times(struct writer *w, const struct slice *s)
{
	sqlite3_stmt *st;
	int rc = db_prepare(w->file->db, &st, "UPDATE series SET last_t=max(last_t,?) WHERE id=?");
	for (size_t i = 0; rc == 0 && i < s->n;) {
		size_t n = slice_run(s, i);
		sqlite3_bind_int64(st, 1, s->points[i + n - 1].t);
		sqlite3_bind_int64(st, 2, s->points[i].series);
		rc = db_run(st);
		i += n;
	}
	sqlite3_finalize(st);
	return rc;
}

static int write_shared(struct writer *w, const struct slice *s, size_t n_series)
{
	struct part p = {
		.slice = s, .to = s->n, .times = s->times, .n_times = s->n_times, .n_series = n_series
	};
	int rc = part_write(w, &p);
	return rc < 0 ? rc : part_write_hours(w, &p);
}

static int write_single(struct writer *w, const struct slice *s, size_t from, size_t n)
{
	wall_ms *times = malloc(n * sizeof(*times));
	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		times[i] = s->points[from + i].t;
	struct part p = { .slice = s, .from = from, .to = from + n, .times = times, .n_times = (uint32_t)n };
	p.n_series = 1;
	p.single = true;
	int rc = part_write(w, &p);
	if (rc == 0)
		rc = part_write_hours(w, &p);
	free(times);
	return rc;
}

static int write_slice(struct writer *w, const struct slice *s)
{
	size_t n_series = slice_series(s);
	int rc = 0;
	if (s->n == 0)
		return 0;
	if (n_series * s->n_times <= 2 * s->n) /* at least half full */
		return write_shared(w, s, n_series);
	for (size_t i = 0; rc == 0 && i < s->n;) {
		size_t n = slice_run(s, i);
		rc = write_single(w, s, i, n);
		i += n;
	}
	return rc;
}

/* One group of one span, in one transaction. */
static int fold_group(struct writer *w, struct slice *s)
{
	int rc = writer_begin(w);
	if (rc < 0)
		return rc;
	rc = slice_read(w, s);
	if (rc == 0)
		rc = write_slice(w, s);
	if (rc == 0)
		rc = remember_times(w, s);
	if (rc == 0)
		rc = slice_delete(w, s);
	return writer_end(w, rc);
}

/* Oldest tick that may be folded: of a span that is over, or any when the journal has grown out of bounds. */
static int find_oldest(struct writer *w, wall_ms now, struct slice *s)
{
	sqlite3_stmt *st;
	int found = 0;
	int rc = db_prepare(w->file->db, &st, "SELECT t,grp FROM tick ORDER BY t LIMIT 1");
	if (rc < 0)
		return rc;
	if (sqlite3_step(st) == SQLITE_ROW) {
		s->start = span_start(sqlite3_column_int64(st, 0));
		s->end = s->start + COMPACT_SPAN_MS;
		s->group = sqlite3_column_int64(st, 1);
		found = s->end + COMPACT_GRACE_MS <= now;
	}
	sqlite3_finalize(st);
	int64_t rows = 0;
	if (!found && s->end && (rc = db_int(w->file->db, "SELECT max(id)-min(id) FROM tick", 0, &rows)) == 0)
		found = rows > COMPACT_BACKLOG;
	return rc < 0 ? rc : found;
}

int compact_slice(struct writer *w, wall_ms now)
{
	struct slice s = { 0 };
	int rc = find_oldest(w, now, &s);
	if (rc <= 0)
		return rc < 0 ? rc : merge_slice(w, now);
	rc = fold_group(w, &s);
	slice_fini(&s);
	if (rc < 0)
		return rc;
	compact_shrink(w);
	return 1;
}

void compact_shrink(struct writer *w)
{
	db_exec(w->file->db, "PRAGMA incremental_vacuum(1000)");
}

/* --- retention ------------------------------------------------------------------------------- */

/* Whole hours leave, so that a tier always begins at one. */
static wall_ms cutoff(wall_ms now, int64_t keep_ns)
{
	wall_ms t = now - keep_ns / NS_PER_MS;
	return t - t % MS_PER_HOUR;
}

static int delete_slice(struct writer *w, const char *sql)
{
	int rc = writer_begin(w);
	if (rc < 0)
		return rc;
	rc = db_exec(w->file->db, sql);
	int n = rc == 0 ? sqlite3_changes(w->file->db) : 0;
	rc = writer_end(w, rc);
	return rc < 0 ? rc : n;
}

static int expire_blocks(struct writer *w, enum tier tier, wall_ms before)
{
	char sql[200];
	snprintf(sql, sizeof(sql),
		 "DELETE FROM block WHERE id IN (SELECT id FROM block WHERE tier=%d AND last<%lld LIMIT %d)",
		 tier, (long long)before, WRITER_SLICE_ROWS / 20);
	return delete_slice(w, sql);
}

static int expire_hours(struct writer *w, wall_ms before)
{
	char sql[200];
	snprintf(sql, sizeof(sql),
		 "DELETE FROM hour WHERE (series,t) IN (SELECT series,t FROM hour WHERE t<%lld LIMIT %d)",
		 (long long)before, WRITER_SLICE_ROWS);
	return delete_slice(w, sql);
}

static int64_t used_bytes(struct writer *w)
{
	int64_t pages = 0, free_pages = 0;
	db_int(w->file->db, "PRAGMA page_count", 0, &pages);
	db_int(w->file->db, "PRAGMA freelist_count", 0, &free_pages);
	return (pages - free_pages) * DB_PAGE_SIZE;
}

/* The kind whose oldest record is the oldest of all that may leave; -1 when there are none. */
static int oldest_kind(struct writer *w)
{
	int oldest = -1;
	int64_t best = INT64_MAX;
	for (size_t i = 0; i < w->file->n_kinds; i++) {
		int64_t t = INT64_MAX;
		if (w->file->kinds[i]->kept)
			continue;
		char *sql = sqlite3_mprintf("SELECT min(t) FROM \"%w\"", w->file->kinds[i]->name);
		if (sql)
			db_int(w->file->db, sql, INT64_MAX, &t);
		sqlite3_free(sql);
		if (t < best) {
			best = t;
			oldest = (int)i;
		}
	}
	return oldest;
}

static int drop_oldest_records(struct writer *w)
{
	int k = oldest_kind(w);
	if (k < 0)
		return 0;
	const char *name = w->file->kinds[k]->name;
	int rc = writer_remember_id(w, (size_t)k);
	if (rc < 0)
		return rc;
	char *sql =
		sqlite3_mprintf("DELETE FROM \"%w\" WHERE id IN (SELECT id FROM \"%w\" ORDER BY t LIMIT %d)",
				name, name, WRITER_SLICE_ROWS);
	rc = sql ? delete_slice(w, sql) : -ENOMEM;
	sqlite3_free(sql);
	if (rc > 0 && w->kinds[k].count >= 0)
		w->kinds[k].count -= rc;
	return rc;
}

int compact_bound(struct writer *w)
{
	static const char *const oldest_first[] = {
		"DELETE FROM block WHERE id IN (SELECT id FROM block WHERE tier=0 ORDER BY last LIMIT 50)",
		"DELETE FROM block WHERE id IN (SELECT id FROM block WHERE tier=1 ORDER BY last LIMIT 50)",
		"DELETE FROM hour WHERE (series,t) IN (SELECT series,t FROM hour ORDER BY t LIMIT 2000)",
	};
	if (w->opt.max_bytes <= 0 || used_bytes(w) <= w->opt.max_bytes)
		return 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(oldest_first) / sizeof(oldest_first[0]); i++)
		rc = delete_slice(w, oldest_first[i]);
	if (rc == 0)
		rc = drop_oldest_records(w);
	if (rc > 0)
		compact_shrink(w);
	return rc;
}

int compact_expire(struct writer *w, wall_ms now)
{
	int rc = 0;
	if (w->opt.sample_raw_ns > 0)
		rc = expire_blocks(w, TIER_RAW, cutoff(now, w->opt.sample_raw_ns));
	if (rc == 0 && w->opt.sample_minute_ns > 0)
		rc = expire_blocks(w, TIER_MINUTE, cutoff(now, w->opt.sample_minute_ns));
	if (rc == 0 && w->opt.sample_hour_ns > 0)
		rc = expire_hours(w, cutoff(now, w->opt.sample_hour_ns));
	if (rc == 0)
		rc = compact_bound(w);
	else if (rc > 0)
		compact_shrink(w);
	return rc;
}
