/* One batch, one transaction: walks the operations and binds their bytes straight out of the buffer. */
#include "impl.h"

#include <errno.h>

static int prepare_kind(struct writer *w, size_t i)
{
	const struct store_kind *k = w->file->kinds[i];
	sqlite3_str *sql = sqlite3_str_new(w->file->db);
	sqlite3_str_appendf(sql, "INSERT INTO \"%w\"(id,t", k->name);
	for (size_t c = 0; c < k->n_columns; c++)
		sqlite3_str_appendf(sql, ",\"%w\"", k->columns[c].name);
	sqlite3_str_appendall(sql, ") VALUES(?,?");
	for (size_t c = 0; c < k->n_columns; c++)
		sqlite3_str_appendall(sql, ",?");
	sqlite3_str_appendall(sql, ")");
	char *text = sqlite3_str_finish(sql);
	int rc = text ? db_prepare(w->file->db, &w->kinds[i].insert, text) : -ENOMEM;
	sqlite3_free(text);
	w->kinds[i].count = -1;
	return rc;
}

static int count_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	((struct writer *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

int writer_prepare(struct writer *w)
{
	sqlite3 *db = w->file->db;
	sqlite3_wal_hook(db, count_wal, w); /* in place of the automatic checkpoint */
	w->wal_pages = 0;
	int rc = db_prepare(db, &w->begin, "BEGIN IMMEDIATE");
	if (rc == 0)
		rc = db_prepare(db, &w->commit, "COMMIT");
	if (rc == 0)
		rc = db_prepare(db, &w->rollback, "ROLLBACK");
	if (rc == 0)
		rc = db_prepare(db, &w->series,
				"INSERT OR IGNORE INTO series(id,key,type,decimals,unit) VALUES(?,?,?,?,?)");
	if (rc == 0)
		rc = db_prepare(db, &w->tick, "INSERT INTO tick(t,grp,data) VALUES(?,?,?)");
	/* The kinds' statements are made at first use: few are used by one daemon. */
	for (size_t i = 0; i < w->file->n_kinds; i++)
		w->kinds[i].count = -1;
	return rc;
}

static void finalize(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
	*st = NULL;
}

void writer_finalize(struct writer *w)
{
	finalize(&w->begin);
	finalize(&w->commit);
	finalize(&w->rollback);
	finalize(&w->series);
	finalize(&w->tick);
	for (size_t i = 0; i < w->file->n_kinds; i++) {
		finalize(&w->kinds[i].insert);
		finalize(&w->kinds[i].delete_id);
	}
}

int writer_begin(struct writer *w)
{
	for (size_t i = 0; i < w->file->n_kinds; i++)
		w->kinds[i].pending = 0;
	return db_run(w->begin);
}

int writer_end(struct writer *w, int rc)
{
	if (rc == 0)
		rc = db_run(w->commit);
	if (rc == 0) {
		for (size_t i = 0; i < w->file->n_kinds; i++)
			if (w->kinds[i].count >= 0)
				w->kinds[i].count += w->kinds[i].pending;
		return 0;
	}
	if (!sqlite3_get_autocommit(w->file->db))
		db_run(w->rollback);
	return rc;
}

static int apply_record(struct writer *w, const struct op_head *head, const char *p)
{
	struct kind_state *k = &w->kinds[head->kind];
	if (!k->insert) {
		int rc = prepare_kind(w, head->kind);
		if (rc < 0)
			return rc;
	}
	sqlite3_bind_int64(k->insert, 1, head->id);
	sqlite3_bind_int64(k->insert, 2, head->t);
	for (int i = 0; i < head->n; i++) {
		struct store_value v;
		p = value_get(p, &v);
		db_bind(k->insert, i + 3, &v);
	}
	int rc = db_run(k->insert);
	if (rc == ERR_RANGE) { /* the row's own fault: the others must not suffer */
		w->stats.detail_dropped_fault++;
		return 0;
	}
	if (rc == 0) {
		k->last_id = head->id > k->last_id ? head->id : k->last_id;
		k->pending++;
	}
	return rc;
}

static int apply_series(struct writer *w, const struct op_head *head, const char *p)
{
	struct store_value v[4]; /* key, type, decimals, unit */
	sqlite3_bind_int64(w->series, 1, head->id);
	for (int i = 0; i < 4; i++) {
		p = value_get(p, &v[i]);
		db_bind(w->series, i + 2, &v[i]);
	}
	return db_run(w->series);
}

static int apply_tick(struct writer *w, const struct op_head *head, const char *p)
{
	sqlite3_bind_int64(w->tick, 1, head->t);
	sqlite3_bind_int64(w->tick, 2, head->id);
	sqlite3_bind_blob(w->tick, 3, p, (int)(head->len - sizeof(*head)), SQLITE_STATIC);
	return db_run(w->tick);
}

/* Deleting must not make an id free again. */
int writer_remember_id(struct writer *w, size_t kind)
{
	return db_execf(w->file->db, "UPDATE kind SET last_id=%lld WHERE name=%Q AND last_id<%lld",
			(long long)w->kinds[kind].last_id, w->file->kinds[kind]->name,
			(long long)w->kinds[kind].last_id);
}

static int apply_delete(struct writer *w, const struct op_head *head, const char *p)
{
	struct kind_state *k = &w->kinds[head->kind];
	const struct store_kind *kind = w->file->kinds[head->kind];
	struct store_value v;
	sqlite3_stmt *st = NULL;
	value_get(p, &v);
	int rc = writer_remember_id(w, head->kind);
	bool by_id = head->flags == UINT8_MAX;
	if (rc == 0 && by_id && !k->delete_id)
		rc = db_preparef(w->file->db, &k->delete_id, "DELETE FROM \"%w\" WHERE id=?", kind->name);
	if (rc == 0 && !by_id)
		rc = db_preparef(w->file->db, &st, "DELETE FROM \"%w\" WHERE \"%w\"=?", kind->name,
				 kind->columns[head->flags].name);
	if (rc < 0)
		return rc;
	db_bind(by_id ? k->delete_id : st, 1, &v);
	rc = db_run(by_id ? k->delete_id : st);
	if (rc == 0)
		k->pending -= sqlite3_changes(w->file->db);
	sqlite3_finalize(st);
	return rc;
}

/* payload: n times column index and value */
static int apply_update(struct writer *w, const struct op_head *head, const char *p)
{
	const struct store_kind *kind = w->file->kinds[head->kind];
	struct store_value v[STORE_COLUMNS_MAX];
	sqlite3_str *sql = sqlite3_str_new(w->file->db);
	sqlite3_str_appendf(sql, "UPDATE \"%w\" SET ", kind->name);
	for (int i = 0; i < head->n; i++) {
		unsigned char column = (unsigned char)*p++;
		p = value_get(p, &v[i]);
		sqlite3_str_appendf(sql, "%s\"%w\"=?", i ? "," : "", kind->columns[column].name);
	}
	sqlite3_str_appendall(sql, " WHERE id=?");
	char *text = sqlite3_str_finish(sql);
	sqlite3_stmt *st = NULL;
	int rc = text ? db_prepare(w->file->db, &st, text) : -ENOMEM;
	sqlite3_free(text);
	if (rc < 0)
		return rc;
	for (int i = 0; i < head->n; i++)
		db_bind(st, i + 1, &v[i]);
	sqlite3_bind_int64(st, head->n + 1, head->id);
	rc = db_run(st);
	sqlite3_finalize(st);
	return rc;
}

static int apply_op(struct writer *w, const struct op_head *head, const char *p)
{
	switch ((enum op)head->op) {
	case OP_RECORD:
		return apply_record(w, head, p);
	case OP_SERIES:
		return apply_series(w, head, p);
	case OP_TICK:
		return apply_tick(w, head, p);
	case OP_DELETE:
		return apply_delete(w, head, p);
	case OP_UPDATE:
		return apply_update(w, head, p);
	case OP_TRIM:
		chores_trim(w, head->kind, head->t, head->id);
		return writer_remember_id(w, head->kind);
	case OP_CONFIGURE:
		memcpy(&w->opt, p, sizeof(w->opt));
		return 0;
	case OP_CHORES:
		w->chores_at = 0;
		return 0;
	case OP_ADOPTED:
	case OP_RENEW: /* both are looked at before the transaction */
		return 0;
	}
	return ERR_STORE;
}

/* The rest of a push whose beginning is in the batch belongs into the same transaction: it stands or falls as one. */
static bool extend(struct writer *w, const struct batch *b, int *times)
{
	return b->must_open && !b->tickets && w->adopted && (*times)++ < WRITER_EXTEND_TIMES &&
	       queue_extend(&w->s->queue, WRITER_EXTEND_NS);
}

int writer_apply(struct writer *w, const struct batch *b)
{
	int rc = writer_begin(w);
	if (rc < 0)
		return rc;
	size_t at = 0; /* not a pointer: extending may move the data */
	int times = 0;
	while (rc == 0 && (at < b->data.len || extend(w, b, &times))) {
		struct op_head head;
		if (at == b->data.len)
			break; /* only a ticket came */
		const char *p = b->data.data + at;
		rc = apply_op(w, &head, head_get(p, &head));
		at += head.len;
	}
	return writer_end(w, rc);
}
