/* Tables: the store's own, then one per kind. Versions only go up; a file of a newer program is refused, not
 * guessed at. */
#include "file.h"

#include "codec.h"

#include <errno.h>
#include <stdio.h>

static const char own_tables[] =
	"CREATE TABLE IF NOT EXISTS kind(name TEXT PRIMARY KEY, version INTEGER NOT NULL, last_id INTEGER "
	"NOT NULL)"
	" WITHOUT ROWID;"
	/* t, first, last in Unix ms; type 0 gauge, 1 counter; decimals -1 = none declared */
	"CREATE TABLE IF NOT EXISTS series(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, type INTEGER "
	"NOT NULL,"
	" decimals INTEGER NOT NULL, unit TEXT NOT NULL, last_t INTEGER NOT NULL DEFAULT 0);"
	/* data: (series id as LEB128, value as little-endian double) pairs */
	"CREATE TABLE IF NOT EXISTS tick(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, grp INTEGER NOT NULL,"
	" data BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS tick_t ON tick(t);"
	/* tier 0 raw, 1 minutes (column ids: series * 8 + 0 count, 1 sum, 2 min, 3 max, 4 last); lo and hi: least and
	 * greatest series id in it, NULL in what schema 1 wrote */
	"CREATE TABLE IF NOT EXISTS block(id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, first INTEGER NOT "
	"NULL,"
	" last INTEGER NOT NULL, lo INTEGER, hi INTEGER, data BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS block_span ON block(tier, last, first, lo, hi);"
	"CREATE TABLE IF NOT EXISTS hour(series INTEGER NOT NULL, t INTEGER NOT NULL, n INTEGER NOT NULL,"
	" sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, last REAL NOT NULL, PRIMARY KEY(series, "
	"t))"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS probe(id INTEGER PRIMARY KEY, data BLOB);";

static const char from_schema_1[] =
	"ALTER TABLE block ADD COLUMN lo INTEGER; ALTER TABLE block ADD COLUMN hi INTEGER;"
	"DROP INDEX IF EXISTS block_span;";

static bool good_name(const char *name)
{
	if (!name || !*name || strlen(name) > 60)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(name) &&
	       (*name < '0' || *name > '9');
}

static int validate_kind(const struct store_kind *k, struct err *err)
{
	if (!good_name(k->name) || sqlite3_strnicmp(k->name, "sqlite_", 7) == 0)
		return err_set(err, ERR_RANGE, k->name, "a kind's name is made of a-z and _");
	if (k->n_columns > STORE_COLUMNS_MAX || k->version < 1)
		return err_set(err, ERR_RANGE, k->name, "a kind has at most 24 columns and a version from 1");
	for (size_t i = 0; i < k->n_columns; i++) {
		const char *c = k->columns[i].name;
		if (!good_name(c) || strcmp(c, "id") == 0 || strcmp(c, "t") == 0)
			return err_set(err, ERR_RANGE, k->name, "column %zu has a bad name", i);
	}
	return 0;
}

