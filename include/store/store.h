/* History: a façade that speaks of records, samples and queries, never of SQL.
 *
 * The loop thread appends; a writer thread commits in batches (at once when it is idle, while arrivals form the next
 * batch); a reader thread answers queries from its own connection. Whoever must promise durability takes a
 * ticket, answered on the loop after the commit that covers everything appended before it.
 *
 * Domain rooms register their kinds of record as rows of a table:
 *
 *     static const struct store_column columns[] = { { "command", STORE_TEXT, true }, { "attempts", STORE_TEXT } };
 *     const struct store_kind retry_run_kind = { .name = "retry_run", .columns = columns, .n_columns = 2, … };
 *
 * Every kind becomes a table with `id INTEGER PRIMARY KEY` (ascending in order of arrival, never reused), `t` (wall ns,
 * indexed) and the columns. `sqlite3 history.db` reads it while we run.
 *
 * Bounds: the queue to the writer holds at most `queue_bytes`. Above it STORE_DETAIL appends are dropped and counted;
 * STORE_MUST appends are refused with ERR_FULL up to twice that, so the caller can say so to its peer.
 *
 * Faults: disk full, read-only, I/O errors: the batch is rolled back, its tickets get the error, detail in it is
 * counted as lost, `store_state` says what is wrong; each later batch tries again, so recovery is by itself within a second of
 * space returning (a small probe write is made each second while faulty). A damaged file is moved aside at open.
 *
 * Loop only, except where said. Callbacks run on the loop, never from inside the call that started them.
 */
#ifndef AUSPEX_STORE_STORE_H
#define AUSPEX_STORE_STORE_H

#include "base/log.h"
#include "series/block.h"
#include "series/registry.h"
#include "series/tiers.h"

#include <uv.h>

enum store_type { STORE_INT, STORE_REAL, STORE_TEXT, STORE_BLOB };

struct store_column {
	const char *name; /* [a-z_]+, not id, not t */
	enum store_type type;
	bool indexed; /* costly when values recur all over the table: each such row dirties a page of its own (measured: a
			 command column with 100 values makes inserting five times slower) */
};

/* One step of a kind's schema: what to add when a file of version < `version` is opened. */
struct store_migration {
	int version;              /* schema version of the kind that introduced it, from 2 */
	const char *add_column;   /* name of a column in `columns` to add (NULL when absent before) */
	const char *add_index;    /* name of a column to index */
};

struct store_kind {
	const char *name; /* table name, [a-z_]+ */
	const struct store_column *columns;
	size_t n_columns; /* at most 24 */
	int version;      /* schema version of this kind, from 1 */
	const struct store_migration *migrations;
	size_t n_migrations;
	bool kept; /* few and precious: never leaves for want of room (max_bytes), only when its owner says so */
};

struct store_value {
	enum store_type type;
	bool null;
	int64_t i;
	double d;
	struct view v; /* text and blob */
};
#define SV_INT(x) ((struct store_value){ .type = STORE_INT, .i = (x) })
#define SV_REAL(x) ((struct store_value){ .type = STORE_REAL, .d = (x) })
#define SV_TEXT(view_) ((struct store_value){ .type = STORE_TEXT, .v = (view_) })
#define SV_BLOB(view_) ((struct store_value){ .type = STORE_BLOB, .v = (view_) })
#define SV_NULL ((struct store_value){ .null = true })

enum store_durability { STORE_NORMAL, STORE_POWER };

struct store_options {
	const char *dir; /* state directory, exists; NULL = no history on disk: appends and tickets succeed, nothing is kept */
	enum store_durability durability;
	size_t queue_bytes;    /* default 8 MiB */
	int64_t sample_raw_ns, sample_minute_ns, sample_hour_ns; /* retention of samples per tier */
	int64_t max_bytes;     /* bound of the database file; oldest samples, then oldest records leave; 0 = none */
	int64_t sample_flush_ms; /* samples without a waiting ticket are committed this often; default 10 s */
};

