/* What `auspex doctor` asks: reads everything, changes nothing. */
#include "file.h"

#include <stdio.h>
#include <sys/stat.h>

struct report {
	void (*say)(void *arg, bool ok, const char *sentence);
	void *arg;
	int findings;
};

__attribute__((format(printf, 3, 4))) static void tell(struct report *r, bool ok, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->findings += !ok;
	r->say(r->arg, ok, text);
}

static void look_at_integrity(struct report *r, sqlite3 *db)
{
	char finding[200];
	if (db_check(db, true, finding, sizeof(finding)))
		tell(r, true, "every page and index is sound");
	else
		tell(r, false,
		     "damaged: %s. The daemon moves the file aside at its next start; restore a backup to "
		     "keep its data",
		     finding);
}

static void look_at_version(struct report *r, sqlite3 *db)
{
	int64_t version;
	if (db_int(db, "PRAGMA user_version", 0, &version) < 0)
		tell(r, false, "the schema version cannot be read: %s", sqlite3_errmsg(db));
	else if (version > FILE_SCHEMA)
		tell(r, false, "schema %d is newer than this program's %d: use the newer program",
		     (int)version, FILE_SCHEMA);
	else if (version == 0)
		tell(r, false, "this is not a history file of ours");
	else
		tell(r, true, "schema version %d", (int)version);
}

static void count_rows(struct report *r, sqlite3 *db, const char *name)
{
	int64_t n = 0;
	char *sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\"", name);
	if (sql && db_int(db, sql, 0, &n) == 0)
		tell(r, true, "%s: %lld rows", name, (long long)n);
	else
		tell(r, false, "table %s cannot be read: %s", name, sqlite3_errmsg(db));
	sqlite3_free(sql);
}

static void look_at_tables(struct report *r, sqlite3 *db)
{
	sqlite3_stmt *st;
	static const char *const own[] = { "series", "tick", "block", "hour" };
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		count_rows(r, db, own[i]);
	if (db_prepare(db, &st, "SELECT name FROM kind ORDER BY name") < 0)
		return;
	while (sqlite3_step(st) == SQLITE_ROW)
		count_rows(r, db, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
}

static void look_at_blocks(struct report *r, sqlite3 *db)
{
	sqlite3_stmt *st;
	int64_t n = 0, bad = 0;
	if (db_prepare(db, &st, "SELECT data FROM block") < 0)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct block_info info;
		struct view data = { sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0) };
		n++;
		bad += block_check(data, &info) < 0;
	}
	sqlite3_finalize(st);
	if (bad)
		tell(r, false, "%lld of %lld blocks of samples are damaged; queries pass over them",
		     (long long)bad, (long long)n);
	else
		tell(r, true, "%lld blocks of samples are sound", (long long)n);
}

int store_doctor(const char *db_path, void (*say)(void *arg, bool ok, const char *sentence), void *arg)
{
	struct report r = { .say = say, .arg = arg };
	struct err err = { 0 };
	struct stat st;
	sqlite3 *db = NULL;
	if (stat(db_path, &st) < 0) {
		tell(&r, false, "%s: there is no history file", db_path);
		return 1;
	}
	if (db_open(db_path, SQLITE_OPEN_READONLY, DB_READ_CACHE_KIB, &db, &err) < 0) {
		tell(&r, false, "%s cannot be opened: %s", db_path, err.text);
		return 1;
	}
	tell(&r, true, "%s: %lld bytes", db_path, (long long)st.st_size);
	look_at_integrity(&r, db);
	if (r.findings == 0)
		look_at_version(&r, db);
	if (r.findings == 0) {
		look_at_tables(&r, db);
		look_at_blocks(&r, db);
	}
	sqlite3_close(db);
	return r.findings;
}
