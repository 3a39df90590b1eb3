/* Durable push against a bare SQLite loop: the same seven columns, 100 rows a transaction, the same
 * `synchronous`.
 *
 *     bench_store [rounds] [seconds per side] [power]
 *
 * bare       prepared INSERT, BEGIN, 100 rows, COMMIT; no index at all, SQLite's own checkpoints
 * bare+index the same with the index on time that every table of the store has
 * store      store_append x 100 and a ticket; 1, 4 or 16 messages are on their way at a time, as from that
 * many peers
 *
 * The sides take turns in each round; figures are rows a second, medians over the rounds.
 */
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROWS_A_MESSAGE 100
#define MAX_ROUNDS     50
#define SIDES          5

static const struct store_column columns[] = {
	{ "command", STORE_TEXT, false },         { "host", STORE_TEXT, false },
	{ "success", STORE_INT, false },          { "attempts", STORE_INT, false },
	{ "duration", STORE_REAL, false },        { "reason", STORE_TEXT, false },
	{ "attempt_metrics", STORE_TEXT, false },
};
static const struct store_kind kind = { .name = "run", .columns = columns, .n_columns = 7, .version = 1 };
static const struct store_kind *const kinds[] = { &kind };

struct bench {
	double seconds;
	bool power;
	char dir[64];
	uv_loop_t loop;
	struct store *store;
	uint64_t rows, deadline;
	int flying;
	double loop_us; /* CPU of this thread per row */
	double append_ns;
};

static const char detail[] = "[{\"attempt\":1,\"duration\":0.031,\"exit_code\":1,\"success\":false},"
			     "{\"attempt\":2,\"duration\":0.029,\"exit_code\":0,\"success\":true}]";

static void fill_row(struct store_value *v, uint64_t i, char *command)
{
	int n = snprintf(command, 64, "curl -sf https://api.example.com/v1/item/%u", (unsigned)(i % 100));
	v[0] = SV_TEXT(((struct view){ command, (size_t)n }));
	v[1] = SV_TEXT(VIEW("build-7.example.com"));
	v[2] = SV_INT(i % 2);
	v[3] = SV_INT(i % 5);
	v[4] = SV_REAL((double)i * 0.001);
	v[5] = SV_TEXT(VIEW("success"));
	v[6] = SV_TEXT(VIEW(detail));
}

static double thread_cpu(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void make_dir(struct bench *b)
{
	const char *base = getenv("TMPDIR");
	snprintf(b->dir, sizeof(b->dir), "%s/auspex-bench-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(b->dir)) {
		perror(b->dir);
		exit(1);
	}
}

static void remove_dir(struct bench *b)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
	if (system(command) != 0)
		fprintf(stderr, "%s was left behind\n", b->dir);
}

static sqlite3_stmt *bare_open(struct bench *b, bool indexed, sqlite3 **db)
{
	char path[128];
	sqlite3_stmt *st;
	snprintf(path, sizeof(path), "%s/bare.db", b->dir);
	sqlite3_open(path, db);
	sqlite3_exec(*db,
		     "PRAGMA journal_mode=WAL; CREATE TABLE run(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, "
		     "command TEXT,"
		     " host TEXT, success INTEGER, attempts INTEGER, duration REAL, reason TEXT, "
		     "attempt_metrics TEXT)",
		     NULL, NULL, NULL);
	sqlite3_exec(*db, b->power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", NULL, NULL,
		     NULL);
	if (indexed)
		sqlite3_exec(*db, "CREATE INDEX run_t ON run(t)", NULL, NULL, NULL);
	sqlite3_prepare_v2(*db, "INSERT INTO run VALUES(NULL,?,?,?,?,?,?,?,?)", -1, &st, NULL);
	return st;
}

static void bare_row(sqlite3_stmt *st, uint64_t i)
{
	struct store_value v[7];
	char command[64];
	fill_row(v, i, command);
	sqlite3_bind_int64(st, 1, (int64_t)i);
	for (int c = 0; c < 7; c++) {
		if (v[c].type == STORE_INT)
			sqlite3_bind_int64(st, c + 2, v[c].i);
		else if (v[c].type == STORE_REAL)
			sqlite3_bind_double(st, c + 2, v[c].d);
		else
			sqlite3_bind_text(st, c + 2, v[c].v.data, (int)v[c].v.len, SQLITE_STATIC);
	}
	sqlite3_step(st);
	sqlite3_reset(st);
}