struct store;

/* What happened at open that a human should know (also logged): the file was damaged and moved, a migration ran. */
struct store_notice {
	void (*cb)(void *arg, bool bad, const char *sentence);
	void *arg;
};

/* Opens or makes <dir>/history.db, checks it (quick_check), migrates (backing up first), starts the writer.
 * `kinds` is borrowed for the store's life. 0 or a code with a sentence (ERR_LOCKED when another process has it;
 * ERR_VERSION when a newer program made it). */
int store_open(struct store **out, uv_loop_t *loop, const struct store_kind *const *kinds, size_t n_kinds,
	       const struct registry *registry, const struct store_options *opt, struct log *log,
	       const struct clock *clock, struct store_notice notice, struct err *err);
/* Commits what is queued, answers tickets, stops the threads, closes; `cb` runs on the loop at the end, then the
 * store is freed. Never blocks the loop longer than a commit. */
void store_close(struct store *s, void (*cb)(void *arg), void *arg);
bool store_is_durable(const struct store *s); /* false when there is no directory */
const char *store_path(const struct store *s); /* of the database file, or "" */
/* Applies what a reload may change (durability, retention, flush, bounds). */
void store_reconfigure(struct store *s, const struct store_options *opt);

/* --- writing ------------------------------------------------------------------------------------------------ */

enum store_weight { STORE_DETAIL, STORE_MUST };

/* Queues one record (values are copied, as many as the kind has columns). 0, ERR_FULL, -ENOMEM. */
int store_append(struct store *s, const struct store_kind *kind, wall_ns t, const struct store_value *values,
		 enum store_weight weight);

/* Memory of the caller; must live until `done`. status 0 = everything appended before is committed; else the code of
 * the failure (-ENOSPC, -EROFS, ERR_STORE, ERR_CLOSED) and NONE of the MUST records appended since the previous
 * ticket by the same caller may be assumed stored. */
struct store_ticket {
	void (*done)(struct store_ticket *t, int status);
	struct store_ticket *next; /* the store's */
	uint64_t batch;            /* the store's */
	void *arg;                 /* the caller's */
};
void store_commit(struct store *s, struct store_ticket *ticket);

/* Deletes records of a kind with t < before, or beyond the newest `keep` (keep < 0 = no bound by count). Queued behind
 * earlier appends; done in bounded slices so that commits go on. */
void store_trim(struct store *s, const struct store_kind *kind, wall_ns before, int64_t keep);
/* Deletes by equality on one column (by id when column is NULL). */
int store_delete(struct store *s, const struct store_kind *kind, const char *column, const struct store_value *value);
/* Sets columns of the record with that id: alert states, pending confirmations. `n` pairs. */
int store_update(struct store *s, const struct store_kind *kind, int64_t id, const char *const *columns,
		 const struct store_value *values, size_t n);

/* --- reading ------------------------------------------------------------------------------------------------ */

struct store_equals {
	const char *column;
	struct store_value value;
};
struct store_query {
	const struct store_kind *kind;
	wall_ns since, until; /* since <= t < until; until 0 = none */
	int64_t after_id;     /* only ids above (ascending) or below (newest_first) it; 0 = none */
	struct store_equals equals[4];
	size_t n_equals;
	bool newest_first;
	uint32_t limit; /* 0 = 1000; at most 100 000 */
};
struct store_row {
	int64_t id;
	wall_ns t;
	const struct store_value *values; /* in column order, borrowed for the call */
	size_t n;
};
/* Memory of the caller, must live until `done`. */
struct store_read {
	void (*row)(struct store_read *r, const struct store_row *row); /* loop thread */
	void (*done)(struct store_read *r, int status);
	struct store_read *next;
	void *arg, *impl;
};
/* Asynchronous. Rows still queued for the writer are not seen. Cancelled by store_read_cancel (done gets ERR_CANCELLED). */
void store_query(struct store *s, const struct store_query *q, struct store_read *read);
void store_read_cancel(struct store *s, struct store_read *read);
/* Synchronous, for start-up only (before the loop serves): calls `row` directly. */
int store_load(struct store *s, const struct store_query *q, void (*row)(void *arg, const struct store_row *row), void *arg);
/* Highest id of a kind at open. */
int64_t store_last_id(const struct store *s, const struct store_kind *kind);
/* The id the next accepted store_append of the kind gives its record. Known before the commit, so that a caller can
 * number what it shows (the timeline) or name it later (store_update, store_delete). */
