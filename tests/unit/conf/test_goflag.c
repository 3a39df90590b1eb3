#include "support.h"

#include "conf/goflag.h"

#include "base/clock.h"

#include <stdio.h>

/* The flags of patienced, the first Go program whose command line is kept. */
struct flags {
	const char *config, *level, *pid_file, *socket;
	bool http, daemon;
	int64_t port, max_metrics, max_age;
	struct goflag rows[9];
	struct err err;
	int rest;
};

static int setup(void **state)
{
	struct flags *f = test_calloc(1, sizeof(*f));
	const struct goflag rows[] = {
		{ "socket", GOFLAG_STRING, "Unix socket path", "/tmp/retry-daemon.sock", &f->socket, false },
		{ "config", GOFLAG_STRING, "Configuration file path", NULL, &f->config, false },
		{ "daemon", GOFLAG_BOOL, "Run as daemon (background process)", NULL, &f->daemon, false },
		{ "enable-http", GOFLAG_BOOL, "Enable HTTP API server", "true", &f->http, false },
		{ "log-level", GOFLAG_STRING, "Log level (debug, info, warn, error)", "info", &f->level,
		  false },
		{ "max-age", GOFLAG_DURATION, "Maximum age of metrics", "24h0m0s", &f->max_age, false },
		{ "max-metrics", GOFLAG_INT, "Maximum number of metrics to store", "10000", &f->max_metrics,
		  false },
		{ "pid-file", GOFLAG_STRING, "PID file path", "/tmp/retry-daemon.pid", &f->pid_file, false },
		{ "port", GOFLAG_INT, "HTTP server port", "8080", &f->port, false },
	};
	memcpy(f->rows, rows, sizeof(rows));
	f->http = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	test_free(*state);
	return 0;
}

static int parse(struct flags *f, const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)"patienced", (char *)a, (char *)b, (char *)c, NULL };
	int argc = 1 + !!a + !!b + !!c;
	memset(&f->err, 0, sizeof(f->err));
	return goflag_parse(f->rows, 9, argc, argv, &f->rest, &f->err);
}

static void refuses(struct flags *f, const char *a, const char *b, int code, const char *text)
{
	assert_int_equal(parse(f, a, b, NULL), code);
	assert_string_equal(f->err.text, text);
}

static void test_three_spellings(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-port", "1", NULL), 0);
	assert_int_equal(f->port, 1);
	assert_int_equal(parse(f, "-port=2", NULL, NULL), 0);
	assert_int_equal(f->port, 2);
	assert_int_equal(parse(f, "--port=3", NULL, NULL), 0);
	assert_int_equal(f->port, 3);
	assert_int_equal(parse(f, "--port", "4", NULL), 0);
	assert_int_equal(f->port, 4);
	assert_true(f->rows[8].set);
	assert_false(f->rows[7].set);
}

static void test_go_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = { { "0x10", 16 }, { "0b101", 5 },    { "0o17", 15 },
		     { "017", 15 },  { "1_000", 1000 }, { "0x_1F", 31 },
		     { "-1", -1 },   { "+7", 7 },       { "9223372036854775807", INT64_MAX },
		     { "0", 0 } };
	struct flags *f = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(f, "-port", rows[i].text, NULL), 0);
		assert_true(f->port == rows[i].value);
	}
}

static void test_wrong_integers(void **state)
{
	struct flags *f = *state;
	refuses(f, "-port", "x", ERR_SYNTAX, "invalid value \"x\" for flag -port: parse error");
	refuses(f, "-port", "", ERR_SYNTAX, "invalid value \"\" for flag -port: parse error");
	refuses(f, "-port=", NULL, ERR_SYNTAX, "invalid value \"\" for flag -port: parse error");
	refuses(f, "-port", "1__0", ERR_SYNTAX, "invalid value \"1__0\" for flag -port: parse error");
	refuses(f, "-port", " 1", ERR_SYNTAX, "invalid value \" 1\" for flag -port: parse error");
	refuses(f, "-port", "99999999999999999999", ERR_RANGE,
		"invalid value \"99999999999999999999\" for flag -port: value out of range");
	refuses(f, "-port", "99999999999999999999x", ERR_RANGE,
		"invalid value \"99999999999999999999x\" for flag -port: value out of range");
	assert_false(f->rows[8].set);
}

