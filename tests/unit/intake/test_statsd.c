/* Lines in, series out: no clock, no socket. */
#include "support.h"

#include "intake/statsd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define GROUP 7
/* Nothing was told. */
#define ABSENT (-987654321.0)

struct world {
	struct registry *registry;
	struct statsd *s;
	double last[4096]; /* by series, of the last flush */
	uint32_t ticks, widest;
	series_group groups[16];
};

static struct world *world_new(uint32_t cap, size_t max_bytes)
{
	struct world *w = calloc(1, sizeof(*w));
	w->registry = registry_new(cap);
	assert_int_equal(statsd_new(&w->s, w->registry, max_bytes), 0);
	return w;
}

static void world_free(struct world *w)
{
	statsd_free(w->s);
	registry_free(w->registry);
	free(w);
}

static void feed(struct world *w, const char *text)
{
	statsd_feed(w->s, text, strlen(text));
}

static void take_tick(void *arg, const struct tick *tick)
{
	struct world *w = arg;
	assert_int_equal(tick->t, 1000);
	w->groups[w->ticks++] = tick->group;
	w->widest = tick->n > w->widest ? tick->n : w->widest;
	for (uint32_t i = 0; i < tick->n; i++)
		if (!isnan(tick->values[i]))
			w->last[tick->series[i]] = tick->values[i];
}

static void flush(struct world *w)
{
	for (size_t i = 0; i < 4096; i++)
		w->last[i] = ABSENT;
	w->ticks = 0;
	statsd_flush(w->s, 1000, GROUP, take_tick, w);
}

static double value_of(const struct world *w, const char *key)
{
	series_id id = registry_find(w->registry, view_of(key));
	if (id == SERIES_NONE)
		fail_msg("no series %s", key);
	return w->last[id];
}

static struct statsd_stats stats_of(const struct world *w)
{
	struct statsd_stats s;
	statsd_get_stats(w->s, &s);
	return s;
}

#define WORLD() struct world *w = world_new(4000, 0)

static void counters_grow_over_intervals(void **state)
{
	WORLD();
	feed(w, "hits:2|c\nhits:3|c");
	flush(w);
	assert_true(value_of(w, "hits") == 5);
	feed(w, "hits:1|c|@0.1\n");
	flush(w);
	assert_true(value_of(w, "hits") == 15);
	flush(w);
	assert_true(value_of(w, "hits") == 15);
	assert_int_equal(registry_get(w->registry, 0)->meta.type, SERIES_COUNTER);
	world_free(w);
}

static void gauges_are_set_and_changed(void **state)
{
	WORLD();
	feed(w, "depth:5|g\ndepth:+3|g\ndepth:-10|g\n");
	flush(w);
	assert_true(value_of(w, "depth") == -2);
	feed(w, "depth:7|g\n");
	flush(w);
	assert_true(value_of(w, "depth") == 7);
	flush(w);
	assert_true(value_of(w, "depth") == 7);
	world_free(w);
}

static void timings_tell_count_mean_p95_and_max_of_the_interval(void **state)
{
	WORLD();
	for (int i = 100; i >= 1; i--) {
		char line[32];
		snprintf(line, sizeof(line), "t:%d|ms", i);
		feed(w, line);
	}
	flush(w);
	assert_true(value_of(w, "t.count") == 100);
	assert_true(value_of(w, "t.mean") == 50.5);
	assert_true(value_of(w, "t.p95") == 95);
	assert_true(value_of(w, "t.max") == 100);
	flush(w);
	assert_true(value_of(w, "t.count") == 0);
	assert_true(value_of(w, "t.mean") == ABSENT);
	assert_true(value_of(w, "t.p95") == ABSENT);
	assert_true(value_of(w, "t.max") == ABSENT);
	world_free(w);
}

static void rates_weigh_timings(void **state)
{
	WORLD();
	feed(w, "t:10|ms|@0.1\nt:20|h|@1\nt:-5|ms\n");
	flush(w);
	assert_true(value_of(w, "t.count") == 12);
	assert_true(value_of(w, "t.mean") == (100 + 20 - 5) / 12.0);
	assert_true(value_of(w, "t.max") == 20);
	world_free(w);
}

static void the_greatest_of_negatives_is_negative(void **state)
{
	WORLD();
	feed(w, "t:-5|ms\nt:-3|ms\n");
	flush(w);
	assert_true(value_of(w, "t.max") == -3);
	world_free(w);
}

