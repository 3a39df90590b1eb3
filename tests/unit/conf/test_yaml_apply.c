#include "load.h"

#include "conf/yaml.h"

static const char *const foreign[] = { "include", "retry.sockets", NULL };

static int apply(struct load *l, const char *text)
{
	struct yaml_node *root = NULL;
	memset(&l->err, 0, sizeof(l->err));
	int rc = yaml_parse(view_of(text), "a.yml", &l->arena, &root, &l->err);
	assert_int_equal(rc, 0);
	return yaml_apply("a.yml", root, l->sections, 2, foreign, &l->arena, &l->err);
}

static void refuses(struct load *l, const char *text, int code, const char *place, const char *sentence)
{
	assert_int_equal(apply(l, text), code);
	assert_string_equal(l->err.place, place);
	assert_string_equal(l->err.text, sentence);
}

static void test_every_type(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "log_level: warn\n"
				  "retry:\n"
				  "  persist: no\n"
				  "  max_runs: 5\n"
				  "  max_age: 7d\n"
				  "  cache: 1 MiB\n"
				  "  mode: 0666\n"
				  "  share: 0.25\n"
				  "  host: \"::1\"\n"
				  "  dir: ~/x\n"
				  "  level: debug\n"
				  "  names: [x, 'y,z']\n"),
			 0);
	assert_int_equal(l->log.level, 2);
	assert_false(l->values.persist);
	assert_int_equal(l->values.max_runs, 5);
	assert_true(l->values.max_age == INT64_C(604800000000000));
	assert_int_equal(l->values.cache, 1 << 20);
	assert_int_equal(l->values.mode, 0666);
	assert_true(l->values.share == 0.25);
	assert_string_equal(l->values.host, "::1");
	assert_string_equal(l->values.dir, "/home/ann/x");
	assert_int_equal(l->values.level, 0);
	assert_string_equal(l->values.names.items[1], "y,z");
}

static void test_list_as_text(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "retry:\n  names: x, y\n"), 0);
	assert_int_equal(l->values.names.n, 2);
}

static void test_bad_value_has_its_place(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  max_runs: -1\n", ERR_RANGE, "a.yml:2:13",
		"retry.max_runs: -1 is below the smallest allowed value 0 (runs)");
	refuses(l, "log_level: loud\n", ERR_UNKNOWN, "a.yml:1:12",
		"log_level: \"loud\" is not one of debug, info, warn, error");
}

static void test_unknown_key(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  max_run: 5\n", ERR_UNKNOWN, "a.yml:2:3",
		"unknown key retry.max_run: did you mean max_runs?");
	refuses(l, "retry:\n  zzzzzz: 5\n", ERR_UNKNOWN, "a.yml:2:3",
		"unknown key retry.zzzzzz: known here are persist, max_runs, max_age, cache, mode, share, "
		"host, key, unset, "
		"dir, level, names");
}

static void test_unknown_section(void **state)
{
	struct load *l = *state;
	refuses(l, "retri:\n  max_runs: 5\n", ERR_UNKNOWN, "a.yml:1:1",
		"unknown section retri: did you mean retry?");
	refuses(l, "database:\n  max_runs: 5\n", ERR_UNKNOWN, "a.yml:1:1",
		"unknown section database: known here are log_level, log_file, retry");
}

static void test_key_of_another_section(void **state)
{
	struct load *l = *state;
	refuses(l, "max_runs: 5\n", ERR_UNKNOWN, "a.yml:1:1",
		"unknown key max_runs: max_runs belongs under retry:");
	refuses(l, "retry:\n  log_level: info\n", ERR_UNKNOWN, "a.yml:2:3",
		"unknown key retry.log_level: log_level belongs at the top, under no section");
}

static void test_dotted_key(void **state)
{
	struct load *l = *state;
	refuses(l, "retry.max_runs: 5\n", ERR_UNKNOWN, "a.yml:1:1",
		"unknown key retry.max_runs: max_runs belongs under retry:");
}

