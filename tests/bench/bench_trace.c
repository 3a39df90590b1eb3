/* What a stored sample costs on the disk: the series of a trace go through the store as one collector's ticks, are compacted,
 * and the growth of the file is divided by their number. Every value is read back and compared.
 *
 *     host_trace.py print FILE | bench_trace [TIMES]
 *
 * With TIMES the trace is played so often, one after the other, and instead of the comparison the history answers for all of it at a step of a
 * minute, series by series: prints series, samples, bytes a sample, milliseconds of the middle and of the slowest answer.
 *
 * Else prints: series, samples, bytes of growth, bytes a sample, values compared, of which different.
 */
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERIES_MAX 1000
#define ROWS_MAX   20000

struct trace {
	struct registry *registry;
	series_id ids[SERIES_MAX];
	uint32_t n_series, n_rows;
	wall_ms *times;
	double *values; /* row by row */
};

struct side {
	char dir[256];
	uv_loop_t loop;
	struct clock_fake clock;
	struct store *store;
	bool waiting;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_trace: %s\n", what);
	exit(1);
}

static void read_heads(struct trace *t)
{
	static char line[512], key[512];
	struct series_meta meta = { .type = SERIES_GAUGE, .unit = "", .help = "" };
	while (fgets(line, sizeof(line), stdin) && sscanf(line, "%500s %d", key, &meta.decimals) == 2)
		if (t->n_series == SERIES_MAX ||
		    registry_intern(t->registry, view_of(key), &meta, &t->ids[t->n_series++], NULL) < 0)
			fail("too many series, or a bad key");
}

static void read_rows(struct trace *t)
{
	long long ms;
	t->times = malloc(ROWS_MAX * sizeof(*t->times));
	t->values = malloc((size_t)ROWS_MAX * t->n_series * sizeof(*t->values));
	if (!t->times || !t->values)
		fail("out of memory");
	for (; t->n_rows < ROWS_MAX && scanf("%lld", &ms) == 1; t->n_rows++) {
		t->times[t->n_rows] = ms;
		for (uint32_t i = 0; i < t->n_series; i++)
			if (scanf("%lf", &t->values[(size_t)t->n_rows * t->n_series + i]) != 1)
				fail("a row is too short");
	}
	if (!t->n_series || !t->n_rows)
		fail("nothing to read; see host_trace.py");
}

static void open_store(struct side *s, const struct trace *t)
{
	struct err err;
	struct store_options opt = { .dir = s->dir, .queue_bytes = 64 << 20 };
	if (store_open(&s->store, &s->loop, NULL, 0, t->registry, &opt, NULL, &s->clock.clock,
		       (struct store_notice){ 0 }, &err) < 0)
		fail(err.text);
}

static void on_closed(void *arg)
{
	((struct side *)arg)->store = NULL;
}

static int64_t close_store(struct side *s)
{
	char path[300];
	struct stat st;
	store_close(s->store, on_closed, s);
	while (s->store)
		uv_run(&s->loop, UV_RUN_ONCE);
	snprintf(path, sizeof(path), "%s/history.db", s->dir);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

static void on_committed(struct store_ticket *t, int status)
{
	((struct side *)t->arg)->waiting = false;
	if (status < 0)
		fail("a commit failed");
}

static void commit(struct side *s)
{
	struct store_ticket ticket = { .done = on_committed, .arg = s };
	s->waiting = true;
	store_commit(s->store, &ticket);
	while (s->waiting)
		uv_run(&s->loop, UV_RUN_ONCE);
}

static int64_t ticks_left(const struct side *s)
{
	char path[300];
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t n = -1;
	snprintf(path, sizeof(path), "%s/history.db", s->dir);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "SELECT count(*) FROM tick", -1, &st, NULL) == SQLITE_OK) {
		n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	return n;
}

static void feed(struct side *s, const struct trace *t, wall_ms later)
{
	for (uint32_t row = 0; row < t->n_rows; row++) {
		struct tick tick = { 1, t->times[row] + later, t->n_series, t->ids,
				     t->values + (size_t)row * t->n_series };
		clock_fake_advance(&s->clock, row ? (t->times[row] - t->times[row - 1]) * NS_PER_MS : 0);
		if (store_tick(s->store, &tick) < 0)
			fail("the store refused a tick");
		if (row % 60 == 59) {
			store_chores_now(s->store); /* once a minute, as in the daemon */
			commit(s);
		}
	}
	commit(s);
}

static void settle(struct side *s)
{
	clock_fake_advance(&s->clock, 3600 * NS_PER_S); /* every span is over */
	while (ticks_left(s) != 0) {
		store_chores_now(s->store);
		commit(s);
		usleep(10000);
	}
}

