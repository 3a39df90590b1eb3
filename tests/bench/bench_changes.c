/* How often detectors are wrong, and how often right: tables in Markdown.
 *
 *     bench_changes [series [seed]]      1000 of each kind by default, about a minute
 *
 * False points: the share of steady series in which a method tells one. Hits: the share of series with one step in which a point is
 * told within one place of it. Noise is 2 % of the mean; steps are 5 and 10 % of it. The yardstick is the largest two-sample t over all
 * places, its bound taken from noise of the same length (20 000 series) so that it is wrong as often as it is said. `auto` is
 * asked for 1 % and for the share in which Otava's rule (edivisive, Orion's defaults) was wrong here. */
#include "bench_noise.h"
#include "noise.h"

#include "detect/detector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST        1000
#define CALIBRATION 20000
#define MEAN        50.0 /* noise of 1: 2 % */
#define SHARE       0.01

struct bench {
	unsigned series;
	uint64_t seed;
	struct arena arena;
	double x[MOST];
};

/* --- methods ------------------------------------------------------------------------------------------------------------ */

struct method {
	const char *name;
	const struct detector *detector; /* NULL: the yardstick */
	double share, bound;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double calibrate(struct bench *b, size_t n, double share)
{
	static double largest[CALIBRATION];
	struct bench_noise noise = bench_noise_of(b->seed + 1000000 + n);
	size_t at;
	for (size_t k = 0; k < CALIBRATION; k++) {
		for (size_t i = 0; i < n; i++)
			b->x[i] = bench_gauss(&noise);
		largest[k] = largest_t(b->x, n, &at);
	}
	qsort(largest, CALIBRATION, sizeof(double), by_value);
	return largest[(size_t)(CALIBRATION * (1 - share))];
}

/* Points that are told: how many, and is one within a place of `at`? */
static size_t told(struct bench *b, const struct method *m, size_t n, size_t at, bool *hit)
{
	*hit = false;
	if (!m->detector) {
		size_t best;
		if (largest_t(b->x, n, &best) <= m->bound)
			return 0;
		*hit = best + 1 >= at && best <= at + 1;
		return 1;
	}
	struct detect_options o = DETECT_DEFAULTS;
	struct change_result r = { .arena = &b->arena };
	o.false_share = m->share;
	arena_reset(&b->arena);
	if (detect_series(m->detector, b->x, n, &o, &r) < 0)
		abort();
	for (size_t i = 0; i < r.n; i++)
		*hit |= r.points[i].index + 1 >= at && r.points[i].index <= at + 1;
	return r.n;
}

/* --- series ------------------------------------------------------------------------------------------------------------- */

enum kind {
	NORMAL,
	T3,
	LAPLACE,
	OUTLIERS,
	TREND,
	WEEK,
	DAY,
	INTEGERS,
	COARSE,
	AR5,
	AR8,
	LONG_TREND,
	UNEQUAL
};
static const struct {
	enum kind kind;
	const char *name;
} kinds[] = {
	{ NORMAL, "normal" },
	{ T3, "Student t, 3 degrees of freedom" },
	{ LAPLACE, "Laplace" },
	{ OUTLIERS, "normal, 1 % outliers of ±10 sd" },
	{ TREND, "linear trend, +1 % of the mean per point" },
	{ WEEK, "season of 7 points, ±5 %" },
	{ DAY, "daily season of 24 points, ±5 %" },
	{ INTEGERS, "rounded to integers (sd 1)" },
	{ COARSE, "rounded to integers (sd 0.4)" },
	{ LONG_TREND, "not promised: trend of +10 % over the whole series" },
	{ AR5, "not promised: AR(1), φ = .5" },
	{ AR8, "not promised: AR(1), φ = .8" },
	{ UNEQUAL, "not promised: sd three times as large in the last 30 %" },
};

static double value(enum kind kind, struct bench_noise *n, size_t i, size_t count, double *last)
{
	double g = bench_gauss(n), a, r = kind == AR5 ? 0.5 : 0.8;
	switch (kind) {
	case T3:
		a = bench_gauss(n);
		double b = bench_gauss(n), c = bench_gauss(n);
		return g / sqrt((a * a + b * b + c * c) / 3);
	case LAPLACE:
		return copysign(log(bench_uniform(n)), g);
	case OUTLIERS:
		return bench_uniform(n) < 0.01 ? g + copysign(10, bench_uniform(n) - 0.5) : g;
	case TREND:
		return g + 0.5 * (double)i;
	case LONG_TREND:
		return g + 5 * (double)i / (double)(count - 1);
	case WEEK:
	case DAY:
		return g + 2.5 * sin(2 * M_PI * (double)i / (kind == DAY ? 24 : 7));
	case INTEGERS:
		return round(g);
	case COARSE:
		return round(0.4 * g);
	case AR5:
	case AR8:
		return *last = i ? r * *last + sqrt(1 - r * r) * g : g;
	case UNEQUAL:
		return (double)i < 0.7 * (double)count ? g : 3 * g;
	default:
		return g;
	}
}

static void fill(struct bench *b, enum kind kind, struct bench_noise *noise, size_t n, size_t at, double step)
{
	double last = 0;
	for (size_t i = 0; i < n; i++)
		b->x[i] = MEAN + value(kind, noise, i, n, &last) + (i >= at ? step : 0);
}

/* --- tables ------------------------------------------------------------------------------------------------------------- */

static double false_share(struct bench *b, const struct method *m, enum kind kind, size_t n)
{
	struct bench_noise noise = bench_noise_of(b->seed + n * 100 + kind);
	unsigned wrong = 0;
	bool hit;
	for (unsigned k = 0; k < b->series; k++) {
		fill(b, kind, &noise, n, n, 0);
		wrong += told(b, m, n, n, &hit) > 0;
	}
	return (double)wrong / b->series;
}

static double hit_share(struct bench *b, const struct method *m, size_t n, size_t at, double step)
{
	struct bench_noise noise = bench_noise_of(b->seed + n * 100 + at + (uint64_t)(step * 10));
	unsigned hits = 0;
	bool hit;
	for (unsigned k = 0; k < b->series; k++) {
		fill(b, NORMAL, &noise, n, at, step);
		told(b, m, n, at, &hit);
		hits += hit;
	}
	return (double)hits / b->series;
}

static void print_length(struct bench *b, size_t n)
{
	const struct detector *otava = detector_find(VIEW("edivisive")),
			      *automatic = detector_find(VIEW("auto"));
	struct method rule = { "Otava's rule", otava, SHARE, 0 };
	double share = false_share(b, &rule, NORMAL, n);
	const struct method methods[] = {
		rule,
		{ "auto at that share", automatic, fmax(share, 1.0 / b->series), 0 },
		{ "yardstick at that share", NULL, share, calibrate(b, n, share) },
		{ "auto at 1 %", automatic, SHARE, 0 },
		{ "yardstick at 1 %", NULL, SHARE, calibrate(b, n, SHARE) },
		{ "pelt", detector_find(VIEW("pelt")), SHARE, 0 },
	};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct method *m = &methods[i];
		printf("| %zu | %s | %.1f |", n, m->name, 100 * false_share(b, m, NORMAL, n));
		for (int late = 0; late < 2; late++)
			for (double step = 2.5; step < 6; step *= 2)
				printf(" %.1f |", 100 * hit_share(b, m, n, late ? n - 5 : n / 2, step));
		printf("\n");
		fflush(stdout);
	}
}

