#include "load.h"

static int set(struct load *l, const char *key, const char *text)
{
	memset(&l->err, 0, sizeof(l->err));
	return option_set_text(option_find(&sample_table, view_of(key)), &l->values, view_of(text),
			       "here:1:2", &l->arena, &l->err);
}

static void refused(struct load *l, const char *key, const char *text, int code, const char *sentence)
{
	struct sample_options before = l->values;
	assert_int_equal(set(l, key, text), code);
	assert_string_equal(l->err.text, sentence);
	assert_string_equal(l->err.place, "here:1:2");
	assert_memory_equal(&before, &l->values, sizeof(before));
}

static const char *get(struct load *l, const char *key)
{
	buf_clear(&l->out);
	option_get_text(option_find(&sample_table, view_of(key)), &l->values, &l->out);
	return buf_str(&l->out);
}

static void test_defaults(void **state)
{
	struct load *l = *state;
	assert_true(l->values.persist);
	assert_int_equal(l->values.max_runs, 10000);
	assert_int_equal(l->values.max_age, INT64_C(86400000000000));
	assert_int_equal(l->values.cache, 512 * 1024);
	assert_int_equal(l->values.mode, 0600);
	assert_true(l->values.share == 0.5);
	assert_string_equal(l->values.host, "127.0.0.1");
	assert_string_equal(l->values.key, "");
	assert_null(l->values.unset);
	assert_string_equal(l->values.dir, "/home/ann/state");
	assert_int_equal(l->values.level, 1);
	assert_int_equal(l->values.names.n, 2);
	assert_string_equal(l->values.names.items[1], "b c");
}

static void test_wrong_default_is_a_programming_error(void **state)
{
	struct load *l = *state;
	static const struct option rows[] = { OPT_INT(struct sample_options, max_runs, "n", "-5", 0, 9, "", 0,
						      "N.") };
	static const struct option_table table = { "x", "X", rows, 1, sizeof(struct sample_options) };
	struct option_section s = { &table, &l->values };
	assert_int_equal(option_defaults(&s, 1, &l->arena, &l->err), ERR_SYNTAX);
	assert_string_equal(l->err.text, "x.n: the default \"-5\" is wrong");
}

static void test_bool_words(void **state)
{
	static const char *const yes[] = { "true", "Yes", "ON", "1", " true " }, *const no[] = { "false",
												 "no", "Off",
												 "0" };
	struct load *l = *state;
	for (size_t i = 0; i < 5; i++) {
		l->values.persist = false;
		assert_int_equal(set(l, "persist", yes[i]), 0);
		assert_true(l->values.persist);
	}
	for (size_t i = 0; i < 4; i++) {
		l->values.persist = true;
		assert_int_equal(set(l, "persist", no[i]), 0);
		assert_false(l->values.persist);
	}
	refused(l, "persist", "maybe", ERR_SYNTAX, "persist: \"maybe\" is not right; write true or false");
}

static void test_int_bounds(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "max_runs", "0"), 0);
	assert_int_equal(set(l, "max_runs", "100000000"), 0);
	assert_int_equal(l->values.max_runs, 100000000);
	refused(l, "max_runs", "-1", ERR_RANGE, "max_runs: -1 is below the smallest allowed value 0 (runs)");
	refused(l, "max_runs", "100000001", ERR_RANGE,
		"max_runs: 100000001 is above the largest allowed value 100000000 (runs)");
}

static void test_int_syntax(void **state)
{
	struct load *l = *state;
	refused(l, "max_runs", "abc", ERR_SYNTAX,
		"max_runs: \"abc\" is not right; write a whole number from 0 to 100000000 (runs)");
	refused(l, "max_runs", "", ERR_SYNTAX,
		"max_runs: the value is empty; write a whole number from 0 to 100000000 (runs)");
	refused(l, "max_runs", "1.5", ERR_SYNTAX,
		"max_runs: \"1.5\" is not right; write a whole number from 0 to 100000000 (runs)");
	refused(l, "max_runs", "99999999999999999999", ERR_RANGE,
		"max_runs: \"99999999999999999999\" is too large for any value; write a whole number from 0 "
		"to "
		"100000000 (runs)");
}

static void test_no_bounds(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "hook", "-9223372036854775808"), 0);
	assert_true(l->values.hook == INT64_MIN);
}

static void test_number(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "share", "-0.25"), 0);
	assert_true(l->values.share == -0.25);
	refused(l, "share", "1e9", ERR_RANGE, "share: 1e9 is above the largest allowed value 1");
	assert_int_equal(set(l, "share", "nan"), ERR_SYNTAX);
	assert_int_equal(set(l, "share", "inf"), ERR_SYNTAX);
}

