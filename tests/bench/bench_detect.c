/* What E-divisive costs: a year of nightly runs, 3 000 of them, and one more with its answer when there are 10 000 already; then what one
 * more and an answer cost each of the methods.
 *
 *     bench_detect FILE [rounds]      one number a line, at least 11 000 of them; prints one JSON line
 *
 * CPU time, medians of the rounds. */
#include "detect/detector.h"
#include "detect/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MAX 1000
#define REPEATED   20 /* short ones are timed so many times over */
#define HELD       10000
#define APPENDED   1000
#define ASKED      10

static const struct detector *method;
static struct arena arena;
static struct change_result result;

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double time_all(const double *x, size_t n)
{
	double begin = cpu_us();
	for (int i = 0; i < REPEATED; i++) {
		arena_reset(&arena);
		if (detect_series(method, x, n, &DETECT_DEFAULTS, &result) < 0)
			abort();
	}
	return (cpu_us() - begin) / REPEATED;
}

static double time_append(const double *x)
{
	struct change_stream *s = change_stream_new(method, &DETECT_DEFAULTS);
	double begin = 0;
	for (size_t i = 0; i < HELD + APPENDED; i++) {
		if (i == HELD)
			begin = cpu_us();
		if (!s || change_stream_append(s, x[i]) < 0)
			abort();
		arena_reset(&arena);
		if (i >= HELD - 10 && change_stream_points(s, &result) < 0)
			abort();
	}
	change_stream_free(s);
	return (cpu_us() - begin) / APPENDED;
}

/* Prints the median of `rounds` figures, and how many points there are. */
static void tell(const char *name, const double *x, size_t n, int rounds)
{
	double us[ROUNDS_MAX];
	for (int i = 0; i < rounds; i++)
		us[i] = n == HELD + APPENDED ? time_append(x) : time_all(x, n);
	qsort(us, (size_t)rounds, sizeof(*us), by_size);
	printf(",\"%s_us\":%.2f,\"%s_points\":%zu", name, us[rounds / 2], name, result.n);
}

/* One more point and one answer, apart, when there are so many already; those that run anew are asked a few times only. */
static void tell_stream(const struct detector *d, const double *x, bool first)
{
	struct change_stream *s = change_stream_new(d, &DETECT_DEFAULTS);
	double append = 0, answer = 0, begin;
	size_t every = d->append ? 1 : APPENDED / ASKED, asked = 0;
	for (size_t i = 0; i < HELD + APPENDED; i++) {
		begin = cpu_us();
		if (!s || change_stream_append(s, x[i]) < 0)
			abort();
		append += i < HELD ? 0 : cpu_us() - begin;
		if (i < HELD || i % every)
			continue;
		begin = cpu_us();
		arena_reset(&arena);
		if (change_stream_points(s, &result) < 0)
			abort();
		answer += cpu_us() - begin;
		asked++;
	}
	change_stream_free(s);
	printf("%s{\"method\":\"%s\",\"append_us\":%.2f,\"answer_us\":%.2f,\"anew\":%s}", first ? "" : ",",
	       d->name, append / APPENDED, answer / (double)asked, d->append ? "false" : "true");
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	struct numbers x;
	struct err err = { 0 };
	FILE *f = argc > 1 ? fopen(argv[1], "re") : NULL;
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	if (!f || rounds < 1 || rounds > ROUNDS_MAX)
		return 1;
	size_t len = fread(text, 1, sizeof(text), f);
	fclose(f);
	numbers_init(&x);
	if (numbers_read((struct view){ text, len }, argv[1], NULL, DETECT_POINTS_MAX, &x, &err) < 0 ||
	    x.n < HELD + APPENDED)
		return 1;
	arena_init(&arena, 0);
	result.arena = &arena;
	method = detector_find(VIEW("edivisive"));
	printf("{\"bench\":\"detect\"");
	tell("year", x.values, 365, rounds);
	tell("long", x.values, 3000, rounds);
	tell("append", x.values, HELD + APPENDED, rounds);
	printf(",\"streams\":[");
	for (size_t i = 0; i < n_detectors; i++)
		tell_stream(detectors[i], x.values, i == 0);
	printf("]}\n");
	arena_fini(&arena);
	numbers_fini(&x);
	return 0;
}
