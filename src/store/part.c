/* Blocks and hours out of a run of series. A "sheet" is a matrix with one shared time column, NaN where
 * nothing is. */
#include "compact.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct sheet {
	wall_ms *times;
	double *values; /* [column][time] */
	struct block_column *columns;
	uint32_t n_times, n_columns;
};

static void sheet_fini(struct sheet *m)
{
	free(m->times);
	free(m->values);
	free(m->columns);
}

static int sheet_init(struct sheet *m, uint32_t n_times, size_t n_columns)
{
	*m = (struct sheet){ .n_times = n_times, .n_columns = (uint32_t)n_columns };
	m->times = malloc(n_times * sizeof(*m->times));
	m->values = malloc(n_columns * n_times * sizeof(*m->values));
	m->columns = malloc(n_columns * sizeof(*m->columns));
	if (!m->times || !m->values || !m->columns)
		return -ENOMEM;
	for (size_t i = 0; i < n_columns * n_times; i++)
		m->values[i] = NAN;
	for (size_t i = 0; i < n_columns; i++)
		m->columns[i].values = m->values + i * n_times;
	return 0;
}

/* lo, hi: least and greatest id of its series, so that questions pass over blocks without theirs. */
static int sheet_insert(const struct sheet *m, struct writer *w, enum tier tier, uint32_t lo, uint32_t hi)
{
	struct buf data;
	sqlite3_stmt *st = NULL;
	buf_init(&data);
	int rc = block_encode(m->times, m->n_times, m->columns, m->n_columns, &data);
	if (rc == 0)
		rc = db_prepare(w->file->db, &st,
				"INSERT INTO block(tier,first,last,lo,hi,data) VALUES(?,?,?,?,?,?)");
	if (rc == 0) {
		sqlite3_bind_int(st, 1, tier);
		sqlite3_bind_int64(st, 2, m->times[0]);
		sqlite3_bind_int64(st, 3, m->times[m->n_times - 1]);
		sqlite3_bind_int64(st, 4, lo);
		sqlite3_bind_int64(st, 5, hi);
		sqlite3_bind_blob64(st, 6, data.data, data.len, SQLITE_STATIC);
		rc = db_run(st);
	}
	sqlite3_finalize(st);
	buf_fini(&data);
	return rc;
}

static int series_decimals(struct writer *w, uint32_t series)
{
	int64_t decimals = -1;
	char sql[80];
	snprintf(sql, sizeof(sql), "SELECT decimals FROM series WHERE id=%u", series);
	db_int(w->file->db, sql, -1, &decimals);
	return (int)decimals;
}

static int write_raw(struct writer *w, const struct part *p)
{
	struct sheet m;
	size_t column = 0;
	int rc = sheet_init(&m, p->n_times, p->n_series);
	if (rc == 0)
		memcpy(m.times, p->times, p->n_times * sizeof(*m.times));
	for (size_t i = p->from; rc == 0 && i < p->to; column++) {
		const struct point *pt = &p->slice->points[i];
		size_t n = slice_run(p->slice, i);
		double *values = m.values + column * m.n_times;
		m.columns[column].id = pt->series;
		m.columns[column].decimals = series_decimals(w, pt->series);
		for (size_t k = 0; k < n; k++)
			values[p->single ? k : pt[k].row] = pt[k].v;
		i += n;
	}
	if (rc == 0)
		rc = sheet_insert(&m, w, TIER_RAW, m.columns[0].id, m.columns[column - 1].id);
	sheet_fini(&m);
	return rc;
}

static wall_ms floor_to(wall_ms t, wall_ms unit)
{
	wall_ms r = t % unit;
	return t - (r < 0 ? r + unit : r);
}

/* Folds points into one step for as long as they lie in the same unit of time. Returns how many it took. */
static size_t fold(const struct point *p, size_t n, wall_ms unit, struct step *s)
{
	size_t i = 0;
	*s = (struct step){ .t = floor_to(p->t, unit), .min = p->v, .max = p->v };
	for (; i < n && floor_to(p[i].t, unit) == s->t; i++) {
		s->min = p[i].v < s->min ? p[i].v : s->min;
		s->max = p[i].v > s->max ? p[i].v : s->max;
		s->sum += p[i].v;
		s->last = p[i].v;
		s->n++;
	}
	return i;
}

static uint32_t minutes_of(const struct part *p, wall_ms *out)
{
	uint32_t n = 0;
	wall_ms last = 0;
	for (uint32_t i = 0; i < p->n_times; i++) {
		wall_ms t = floor_to(p->times[i], MS_PER_MINUTE);
		if (n == 0 || t != last) {
			if (out)
				out[n] = t;
			n++;
		}
		last = t;
	}
	return n;
}

static void describe(struct sheet *m, size_t k, uint32_t series, int decimals)
{
	for (uint32_t f = 0; f < MINUTE_FIELDS; f++) {
		m->columns[k * MINUTE_FIELDS + f].id = series * MINUTE_COLUMNS + f;
		m->columns[k * MINUTE_FIELDS + f].decimals = f == MINUTE_N ? 0 : decimals;
	}
}

static void put_minute(struct sheet *m, size_t k, uint32_t at, const struct step *s)
{
	double *v = m->values + k * MINUTE_FIELDS * m->n_times + at;
	v[(size_t)MINUTE_N * m->n_times] = s->n;
	v[(size_t)MINUTE_SUM * m->n_times] = s->sum;
	v[(size_t)MINUTE_MIN * m->n_times] = s->min;
	v[(size_t)MINUTE_MAX * m->n_times] = s->max;
	v[(size_t)MINUTE_LAST * m->n_times] = s->last;
}

