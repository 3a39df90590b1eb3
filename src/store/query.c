/* Queries: from the façade's words to SQL. Answers are in order of id, so that `after_id` pages through them.
 */
#include "reader.h"

#include <errno.h>

static int column_index(const struct store_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->n_columns; i++)
		if (strcmp(kind->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

int query_check(const struct store_query *q)
{
	if (!q->kind || q->n_equals > sizeof(q->equals) / sizeof(q->equals[0]) || q->limit > READER_LIMIT_MAX)
		return ERR_RANGE;
	for (size_t i = 0; i < q->n_equals; i++)
		if (strcmp(q->equals[i].column, "id") != 0 && column_index(q->kind, q->equals[i].column) < 0)
			return ERR_UNKNOWN;
	return 0;
}

static bool by_index(const struct store_query *q)
{
	for (size_t i = 0; i < q->n_equals; i++) {
		int c = column_index(q->kind, q->equals[i].column);
		if (c < 0 || q->kind->columns[c].indexed)
			return true;
	}
	return false;
}

/* True when the bounds in time leave nothing out: two looks at the ends of the index instead of walking it.
 */
static bool covers_all(sqlite3 *db, const struct store_query *q)
{
	bool all = true;
	sqlite3_stmt *st = NULL;
	if (q->since <= 0 && q->until == 0)
		return true;
	if (db_preparef(db, &st, "SELECT (SELECT min(t) FROM \"%w\"),(SELECT max(t) FROM \"%w\")",
			q->kind->name, q->kind->name) == 0 &&
	    sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
		all = sqlite3_column_int64(st, 0) >= q->since &&
		      (q->until == 0 || sqlite3_column_int64(st, 1) < q->until);
	sqlite3_finalize(st);
	return all;
}

static void append_times(sqlite3_str *sql, const struct store_query *q, const char *t)
{
	if (q->since > 0)
		sqlite3_str_appendf(sql, " AND %s>=%lld", t, (long long)q->since);
	if (q->until)
		sqlite3_str_appendf(sql, " AND %s<%lld", t, (long long)q->until);
}

static void append_after(sqlite3_str *sql, const struct store_query *q)
{
	if (q->after_id)
		sqlite3_str_appendf(sql, " AND id%s%lld", q->newest_first ? "<" : ">",
				    (long long)q->after_id);
}

/* Without bounds in time, or with equality on an indexed column, the order of id comes for free. Else the ids
 * are chosen in the index on t alone, and only the rows that are wanted are read. */
static void append_where(sqlite3_str *sql, sqlite3 *db, const struct store_query *q)
{
	const char *order = q->newest_first ? " ORDER BY id DESC" : " ORDER BY id";
	uint32_t limit = q->limit ? q->limit : READER_LIMIT;
	bool all = covers_all(db, q);
	sqlite3_str_appendall(sql, " WHERE 1");
	for (size_t i = 0; i < q->n_equals; i++)
		sqlite3_str_appendf(sql, " AND \"%w\" IS ?", q->equals[i].column);
	if (all || q->n_equals) {
		if (!all)
			append_times(sql, q, by_index(q) ? "+t" : "t");
		append_after(sql, q);
	} else {
		sqlite3_str_appendf(sql, " AND id IN (SELECT id FROM \"%w\" INDEXED BY \"%w.t\" WHERE 1",
				    q->kind->name, q->kind->name);
		append_times(sql, q, "t");
		append_after(sql, q);
		sqlite3_str_appendf(sql, "%s LIMIT %u)", order, limit);
	}
	sqlite3_str_appendf(sql, "%s LIMIT %u", order, limit);
}

int query_prepare(sqlite3 *db, const struct store_query *q, sqlite3_stmt **st)
{
	*st = NULL;
	sqlite3_str *sql = sqlite3_str_new(db);
	sqlite3_str_appendall(sql, "SELECT id,t");
	for (size_t i = 0; i < q->kind->n_columns; i++)
		sqlite3_str_appendf(sql, ",\"%w\"", q->kind->columns[i].name);
	sqlite3_str_appendf(sql, " FROM \"%w\"", q->kind->name);
	append_where(sql, db, q);
	char *text = sqlite3_str_finish(sql);
	int rc = text ? db_prepare(db, st, text) : -ENOMEM;
	sqlite3_free(text);
	for (size_t i = 0; rc == 0 && i < q->n_equals; i++)
		db_bind(*st, (int)i + 1, &q->equals[i].value);
	return rc;
}

/* SQLite converts: what a foreign hand wrote with another type still comes out as the column promises. */
static void read_value(sqlite3_stmt *st, int i, enum store_type want, struct store_value *v)
{
	*v = (struct store_value){ .type = want, .null = sqlite3_column_type(st, i) == SQLITE_NULL };
	if (v->null)
		return;
	if (want == STORE_INT) {
		v->i = sqlite3_column_int64(st, i);
	} else if (want == STORE_REAL) {
		v->d = sqlite3_column_double(st, i);
	} else {
		const void *data = want == STORE_TEXT ? (const void *)sqlite3_column_text(st, i)
						      : sqlite3_column_blob(st, i);
		v->v = (struct view){ data ? data : "", (size_t)sqlite3_column_bytes(st, i) };
	}
}

void query_row(sqlite3_stmt *st, const struct store_kind *kind, struct store_row *row,
	       struct store_value *values)
{
	for (size_t i = 0; i < kind->n_columns; i++)
		read_value(st, (int)i + 2, kind->columns[i].type, &values[i]);
	*row = (struct store_row){ .id = sqlite3_column_int64(st, 0),
				   .t = sqlite3_column_int64(st, 1),
				   .values = values,
				   .n = kind->n_columns };
}
