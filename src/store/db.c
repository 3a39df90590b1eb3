#include "db.h"

#include <errno.h>
#include <stdio.h>

#define LOOKASIDE_SLOT  512
#define LOOKASIDE_SLOTS 40

int db_open(const char *path, int flags, int cache_kib, sqlite3 **out, struct err *err)
{
	*out = NULL;
	sqlite3 *db = NULL;
	if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		int rc = db ? db_err(db, err, path) : err_set(err, -ENOMEM, path, "out of memory");
		sqlite3_close(db);
		return rc;
	}
	sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_SLOT, LOOKASIDE_SLOTS);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, DB_BUSY_MS);
	int rc = db_execf(db, "PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY",
			  cache_kib);
	if (rc < 0) {
		db_err(db, err, path);
		sqlite3_close(db);
		return rc;
	}
	*out = db;
	return 0;
}

int db_exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_code(db);
}

int db_execf(sqlite3 *db, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	if (!sql)
		return -ENOMEM;
	int rc = db_exec(db, sql);
	sqlite3_free(sql);
	return rc;
}

int db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK
		       ? 0
		       : db_code(db);
}

int db_preparef(sqlite3 *db, sqlite3_stmt **out, const char *fmt, ...)
{
	*out = NULL;
	va_list ap;
	va_start(ap, fmt);
	char *sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	if (!sql)
		return -ENOMEM;
	int rc = db_prepare(db, out, sql);
	sqlite3_free(sql);
	return rc;
}

int db_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	sqlite3_stmt *st;
	int rc = db_prepare(db, &st, sql);
	if (rc < 0)
		return rc;
	int step = sqlite3_step(st);
	if (step == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(st, 0);
	else if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = db_code(db);
	sqlite3_finalize(st);
	return rc;
}

/* The bytes are borrowed: they stay where they are until the statement is reset. */
void db_bind(sqlite3_stmt *st, int i, const struct store_value *v)
{
	if (v->null)
		sqlite3_bind_null(st, i);
	else if (v->type == STORE_INT)
		sqlite3_bind_int64(st, i, v->i);
	else if (v->type == STORE_REAL)
		sqlite3_bind_double(st, i, v->d);
	else if (v->type == STORE_TEXT)
		sqlite3_bind_text(st, i, v->v.len ? v->v.data : "", (int)v->v.len, SQLITE_STATIC);
	else
		sqlite3_bind_blob(st, i, v->v.len ? v->v.data : "", (int)v->v.len, SQLITE_STATIC);
}

int db_run(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	int code = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : db_code(sqlite3_db_handle(st));
	sqlite3_reset(st);
	return code;
}

static int code_of_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -ENOSPC;
	case EROFS:
	case EACCES:
	case EPERM:
		return -EROFS;
	}
	return ERR_STORE;
}

int db_code(sqlite3 *db)
{
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_STORE; /* asked after a failure that left no code */
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_CONSTRAINT:
	case SQLITE_TOOBIG:
	case SQLITE_MISMATCH:
		return ERR_RANGE;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return code_of_errno(sqlite3_system_errno(db));
	}
	return ERR_STORE;
}

int db_err(sqlite3 *db, struct err *err, const char *place)
{
	int code = db_code(db);
	int e = sqlite3_system_errno(db);
	bool io = (sqlite3_errcode(db) & 0xff) == SQLITE_IOERR ||
		  (sqlite3_errcode(db) & 0xff) == SQLITE_CANTOPEN;
	if (io && e)
		return err_set(err, code, place, "%s (%s)", sqlite3_errmsg(db), strerrordesc_np(e));
	return err_set(err, code, place, "%s", sqlite3_errmsg(db));
}

bool db_check(sqlite3 *db, bool thorough, char *finding, size_t size)
{
	sqlite3_stmt *st;
	const char *sql = thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
	bool sound = false;
	snprintf(finding, size, "%s", "the check could not run");
	if (db_prepare(db, &st, sql) == 0 && sqlite3_step(st) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		sound = text && strcmp(text, "ok") == 0;
		snprintf(finding, size, "%s", text ? text : "no answer");
	} else {
		snprintf(finding, size, "%s", sqlite3_errmsg(db));
	}
	sqlite3_finalize(st);
	return sound;
}