int schema_validate(const struct store_kind *const *kinds, size_t n_kinds, struct err *err)
{
	static const char *const taken[] = { "kind", "series", "tick", "block", "hour", "probe" };
	if (n_kinds > UINT8_MAX)
		return err_set(err, ERR_RANGE, "kinds", "too many kinds of record");
	for (size_t k = 0; k < n_kinds; k++) {
		int rc = validate_kind(kinds[k], err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
			if (strcmp(kinds[k]->name, taken[i]) == 0)
				return err_set(err, ERR_DUPLICATE, kinds[k]->name,
					       "the store has a table of that name");
		for (size_t i = 0; i < k; i++)
			if (strcmp(kinds[k]->name, kinds[i]->name) == 0)
				return err_set(err, ERR_DUPLICATE, kinds[k]->name, "two kinds have one name");
	}
	return 0;
}

static const char *sql_type(enum store_type type)
{
	static const char *const names[] = { "INTEGER", "REAL", "TEXT", "BLOB" };
	return names[type];
}

/* The dot is in no name, so no two indexes can meet in one. */
static int create_index(struct file *f, const struct store_kind *k, const char *column)
{
	return db_execf(f->db, "CREATE INDEX IF NOT EXISTS \"%w.%w\" ON \"%w\"(\"%w\")", k->name, column,
			k->name, column);
}

static int create_kind(struct file *f, const struct store_kind *k)
{
	sqlite3_str *sql = sqlite3_str_new(f->db);
	sqlite3_str_appendf(
		sql, "CREATE TABLE IF NOT EXISTS \"%w\"(id INTEGER PRIMARY KEY, t INTEGER NOT NULL", k->name);
	for (size_t i = 0; i < k->n_columns; i++)
		sqlite3_str_appendf(sql, ", \"%w\" %s", k->columns[i].name, sql_type(k->columns[i].type));
	sqlite3_str_appendall(sql, ")");
	char *text = sqlite3_str_finish(sql);
	int rc = text ? db_exec(f->db, text) : -ENOMEM;
	sqlite3_free(text);
	if (rc == 0)
		rc = create_index(f, k, "t");
	for (size_t i = 0; rc == 0 && i < k->n_columns; i++)
		if (k->columns[i].indexed)
			rc = create_index(f, k, k->columns[i].name);
	if (rc == 0)
		rc = db_execf(f->db, "INSERT OR IGNORE INTO kind VALUES(%Q, %d, 0)", k->name, k->version);
	return rc;
}

static int add_column(struct file *f, const struct store_kind *k, const char *column)
{
	for (size_t i = 0; i < k->n_columns; i++)
		if (strcmp(k->columns[i].name, column) == 0)
			return db_execf(f->db, "ALTER TABLE \"%w\" ADD COLUMN \"%w\" %s", k->name, column,
					sql_type(k->columns[i].type));
	return ERR_UNKNOWN;
}

static int migrate_kind(struct file *f, const struct store_kind *k, int from, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < k->n_migrations; i++) {
		const struct store_migration *m = &k->migrations[i];
		if (m->version <= from || m->version > k->version)
			continue;
		if (m->add_column)
			rc = add_column(f, k, m->add_column);
		if (rc == 0 && m->add_index)
			rc = create_index(f, k, m->add_index);
	}
	if (rc == 0)
		rc = db_execf(f->db, "UPDATE kind SET version=%d WHERE name=%Q", k->version, k->name);
	if (rc < 0)
		return err_set(err, rc, k->name, "migration from version %d to %d failed: %s", from,
			       k->version, sqlite3_errmsg(f->db));
	file_say(f, false, "%s was migrated from version %d to %d", k->name, from, k->version);
	return 0;
}

/* Version of a kind in the file; 0 = not there yet. */
static int kind_version(struct file *f, const struct store_kind *k, int64_t *version)
{
	char *sql = sqlite3_mprintf("SELECT version FROM kind WHERE name=%Q", k->name);
	int rc = sql ? db_int(f->db, sql, 0, version) : -ENOMEM;
	sqlite3_free(sql);
	return rc;
}

static int look_for_older(struct file *f, bool *older, struct err *err)
{
	for (size_t i = 0; i < f->n_kinds; i++) {
		int64_t version;
		int rc = kind_version(f, f->kinds[i], &version);
		if (rc < 0)
			return db_err(f->db, err, f->path);
		if (version > f->kinds[i]->version)
			return err_set(err, ERR_VERSION, f->path,
				       "%s is of version %d, this program knows %d: it was made by a newer "
				       "one; use that, or "
				       "another state directory",
				       f->kinds[i]->name, (int)version, f->kinds[i]->version);
		*older |= version > 0 && version < f->kinds[i]->version;
	}
	return 0;
}

