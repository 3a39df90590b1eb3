/* What the online watch costs and how often it is wrong: one-minute points of series that do not change, weeks of them.
 *
 *     bench_watch [series-weeks [series]]      prints one JSON line
 *
 * False changes per series and week on Gaussian noise, on AR(1) noise (phi = .8) and on a daily season with noise, each series two weeks
 * long so that a second week is judged by what was learned in the first one; then the CPU of a point, and of `series` of them every
 * ten seconds, all states in turn as a daemon touches them. */
#include "detect/watch.h"

#include "noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MINUTE       60000
#define WEEK         10080 /* minutes */
#define START        INT64_C(1763800000000)
#define BAR_FALSE    0.1 /* per series and week */
#define COST_ROUNDS  200
#define COST_EVERY_S 10

static struct noise noise_of_series(unsigned series)
{
	return noise_from(0x9e3779b97f4a7c15ULL * (series + 1));
}

static double white(struct noise *n, unsigned i)
{
	(void)i;
	return 100 + gauss(n);
}

static double dependent(struct noise *n, unsigned i)
{
	(void)i;
	n->last = 0.8 * n->last + 0.6 * gauss(n);
	return 100 + n->last;
}

/* A sine as high as ten deviations of its noise: a host's load between night and noon. */
static double daily(struct noise *n, unsigned i)
{
	return 100 + 10 * sin(6.283185307179586 * i / 1440) + gauss(n);
}

typedef double (*series)(struct noise *n, unsigned i);

static double false_per_week(series make, unsigned weeks)
{
	unsigned told = 0;
	for (unsigned s = 0; s < weeks / 2; s++) {
		struct noise n = noise_of_series(s);
		struct watch_state w;
		struct watch_verdict v;
		watch_init(&w);
		for (unsigned i = 0; i < 2 * WEEK; i++)
			told += watch_append(&w, &WATCH_DEFAULTS, START + (wall_ms)i * MINUTE, make(&n, i),
					     &v);
	}
	return (double)told / (weeks / 2 * 2);
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of CPU of a point. The noise is made before the clock runs. */
static double seconds_per_point(unsigned n)
{
	struct watch_state *states = calloc(n, sizeof(*states));
	double *values = calloc(n, sizeof(*values)), spent = 0;
	struct noise noise = noise_of_series(7);
	struct watch_verdict v;
	if (!states || !values)
		abort();
	for (unsigned s = 0; s < n; s++)
		watch_init(&states[s]);
	for (unsigned i = 0; i < COST_ROUNDS; i++) {
		for (unsigned s = 0; s < n; s++)
			values[s] = white(&noise, i);
		double begin = cpu_seconds();
		for (unsigned s = 0; s < n; s++)
			watch_append(&states[s], &WATCH_DEFAULTS, START + (wall_ms)i * COST_EVERY_S * 1000,
				     values[s], &v);
		spent += cpu_seconds() - begin;
	}
	free(states);
	free(values);
	return spent / COST_ROUNDS / n;
}

int main(int argc, char **argv)
{
	unsigned weeks = argc > 1 ? (unsigned)atoi(argv[1]) : 1000,
		 n = argc > 2 ? (unsigned)atoi(argv[2]) : 5000;
	if (weeks < 2 || n < 1)
		return 1;
	double gaussian = false_per_week(white, weeks), ar = false_per_week(dependent, weeks);
	double season = false_per_week(daily, weeks), point = seconds_per_point(n);
	bool good = gaussian <= BAR_FALSE && ar <= BAR_FALSE && season <= BAR_FALSE;
	printf("{\"bench\":\"watch\",\"series_weeks\":%u,\"gaussian\":%.4f,\"ar1\":%.4f,\"daily\":%.4f,"
	       "\"bar\":%.1f,\"ns_per_point\":%.0f,\"series\":%u,\"core_percent\":%.4f,\"state_bytes\":%zu,"
	       "\"good\":%s}\n",
	       weeks, gaussian, ar, season, BAR_FALSE, point * 1e9, n, point * n / COST_EVERY_S * 100,
	       sizeof(struct watch_state), good ? "true" : "false");
	return good ? 0 : 2;
}