static double run_bare(struct bench *b, bool indexed)
{
	sqlite3 *db;
	make_dir(b);
	sqlite3_stmt *st = bare_open(b, indexed, &db);
	uint64_t rows = 0, t0 = uv_hrtime(), end = t0 + (uint64_t)(b->seconds * 1e9);
	while (uv_hrtime() < end) {
		sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		for (int i = 0; i < ROWS_A_MESSAGE; i++)
			bare_row(st, rows++);
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	double rate = (double)rows / ((double)(uv_hrtime() - t0) / 1e9);
	sqlite3_finalize(st);
	sqlite3_close(db);
	remove_dir(b);
	return rate;
}

static void send_message(struct bench *b, struct store_ticket *ticket)
{
	struct store_value v[7];
	char command[64];
	for (int i = 0; i < ROWS_A_MESSAGE; i++) {
		fill_row(v, b->rows, command);
		store_append(b->store, &kind, (wall_ns)b->rows++, v, STORE_MUST);
	}
	store_commit(b->store, ticket);
}

static void on_committed(struct store_ticket *t, int status)
{
	struct bench *b = t->arg;
	if (status < 0) {
		fprintf(stderr, "commit failed: %s\n", err_text(status));
		exit(1);
	}
	if (uv_hrtime() < b->deadline)
		send_message(b, t);
	else
		b->flying--;
}

static void on_closed(void *arg)
{
	((struct bench *)arg)->store = NULL;
}

static void open_store(struct bench *b)
{
	struct err err;
	struct store_options opt = { .dir = b->dir, .durability = b->power ? STORE_POWER : STORE_NORMAL };
	if (store_open(&b->store, &b->loop, kinds, 1, NULL, &opt, NULL, clock_system(),
		       (struct store_notice){ 0 }, &err) < 0) {
		fprintf(stderr, "%s: %s\n", err.place, err.text);
		exit(1);
	}
}

static void close_store(struct bench *b)
{
	store_close(b->store, on_closed, b);
	while (b->store)
		uv_run(&b->loop, UV_RUN_ONCE);
}

static double run_store(struct bench *b, int messages)
{
	struct store_ticket tickets[16] = { 0 };
	make_dir(b);
	open_store(b);
	b->rows = 0;
	b->flying = messages;
	double cpu0 = thread_cpu();
	uint64_t t0 = uv_hrtime();
	b->deadline = t0 + (uint64_t)(b->seconds * 1e9);
	for (int i = 0; i < messages; i++) {
		tickets[i].done = on_committed;
		tickets[i].arg = b;
		send_message(b, &tickets[i]);
	}
	while (b->flying)
		uv_run(&b->loop, UV_RUN_ONCE);
	double rate = (double)b->rows / ((double)(uv_hrtime() - t0) / 1e9);
	b->loop_us = (thread_cpu() - cpu0) * 1e6 / (double)b->rows;
	close_store(b);
	remove_dir(b);
	return rate;
}

/* The loop's share of streamed detail: rows offered as fast as one thread can, most of them dropped above the
 * writer's rate. */
static double run_append(struct bench *b)
{
	struct store_value v[7];
	char command[64];
	make_dir(b);
	open_store(b);
	fill_row(v, 1, command);
	double best = 1e9;
	for (int round = 0; round < 50; round++) { /* into a queue with room: 1000 rows, then a pause */
		uint64_t t0 = uv_hrtime();
		for (int i = 0; i < 1000; i++)
			store_append(b->store, &kind, i, v, STORE_DETAIL);
		double ns = (double)(uv_hrtime() - t0) / 1000;
		best = ns < best ? ns : best;
		usleep(20000);
	}
	close_store(b);
	remove_dir(b);
	return best;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
	static const char *const names[SIDES] = { "bare", "bare+index", "store, 1 in flight",
						  "store, 4 in flight", "store, 16 in flight" };
	static double rate[SIDES][MAX_ROUNDS];
	struct bench b = { .seconds = argc > 2 ? atof(argv[2]) : 0.7,
			   .power = argc > 3 && !strcmp(argv[3], "power") };
	int rounds = argc > 1 ? atoi(argv[1]) : 7;
	rounds = rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
	uv_loop_init(&b.loop);
	for (int r = 0; r < rounds; r++) {
		rate[0][r] = run_bare(&b, false);
		rate[1][r] = run_bare(&b, true);
		rate[2][r] = run_store(&b, 1);
		rate[3][r] = run_store(&b, 4);
		rate[4][r] = run_store(&b, 16);
	}
	double loop_us = b.loop_us;
	double bare = 0, indexed = 0;
	printf("%d rounds of %.1f s, synchronous=%s, %d rows a transaction or message\n", rounds, b.seconds,
	       b.power ? "FULL" : "NORMAL", ROWS_A_MESSAGE);
	for (int s = 0; s < SIDES; s++) {
		double m = median(rate[s], rounds);
		bare = s == 0 ? m : bare;
		indexed = s == 1 ? m : indexed;
		printf("%-20s %9.0f rows/s  %.2f of bare  %.2f of bare+index\n", names[s], m, m / bare,
		       indexed ? m / indexed : 0);
	}
	printf("loop thread, 16 in flight: %.2f us CPU a row, making the row included\n", loop_us);
	printf("store_append of detail: %.0f ns\n", run_append(&b));
	uv_run(&b.loop, UV_RUN_DEFAULT);
	uv_loop_close(&b.loop);
	return 0;
}