static void test_booleans(void **state)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" }, *const no[] = {
		"0", "f", "F", "FALSE", "false", "False"
	};
	struct flags *f = *state;
	char word[64];
	for (size_t i = 0; i < 6; i++) {
		snprintf(word, sizeof(word), "-enable-http=%s", no[i]);
		assert_int_equal(parse(f, word, NULL, NULL), 0);
		assert_false(f->http);
		snprintf(word, sizeof(word), "-enable-http=%s", yes[i]);
		assert_int_equal(parse(f, word, NULL, NULL), 0);
		assert_true(f->http);
	}
}

static void test_boolean_takes_no_next_word(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-enable-http", "false", "-daemon"), 0);
	assert_true(f->http);
	assert_false(f->daemon);
	assert_int_equal(f->rest, 2);
}

static void test_wrong_booleans(void **state)
{
	struct flags *f = *state;
	refuses(f, "-enable-http=maybe", NULL, ERR_SYNTAX,
		"invalid boolean value \"maybe\" for -enable-http: parse error");
	refuses(f, "-enable-http=", NULL, ERR_SYNTAX,
		"invalid boolean value \"\" for -enable-http: parse error");
	refuses(f, "--daemon=TRue", NULL, ERR_SYNTAX,
		"invalid boolean value \"TRue\" for -daemon: parse error");
}

static void test_durations(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-max-age", "1h30m", NULL), 0);
	assert_true(f->max_age == 5400 * NS_PER_S);
	assert_int_equal(parse(f, "-max-age=-1h", NULL, NULL), 0);
	assert_true(f->max_age == -3600 * NS_PER_S);
	assert_int_equal(parse(f, "-max-age", "0", NULL), 0);
}

static void test_wrong_durations(void **state)
{
	struct flags *f = *state;
	refuses(f, "-max-age", "7d", ERR_SYNTAX, "invalid value \"7d\" for flag -max-age: parse error");
	refuses(f, "-max-age", "90", ERR_SYNTAX, "invalid value \"90\" for flag -max-age: parse error");
	refuses(f, "-max-age", "9999999999999h", ERR_SYNTAX,
		"invalid value \"9999999999999h\" for flag -max-age: parse error");
}

static void test_strings_take_anything(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-socket", "-port", NULL), 0);
	assert_string_equal(f->socket, "-port");
	assert_int_equal(parse(f, "-socket=a=b", NULL, NULL), 0);
	assert_string_equal(f->socket, "a=b");
	assert_int_equal(parse(f, "-socket=", NULL, NULL), 0);
	assert_string_equal(f->socket, "");
}

static void test_unknown(void **state)
{
	struct flags *f = *state;
	refuses(f, "-nosuch", NULL, ERR_UNKNOWN, "flag provided but not defined: -nosuch");
	refuses(f, "--nosuch=3", NULL, ERR_UNKNOWN, "flag provided but not defined: -nosuch");
	refuses(f, "-por", "1", ERR_UNKNOWN, "flag provided but not defined: -por");
}

static void test_needs_an_argument(void **state)
{
	struct flags *f = *state;
	refuses(f, "-port", NULL, ERR_MISSING, "flag needs an argument: -port");
	refuses(f, "--config", NULL, ERR_MISSING, "flag needs an argument: -config");
}

static void test_bad_syntax(void **state)
{
	struct flags *f = *state;
	refuses(f, "-=x", NULL, ERR_SYNTAX, "bad flag syntax: -=x");
	refuses(f, "---port", NULL, ERR_SYNTAX, "bad flag syntax: ---port");
	refuses(f, "--=", NULL, ERR_SYNTAX, "bad flag syntax: --=");
}