static void test_duration_forms(void **state)
{
	struct load *l = *state;
	static const struct {
		const char *text;
		int64_t s;
		const char *shown;
	} rows[] = { { "90", 90, "1m30s" },  { "90s", 90, "1m30s" },       { "1h30m", 5400, "1h30m" },
		     { "7d", 604800, "7d" }, { "2w", 1209600, "14d" },     { "24h", 86400, "24h" },
		     { "60s", 60, "1m" },    { "1h0m5s", 3605, "1h0m5s" }, { "10m", 600, "10m" },
		     { "20s", 20, "20s" },   { "100h", 360000, "100h" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(set(l, "max_age", rows[i].text), 0);
		assert_int_equal(l->values.max_age, rows[i].s * INT64_C(1000000000));
		assert_string_equal(get(l, "max_age"), rows[i].shown);
	}
}

static void test_duration_bounds(void **state)
{
	struct load *l = *state;
	refused(l, "max_age", "500ms", ERR_RANGE, "max_age: 500ms is below the smallest allowed value 1s");
	refused(l, "max_age", "-1h", ERR_RANGE, "max_age: -1h is below the smallest allowed value 1s");
	refused(l, "max_age", "366d", ERR_RANGE, "max_age: 366d is above the largest allowed value 365d");
	refused(l, "max_age", "soon", ERR_SYNTAX,
		"max_age: \"soon\" is not right; write a duration such as 90s, 1h30m or 7d, from 1s to 365d");
	assert_int_equal(set(l, "max_age", "9223372036854775807"), ERR_RANGE);
}

static void test_size(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "cache", "10MB"), 0);
	assert_int_equal(l->values.cache, 10000000);
	assert_string_equal(get(l, "cache"), "10000000");
	assert_int_equal(set(l, "cache", "3 MiB"), 0);
	assert_string_equal(get(l, "cache"), "3 MiB");
	refused(l, "cache", "1 KiB", ERR_RANGE, "cache: 1 KiB is below the smallest allowed value 4 KiB");
	refused(l, "cache", "2 GiB", ERR_RANGE, "cache: 2 GiB is above the largest allowed value 1 GiB");
}

static void test_mode(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "mode", "666"), 0);
	assert_int_equal(l->values.mode, 0666);
	assert_int_equal(set(l, "mode", "0o640"), 0);
	assert_string_equal(get(l, "mode"), "0640");
	refused(l, "mode", "1777", ERR_RANGE, "mode: 1777 is above the largest allowed value 0777");
	assert_int_equal(set(l, "mode", "0689"), ERR_SYNTAX);
	assert_int_equal(set(l, "mode", "0o"), ERR_SYNTAX);
	assert_int_equal(set(l, "mode", "777777777777777777777777"), ERR_RANGE);
}

static void test_enum(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "level", "ERROR"), 0);
	assert_int_equal(l->values.level, 3);
	assert_string_equal(get(l, "level"), "error");
	refused(l, "level", "loud", ERR_UNKNOWN, "level: \"loud\" is not one of debug, info, warn, error");
	refused(l, "level", "wran", ERR_UNKNOWN,
		"level: \"wran\" is not one of debug, info, warn, error; did you mean warn?");
	assert_int_equal(set(l, "level", ""), ERR_UNKNOWN);
	assert_int_equal(set(l, "level", "debug|info"), ERR_UNKNOWN);
}

static void test_string_keeps_blanks(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "host", "  x "), 0);
	assert_string_equal(l->values.host, "  x ");
}

static void test_string_refuses_nul(void **state)
{
	struct load *l = *state;
	assert_int_equal(option_set_text(option_find(&sample_table, VIEW("host")), &l->values, VIEW("a\0b"),
					 "p", &l->arena, &l->err),
			 ERR_SYNTAX);
	assert_string_equal(l->err.text, "host: the text holds a NUL byte; remove it");
}

static void test_path_expands_home(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "dir", "~"), 0);
	assert_string_equal(l->values.dir, "/home/ann");
	assert_int_equal(set(l, "dir", "/a/~b"), 0);
	assert_string_equal(l->values.dir, "/a/~b");
	refused(l, "dir", "~bob/x", ERR_UNSUPPORTED,
		"dir: only ~ and ~/ stand for a home directory; write the full path");
}

static void test_path_without_home_variable(void **state)
{
	struct load *l = *state;
	unsetenv("HOME");
	assert_int_equal(set(l, "dir", "~/x"), 0);
	assert_true(l->values.dir[0] == '/');
}

static void test_list_text(void **state)
{
	struct load *l = *state;
	assert_int_equal(set(l, "names", " x ,, y,"), 0);
	assert_int_equal(l->values.names.n, 2);
	assert_string_equal(l->values.names.items[0], "x");
	assert_string_equal(get(l, "names"), "x,y");
	assert_int_equal(set(l, "names", ""), 0);
	assert_int_equal(l->values.names.n, 0);
}

static void test_list_items(void **state)
{
	struct load *l = *state;
	const struct view items[] = { VIEW("a,b"), VIEW("") };
	assert_int_equal(option_set_list(option_find(&sample_table, VIEW("names")), &l->values, items, 2, "p",
					 &l->arena, &l->err),
			 0);
	assert_int_equal(l->values.names.n, 2);
	assert_string_equal(l->values.names.items[0], "a,b");
}

