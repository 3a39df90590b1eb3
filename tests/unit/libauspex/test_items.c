/* What is written, byte for byte, and what the buffer does when nobody takes it. */
#include "peer.h"

#include <locale.h>
#include <math.h>

/* What arrives when everything is flushed; the caller frees it. */
static char *sent_by(auspex_t *a, struct peer *p)
{
	assert_int_equal(auspex_close(a, 20000), 0);
	peer_stop(p);
	return p->text;
}

static void assert_holds(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("%s\nis not in\n%s", part, text ? text : "");
}

static void a_sample_byte_for_byte(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	assert_int_equal(auspex_sample_at(a, "app.queue{q=mail}", 3, 1763800000.25), 0);
	assert_string_equal(sent_by(a, &p), "{\"type\":\"push\",\"runs\":[],\"samples\":[{\"series\":\"app."
					    "queue{q=mail}\",\"t\":1763800000.250,\"v\":3}]}\n");
	peer_remove(&p);
}

static void a_run_byte_for_byte(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	struct auspex_run r = { .command = "make test",
				.failed = 1,
				.duration_s = 3,
				.finished_at = 1763800000.9,
				.n_attempts = 2,
				.exit_code = 7 };
	assert_int_equal(auspex_run(a, &r), 0);
	assert_string_equal(
		sent_by(a, &p),
		"{\"type\":\"push\",\"runs\":[{\"command\":\"make "
		"test\",\"final_status\":\"failed\",\"total_duration_seconds\":3,"
		"\"total_attempts\":2,\"successful_attempts\":0,\"failed_attempts\":2,\"attempts\":["
		"{\"duration_seconds\":1.5,\"exit_code\":1,\"success\":false},{\"duration_seconds\":1.5,"
		"\"exit_code\":7,\"success\":false}],"
		"\"timestamp\":1763800000}],\"samples\":[]}\n");
	peer_remove(&p);
}

static void attempts_of_the_caller_are_sent_as_they_are(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	const struct auspex_attempt attempts[] = { { 0.25, 2, 0 }, { 0.5, 0, 1 } };
	struct auspex_run r = { .command = "c", .duration_s = 1, .n_attempts = 2, .attempts = attempts };
	assert_int_equal(auspex_run(a, &r), 0);
	const char *text = sent_by(a, &p);
	assert_holds(text, "\"successful_attempts\":1,\"failed_attempts\":1");
	assert_holds(text, "{\"duration_seconds\":0.25,\"exit_code\":2,\"success\":false},{\"duration_"
			   "seconds\":0.5,\"exit_code\":0,\"success\":true}");
	peer_remove(&p);
}

static void runs_and_samples_share_a_message(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	struct auspex_run r = { .command = "c" };
	for (int i = 0; i < 3; i++) {
		auspex_sample(a, "s", i);
		auspex_run(a, &r);
	}
	const char *text = sent_by(a, &p);
	assert_int_equal(count_of(text, "\n"), 1);
	assert_int_equal(count_of(text, "\"series\":"), 3);
	assert_int_equal(count_of(text, "\"command\":"), 3);
	peer_remove(&p);
}

static void text_is_escaped(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	struct auspex_run r = { .command = "a\"b\\c\n\t\x01\x7f"
					   "d/\xc3\xa9\xf0\x9f\x98\x80" };
	assert_int_equal(auspex_run(a, &r), 0);
	assert_holds(sent_by(a, &p), "\"a\\\"b\\\\c\\u000a\\u0009\\u0001\\u007fd/\xc3\xa9\xf0\x9f\x98\x80\"");
	peer_remove(&p);
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
	static const char *const bad[] = {
		"\xff",         "\xc3", "\xc0\x80",    "\xed\xa0\x80", "\xf5\x80\x80\x80",
		"\xe0\x80\x80", "\x80", "\xf0\x9f\x98"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct peer p;
		peer_start(&p, serve_well);
		auspex_t *a = auspex_open(p.path);
		struct auspex_run r = { .command = bad[i] };
		char expect[64] = "\"command\":\"";
		for (size_t k = 0; k < strlen(bad[i]); k++)
			strcat(expect, "\xef\xbf\xbd");
		strcat(expect, "\"");
		assert_int_equal(auspex_run(a, &r), 0);
		assert_holds(sent_by(a, &p), expect);
		peer_remove(&p);
	}
}

