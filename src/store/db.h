/* Small helpers over SQLite: opening with our settings, running text, turning its codes into ours. One connection per
 * thread, none is shared. Messages: db_err fills `err` with SQLite's own sentence. */
#ifndef AUSPEX_STORE_DB_H
#define AUSPEX_STORE_DB_H

#include "store/store.h"

#include <sqlite3.h>

#define DB_PAGE_SIZE      4096
#define DB_HEADER_SIZE    100 /* at the beginning of every SQLite database */
#define DB_CACHE_KIB      512 /* page cache of the writer: a few hot leaves per table */
#define DB_READ_CACHE_KIB 256
#define DB_BUSY_MS        2000 /* for a foreign program that holds the file */

/* Opens with our limits (cache, lookaside, no mmap). *out is NULL on failure. */
int db_open(const char *path, int flags, int cache_kib, sqlite3 **out, struct err *err);
/* Runs statements; printf-like with SQLite's own %Q and %w. */
int db_exec(sqlite3 *db, const char *sql);
int db_execf(sqlite3 *db, const char *fmt, ...);
/* First column of the first row; `otherwise` when there is none. */
int db_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out);
int db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql);
int db_preparef(sqlite3 *db, sqlite3_stmt **out, const char *fmt, ...);
void db_bind(sqlite3_stmt *st, int i, const struct store_value *v);
/* Steps a statement that returns no rows, and resets it. 0 or a code. */
int db_run(sqlite3_stmt *st);
/* Our code for the connection's last failure: -ENOSPC, -EROFS, -ENOMEM, ERR_CORRUPT, ERR_STORE. */
int db_code(sqlite3 *db);
int db_err(sqlite3 *db, struct err *err, const char *place);
/* "ok" or the first finding, in `finding`. True when sound. */
bool db_check(sqlite3 *db, bool thorough, char *finding, size_t size);

#endif
