/* Folding stored samples into steps: hours where nothing finer is left, then minutes, then raw blocks, then
 * the journal. */
#include "compact.h"
#include "reader.h"

#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Which tier answers for which time. Tiers begin at whole hours (see retention), so nothing is counted twice.
 */
struct reach {
	wall_ms minutes_from, raw_from;
};

static wall_ms floor_hour(int64_t t)
{
	return t == INT64_MAX ? t : t - t % MS_PER_HOUR;
}

/* Steps of whole minutes get the same answer from minutes, which are sixty times fewer. */
static bool is_aligned(const struct store_steps *q)
{
	return q->start % MS_PER_MINUTE == 0 && q->step_ms % MS_PER_MINUTE == 0;
}

/* min(last) stands at the front of the index; no block crosses an hour, so its beginning lies in the same one. */
static int find_reach(sqlite3 *db, const struct store_steps *q, struct reach *r)
{
	int64_t raw, minutes;
	int rc = db_int(db, "SELECT min(last) FROM block WHERE tier=0", INT64_MAX, &raw);
	if (rc == 0)
		rc = db_int(db, "SELECT min(last) FROM block WHERE tier=1", INT64_MAX, &minutes);
	if (rc < 0)
		return rc;
	r->raw_from = is_aligned(q) && minutes != INT64_MAX ? INT64_MAX : floor_hour(raw);
	r->minutes_from = floor_hour(minutes);
	return 0;
}

static void put(struct store_steps *q, wall_ms t, double v)
{
	steps_add(q->steps, q->n, q->start, q->step_ms, t, v);
}

static int read_raw(struct view block, const struct block_info *info, uint32_t series, struct store_steps *q,
		    wall_ms from)
{
	wall_ms *times = malloc(info->n * sizeof(*times));
	double *values = malloc(info->n * sizeof(*values));
	int rc = times && values ? block_values(block, series, values) : -ENOMEM;
	if (rc == 0)
		rc = block_times(block, times);
	for (uint32_t i = 0; rc == 0 && i < info->n; i++)
		if (times[i] >= from && !isnan(values[i]))
			put(q, times[i], values[i]);
	free(times);
	free(values);
	return rc == ERR_MISSING ? 0 : rc;
}

static int read_minutes(struct view block, const struct block_info *info, uint32_t series,
			struct store_steps *q, wall_ms before)
{
	uint32_t n = info->n;
	wall_ms *times = malloc(n * sizeof(*times));
	double *v = malloc((size_t)n * MINUTE_FIELDS * sizeof(*v));
	int rc = times && v ? block_values_run(block, series * MINUTE_COLUMNS, MINUTE_FIELDS, v) : -ENOMEM;
	if (rc == 0)
		rc = block_times(block, times);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		if (times[i] >= before || isnan(v[i]))
			continue;
		struct step s = { .t = times[i],
				  .n = (uint32_t)v[i],
				  .sum = v[MINUTE_SUM * n + i],
				  .min = v[MINUTE_MIN * n + i],
				  .max = v[MINUTE_MAX * n + i],
				  .last = v[MINUTE_LAST * n + i] };
		steps_merge(q->steps, q->n, q->start, q->step_ms, &s);
	}
	free(times);
	free(v);
	return rc == ERR_MISSING ? 0 : rc;
}

/* A block that is damaged is passed over: the others still answer. schema_1: with those that do not tell whose they are. */
static int read_blocks(sqlite3 *db, enum tier tier, bool schema_1, uint32_t series, struct store_steps *q,
		       wall_ms from, wall_ms to)
{
	sqlite3_stmt *st;
	int step = SQLITE_DONE;
	int rc =
		db_preparef(db, &st,
			    "SELECT data FROM block WHERE tier=%d AND last>=%lld AND last<%lld AND first<%lld"
			    " AND (lo<=%u AND hi>=%u OR lo IS NULL AND %d) ORDER BY last",
			    tier, (long long)from, (long long)sat_add_i64(to, MS_PER_HOUR), (long long)to,
			    series, series, schema_1);
	while (rc == 0 && (step = sqlite3_step(st)) == SQLITE_ROW) {
		struct view block = { sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0) };
		struct block_info info;
		if (block_check_sum(block, &info) < 0)
			continue;
		rc = tier == TIER_RAW ? read_raw(block, &info, series, q, from)
				      : read_minutes(block, &info, series, q, to);
		rc = rc == ERR_CORRUPT ? 0 : rc;
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = db_code(db);
	sqlite3_finalize(st);
	return rc;
}

