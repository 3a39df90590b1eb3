#include "load.h"

#include "conf/yaml.h"

/* Loads YAML text over fresh defaults of the same tables and hands the second load back. */
struct again {
	struct sample_options values;
	struct sample_log log;
	struct option_section sections[2];
	size_t differences;
};

static void on_diff(void *arg, const struct option *row, bool restart)
{
	print_error("%s differs\n", row->key);
	++*(size_t *)arg;
}

static void reload(struct load *l, const char *text, struct again *a)
{
	struct yaml_node *root = NULL;
	memset(a, 0, sizeof(*a));
	a->sections[0] = (struct option_section){ &sample_log_table, &a->log };
	a->sections[1] = (struct option_section){ &sample_table, &a->values };
	assert_int_equal(option_defaults(a->sections, 2, &l->arena, &l->err), 0);
	int rc = yaml_parse(view_of(text), "out.yml", &l->arena, &root, &l->err);
	if (rc == 0)
		rc = yaml_apply("out.yml", root, a->sections, 2, NULL, &l->arena, &l->err);
	if (rc < 0)
		print_error("%s: %s\n%s\n", l->err.place, l->err.text, text);
	assert_int_equal(rc, 0);
	option_diff(&sample_log_table, &l->log, &a->log, on_diff, &a->differences);
	option_diff(&sample_table, &l->values, &a->values, on_diff, &a->differences);
}

static void set(struct load *l, const char *key, const char *text)
{
	assert_int_equal(option_set_text(option_find(&sample_table, view_of(key)), &l->values, view_of(text),
					 "p", &l->arena, &l->err),
			 0);
}

struct sample_more {
	int64_t more;
};

static const struct option_table *const tables[] = { &sample_log_table, &sample_table };

static void test_default_file_loads_back(void **state)
{
	struct load *l = *state;
	struct again a;
	option_write_default_yaml(tables, 2, &l->out);
	reload(l, buf_str(&l->out), &a);
	assert_int_equal(a.differences, 0);
}

/* That it "loads back" must not be because everything is a comment. */
static void test_default_file_really_sets(void **state)
{
	struct load *l = *state;
	struct again a;
	set(l, "max_runs", "5");
	set(l, "names", "q");
	set(l, "level", "error");
	option_write_default_yaml(tables, 2, &l->out);
	struct yaml_node *root = NULL;
	assert_int_equal(yaml_parse(view_of(buf_str(&l->out)), "o", &l->arena, &root, &l->err), 0);
	assert_int_equal(yaml_apply("o", root, l->sections, 2, NULL, &l->arena, &l->err), 0);
	reload(l, "", &a);
	assert_int_equal(a.differences, 0);
}

static void test_default_file_explains(void **state)
{
	struct load *l = *state;
	option_write_default_yaml(tables, 2, &l->out);
	const char *text = buf_str(&l->out);
	assert_non_null(strstr(text, "# Retry service\nretry:\n"));
	assert_non_null(strstr(text, "  # Most runs kept in memory and answered by the API.\n"
				     "  # a whole number from 0 to 100000000 (runs); a reload applies it\n"
				     "  max_runs: 10000\n"));
	assert_non_null(strstr(text, ", from 4 KiB to 1 GiB; needs a restart\n  cache: 512 KiB\n"));
	assert_non_null(strstr(text, "  names: [\"a\", \"b c\"]\n"));
	assert_non_null(strstr(text, "  # unset:\n"));
	assert_null(strstr(text, "hook"));
}

static void test_default_file_of_nothing(void **state)
{
	struct load *l = *state;
	option_write_default_yaml(NULL, 0, &l->out);
	assert_int_equal(l->out.len, 0);
}

static void test_show_loads_back(void **state)
{
	struct load *l = *state;
	struct again a;
	set(l, "max_runs", "77");
	set(l, "max_age", "90s");
	set(l, "persist", "no");
	set(l, "share", "-0.125");
	set(l, "mode", "0666");
	option_write_yaml(l->sections, 2, &l->out);
	reload(l, buf_str(&l->out), &a);
	assert_int_equal(a.differences, 0);
}

static void test_show_quotes_hostile_text(void **state)
{
	static const char *const texts[] = { "~",
					     "null",
					     "a: b # c",
					     "- x",
					     "\"q\" \\ 'z'",
					     "line\nline\ttab\r",
					     "\x01\x7f\x1b",
					     "\xc2\x85 \xe2\x80\xa8 \xef\xbb\xbf",
					     "\xf0\x9f\x98\x80",
					     " lead",
					     "trail ",
					     "%x @y `z" };
	struct load *l = *state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct again a;
		const struct view items[] = { view_of(texts[i]), VIEW("a,b"), VIEW("") };
		set(l, "host", texts[i]);
		assert_int_equal(option_set_list(option_find(&sample_table, VIEW("names")), &l->values, items,
						 3, "p", &l->arena, &l->err),
				 0);
		buf_clear(&l->out);
		option_write_yaml(l->sections, 2, &l->out);
		reload(l, buf_str(&l->out), &a);
		assert_int_equal(a.differences, 0);
	}
}

