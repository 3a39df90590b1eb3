#include "support.h"

#include "series/registry.h"

#include <math.h>
#include <stdio.h>

static void test_interns_once(void **state)
{
	struct registry *r = registry_new(10);
	series_id a, b, c;

	assert_int_equal(registry_intern(r, VIEW("m{a=1,b=2}"), NULL, &a, NULL), 0);
	assert_int_equal(registry_intern(r, VIEW("m{ b=2, a=1 }"), NULL, &b, NULL), 0);
	assert_int_equal(registry_intern(r, VIEW("n"), NULL, &c, NULL), 0);
	assert_int_equal(a, 0);
	assert_int_equal(b, 0);
	assert_int_equal(c, 1);
	assert_int_equal(registry_count(r), 2);
	assert_true(view_eq(registry_get(r, a)->key, VIEW("m{a=1,b=2}")));
	assert_int_equal(registry_find(r, VIEW("m{b=2,a=1}")), a);
	assert_int_equal(registry_find(r, VIEW("none")), SERIES_NONE);
	assert_int_equal(registry_find(r, VIEW("{{{")), SERIES_NONE);
	assert_null(registry_get(r, 2));
	registry_free(r);
}

static void test_meta_is_copied(void **state)
{
	char unit[] = "bytes", help[] = "What it is.";
	struct series_meta meta = { SERIES_COUNTER, 99, unit, help };
	struct registry *r = registry_new(10);
	const struct series *s;
	series_id id;

	assert_int_equal(registry_intern(r, VIEW("m"), &meta, &id, NULL), 0);
	unit[0] = help[0] = '?';
	s = registry_get(r, id);
	assert_int_equal(s->meta.type, SERIES_COUNTER);
	assert_int_equal(s->meta.decimals, -1); /* 99 is no resolution a double has */
	assert_string_equal(s->meta.unit, "bytes");
	assert_string_equal(s->meta.help, "What it is.");
	registry_free(r);
}

static void test_cap_refuses_and_counts(void **state)
{
	struct registry *r = registry_new(100);
	struct err err = { 0 };
	char key[32];
	series_id id;

	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "m{i=%d}", i);
		assert_int_equal(registry_intern(r, view_of(key), NULL, &id, &err), i < 100 ? 0 : ERR_FULL);
	}
	assert_int_equal(registry_count(r), 100);
	assert_int_equal(registry_overflow(r), 9900);
	assert_non_null(strstr(err.text, "100 series"));
	assert_int_equal(registry_intern(r, VIEW("m{i=7}"), NULL, &id, &err), 0);
	assert_int_equal(id, 7);
	registry_free(r);
}

static void test_bad_key_is_not_counted_as_overflow(void **state)
{
	struct registry *r = registry_new(1);
	series_id id = 5;

	assert_int_equal(registry_intern(r, VIEW("a b"), NULL, &id, NULL), ERR_SYNTAX);
	assert_int_equal(registry_overflow(r), 0);
	assert_int_equal(id, 5);
	registry_free(r);
}

static void test_note_keeps_the_newest(void **state)
{
	struct registry *r = registry_new(10);
	series_id ids[3] = { 0, 1, 77 };
	double values[3] = { 1, NAN, 3 };
	struct tick tick = { .group = 0, .t = 100, .n = 3, .series = ids, .values = values };
	series_id id;

	registry_intern(r, VIEW("a"), NULL, &id, NULL);
	registry_intern(r, VIEW("b"), NULL, &id, NULL);
	registry_note(r, &tick);
	assert_int_equal(registry_get(r, 0)->last_t, 100);
	assert_true(registry_get(r, 0)->last_v == 1);
	assert_int_equal(registry_get(r, 1)->last_t, 0);
	tick.t = 50;
	values[0] = 9;
	registry_note(r, &tick);
	assert_true(registry_get(r, 0)->last_v == 1); /* a late push */
	tick.group = 1;
	registry_note(r, &tick);
	assert_true(registry_get(r, 0)->last_v == 9); /* the clock was stepped back */
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interns_once),
		cmocka_unit_test(test_meta_is_copied),
		cmocka_unit_test(test_cap_refuses_and_counts),
		cmocka_unit_test(test_bad_key_is_not_counted_as_overflow),
		cmocka_unit_test(test_note_keeps_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
