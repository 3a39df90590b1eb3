#include "support.h"

#include "base/err.h"
#include "series/event.h"

#include <stdio.h>

struct seen {
	int n;
	int64_t ids[100];
	char last[400];
};

static void collect(void *arg, const struct event *e)
{
	struct seen *seen = arg;

	seen->ids[seen->n++ % 100] = e->id;
	snprintf(seen->last, sizeof(seen->last), "%.*s|%.*s|%.*s", (int)e->subject.len, e->subject.data,
		 (int)e->title.len, e->title.data, (int)e->detail.len, e->detail.data);
}

static int64_t add(struct timeline *t, wall_ms at, const char *subject, const char *title, const char *detail)
{
	const struct event e = { .t = at,
				 .kind = EVENT_NOTE,
				 .subject = view_of(subject),
				 .title = view_of(title),
				 .detail = view_of(detail) };

	return timeline_add(t, &e);
}

static void test_numbers_and_copies(void **state)
{
	struct timeline *t = timeline_new(10, 1000);
	struct event_filter f = { .limit = 10 };
	struct seen seen = { 0 };
	char title[] = "Title.";

	assert_int_equal(timeline_oldest_id(t), 0);
	timeline_start_after(t, 41);
	assert_int_equal(add(t, 1, "subject", title, "{}"), 42);
	title[0] = '?';
	assert_int_equal(add(t, 2, "other", "b", ""), 43);
	f.subject = VIEW("sub*");
	timeline_query(t, &f, collect, &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.last, "subject|Title.|{}");
	assert_int_equal(timeline_oldest_id(t), 42);
	timeline_free(t);
}

static void test_newest_first_up_to_the_limit(void **state)
{
	struct timeline *t = timeline_new(10, 1000);
	struct event_filter f = { .limit = 2 };
	struct seen seen = { 0 };

	for (int i = 0; i < 5; i++)
		add(t, i, "s", "t", "");
	timeline_query(t, &f, collect, &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ids[0], 5);
	assert_int_equal(seen.ids[1], 4);
	timeline_free(t);
}

static void test_count_bound(void **state)
{
	struct timeline *t = timeline_new(3, 1000);
	struct seen seen = { 0 };

	for (int i = 0; i < 10; i++)
		add(t, i, "s", "t", "");
	assert_int_equal(timeline_oldest_id(t), 8);
	timeline_replay(t, 8, collect, &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ids[0], 9);
	timeline_free(t);
}

/* The title of event i is i * 37 % 190 times one letter. */
static void check_title(void *arg, const struct event *e)
{
	assert_int_equal(e->title.len, e->id * 37 % 190);
	for (size_t k = 0; k < e->title.len; k++)
		assert_int_equal(e->title.data[k], 'a' + e->id % 26);
	collect(arg, e);
}

/* Whatever the lengths, what is still there reads as it was written. */
static void test_bytes_bound_keeps_texts_whole(void **state)
{
	struct timeline *t = timeline_new(50, 200);
	struct event_filter f = { .limit = 1 };
	char title[200], expected[300];

	for (int i = 1; i < 500; i++) {
		struct seen seen = { 0 };
		int len = (i * 37) % 190;
		memset(title, 'a' + i % 26, sizeof(title));
		title[len] = 0;
		assert_int_equal(add(t, i, "x", title, "y"), i);
		timeline_query(t, &f, collect, &seen);
		snprintf(expected, sizeof(expected), "x|%s|y", title);
		assert_string_equal(seen.last, expected);
		seen.n = 0;
		timeline_replay(t, 0, check_title, &seen);
		assert_true(seen.n >= 1 && seen.ids[seen.n - 1] == i);
	}
	timeline_free(t);
}

static void test_refuses_what_never_fits(void **state)
{
	struct timeline *t = timeline_new(5, 10);
	struct event e = { .kind = EVENT_NOTE, .subject = VIEW("12345"), .title = VIEW("67890") };

	assert_int_equal(timeline_add(t, &e), 1);
	e.detail = VIEW("x");
	assert_int_equal(timeline_add(t, &e), ERR_RANGE);
	e.detail.len = SIZE_MAX;
	assert_int_equal(timeline_add(t, &e), ERR_RANGE);
	assert_int_equal(timeline_oldest_id(t), 1);
	timeline_free(t);
}

static void test_stored_ids_are_kept(void **state)
{
	struct timeline *t = timeline_new(5, 100);
	struct event e = { .id = 7, .kind = EVENT_NOTE };

	assert_int_equal(timeline_add(t, &e), 7);
	assert_int_equal(timeline_add(t, &e), ERR_RANGE); /* not above the newest */
	e.id = 0;
	assert_int_equal(timeline_add(t, &e), 8);
	timeline_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_copies),
		cmocka_unit_test(test_newest_first_up_to_the_limit),
		cmocka_unit_test(test_count_bound),
		cmocka_unit_test(test_bytes_bound_keeps_texts_whole),
		cmocka_unit_test(test_refuses_what_never_fits),
		cmocka_unit_test(test_stored_ids_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