static void numbers_read_back_the_same(void **state)
{
	static const double values[] = { 0.1,    1.0 / 3, 1e300, -2.5e-300, 5e-324, 123456789012345680.0,
					 -0.001, 1e15 };
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct peer p;
		peer_start(&p, serve_well);
		auspex_t *a = auspex_open(p.path);
		assert_int_equal(auspex_sample(a, "x", values[i]), 0);
		const char *v = strstr(sent_by(a, &p), "\"v\":");
		assert_non_null(v);
		assert_true(strtod(v + 4, NULL) == values[i]);
		peer_remove(&p);
	}
}

static void the_locale_does_not_matter(void **state)
{
	static const char *const with_comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "de_DE.utf8" };
	bool set = false;
	for (size_t i = 0; i < 4 && !set; i++)
		set = setlocale(LC_NUMERIC, with_comma[i]);
	if (!set)
		skip_because("no locale with a decimal comma here");
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	auspex_sample_at(a, "x", 0.5, 1000.5);
	char *text = sent_by(a, &p);
	setlocale(LC_NUMERIC, "C");
	assert_holds(text, "\"t\":1000.500,\"v\":0.5");
	peer_remove(&p);
}

static void bad_arguments_are_refused_and_buffer_nothing(void **state)
{
	auspex_t *a = auspex_open("/nonexistent/s");
	struct auspex_attempt endless = { INFINITY, 0, 1 };
	const struct auspex_run bad[] = {
		{ .command = NULL },
		{ .command = "" },
		{ .command = "c", .duration_s = -1 },
		{ .command = "c", .duration_s = NAN },
		{ .command = "c", .n_attempts = 10001 },
		{ .command = "c", .finished_at = -1 },
		{ .command = "c", .finished_at = NAN },
		{ .command = "c", .finished_at = 1e18 },
		{ .command = "c", .attempts = &endless },
		{ .command = "c", .n_attempts = 1, .attempts = &endless },
	};
	char name[600];
	memset(name, 'a', sizeof(name));
	name[513] = '\0';
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(auspex_run(a, &bad[i]), -EINVAL);
	assert_int_equal(auspex_run(a, NULL), -EINVAL);
	assert_int_equal(auspex_sample(a, NULL, 1), -EINVAL);
	assert_int_equal(auspex_sample(a, "", 1), -EINVAL);
	assert_int_equal(auspex_sample(a, name, 1), -EINVAL);
	assert_int_equal(auspex_sample(a, "x", NAN), -EINVAL);
	assert_int_equal(auspex_sample(a, "x", -INFINITY), -EINVAL);
	assert_int_equal(auspex_sample_at(a, "x", 1, 0), -EINVAL);
	assert_int_equal(auspex_sample_at(a, "x", 1, NAN), -EINVAL);
	assert_int_equal(auspex_sample_at(a, "x", 1, 5e9), -EINVAL);
	assert_int_equal(auspex_flush(a, 1, (enum auspex_wait)2), -EINVAL);
	assert_int_equal(stats_of(a).waiting, 0);
	auspex_close(a, 0);
}

static void the_longest_name_fits_however_it_is_escaped(void **state)
{
	auspex_t *a = auspex_open("/nonexistent/s");
	char name[513];
	memset(name, 1, 512);
	name[512] = '\0';
	assert_int_equal(auspex_sample_at(a, name, -1.2345678901234567e-300, 3999999999.5), 0);
	auspex_close(a, 0);
}

static void no_handle_is_taken_everywhere(void **state)
{
	struct auspex_run r = { .command = "c" };
	struct auspex_stats s;
	assert_int_equal(auspex_sample(NULL, "x", 1), -EINVAL);
	assert_int_equal(auspex_run(NULL, &r), -EINVAL);
	assert_int_equal(auspex_flush(NULL, 1, AUSPEX_SENT), -EINVAL);
	assert_int_equal(auspex_stats(NULL, &s), -EINVAL);
	assert_int_equal(auspex_close(NULL, 1), -EINVAL);
	assert_string_equal(auspex_error(NULL), "");
}

