#include "support.h"

#include "series/key.h"

#include <stdio.h>

static void assert_canonical(const char *text, const char *expected)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out);
	assert_int_equal(series_key_canonical(view_of(text), &out, &err), 0);
	assert_string_equal(buf_str(&out), expected);
	buf_fini(&out);
}

static void assert_refused(const char *text, int code, const char *place)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out);
	assert_int_equal(series_key_canonical(view_of(text), &out, &err), code);
	assert_string_equal(err.place, place);
	assert_int_equal(err.code, code);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void test_canonical_form_is_kept(void **state)
{
	assert_canonical("app.queue{q=mail}", "app.queue{q=mail}");
	assert_canonical("a", "a");
	assert_canonical("a{b=\"x y\"}", "a{b=\"x y\"}");
	assert_canonical("_a:b-c.d{e=}", "_a:b-c.d{e=}");
}

static void test_sorts_and_tidies(void **state)
{
	assert_canonical(" a.b { z = 1 , y=\"2\", } ", "a.b{y=2,z=1}");
	assert_canonical("a{}", "a");
	assert_canonical("a{b=\"c\\\\d\"}", "a{b=c\\d}");
	assert_canonical("a{b=\"say \\\"hi\\\"\"}", "a{b=\"say \\\"hi\\\"\"}");
}

static void test_values_are_decoded(void **state)
{
	struct series_key key;

	assert_int_equal(series_key_parse(VIEW("m{path=\"/a b\",dev=sda}"), &key, NULL), 0);
	assert_true(view_eq(key.name, VIEW("m")));
	assert_int_equal(key.n_labels, 2);
	assert_true(view_eq(key.labels[0].name, VIEW("dev")));
	assert_true(view_eq(series_key_label(&key, VIEW("path")), VIEW("/a b")));
	assert_null(series_key_label(&key, VIEW("none")).data);
}

static void test_refuses_with_the_column(void **state)
{
	assert_refused("", ERR_SYNTAX, "column 1");
	assert_refused("1a", ERR_SYNTAX, "column 1");
	assert_refused("a b", ERR_SYNTAX, "column 3");
	assert_refused("a{b}", ERR_SYNTAX, "column 4");
	assert_refused("a{b=c", ERR_SYNTAX, "column 6");
	assert_refused("a{b=c}x", ERR_SYNTAX, "column 7");
	assert_refused("a{b=\"c", ERR_SYNTAX, "column 7");
	assert_refused("a{b=\"\\n\"}", ERR_SYNTAX, "column 7");
	assert_refused("a{b=x=y}", ERR_SYNTAX, "column 6");
	assert_refused("a{b=1,b=2}", ERR_SYNTAX, "column 10");
	assert_refused("a{b=\"x\x01\"}", ERR_SYNTAX, "column 7");
	assert_refused("a{b=\xff}", ERR_SYNTAX, "column 5");
}

static void test_length_bound(void **state)
{
	char text[SERIES_KEY_MAX + 1];
	struct series_key key;
	struct err err;

	memset(text, 'a', sizeof(text));
	assert_int_equal(series_key_parse((struct view){ text, SERIES_KEY_MAX }, &key, &err), 0);
	assert_int_equal(series_key_parse((struct view){ text, SERIES_KEY_MAX + 1 }, &key, &err), ERR_RANGE);
}

static void test_label_bound(void **state)
{
	char text[256] = "m{";
	struct series_key key;

	for (int i = 0; i < SERIES_LABELS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "l%d=%d,", i, i);
	strcat(text, "}");
	assert_int_equal(series_key_parse(view_of(text), &key, NULL), 0);
	assert_int_equal(key.n_labels, SERIES_LABELS_MAX);
	text[strlen(text) - 1] = 0;
	strcat(text, "one_more=1}");
	assert_int_equal(series_key_parse(view_of(text), &key, NULL), ERR_RANGE);
}

static bool match(const char *pattern, const char *key)
{
	return series_key_match(view_of(pattern), view_of(key));
}

static void test_glob(void **state)
{
	assert_true(match("*", ""));
	assert_true(match("a*", "a.b{c=d}"));
	assert_true(match("*{q=?}", "app{q=x}"));
	assert_true(match("*a*b*", "xxaxxbxx"));
	assert_true(match("a*bc", "abcbc"));
	assert_false(match("a", "ab"));
	assert_false(match("", "a"));
	assert_false(match("a?", "a"));
	assert_false(match("*.x", "a.y"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_form_is_kept),
		cmocka_unit_test(test_sorts_and_tidies),
		cmocka_unit_test(test_values_are_decoded),
		cmocka_unit_test(test_refuses_with_the_column),
		cmocka_unit_test(test_length_bound),
		cmocka_unit_test(test_label_bound),
		cmocka_unit_test(test_glob),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