static void fill_minutes(struct sheet *m, size_t k, const struct point *p, size_t n)
{
	uint32_t at = 0;
	for (size_t i = 0; i < n;) {
		struct step s;
		i += fold(p + i, n - i, MS_PER_MINUTE, &s);
		while (m->times[at] != s.t)
			at++;
		put_minute(m, k, at, &s);
	}
}

static int insert_minutes(const struct sheet *m, struct writer *w)
{
	uint32_t bucket = m->columns[0].id / MINUTE_COLUMNS / MINUTE_BUCKET;
	return sheet_insert(m, w, TIER_MINUTE, bucket * MINUTE_BUCKET,
			    bucket * MINUTE_BUCKET + MINUTE_BUCKET - 1);
}

static int write_minutes(struct writer *w, const struct part *p)
{
	struct sheet m;
	size_t k = 0;
	int rc = sheet_init(&m, minutes_of(p, NULL), p->n_series * MINUTE_FIELDS);
	if (rc == 0)
		minutes_of(p, m.times);
	for (size_t i = p->from; rc == 0 && i < p->to; k++) {
		const struct point *pt = &p->slice->points[i];
		size_t n = slice_run(p->slice, i);
		describe(&m, k, pt->series, series_decimals(w, pt->series));
		fill_minutes(&m, k, pt, n);
		i += n;
	}
	if (rc == 0)
		rc = insert_minutes(&m, w);
	sheet_fini(&m);
	return rc;
}

/* Series of one bucket at a time: a question about one reads little of the others. */
static int write_minutes_apart(struct writer *w, const struct part *p)
{
	const struct point *points = p->slice->points;
	struct part few = *p;
	int rc = 0;
	for (; rc == 0 && few.from < p->to; few.from = few.to) {
		uint32_t bucket = points[few.from].series / MINUTE_BUCKET;
		few.to = few.from;
		for (few.n_series = 0; few.to < p->to && points[few.to].series / MINUTE_BUCKET == bucket;
		     few.n_series++)
			few.to += slice_run(p->slice, few.to);
		rc = write_minutes(w, &few);
	}
	return rc;
}

int part_write(struct writer *w, const struct part *p)
{
	int rc = write_raw(w, p);
	return rc < 0 ? rc : write_minutes_apart(w, p);
}

static bool any_at(const struct hour_part *h, uint32_t minute)
{
	for (uint32_t k = 0; k < MINUTE_BUCKET; k++)
		if (h->steps[k][minute].n)
			return true;
	return false;
}

static bool any_of(const struct hour_part *h, uint32_t k)
{
	for (uint32_t i = 0; i < MINUTES_PER_HOUR; i++)
		if (h->steps[k][i].n)
			return true;
	return false;
}

static void fill_hour(struct sheet *m, struct writer *w, const struct hour_part *h, const uint32_t *minutes)
{
	uint32_t column = 0;
	for (uint32_t k = 0; k < MINUTE_BUCKET; k++) {
		if (!any_of(h, k))
			continue;
		describe(m, column, h->lo + k, series_decimals(w, h->lo + k));
		for (uint32_t i = 0; i < m->n_times; i++)
			if (h->steps[k][minutes[i]].n)
				put_minute(m, column, i, &h->steps[k][minutes[i]]);
		column++;
	}
}

int part_write_hour(struct writer *w, const struct hour_part *h)
{
	struct sheet m;
	uint32_t minutes[MINUTES_PER_HOUR], n = 0, n_series = 0;
	for (uint32_t i = 0; i < MINUTES_PER_HOUR; i++)
		if (any_at(h, i))
			minutes[n++] = i;
	for (uint32_t k = 0; k < MINUTE_BUCKET; k++)
		n_series += any_of(h, k);
	if (n == 0)
		return 0;
	int rc = sheet_init(&m, n, (size_t)n_series * MINUTE_FIELDS);
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		m.times[i] = h->start + minutes[i] * MS_PER_MINUTE;
	if (rc == 0) {
		fill_hour(&m, w, h, minutes);
		rc = insert_minutes(&m, w);
	}
	sheet_fini(&m);
	return rc;
}

/* Later parts of an hour are merged into its row. */
static const char hour_sql[] = "INSERT INTO hour(series,t,n,sum,min,max,last) VALUES(?,?,?,?,?,?,?)"
			       " ON CONFLICT(series,t) DO UPDATE SET n=n+excluded.n, sum=sum+excluded.sum,"
			       " min=min(min,excluded.min), max=max(max,excluded.max), last=excluded.last";

int part_write_hours(struct writer *w, const struct part *p)
{
	sqlite3_stmt *st;
	int rc = db_prepare(w->file->db, &st, hour_sql);
	for (size_t i = p->from; rc == 0 && i < p->to;) {
		struct step s;
		const struct point *pt = &p->slice->points[i];
		i += fold(pt, slice_run(p->slice, i), MS_PER_HOUR, &s);
		sqlite3_bind_int64(st, 1, pt->series);
		sqlite3_bind_int64(st, 2, s.t);
		sqlite3_bind_int64(st, 3, s.n);
		sqlite3_bind_double(st, 4, s.sum);
		sqlite3_bind_double(st, 5, s.min);
		sqlite3_bind_double(st, 6, s.max);
		sqlite3_bind_double(st, 7, s.last);
		rc = db_run(st);
	}
	sqlite3_finalize(st);
	return rc;
}
