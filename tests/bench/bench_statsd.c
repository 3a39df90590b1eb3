/* What a StatsD line costs in the engine: name looked up, number read, metric updated; and what ending an interval costs.
 *
 *     bench_statsd [lines]      prints one JSON line; the median of five rounds
 */
#include "intake/statsd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS       5
#define METRICS      1000
#define PACKET       1400 /* what clients fill */
#define PACKETS_MADE 512

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void discard(void *arg, const struct tick *tick)
{
	*(uint64_t *)arg += tick->n;
}

/* A mix as applications send it: half counters, a quarter timings, gauges and sets. Returns the lines of the packet. */
static unsigned make_packet(char *out, size_t *len, unsigned *seed)
{
	static const char *const forms[] = { "app.requests_%u:1|c|#env:prod,method:get\n",
					     "app.errors_%u:1|c|@0.1|#env:prod\n",
					     "app.latency_%u:%u.25|ms|#env:prod,method:get\n",
					     "app.depth_%u:%u|g\n", "app.users_%u:user%u|s\n" };
	static const unsigned char mix[] = { 0, 1, 0, 2, 0, 2, 3, 1, 4, 0 };
	unsigned lines = 0;
	for (*len = 0; *len < PACKET - 80; lines++) {
		*seed = *seed * 1103515245u + 12345u;
		unsigned r = *seed >> 8;
		*len += (size_t)sprintf(out + *len, forms[mix[r % sizeof(mix)]], r / 16 % (METRICS / 5),
					r % 997);
	}
	return lines;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000000, series = 0;
	static char packets[PACKETS_MADE][PACKET];
	size_t lens[PACKETS_MADE];
	unsigned lines[PACKETS_MADE], seed = 42;
	double line_ns[ROUNDS], flush_us[ROUNDS];
	struct registry *registry = registry_new(10000);
	struct statsd *s;
	struct statsd_stats stats;

	if (!registry || statsd_new(&s, registry, 0) < 0)
		return 1;
	for (unsigned i = 0; i < PACKETS_MADE; i++) {
		lines[i] = make_packet(packets[i], &lens[i], &seed);
		statsd_feed(s, packets[i], lens[i]); /* every metric is known before the clock runs */
	}
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t n = 0;
		double start = cpu_seconds();
		for (unsigned i = 0; n < wanted; i = (i + 1) % PACKETS_MADE) {
			statsd_feed(s, packets[i], lens[i]);
			n += lines[i];
		}
		double fed = cpu_seconds();
		statsd_flush(s, round, 2, discard, &series);
		line_ns[round] = (fed - start) * 1e9 / (double)n;
		flush_us[round] = (cpu_seconds() - fed) * 1e6;
	}
	qsort(line_ns, ROUNDS, sizeof(double), by_value);
	qsort(flush_us, ROUNDS, sizeof(double), by_value);
	statsd_get_stats(s, &stats);
	printf("{\"bench\":\"statsd\",\"ns_per_line\":%.1f,\"flush_us\":%.0f,\"metrics\":%u,\"series\":%u,"
	       "\"bad\":%llu}\n",
	       line_ns[ROUNDS / 2], flush_us[ROUNDS / 2], stats.metrics, registry_count(registry),
	       (unsigned long long)(stats.bad + stats.refused));
	statsd_free(s);
	registry_free(registry);
	return stats.bad + stats.refused ? 1 : 0;
}