static void many_timings_are_sampled_evenly(void **state)
{
	WORLD();
	for (int i = 0; i < 100000; i++) {
		char line[32];
		snprintf(line, sizeof(line), "t:%d|ms", i);
		feed(w, line);
	}
	flush(w);
	assert_true(value_of(w, "t.count") == 100000);
	assert_true(value_of(w, "t.max") == 99999);
	assert_true(fabs(value_of(w, "t.p95") - 95000) < 4000); /* 512 values: four sigma */
	world_free(w);
}

static void sets_count_different_members(void **state)
{
	WORLD();
	feed(w, "users:anna|s\nusers:bert|s\nusers:anna|s\n");
	for (int i = 0; i < 5000; i++) {
		char line[32];
		snprintf(line, sizeof(line), "many:%d|s", i % 2500);
		feed(w, line);
	}
	flush(w);
	assert_true(value_of(w, "users") == 2);
	assert_true(value_of(w, "many") == 2500);
	flush(w);
	assert_true(value_of(w, "users") == 0);
	world_free(w);
}

static void tags_are_labels_in_any_order(void **state)
{
	WORLD();
	feed(w, "h:1|c|#b:2,a:1\nh:1|c|#a:1,b:2\nh:1|c\n");
	flush(w);
	assert_true(value_of(w, "h{a=1,b=2}") == 2);
	assert_true(value_of(w, "h") == 1);
	assert_int_equal(stats_of(w).metrics, 2);
	world_free(w);
}

static void a_name_keeps_its_first_type(void **state)
{
	WORLD();
	feed(w, "x:1|c\nx:9|g\nx:9|s\nx:1|c\n");
	flush(w);
	assert_true(value_of(w, "x") == 2);
	assert_int_equal(stats_of(w).refused, 2);
	world_free(w);
}

static void bad_lines_are_counted_and_the_others_taken(void **state)
{
	WORLD();
	feed(w, "x:1|c\nrub\x01"
		"bish\n\n\r\nx:1|c\r\nx:1|c|#a:1,a:2\n");
	flush(w);
	assert_true(value_of(w, "x") == 2);
	struct statsd_stats s = stats_of(w);
	assert_int_equal(s.lines, 4);
	assert_int_equal(s.bad, 2);
	assert_string_equal(s.last_bad, "x:1|c|#a:1,a:2");
	assert_non_null(strstr(s.last_why, "no tag twice"));
	world_free(w);
}

static void an_endless_name_is_bad(void **state)
{
	WORLD();
	static char line[3000];
	memset(line, 'a', sizeof(line) - 1);
	memcpy(line + 2990, ":1|c", 5);
	feed(w, line);
	memcpy(line + 700, ":1|c", 5);
	feed(w, line);
	assert_int_equal(stats_of(w).bad, 2);
	assert_int_equal(strlen(stats_of(w).last_bad), 63);
	world_free(w);
}

static void the_cap_of_series_is_respected(void **state)
{
	struct world *w = world_new(5, 0);
	feed(w, "a:1|c\nt:1|ms\nb:1|c\nc:1|g\na:1|c\n");
	flush(w);
	assert_true(value_of(w, "a") == 2);
	assert_true(value_of(w, "t.count") == 1);
	assert_int_equal(stats_of(w).refused, 2);
	assert_int_equal(stats_of(w).metrics, 2);
	assert_int_equal(registry_overflow(w->registry), 2);
	world_free(w);
}

static void memory_of_an_interval_is_bounded(void **state)
{
	struct world *w = world_new(4000, 1024);
	for (int i = 0; i < 2000; i++) {
		char line[64];
		snprintf(line, sizeof(line), "t%d:%d|ms\nusers:%d|s", i % 20, i, i);
		feed(w, line);
	}
	flush(w);
	assert_true(value_of(w, "t0.count") == 100);
	assert_true(value_of(w, "t19.max") == 1999);
	assert_true(value_of(w, "t19.p95") == ABSENT); /* nothing to rest on */
	assert_true(value_of(w, "users") < 2000);
	assert_true(stats_of(w).saturated > 0);
	world_free(w);
}