static void test_show_repairs_invalid_utf8(void **state)
{
	struct load *l = *state;
	struct again a;
	set(l, "host", "x\xffy");
	option_write_yaml(l->sections, 2, &l->out);
	reload(l, buf_str(&l->out), &a);
	assert_string_equal(a.values.host, "x\xef\xbf\xbdy");
}

static void test_show_masks_secrets(void **state)
{
	struct load *l = *state;
	set(l, "key", "hunter2");
	option_write_yaml(l->sections, 2, &l->out);
	assert_non_null(strstr(buf_str(&l->out), "  key: \"***\"\n"));
	assert_null(strstr(buf_str(&l->out), "hunter2"));
}

static void test_json(void **state)
{
	struct load *l = *state;
	set(l, "key", "hunter2");
	struct jw w = jw_init(&l->out, JW_COMPACT);
	option_write_json(l->sections, 2, &w);
	assert_string_equal(
		buf_str(&l->out),
		"{\"log_level\":\"info\",\"log_file\":\"\",\"retry\":{\"persist\":true,\"max_runs\":10000,"
		"\"max_age\":\"24h\",\"cache\":524288,\"mode\":\"0600\",\"share\":0.5,\"host\":\"127.0.0.1\","
		"\"key\":\"***\",\"unset\":null,\"dir\":\"/home/ann/state\",\"level\":\"info\","
		"\"names\":[\"a\",\"b c\"],\"hook\":7}}");
}

static void test_json_masks_secret_lists(void **state)
{
	struct load *l = *state;
	static const struct option rows[] = { OPT_LIST(struct sample_options, names, "keys", "", OPT_SECRET,
						       "Keys.") };
	static const struct option_table table = { "auth", "Auth", rows, 1, sizeof(struct sample_options) };
	struct option_section s = { &table, &l->values };
	struct jw w = jw_init(&l->out, JW_COMPACT);
	option_write_json(&s, 1, &w);
	assert_string_equal(buf_str(&l->out), "{\"auth\":{\"keys\":[\"***\",\"***\"]}}");
	buf_clear(&l->out);
	option_write_yaml(&s, 1, &l->out);
	assert_string_equal(buf_str(&l->out), "auth:\n  keys: \"***\"\n");
}

/* `off` without quotes is a boolean to other readers of YAML. */
static void test_words_that_look_like_booleans_are_quoted(void **state)
{
	struct load *l = *state;
	static const struct option rows[] = {
		OPT_ENUM(struct sample_options, level, "sync", "off", "on|off|full", 0, "Sync."),
	};
	static const struct option_table table = { "s", "S", rows, 1, sizeof(struct sample_options) };
	struct option_section s = { &table, &l->values };
	l->values.level = 1;
	option_write_yaml(&s, 1, &l->out);
	l->values.level = 2;
	option_write_yaml(&s, 1, &l->out);
	assert_string_equal(buf_str(&l->out), "s:\n  sync: \"off\"\ns:\n  sync: full\n");
}

static void test_two_tables_of_one_section(void **state)
{
	struct load *l = *state;
	static const struct option rows[] = { OPT_INT(struct sample_more, more, "more", "3", 0, 9, "", 0,
						      "More.") };
	struct sample_more value = { 3 };
	static const struct option_table table = { "retry", "More", rows, 1, sizeof(struct sample_more) };
	struct option_section s[] = { l->sections[1], l->sections[0], { &table, &value } };
	struct yaml_node *root = NULL;
	option_write_yaml(s, 3, &l->out);
	assert_int_equal(yaml_parse(view_of(buf_str(&l->out)), "o", &l->arena, &root, &l->err), 0);
	assert_string_equal(yaml_get(yaml_get(root, "retry"), "more")->text.data, "3");
	assert_int_equal(yaml_apply("o", root, s, 3, NULL, &l->arena, &l->err), 0);
}

static void test_man(void **state)
{
	struct load *l = *state;
	static const struct option rows[] = {
		OPT_STRING(struct sample_options, host, "x", ".a\\b", OPT_RELOAD,
			   ".dot first, back\\slash and a-b."),
		OPT_INT(struct sample_options, hook, "hook", "7", 0, 0, "", OPT_HIDDEN, "A test hook."),
	};
	static const struct option_table table = { "s", "Things", rows, 2, sizeof(struct sample_options) };
	const struct option_table *list[] = { &table };
	option_write_man(list, 1, &l->out);
	assert_string_equal(
		buf_str(&l->out),
		".SS Things\n.TP\n.B s.x\n\\&.dot first, back\\eslash and a\\-b.\n"
		"Takes text; the default is .a\\eb. Flag \\-\\-s\\-x, environment AUSPEX_S_X. A reload "
		"applies it.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_default_file_loads_back),
		LOAD_TEST(test_default_file_really_sets),
		LOAD_TEST(test_default_file_explains),
		LOAD_TEST(test_default_file_of_nothing),
		LOAD_TEST(test_show_loads_back),
		LOAD_TEST(test_show_quotes_hostile_text),
		LOAD_TEST(test_show_repairs_invalid_utf8),
		LOAD_TEST(test_show_masks_secrets),
		LOAD_TEST(test_json),
		LOAD_TEST(test_json_masks_secret_lists),
		LOAD_TEST(test_words_that_look_like_booleans_are_quoted),
		LOAD_TEST(test_two_tables_of_one_section),
		LOAD_TEST(test_man),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