static void test_stops_at_the_first_word(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "word", "-port", "1"), 0);
	assert_int_equal(f->rest, 1);
	assert_int_equal(f->port, 0);
	assert_int_equal(parse(f, "-", "-port", "1"), 0);
	assert_int_equal(f->rest, 1);
	assert_int_equal(parse(f, "", "-port", "1"), 0);
	assert_int_equal(f->rest, 1);
}

static void test_double_dash_ends(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-port=5", "--", "-nosuch"), 0);
	assert_int_equal(f->rest, 3);
	assert_int_equal(f->port, 5);
}

static void test_no_arguments(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, NULL, NULL, NULL), 0);
	assert_int_equal(f->rest, 1);
}

static void test_help(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-h", NULL, NULL), GOFLAG_HELP);
	assert_int_equal(parse(f, "--help", NULL, NULL), GOFLAG_HELP);
	assert_int_equal(parse(f, "-help=x", NULL, NULL), GOFLAG_HELP);
	assert_int_equal(parse(f, "-port", "-h", NULL), ERR_SYNTAX);
}

static void test_values_before_an_error_stay(void **state)
{
	struct flags *f = *state;
	assert_int_equal(parse(f, "-port=9", "-nosuch", NULL), ERR_UNKNOWN);
	assert_int_equal(f->port, 9);
}

static void test_values_are_quoted_as_go_does(void **state)
{
	struct flags *f = *state;
	refuses(f, "-port", "a\"b\\\n\t\x01\x7f", ERR_SYNTAX,
		"invalid value \"a\\\"b\\\\\\n\\t\\x01\\x7f\" for flag -port: parse error");
	refuses(f, "-port", "\xff\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\xe2\x82", ERR_SYNTAX,
		"invalid value \"\\xff\xc3\xa9\\u2028\xf0\x9f\x98\x80\\xe2\\x82\" for flag -port: parse "
		"error");
}

static void test_long_value_keeps_the_cause(void **state)
{
	struct flags *f = *state;
	char word[5000];
	memset(word, 'z', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	assert_int_equal(parse(f, "-port", word, NULL), ERR_SYNTAX);
	assert_non_null(strstr(f->err.text, " for flag -port: parse error"));
}

static void test_usage_is_the_guides(void **state)
{
	struct flags *f = *state;
	struct buf out;
	buf_init(&out);
	goflag_usage(f->rows, 9, &out);
	assert_string_equal(buf_str(&out), "  -config string\n"
					   "        Configuration file path\n"
					   "  -daemon\n"
					   "        Run as daemon (background process)\n"
					   "  -enable-http\n"
					   "        Enable HTTP API server (default true)\n"
					   "  -log-level string\n"
					   "        Log level (debug, info, warn, error) (default \"info\")\n"
					   "  -max-age duration\n"
					   "        Maximum age of metrics (default 24h0m0s)\n"
					   "  -max-metrics int\n"
					   "        Maximum number of metrics to store (default 10000)\n"
					   "  -pid-file string\n"
					   "        PID file path (default \"/tmp/retry-daemon.pid\")\n"
					   "  -port int\n"
					   "        HTTP server port (default 8080)\n"
					   "  -socket string\n"
					   "        Unix socket path (default \"/tmp/retry-daemon.sock\")\n");
	buf_fini(&out);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_three_spellings),
		T(test_go_integers),
		T(test_wrong_integers),
		T(test_booleans),
		T(test_boolean_takes_no_next_word),
		T(test_wrong_booleans),
		T(test_durations),
		T(test_wrong_durations),
		T(test_strings_take_anything),
		T(test_unknown),
		T(test_needs_an_argument),
		T(test_bad_syntax),
		T(test_stops_at_the_first_word),
		T(test_double_dash_ends),
		T(test_no_arguments),
		T(test_help),
		T(test_values_before_an_error_stay),
		T(test_values_are_quoted_as_go_does),
		T(test_long_value_keeps_the_cause),
		T(test_usage_is_the_guides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