static void test_near_foreign_key(void **state)
{
	struct load *l = *state;
	refuses(l, "includ: x\n", ERR_UNKNOWN, "a.yml:1:1", "unknown key includ: did you mean include?");
	refuses(l, "retry:\n  socket: x\n", ERR_UNKNOWN, "a.yml:2:3",
		"unknown key retry.socket: did you mean sockets?");
}

static void test_foreign_keys_are_left_alone(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "include: [a, b]\nretry:\n  sockets: {x: 1}\n"), 0);
	assert_int_equal(apply(l, "sockets: 1\n"), ERR_UNKNOWN);
	assert_int_equal(apply(l, "retry:\n  include: 1\n"), ERR_UNKNOWN);
}

static void test_null_keeps_the_default(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "retry:\n  max_runs: null\n  host: ~\n  dir: ~\n"), 0);
	assert_int_equal(l->values.max_runs, 10000);
	assert_string_equal(l->values.host, "127.0.0.1");
}

static void test_missing_value(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  max_runs:\n", ERR_MISSING, "a.yml:2:12",
		"retry.max_runs: no value; write one, or remove the line for the default 10000");
	assert_int_equal(apply(l, "retry:\n  host: \"\"\n"), 0);
	assert_string_equal(l->values.host, "");
}

static void test_empty_section(void **state)
{
	struct load *l = *state;
	assert_int_equal(apply(l, "retry:\n#  max_runs: 5\n"), 0);
}

static void test_section_with_a_value(void **state)
{
	struct load *l = *state;
	refuses(l, "retry: 5\n", ERR_TYPE, "a.yml:1:8",
		"retry: is a section; put its keys on lines of their own, indented");
}

static void test_map_for_a_value(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  max_runs: {a: 1}\n", ERR_TYPE, "a.yml:2:13",
		"retry.max_runs: takes a value, not keys of its own; write a whole number from 0 to "
		"100000000 (runs)");
}

static void test_list_for_a_value(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  max_runs: [1]\n", ERR_TYPE, "a.yml:2:13",
		"retry.max_runs: takes one value, not a list; write a whole number from 0 to 100000000 "
		"(runs)");
}

static void test_list_in_a_list(void **state)
{
	struct load *l = *state;
	refuses(l, "retry:\n  names: [a, [b]]\n", ERR_TYPE, "a.yml:2:10",
		"retry.names: item 2 is a list; write one text per item");
}

static void test_root_is_no_map(void **state)
{
	struct load *l = *state;
	refuses(l, "- a\n", ERR_TYPE, "a.yml:1:1",
		"the file must hold sections (\"retry:\" and the like), not a list");
	refuses(l, "hello\n", ERR_TYPE, "a.yml:1:1",
		"the file must hold sections (\"retry:\" and the like), not a single value");
}

static void test_long_unknown_key(void **state)
{
	struct load *l = *state;
	char text[902];
	memset(text, 'q', 900);
	memcpy(text + 899, ": 1", 3);
	text[901] = 0;
	text[900] = ' ';
	assert_int_equal(apply(l, text), ERR_UNKNOWN);
	assert_non_null(strstr(l->err.text, "qqq...: known here are log_level"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_every_type),
		LOAD_TEST(test_list_as_text),
		LOAD_TEST(test_bad_value_has_its_place),
		LOAD_TEST(test_unknown_key),
		LOAD_TEST(test_unknown_section),
		LOAD_TEST(test_key_of_another_section),
		LOAD_TEST(test_dotted_key),
		LOAD_TEST(test_near_foreign_key),
		LOAD_TEST(test_foreign_keys_are_left_alone),
		LOAD_TEST(test_null_keeps_the_default),
		LOAD_TEST(test_missing_value),
		LOAD_TEST(test_empty_section),
		LOAD_TEST(test_section_with_a_value),
		LOAD_TEST(test_map_for_a_value),
		LOAD_TEST(test_list_for_a_value),
		LOAD_TEST(test_list_in_a_list),
		LOAD_TEST(test_root_is_no_map),
		LOAD_TEST(test_long_unknown_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
