/* The ticks of one group, as points in order of series and time. */
#include "compact.h"

#include <errno.h>
#include <stdlib.h>

static void add_tick(struct slice *s, wall_ms t, const char *p, const char *end)
{
	while (p && p < end) {
		uint32_t series;
		p = varint_get(p, end, &series);
		if (!p || end - p < (ptrdiff_t)sizeof(double) || s->n == COMPACT_POINTS)
			break; /* a row by a foreign hand: what was read of it counts */
		struct point *pt = &s->points[s->n++];
		*pt = (struct point){ .t = t, .series = series, .row = s->n_times };
		memcpy(&pt->v, p, sizeof(double));
		p += sizeof(double);
	}
	s->times[s->n_times++] = t;
}

static int by_series_and_time(const void *a, const void *b)
{
	const struct point *x = a, *y = b;
	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* A series that stands twice in one tick counts once. */
static void drop_doubles(struct slice *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct point *last = n ? &s->points[n - 1] : NULL;
		if (last && last->series == s->points[i].series && last->row == s->points[i].row)
			*last = s->points[i];
		else
			s->points[n++] = s->points[i];
	}
	s->n = n;
}

static int slice_alloc(struct slice *s)
{
	s->points = malloc(COMPACT_POINTS * sizeof(*s->points));
	s->times = malloc(BLOCK_MAX_SAMPLES / 4 * sizeof(*s->times));
	return s->points && s->times ? 0 : -ENOMEM;
}

void slice_fini(struct slice *s)
{
	free(s->points);
	free(s->times);
	s->points = NULL;
	s->times = NULL;
}

/* A row that might not fit is left for the next slice; the very first is taken in any case. */
static bool fits(const struct slice *s, size_t bytes)
{
	return s->n_times == 0 ||
	       (s->n + bytes / (1 + sizeof(double)) <= COMPACT_POINTS && s->n_times < BLOCK_MAX_SAMPLES / 4);
}

int slice_read(struct writer *w, struct slice *s)
{
	sqlite3_stmt *st = NULL;
	int rc = slice_alloc(s);
	if (rc == 0) /* +grp: by time, then filtered; the journal is short */
		rc = db_preparef(
			w->file->db, &st,
			"SELECT id,t,data FROM tick WHERE t>=%lld AND t<%lld AND +grp=%lld ORDER BY t,id",
			(long long)s->start, (long long)s->end, (long long)s->group);
	s->last_rowid = -1;
	int step = SQLITE_DONE;
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		size_t size = (size_t)sqlite3_column_bytes(st, 2);
		wall_ms t = sqlite3_column_int64(st, 1);
		if (!fits(s, size)) {
			s->end = t; /* those of the same time are split from it by their rowid */
			s->last_rowid = sqlite3_column_int64(st, 0);
			step = SQLITE_DONE;
			break;
		}
		const char *data = sqlite3_column_blob(st, 2);
		add_tick(s, t, data, data + size);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_code(w->file->db);
	sqlite3_finalize(st);
	if (rc == 0 && s->n) {
		qsort(s->points, s->n, sizeof(*s->points), by_series_and_time);
		drop_doubles(s);
	}
	return rc;
}

/* Exactly the rows that were read: all before `end`, and of `end` itself those before the one that did not
 * fit. */
int slice_delete(struct writer *w, const struct slice *s)
{
	if (s->last_rowid >= 0) {
		int rc = db_execf(w->file->db, "DELETE FROM tick WHERE t=%lld AND +grp=%lld AND id<%lld",
				  (long long)s->end, (long long)s->group, (long long)s->last_rowid);
		if (rc < 0)
			return rc;
	}
	return db_execf(w->file->db, "DELETE FROM tick WHERE t>=%lld AND t<%lld AND +grp=%lld",
			(long long)s->start, (long long)s->end, (long long)s->group);
}

size_t slice_run(const struct slice *s, size_t from)
{
	size_t i = from;
	while (i < s->n && s->points[i].series == s->points[from].series)
		i++;
	return i - from;
}

size_t slice_series(const struct slice *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i += slice_run(s, i))
		n++;
	return n;
}
