#include "load.h"

#include "conf/cli.h"

struct given {
	const char *config, *json, *verbose;
	const char *words[8];
	size_t n_words;
};

static int parse(struct load *l, struct given *g, const char *a, const char *b, const char *c)
{
	const struct cli_flag flags[] = {
		{ "config", 'c', "FILE", "Read this file.", &g->config },
		{ "json", 'j', NULL, "Answer as JSON.", &g->json },
		{ "verbose", 'v', NULL, "Say more.", &g->verbose },
	};
	char *argv[] = { (char *)"auspex", (char *)a, (char *)b, (char *)c, NULL };
	memset(g, 0, sizeof(*g));
	memset(&l->err, 0, sizeof(l->err));
	return cli_parse(flags, 3, l->sections, 2, 1 + !!a + !!b + !!c, argv, g->words, &g->n_words,
			 &l->arena, &l->err);
}

static void refuses(struct load *l, const char *a, const char *b, int code, const char *text)
{
	struct given g;
	assert_int_equal(parse(l, &g, a, b, NULL), code);
	assert_string_equal(l->err.text, text);
}

static void test_flag_with_argument(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--config", "a.yml", NULL), 0);
	assert_string_equal(g.config, "a.yml");
	assert_int_equal(parse(l, &g, "--config=b.yml", NULL, NULL), 0);
	assert_string_equal(g.config, "b.yml");
	assert_int_equal(parse(l, &g, "--config=", NULL, NULL), 0);
	assert_string_equal(g.config, "");
	assert_null(g.json);
}

static void test_letters(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "-c", "a.yml", "-j"), 0);
	assert_string_equal(g.config, "a.yml");
	assert_non_null(g.json);
	assert_int_equal(parse(l, &g, "-vjcb.yml", NULL, NULL), 0);
	assert_string_equal(g.config, "b.yml");
	assert_non_null(g.verbose);
}

static void test_options_of_tables(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--retry-max-runs", "5", "--log-level=warn"), 0);
	assert_int_equal(l->values.max_runs, 5);
	assert_int_equal(l->log.level, 2);
	assert_int_equal(parse(l, &g, "--retry_max_runs=6", NULL, NULL), 0);
	assert_int_equal(l->values.max_runs, 6);
	assert_int_equal(parse(l, &g, "--retry-hook=9", NULL, NULL), 0);
	assert_int_equal(l->values.hook, 9);
}

static void test_booleans(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--no-retry-persist", "word", NULL), 0);
	assert_false(l->values.persist);
	assert_int_equal(g.n_words, 1);
	assert_int_equal(parse(l, &g, "--retry-persist", NULL, NULL), 0);
	assert_true(l->values.persist);
	assert_int_equal(parse(l, &g, "--retry-persist=off", NULL, NULL), 0);
	assert_false(l->values.persist);
}

static void test_no_switch_takes_back(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--json", "--no-json", NULL), 0);
	assert_null(g.json);
}

static void test_no_before_a_number_is_unknown(void **state)
{
	struct load *l = *state;
	refuses(l, "--no-retry-max-runs", NULL, ERR_UNKNOWN,
		"unknown option --no-retry-max-runs: --retry-max-runs takes a value, write --retry-max-runs "
		"VALUE");
	refuses(l, "--no-config", NULL, ERR_UNKNOWN,
		"unknown option --no-config: --config takes a value, write --config VALUE");
}

static void test_words_before_and_after(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "query", "--json", "app.x"), 0);
	assert_int_equal(g.n_words, 2);
	assert_string_equal(g.words[0], "query");
	assert_string_equal(g.words[1], "app.x");
	assert_non_null(g.json);
}

static void test_double_dash(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--", "--json", "--"), 0);
	assert_int_equal(g.n_words, 2);
	assert_null(g.json);
	assert_int_equal(parse(l, &g, "-", "", NULL), 0);
	assert_int_equal(g.n_words, 2);
}

static void test_unknown_has_a_hint(void **state)
{
	struct load *l = *state;
	refuses(l, "--retry-max-run", NULL, ERR_UNKNOWN,
		"unknown option --retry-max-run: did you mean --retry-max-runs?");
	refuses(l, "--retry-max-run=5", NULL, ERR_UNKNOWN,
		"unknown option --retry-max-run: did you mean --retry-max-runs?");
	refuses(l, "--no-retry-persit", NULL, ERR_UNKNOWN,
		"unknown option --no-retry-persit: did you mean --no-retry-persist?");
	refuses(l, "--conf", NULL, ERR_UNKNOWN, "unknown option --conf: did you mean --config?");
	refuses(l, "--verb", NULL, ERR_UNKNOWN, "unknown option --verb: did you mean --verbose?");
	refuses(l, "--qqqqqqq", NULL, ERR_UNKNOWN, "unknown option --qqqqqqq; --help lists the known ones");
	refuses(l, "-x", NULL, ERR_UNKNOWN, "unknown option -x; --help lists the known ones");
}