int64_t store_next_id(const struct store *s, const struct store_kind *kind);

/* --- samples ------------------------------------------------------------------------------------------------ */

/* Unix ms of the newest sample in the file when it was opened, or found again; INT64_MIN: there was none. It may lie in the
 * future: a clock that was ahead has been put right since. */
wall_ms store_newest_sample(const struct store *s);
/* Journals one tick (one row per tick; keys are written once per series). Dropped and counted when the queue is full. */
int store_tick(struct store *s, const struct tick *tick);
/* Folds stored samples of one series key into steps (raw, then minutes, then hours as far as they reach). `done` gets 0 when
 * steps are filled. `steps` (n of them, zeroed) must live until done. */
struct store_steps {
	struct view key;
	wall_ms start, step_ms;
	struct step *steps;
	size_t n;
	void (*done)(struct store_steps *q, int status);
	struct store_steps *next;
	void *arg, *impl;
};
void store_query_steps(struct store *s, struct store_steps *q);
/* Every key the store knows, with its last time; for GET /api/series. Synchronous from a cache kept at open and by ticks.
 * After a restart `last_t` of a series that has not ticked since is exact to the last compaction (15 min). */
struct store_series {
	struct view key; /* canonical; the store's */
	struct series_meta meta; /* help is "" */
	wall_ms last_t;  /* 0 = not known */
};
uint32_t store_series_count(const struct store *s);
void store_series_each(const struct store *s, void (*cb)(void *arg, const struct store_series *series), void *arg);

/* --- upkeep ------------------------------------------------------------------------------------------------- */

/* Does the periodic upkeep (compaction, retention, size) now instead of within the minute. Queued like a record. */
void store_chores_now(struct store *s);

/* Online copy to a new file (must not exist); `done` on the loop. */
struct store_backup {
	const char *path;
	void (*done)(struct store_backup *b, int status, const char *sentence);
	void *arg, *impl;
	struct store_backup *next;
};
void store_backup_start(struct store *s, struct store_backup *b);
/* The same without a daemon: copies a database file, blocking. For `auspex backup`. */
int store_backup_file(const char *db_path, const char *to, struct err *err);
/* For `auspex doctor`: opens read-only, integrity check, one sentence per finding. Returns how many were bad. */
int store_doctor(const char *db_path, void (*say)(void *arg, bool ok, const char *sentence), void *arg);

enum store_state { STORE_OK, STORE_NONE, STORE_DISK_FULL, STORE_READ_ONLY, STORE_IO_ERROR };
struct store_stats {
	enum store_state state;
	const char *state_text;    /* "ok", "memory only", "disk full", … */
	char last_error[200];
	uint64_t records_committed, ticks_committed, commits;
	uint64_t detail_dropped_queue; /* records dropped because the writer was behind */
	uint64_t detail_dropped_fault; /* in batches the disk refused */
	uint64_t must_refused;         /* the queue was full; the caller was told */
	uint64_t must_lost;            /* in batches the disk refused; tickets told so */
	uint64_t ticks_dropped, ticks_lost; /* the same two causes for samples, in ticks */
	size_t queue_bytes, queue_limit;
	mono_us commit_last_us, commit_max_us;
	double commit_avg_us;
	int64_t file_bytes, wal_bytes;
};
void store_get_stats(const struct store *s, struct store_stats *out);

#endif
