/* The peer of a durable push: a bare SQLite loop with the table, the index, the pragmas and the content of the
 * daemon's runs.
 *
 *     bare_sqlite FILE TRANSACTIONS ROWS [normal|full]
 *
 * Prints rows a second and the CPU time of a row in microseconds. FILE must not exist. */
#include "bench_run.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

static const char schema[] =
	"CREATE TABLE retry_run(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, command TEXT, command_hash TEXT,"
	" final_status TEXT, total_duration REAL, total_attempts INTEGER, successful_attempts INTEGER,"
	" failed_attempts INTEGER, timestamp INTEGER, attempts TEXT, uid INTEGER, pid INTEGER);"
	"CREATE INDEX \"retry_run.t\" ON retry_run(t)";

static double seconds(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int ok)
{
	if (ok)
		return;
	fprintf(stderr, "bare_sqlite: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
	must(db, sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void bind_text(sqlite3_stmt *st, int column, const char *text)
{
	sqlite3_bind_text(st, column, text, (int)strlen(text), SQLITE_STATIC);
}

static void insert(sqlite3 *db, sqlite3_stmt *st, const char *command, unsigned number, sqlite3_int64 t)
{
	sqlite3_bind_int64(st, 1, t);
	bind_text(st, 2, command);
	bind_text(st, 3, RUN_HASH);
	bind_text(st, 4, run_status(number));
	sqlite3_bind_double(st, 5, RUN_DURATION);
	sqlite3_bind_int64(st, 6, 3);
	sqlite3_bind_int64(st, 7, 1);
	sqlite3_bind_int64(st, 8, 2);
	sqlite3_bind_int64(st, 9, RUN_TIME);
	bind_text(st, 10, RUN_ATTEMPTS);
	sqlite3_bind_int64(st, 11, 1000);
	sqlite3_bind_int64(st, 12, 4242);
	must(db, sqlite3_step(st) == SQLITE_DONE);
	sqlite3_reset(st);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	must(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) == SQLITE_OK);
	return st;
}

static void step(sqlite3 *db, sqlite3_stmt *st)
{
	must(db, sqlite3_step(st) == SQLITE_DONE);
	sqlite3_reset(st);
}

static void run_loop(sqlite3 *db, long transactions, long rows)
{
	static char commands[100][RUN_BUFFER];
	for (unsigned i = 0; i < 100; i++)
		make_command(commands[i], i);
	sqlite3_stmt *begin = prepare(db, "BEGIN"), *commit = prepare(db, "COMMIT");
	sqlite3_stmt *st = prepare(db, "INSERT INTO retry_run VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?)");
	double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < transactions; i++) {
		step(db, begin);
		for (long k = 0; k < rows; k++) {
			struct timespec now;
			clock_gettime(CLOCK_REALTIME, &now);
			insert(db, st, commands[k % 100], (unsigned)(k % 100),
			       (sqlite3_int64)now.tv_sec * 1000000000 + now.tv_nsec);
		}
		step(db, commit);
	}
	double all = (double)transactions * (double)rows;
	printf("%.0f %.3f\n", all / (seconds(CLOCK_MONOTONIC) - start),
	       (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / all);
	sqlite3_finalize(begin);
	sqlite3_finalize(commit);
	sqlite3_finalize(st);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("bare_sqlite FILE TRANSACTIONS ROWS [normal|full]\n", stderr);
		return 2;
	}
	sqlite3 *db;
	must(NULL, sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
	must(db, sqlite3_open(argv[1], &db) == SQLITE_OK);
	execute(db, "PRAGMA journal_mode=WAL");
	execute(db, argc > 4 && strcmp(argv[4], "full") == 0 ? "PRAGMA synchronous=FULL"
							     : "PRAGMA synchronous=NORMAL");
	execute(db, schema);
	run_loop(db, atol(argv[2]), atol(argv[3]));
	sqlite3_close(db);
	return 0;
}