static void test_one_dash_for_a_long_name(void **state)
{
	struct load *l = *state;
	refuses(l, "-retry-max-runs", "5", ERR_UNKNOWN,
		"unknown option -retry-max-runs: did you mean --retry-max-runs?");
}

static void test_missing_argument(void **state)
{
	struct load *l = *state;
	refuses(l, "--config", NULL, ERR_MISSING, "--config needs an argument; write --config FILE");
	refuses(l, "-c", NULL, ERR_MISSING, "-c needs an argument; write -c FILE");
	refuses(l, "--retry-max-runs", NULL, ERR_MISSING,
		"--retry-max-runs needs an argument; write --retry-max-runs VALUE");
}

static void test_argument_for_a_switch(void **state)
{
	struct load *l = *state;
	refuses(l, "--json=1", NULL, ERR_SYNTAX, "--json takes no argument; write --json alone");
	refuses(l, "--no-retry-persist=1", NULL, ERR_SYNTAX,
		"--no-retry-persist takes no argument; write --no-retry-persist alone");
}

static void test_bad_value(void **state)
{
	struct load *l = *state;
	refuses(l, "--retry-max-runs", "-1", ERR_RANGE,
		"retry.max_runs: -1 is below the smallest allowed value 0 (runs)");
	assert_string_equal(l->err.place, "--retry-max-runs");
}

static void test_last_wins(void **state)
{
	struct load *l = *state;
	struct given g;
	assert_int_equal(parse(l, &g, "--retry-max-runs=1", "--retry-max-runs=2", NULL), 0);
	assert_int_equal(l->values.max_runs, 2);
}

static void test_without_tables(void **state)
{
	struct load *l = *state;
	const char *words[2];
	size_t n;
	char *argv[] = { (char *)"auspex", (char *)"--x", NULL };
	assert_int_equal(cli_parse(NULL, 0, NULL, 0, 2, argv, words, &n, &l->arena, &l->err), ERR_UNKNOWN);
	assert_int_equal(cli_parse(NULL, 0, NULL, 0, 1, argv, words, &n, &l->arena, &l->err), 0);
	assert_int_equal(cli_parse(NULL, 0, NULL, 0, 0, argv, words, &n, &l->arena, &l->err), 0);
}

static void test_usage(void **state)
{
	struct load *l = *state;
	const struct cli_flag flags[] = {
		{ "config", 'c', "FILE",
		  "Read this configuration file and not the one that would be found in the usual places.",
		  NULL },
		{ "json", 0, NULL, "Answer as JSON.", NULL },
		{ "a-name-that-is-far-too-long", 0, "VALUE", "Help.", NULL },
	};
	cli_usage(flags, 3, &l->out);
	assert_string_equal(
		buf_str(&l->out),
		"  -c, --config FILE           Read this configuration file and not the one that\n"
		"                              would be found in the usual places.\n"
		"      --json                  Answer as JSON.\n"
		"      --a-name-that-is-far-too-long VALUE\n"
		"                              Help.\n");
}

static void test_usage_of_options(void **state)
{
	struct load *l = *state;
	cli_usage_options(&sample_table, &l->out);
	const char *text = buf_str(&l->out);
	assert_non_null(strstr(
		text, "      --retry-max-runs N      Most runs kept in memory and answered by the API.\n"
		      "                              (default 10000)\n"));
	assert_non_null(strstr(text, "      --[no-]retry-persist    Keep"));
	assert_non_null(strstr(text, "one of debug, info, warn"));
	assert_null(strstr(text, "hook"));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(test_flag_with_argument),
		LOAD_TEST(test_letters),
		LOAD_TEST(test_options_of_tables),
		LOAD_TEST(test_booleans),
		LOAD_TEST(test_no_switch_takes_back),
		LOAD_TEST(test_no_before_a_number_is_unknown),
		LOAD_TEST(test_words_before_and_after),
		LOAD_TEST(test_double_dash),
		LOAD_TEST(test_unknown_has_a_hint),
		LOAD_TEST(test_one_dash_for_a_long_name),
		LOAD_TEST(test_missing_argument),
		LOAD_TEST(test_argument_for_a_switch),
		LOAD_TEST(test_bad_value),
		LOAD_TEST(test_last_wins),
		LOAD_TEST(test_without_tables),
		LOAD_TEST(test_usage),
		LOAD_TEST(test_usage_of_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