static void on_steps(struct store_steps *q, int status)
{
	((struct side *)q->arg)->waiting = false;
	if (status < 0)
		fail("a query failed");
}

/* One step a second; a second with two samples, or none, tells nothing and is passed over. */
static void compare(struct side *s, const struct trace *t, uint32_t series, uint64_t *compared,
		    uint64_t *different)
{
	wall_ms start = t->times[0] - t->times[0] % 1000;
	size_t n = (size_t)(t->times[t->n_rows - 1] - start) / 1000 + 1;
	struct step *steps = calloc(n, sizeof(*steps));
	if (!steps)
		fail("out of memory");
	struct store_steps q = { .key = registry_get(t->registry, t->ids[series])->key,
				 .start = start,
				 .step_ms = 1000,
				 .steps = steps,
				 .n = n,
				 .done = on_steps,
				 .arg = s };
	s->waiting = true;
	store_query_steps(s->store, &q);
	while (s->waiting)
		uv_run(&s->loop, UV_RUN_ONCE);
	for (uint32_t row = 0; row < t->n_rows; row++) {
		const struct step *step = &steps[(t->times[row] - start) / 1000];
		if (step->n != 1)
			continue;
		++*compared;
		*different += step->last != t->values[(size_t)row * t->n_series + series];
	}
	free(steps);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* How long the history takes to answer for all that was fed. */
static void ask(struct side *s, const struct trace *t, wall_ms end, double *middle, double *slowest)
{
	size_t n = (size_t)((end - t->times[0]) / 60000) + 2;
	struct step *steps = calloc(n, sizeof(*steps));
	double took[SERIES_MAX];
	if (!steps)
		fail("out of memory");
	for (uint32_t i = 0; i < t->n_series; i++) {
		struct store_steps q = { .key = registry_get(t->registry, t->ids[i])->key,
					 .start = t->times[0] -
						  t->times[0] %
							  60000, /* whole minutes are answered from minutes */
					 .step_ms = 60000,
					 .steps = steps,
					 .n = n,
					 .done = on_steps,
					 .arg = s };
		memset(steps, 0, n * sizeof(*steps));
		mono_us before = clock_mono_us(clock_system());
		s->waiting = true;
		store_query_steps(s->store, &q);
		while (s->waiting)
			uv_run(&s->loop, UV_RUN_ONCE);
		took[i] = (double)(clock_mono_us(clock_system()) - before) / 1000;
	}
	qsort(took, t->n_series, sizeof(*took), by_size);
	*middle = took[t->n_series / 2];
	*slowest = took[t->n_series - 1];
	free(steps);
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;
	struct trace t = { .registry = registry_new(SERIES_MAX) };
	struct side s = { .store = NULL };
	const char *base = getenv("TMPDIR");
	uint64_t compared = 0, different = 0;
	snprintf(s.dir, sizeof(s.dir), "%.200s/auspex-trace-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(s.dir) || !t.registry)
		fail("no temporary directory, or no memory");
	read_heads(&t);
	read_rows(&t);
	uv_loop_init(&s.loop);
	clock_fake_init(&s.clock, t.times[0] * NS_PER_MS);
	open_store(&s, &t);
	int64_t empty = close_store(&s);
	open_store(&s, &t);
	wall_ms span = t.times[t.n_rows - 1] - t.times[0] + 1000;
	for (int i = 0; i < times; i++)
		feed(&s, &t, i * span);
	settle(&s);
	double middle = 0, slowest = 0;
	if (times > 1)
		ask(&s, &t, t.times[0] + times * span, &middle, &slowest);
	for (uint32_t i = 0; times == 1 && i < t.n_series; i++)
		compare(&s, &t, i, &compared, &different);
	int64_t growth = close_store(&s) - empty;
	uint64_t samples = (uint64_t)t.n_rows * t.n_series * (uint64_t)times;
	if (times > 1)
		printf("%u %llu %.3f %.2f %.2f\n", t.n_series, (unsigned long long)samples,
		       (double)growth / (double)samples, middle, slowest);
	else
		printf("%u %llu %lld %.3f %llu %llu\n", t.n_series, (unsigned long long)samples,
		       (long long)growth, (double)growth / (double)samples, (unsigned long long)compared,
		       (unsigned long long)different);
	char command[320];
	snprintf(command, sizeof(command), "rm -rf '%s'", s.dir);
	if (system(command) != 0)
		fprintf(stderr, "%s was left behind\n", s.dir);
	uv_loop_close(&s.loop);
	registry_free(t.registry);
	free(t.times);
	free(t.values);
	return different != 0;
}
