/* The database file: its lock, its check, its schema, and what to do when it is damaged or gone.
 *
 * file_open is called on the loop at start and again on the writer thread when the file was deleted, damaged or could
 * not be opened before. It leaves one connection, the writer's.
 *
 * A damaged file is renamed to history.db.damaged-YYYYMMDDTHHMMSS (with -wal and -shm) and a fresh one is begun. Before
 * a migration the file is copied to history.db.before-YYYYMMDDTHHMMSS.
 */
#ifndef AUSPEX_STORE_FILE_H
#define AUSPEX_STORE_FILE_H

#include "db.h"

/* Files up to this size are checked before the start goes on, larger ones on the reader thread afterwards: the start has
 * 50 ms, and quick_check reads every page (1.2 ms a MB, measured). */
#define FILE_CHECK_BYTES ((int64_t)4 << 20)
#define FILE_SCHEMA      2 /* PRAGMA user_version; kinds have their own versions in table `kind` */
#define FILE_PATH_MAX    1024

struct file {
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	const struct store_kind *const *kinds;
	size_t n_kinds;
	bool power;
	sqlite3 *db;
	int lock_fd;
	uint64_t dev, ino;
	bool check_later; /* too large for the check at start */
	int64_t *last_id; /* per kind, as found at the last open */
	/* Tells a human; any thread. */
	void (*say)(void *arg, bool bad, const char *sentence);
	void *say_arg;
};

int file_init(struct file *f, const char *dir, const struct store_kind *const *kinds, size_t n_kinds);
void file_fini(struct file *f);
int file_open(struct file *f, struct err *err);
void file_close(struct file *f);
/* Closes, renames the file and its companions; the next file_open begins a fresh one. */
int file_set_aside(struct file *f, const char *why);
/* False when the path no longer leads to the file we have open. */
bool file_present(const struct file *f);
void file_set_power(struct file *f, bool power);
/* True when a code says that waiting may cure it (full, read-only, I/O), so the store starts and keeps trying. */
bool file_may_recover(int code);
__attribute__((format(printf, 3, 4))) void file_say(struct file *f, bool bad, const char *fmt, ...);
/* "YYYYMMDDTHHMMSS" in UTC. */
#define FILE_STAMP_MAX 20
void file_stamp(char *out);

/* schema.c: makes and migrates the tables; fills f->last_id. */
int schema_apply(struct file *f, struct err *err);
/* Refuses kinds whose names or columns do not fit. */
int schema_validate(const struct store_kind *const *kinds, size_t n_kinds, struct err *err);

#endif
