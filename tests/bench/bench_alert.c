/* What alert rules cost: 1 000 rules on 5 000 series at 1 Hz, an hour of simulated seconds, server CPU only.
 *
 *     bench_alert [rules [series]]      prints one JSON line
 *
 * Half of the rules compare, a quarter measure rates, a quarter watch for absence; each matches a pattern's worth of series. Values
 * wander below the limits; one series in a hundred crosses its limit now and then, so that alerts come and go. */
#include "alert/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS     3600
#define BAR_PERCENT 0.2

static uint64_t changes;

static void told(void *arg, struct alert *a, enum alert_change change, const struct alert_now *now)
{
	(void)arg, (void)a, (void)change, (void)now;
	changes++;
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_rule(struct alert_engine *e, unsigned i, const struct alert_now *now)
{
	char name[40], pattern[40];
	int n = snprintf(name, sizeof(name), "rule %u", i),
	    p = snprintf(pattern, sizeof(pattern), "host%u.*", i);
	struct alert_rule rule = { .name = { name, (size_t)n },
				   .series = { pattern, (size_t)p },
				   .limit = 95,
				   .clear_at = 90,
				   .for_us = 5 * US_PER_S };
	rule.condition = i % 4 < 2 ? ALERT_ABOVE : i % 4 == 2 ? ALERT_RATE_ABOVE : ALERT_ABSENT;
	rule.window_us = rule.condition == ALERT_ABSENT ? 60 * US_PER_S : 0;
	if (alert_engine_set_rule(e, &rule, now) < 0)
		abort();
}

int main(int argc, char **argv)
{
	unsigned rules = argc > 1 ? (unsigned)atoi(argv[1]) : 1000,
		 n = argc > 2 ? (unsigned)atoi(argv[2]) : 5000;
	struct registry *registry = registry_new(n + 1);
	struct alert_engine *e = alert_engine_new(registry, NULL, told, NULL);
	struct alert_now now = { INT64_C(1795378244000), 1000000 };
	series_id *ids = calloc(n, sizeof(*ids));
	double *values = calloc(n, sizeof(*values));
	if (!registry || !e || !ids || !values)
		return 1;
	for (unsigned i = 0; i < rules; i++)
		add_rule(e, i, &now);
	for (unsigned i = 0; i < n; i++) {
		char key[60];
		int len = snprintf(key, sizeof(key), "host%u.metric%u", i % rules, i / rules);
		if (registry_intern(registry, (struct view){ key, (size_t)len }, NULL, &ids[i], NULL) < 0)
			return 1;
	}
	double begin = cpu_seconds(), making = 0, spent = 0;
	for (int second = 0; second < SECONDS; second++) {
		for (unsigned i = 0; i < n; i++) /* the emitter's work, not ours */
			values[i] = 50 + 40 * sin(second * 0.01 + i) +
				    (i % 100 == 0 && second % 60 < 20 ? 60 : 0);
		struct tick tick = { 1, now.wall, n, ids, values };
		double start = cpu_seconds();
		alert_engine_tick(e, &tick, &now);
		alert_engine_sweep(e, &now);
		if (second == 0)
			making = cpu_seconds() - begin;
		else
			spent += cpu_seconds() - start;
		now.wall += 1000;
		now.mono += US_PER_S;
	}
	double percent = spent / (SECONDS - 1) * 100;
	printf("{\"bench\":\"alert\",\"rules\":%u,\"series\":%u,\"seconds\":%d,\"changes\":%llu,\"first_tick_"
	       "ms\":%.2f,\"tick_us\":%.1f,"
	       "\"ns_per_sample\":%.1f,\"core_percent\":%.4f,\"bar_percent\":%.1f,\"good\":%s}\n",
	       rules, n, SECONDS, (unsigned long long)changes, making * 1e3, spent / (SECONDS - 1) * 1e6,
	       spent / (SECONDS - 1) / n * 1e9, percent, BAR_PERCENT,
	       percent <= BAR_PERCENT ? "true" : "false");
	alert_engine_free(e);
	registry_free(registry);
	free(ids);
	free(values);
	return percent <= BAR_PERCENT ? 0 : 2;
}