static void what_leaves_the_range_of_numbers_is_left_out(void **state)
{
	WORLD();
	feed(w, "c:1e308|c\nc:1e308|c\ng:1e308|g\ng:+1e308|g\nt:1e308|ms|@0.001\n");
	flush(w);
	assert_true(value_of(w, "c") == 1e308);
	assert_true(value_of(w, "g") == 1e308);
	assert_true(value_of(w, "t.mean") == ABSENT);
	assert_true(value_of(w, "t.max") == 1e308);
	world_free(w);
}

static void silence_ends_a_series_and_a_line_revives_it(void **state)
{
	WORLD();
	feed(w, "c:5|c\ng:5|g\nt:5|ms\n");
	for (int i = 0; i < 60; i++)
		flush(w);
	assert_true(value_of(w, "c") == 5);
	flush(w);
	assert_true(value_of(w, "c") == ABSENT);
	assert_true(value_of(w, "g") == ABSENT);
	assert_true(value_of(w, "t.count") == ABSENT);
	assert_int_equal(w->ticks, 0);
	feed(w, "c:1|c\n");
	flush(w);
	assert_true(value_of(w, "c") == 6);
	world_free(w);
}

static void many_series_come_in_portions_with_groups_of_their_own(void **state)
{
	WORLD();
	for (int i = 0; i < 1200; i++) {
		char line[32];
		snprintf(line, sizeof(line), "m%d:%d|g", i, i);
		feed(w, line);
	}
	flush(w);
	assert_int_equal(w->ticks, 3);
	assert_int_equal(w->widest, STATSD_PORTION);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(w->groups[i], GROUP + i);
	assert_true(value_of(w, "m1199") == 1199);
	world_free(w);
}

/* --- streams: the connection of net, as far as it is used ------------------------------------------------------------- */

static void pieces(struct world *w, const char *text, size_t len, size_t piece)
{
	struct unix_handler h = statsd_stream_handler(w->s);
	void *user = h.open(h.arg, NULL);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = malloc(n);
		memcpy(copy, text + at, n);
		h.data(user, copy, n);
		free(copy);
	}
	h.data(user, "\n", 1);
	h.close(user);
}

static void lines_of_a_stream_in_any_pieces(void **state)
{
	static const char text[] = "a:1|c\nbb:22|c\n\nccc:333|c\r\na:1|c\nd:4|g";
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		WORLD();
		pieces(w, text, sizeof(text) - 1, piece);
		flush(w);
		assert_true(value_of(w, "a") == 2);
		assert_true(value_of(w, "bb") == 22);
		assert_true(value_of(w, "ccc") == 333);
		assert_true(value_of(w, "d") == 4);
		assert_int_equal(stats_of(w).lines, 5);
		assert_int_equal(stats_of(w).bad, 0);
		world_free(w);
	}
}

static void a_line_too_long_for_a_stream_is_one_bad_line(void **state)
{
	static char text[9000];
	memset(text, 'x', sizeof(text));
	memcpy(text, "a:1|c\n", 6);
	memcpy(text + sizeof(text) - 7, "\na:1|c\n", 7);
	static const size_t sizes[] = { 1, 100, 2047, 2048, 2049, 5000, 9000 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		WORLD();
		pieces(w, text, sizeof(text), sizes[i]);
		flush(w);
		assert_true(value_of(w, "a") == 2);
		assert_int_equal(stats_of(w).bad, 1);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_grow_over_intervals),
		cmocka_unit_test(gauges_are_set_and_changed),
		cmocka_unit_test(timings_tell_count_mean_p95_and_max_of_the_interval),
		cmocka_unit_test(rates_weigh_timings),
		cmocka_unit_test(the_greatest_of_negatives_is_negative),
		cmocka_unit_test(many_timings_are_sampled_evenly),
		cmocka_unit_test(sets_count_different_members),
		cmocka_unit_test(tags_are_labels_in_any_order),
		cmocka_unit_test(a_name_keeps_its_first_type),
		cmocka_unit_test(bad_lines_are_counted_and_the_others_taken),
		cmocka_unit_test(an_endless_name_is_bad),
		cmocka_unit_test(the_cap_of_series_is_respected),
		cmocka_unit_test(memory_of_an_interval_is_bounded),
		cmocka_unit_test(what_leaves_the_range_of_numbers_is_left_out),
		cmocka_unit_test(silence_ends_a_series_and_a_line_revives_it),
		cmocka_unit_test(many_series_come_in_portions_with_groups_of_their_own),
		cmocka_unit_test(lines_of_a_stream_in_any_pieces),
		cmocka_unit_test(a_line_too_long_for_a_stream_is_one_bad_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