int steps_read_minutes(sqlite3 *db, uint32_t series, struct store_steps *q, wall_ms from, wall_ms to)
{
	return read_blocks(db, TIER_MINUTE, false, series, q, from, to);
}

static int read_hours(sqlite3 *db, uint32_t series, struct store_steps *q, wall_ms from, wall_ms to)
{
	sqlite3_stmt *st;
	int rc = db_preparef(
		db, &st,
		"SELECT t,n,sum,min,max,last FROM hour WHERE series=%u AND t>=%lld AND t<%lld ORDER BY t",
		series, (long long)from, (long long)to);
	while (rc == 0 && sqlite3_step(st) == SQLITE_ROW) {
		struct step s = { .t = sqlite3_column_int64(st, 0),
				  .n = (uint32_t)sqlite3_column_int64(st, 1) };
		s.sum = sqlite3_column_double(st, 2);
		s.min = sqlite3_column_double(st, 3);
		s.max = sqlite3_column_double(st, 4);
		s.last = sqlite3_column_double(st, 5);
		steps_merge(q->steps, q->n, q->start, q->step_ms, &s);
	}
	sqlite3_finalize(st);
	return rc;
}

static void read_tick(const char *p, const char *end, wall_ms t, uint32_t series, struct store_steps *q)
{
	while (p && p < end) {
		uint32_t id;
		double v;
		p = varint_get(p, end, &id);
		if (!p || end - p < (ptrdiff_t)sizeof(v))
			return;
		memcpy(&v, p, sizeof(v));
		p += sizeof(v);
		if (id == series)
			put(q, t, v);
	}
}

static int read_journal(sqlite3 *db, uint32_t series, struct store_steps *q, wall_ms from, wall_ms to)
{
	sqlite3_stmt *st;
	int rc = db_preparef(db, &st, "SELECT t,data FROM tick WHERE t>=%lld AND t<%lld ORDER BY t,id",
			     (long long)from, (long long)to);
	while (rc == 0 && sqlite3_step(st) == SQLITE_ROW) {
		const char *data = sqlite3_column_blob(st, 1);
		read_tick(data, data + sqlite3_column_bytes(st, 1), sqlite3_column_int64(st, 0), series, q);
	}
	sqlite3_finalize(st);
	return rc;
}

static wall_ms later(wall_ms a, wall_ms b)
{
	return a > b ? a : b;
}
static wall_ms earlier(wall_ms a, wall_ms b)
{
	return a < b ? a : b;
}

/* One transaction: compaction must not move samples from one table to the next between two looks. */
int steps_read(sqlite3 *db, uint32_t series, struct store_steps *q)
{
	struct reach r = { 0 };
	wall_ms start = q->start, end = sat_add_i64(q->start, (wall_ms)q->n * q->step_ms);
	int rc = db_exec(db, "BEGIN");
	if (rc < 0)
		return rc;
	rc = find_reach(db, q, &r);
	if (rc == 0)
		rc = read_hours(db, series, q, start, earlier(end, earlier(r.minutes_from, r.raw_from)));
	if (rc == 0)
		rc = read_blocks(db, TIER_MINUTE, true, series, q, start, earlier(end, r.raw_from));
	if (rc == 0)
		rc = read_blocks(db, TIER_RAW, true, series, q, later(start, r.raw_from), end);
	if (rc == 0)
		rc = read_journal(db, series, q, start, end);
	db_exec(db, "COMMIT");
	return rc;
}