static void the_oldest_goes_when_the_buffer_is_full(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open_sized(p.path, 4096);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(auspex_sample(a, "x", 1000 + i), 0);
	struct auspex_stats s = stats_of(a);
	assert_true(s.waiting_bytes <= 4096);
	assert_int_equal(s.dropped + s.waiting, 1000);
	assert_true(s.waiting > 40);
	const char *text = sent_by(a, &p);
	assert_holds(text, "\"v\":1999}");
	assert_null(strstr(text, "\"v\":1000}"));
	assert_int_equal(count_of(text, "\"v\":"), (int)s.waiting);
	peer_remove(&p);
}

static void an_item_larger_than_the_buffer_drops_nothing_else(void **state)
{
	auspex_t *a = auspex_open_sized("/nonexistent/s", 4096);
	char *command = malloc(5001);
	memset(command, 'c', 5000);
	command[5000] = '\0';
	struct auspex_run r = { .command = command };
	auspex_sample(a, "x", 1);
	assert_int_equal(auspex_run(a, &r), -EMSGSIZE);
	assert_int_equal(stats_of(a).waiting, 1);
	assert_int_equal(stats_of(a).dropped, 0);
	auspex_close(a, 0);
	free(command);
}

static void an_item_that_needs_the_whole_buffer_displaces_the_rest(void **state)
{
	auspex_t *a = auspex_open_sized("/nonexistent/s", 4096);
	char command[3801];
	memset(command, 'c', 3800);
	command[3800] = '\0';
	struct auspex_run r = { .command = command };
	for (int i = 0; i < 20; i++)
		auspex_sample(a, "x", i);
	assert_int_equal(auspex_run(a, &r), 0);
	assert_int_equal(stats_of(a).waiting + stats_of(a).dropped, 21);
	auspex_close(a, 0);
}

static void the_environment_names_the_socket(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	setenv("AUSPEX_SOCKET", p.path, 1);
	auspex_t *a = auspex_open(NULL);
	unsetenv("AUSPEX_SOCKET");
	auspex_sample(a, "x", 1);
	assert_int_equal(auspex_flush(a, 20000, AUSPEX_STORED), 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void the_state_directory_holds_the_socket(void **state)
{
	struct peer p;
	peer_place(&p);
	snprintf(p.path, sizeof(p.path), "%s/auspex.sock", p.dir);
	peer_listen(&p, serve_well);
	setenv("AUSPEX_SOCKET", "/nonexistent/s", 1);
	setenv("AUSPEX_STATE_DIR", p.dir, 1);
	auspex_t *a = auspex_open(NULL);
	unsetenv("AUSPEX_SOCKET");
	unsetenv("AUSPEX_STATE_DIR");
	auspex_sample(a, "x", 1);
	assert_int_equal(auspex_flush(a, 20000, AUSPEX_STORED), 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void every_result_has_a_sentence(void **state)
{
	static const int codes[] = { 0,       -EINVAL,     -EMSGSIZE, -ETIMEDOUT, -ENOENT, -ECONNREFUSED,
				     -EACCES, -ECONNRESET, -EBADMSG,  -EIO,       -EPROTO, -ENAMETOOLONG,
				     -EMFILE, -12345,      1 };
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_true(strlen(auspex_strerror(codes[i])) > 5);
	assert_string_equal(auspex_version(), AUSPEX_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_byte_for_byte),
		cmocka_unit_test(a_run_byte_for_byte),
		cmocka_unit_test(attempts_of_the_caller_are_sent_as_they_are),
		cmocka_unit_test(runs_and_samples_share_a_message),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(numbers_read_back_the_same),
		cmocka_unit_test(the_locale_does_not_matter),
		cmocka_unit_test(bad_arguments_are_refused_and_buffer_nothing),
		cmocka_unit_test(the_longest_name_fits_however_it_is_escaped),
		cmocka_unit_test(no_handle_is_taken_everywhere),
		cmocka_unit_test(the_oldest_goes_when_the_buffer_is_full),
		cmocka_unit_test(an_item_larger_than_the_buffer_drops_nothing_else),
		cmocka_unit_test(an_item_that_needs_the_whole_buffer_displaces_the_rest),
		cmocka_unit_test(the_environment_names_the_socket),
		cmocka_unit_test(the_state_directory_holds_the_socket),
		cmocka_unit_test(every_result_has_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