static int backup_before(struct file *f, struct err *err)
{
	char stamp[FILE_STAMP_MAX], to[FILE_PATH_MAX + 48];
	file_stamp(stamp);
	snprintf(to, sizeof(to), "%s.before-%s", f->path, stamp);
	int rc = store_backup_file(f->path, to, err);
	if (rc == 0)
		file_say(f, false, "the history is being migrated; a copy was kept as %s", to);
	return rc == -EEXIST ? 0 : rc; /* one of this very second is as good */
}

static int apply_kinds(struct file *f, struct err *err)
{
	for (size_t i = 0; i < f->n_kinds; i++) {
		const struct store_kind *k = f->kinds[i];
		int64_t version;
		int rc = kind_version(f, k, &version);
		if (rc == 0 && version == 0)
			rc = create_kind(f, k);
		else if (rc == 0 && version < k->version && (rc = migrate_kind(f, k, (int)version, err)) < 0)
			return rc;
		if (rc < 0)
			return db_err(f->db, err, k->name);
	}
	return 0;
}

/* Ids are never used twice: the highest that was deleted is remembered beside the highest that is there. */
static int read_last_ids(struct file *f, struct err *err)
{
	for (size_t i = 0; i < f->n_kinds; i++) {
		const char *name = f->kinds[i]->name;
		char *sql = sqlite3_mprintf("SELECT max((SELECT coalesce(max(id),0) FROM \"%w\"),"
					    "(SELECT last_id FROM kind WHERE name=%Q))",
					    name, name);
		int64_t id;
		int rc = sql ? db_int(f->db, sql, 0, &id) : -ENOMEM;
		sqlite3_free(sql);
		if (rc < 0)
			return db_err(f->db, err, name);
		if (id > f->last_id[i])
			f->last_id[i] = id;
	}
	return 0;
}

static int look_at_version(struct file *f, int64_t *version, struct err *err)
{
	if (db_int(f->db, "PRAGMA user_version", 0, version) < 0)
		return db_err(f->db, err, f->path);
	if (*version > FILE_SCHEMA)
		return err_set(err, ERR_VERSION, f->path,
			       "the file has schema %d, this program knows %d: it was made by a newer one; "
			       "use that, or another "
			       "state directory",
			       (int)*version, FILE_SCHEMA);
	return 0;
}

static int apply_own(struct file *f, int64_t version, struct err *err)
{
	int rc = version == 1 ? db_exec(f->db, from_schema_1) : 0;
	if (rc == 0)
		rc = db_exec(f->db, own_tables);
	if (rc == 0)
		rc = db_execf(f->db, "PRAGMA user_version=%d", FILE_SCHEMA);
	if (rc == 0 && version > 0)
		file_say(f, false, "the history was migrated from schema %d to %d", (int)version,
			 FILE_SCHEMA);
	return rc < 0 ? db_err(f->db, err, f->path) : 0;
}

int schema_apply(struct file *f, struct err *err)
{
	int64_t version;
	int rc = look_at_version(f, &version, err);
	bool older = version > 0 && version < FILE_SCHEMA;
	if (rc == 0 && version > 0)
		rc = look_for_older(f, &older, err);
	if (rc == 0 && older)
		rc = backup_before(f, err);
	if (rc < 0)
		return rc;
	if (db_exec(f->db, "BEGIN IMMEDIATE") < 0)
		return db_err(f->db, err, f->path);
	if (version < FILE_SCHEMA)
		rc = apply_own(f, version, err);
	if (rc == 0)
		rc = apply_kinds(f, err);
	if (rc == 0 && db_exec(f->db, "COMMIT") < 0)
		rc = db_err(f->db, err, f->path);
	if (rc == 0)
		rc = read_last_ids(f, err);
	if (rc < 0 && !sqlite3_get_autocommit(f->db))
		db_exec(f->db, "ROLLBACK");
	return rc;
}