static void print_false(struct bench *b, const char *name)
{
	static const size_t lengths[] = { 20, 30, 50, 100, 365 };
	const struct method m = { name, detector_find(view_of(name)), SHARE, 0 };
	printf("\n%s: %% of series with a false point\n\n| series | 20 | 30 | 50 | 100 | 365 "
	       "|\n|---|--:|--:|--:|--:|--:|\n",
	       name);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		printf("| %s |", kinds[k].name);
		for (size_t l = 0; l < 5; l++)
			printf(" %.1f |", 100 * false_share(b, &m, kinds[k].kind, lengths[l]));
		printf("\n");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static const size_t lengths[] = { 20, 30, 50, 100 };
	static struct bench b;
	b.series = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	b.seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
	if (b.series < 1)
		return 1;
	arena_init(&b.arena, 1 << 18);
	printf("%u series each, noise 2 %% of the mean; %% of them\n\n"
	       "| n | method | false point | 5 %% middle | 10 %% middle | 5 %%, 5 before the end | 10 %%, 5 "
	       "before the end |\n"
	       "|--:|---|--:|--:|--:|--:|--:|\n",
	       b.series);
	for (size_t l = 0; l < 4; l++)
		print_length(&b, lengths[l]);
	static const char *const methods[] = { "auto", "edivisive", "pelt", "robust" };
	for (size_t i = 0; i < 4; i++)
		print_false(&b, methods[i]);
	arena_fini(&b.arena);
	return 0;
}