static void test_list_for_a_number(void **state)
{
	struct load *l = *state;
	const struct view items[] = { VIEW("1") };
	assert_int_equal(option_set_list(option_find(&sample_table, VIEW("max_runs")), &l->values, items, 1,
					 "p", &l->arena, &l->err),
			 ERR_TYPE);
	assert_string_equal(
		l->err.text,
		"max_runs: takes one value, not a list; write a whole number from 0 to 100000000 (runs)");
}

static void test_long_value_is_cut_in_the_message(void **state)
{
	struct load *l = *state;
	char text[3001];
	memset(text, 'z', 3000);
	text[3000] = 0;
	assert_int_equal(set(l, "max_runs", text), ERR_SYNTAX);
	assert_non_null(
		strstr(l->err.text, "zzz...\" is not right; write a whole number from 0 to 100000000"));
}

static void test_control_bytes_are_escaped_in_the_message(void **state)
{
	struct load *l = *state;
	refused(l, "persist", "a\x1b[2J", ERR_SYNTAX,
		"persist: \"a\\x1b[2J\" is not right; write true or false");
}

static void test_secret_never_shows(void **state)
{
	struct load *l = *state;
	assert_string_equal(get(l, "key"), "");
	assert_int_equal(set(l, "key", "hunter2"), 0);
	assert_string_equal(l->values.key, "hunter2");
	assert_string_equal(get(l, "key"), "***");
}

static void test_secret_not_in_error(void **state)
{
	struct load *l = *state;
	static const struct option row =
		OPT_INT(struct sample_options, max_runs, "pin", "1", 0, 9999, "", OPT_SECRET, "Pin.");
	assert_int_equal(option_set_text(&row, &l->values, VIEW("12345"), "p", &l->arena, &l->err),
			 ERR_RANGE);
	assert_null(strstr(l->err.text, "12345"));
	assert_int_equal(option_set_text(&row, &l->values, VIEW("hunter2"), "p", &l->arena, &l->err),
			 ERR_SYNTAX);
	assert_null(strstr(l->err.text, "hunter2"));
}

struct diff_seen {
	const char *keys[20];
	bool restart[20];
	size_t n;
};

static void on_diff(void *arg, const struct option *row, bool restart)
{
	struct diff_seen *d = arg;
	d->keys[d->n] = row->key;
	d->restart[d->n++] = restart;
}

static void test_diff_tells_what_needs_a_restart(void **state)
{
	struct load *l = *state;
	struct sample_options before = l->values;
	struct diff_seen d = { .n = 0 };
	assert_int_equal(set(l, "max_runs", "5"), 0);
	assert_int_equal(set(l, "host", "::1"), 0);
	assert_int_equal(set(l, "names", "a,b c"), 0); /* equal content, other memory */
	assert_int_equal(set(l, "unset", ""), 0);      /* NULL and "" differ */
	option_diff(&sample_table, &before, &l->values, on_diff, &d);
	assert_int_equal(d.n, 3);
	assert_string_equal(d.keys[0], "max_runs");
	assert_false(d.restart[0]);
	assert_string_equal(d.keys[1], "host");
	assert_true(d.restart[1]);
	assert_string_equal(d.keys[2], "unset");
}

static void test_diff_of_equal_loads_is_silent(void **state)
{
	struct load *l = *state;
	struct sample_options other;
	struct option_section s = { &sample_table, &other };
	struct diff_seen d = { .n = 0 };
	assert_int_equal(option_defaults(&s, 1, &l->arena, &l->err), 0);
	option_diff(&sample_table, &other, &l->values, on_diff, &d);
	assert_int_equal(d.n, 0);
}

static void test_arena_limit_is_an_error(void **state)
{
	struct load *l = *state;
	l->arena.limit = l->arena.total;
	char text[20000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(set(l, "host", text), -12);
	assert_string_equal(l->values.host, "127.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_defaults),
		LOAD_TEST(test_wrong_default_is_a_programming_error),
		LOAD_TEST(test_bool_words),
		LOAD_TEST(test_int_bounds),
		LOAD_TEST(test_int_syntax),
		LOAD_TEST(test_no_bounds),
		LOAD_TEST(test_number),
		LOAD_TEST(test_duration_forms),
		LOAD_TEST(test_duration_bounds),
		LOAD_TEST(test_size),
		LOAD_TEST(test_mode),
		LOAD_TEST(test_enum),
		LOAD_TEST(test_string_keeps_blanks),
		LOAD_TEST(test_string_refuses_nul),
		LOAD_TEST(test_path_expands_home),
		LOAD_TEST(test_path_without_home_variable),
		LOAD_TEST(test_list_text),
		LOAD_TEST(test_list_items),
		LOAD_TEST(test_list_for_a_number),
		LOAD_TEST(test_long_value_is_cut_in_the_message),
		LOAD_TEST(test_control_bytes_are_escaped_in_the_message),
		LOAD_TEST(test_secret_never_shows),
		LOAD_TEST(test_secret_not_in_error),
		LOAD_TEST(test_diff_tells_what_needs_a_restart),
		LOAD_TEST(test_diff_of_equal_loads_is_silent),
		LOAD_TEST(test_arena_limit_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
