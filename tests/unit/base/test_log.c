#include "support.h"

#include "base/err.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A log into a non-blocking pipe, with a clock that stands at 2025-11-22 20:10:44.265354522 UTC. */
struct fixture {
	int fd[2];
	struct clock_fake clock;
	struct log *log;
	char text[1 << 18];
};

static int setup(void **state, enum log_format format)
{
	struct fixture *f = calloc(1, sizeof(*f));
	setenv("TZ", "UTC", 1);
	tzset();
	if (!f || pipe(f->fd) < 0 || fcntl(f->fd[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(f->fd[1], F_SETFL, O_NONBLOCK) < 0)
		return -1;
	clock_fake_init(&f->clock, INT64_C(1763842244) * NS_PER_S + 265354522);
	f->log = log_new(f->fd[1], LOG_INFO, format, &f->clock.clock);
	*state = f;
	return f->log ? 0 : -1;
}

static int setup_json(void **state)
{
	return setup(state, LOG_JSON);
}

static int setup_plain(void **state)
{
	return setup(state, LOG_PLAIN);
}

static int setup_named(void **state)
{
	int rc = setup(state, LOG_NAMED);
	if (rc == 0)
		log_set_name(((struct fixture *)*state)->log, "kode-kronical-daemon");
	return rc;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	log_free(f->log);
	close(f->fd[0]);
	close(f->fd[1]);
	free(f);
	return 0;
}

/* Everything that is in the pipe. */
static const char *written(struct fixture *f)
{
	ssize_t n;
	size_t len = 0;
	while (len < sizeof(f->text) - 1 &&
	       (n = read(f->fd[0], f->text + len, sizeof(f->text) - 1 - len)) > 0)
		len += (size_t)n;
	f->text[len] = '\0';
	return f->text;
}

#define HEAD "{\"time\":\"2025-11-22T20:10:44.265354522Z\","

static void test_json_line(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_INFO, "daemon", "starting retry daemon", LF_I("port", 8080), LF_S("path", "/a\"b"),
	    LF_N("x", 0.5), LF_B("on", true), LF_V("v", VIEW("w")));
	assert_string_equal(written(f), HEAD
			    "\"level\":\"INFO\",\"msg\":\"starting retry daemon\",\"component\":\"daemon\","
			    "\"port\":8080,\"path\":\"/a\\\"b\",\"x\":0.5,\"on\":true,\"v\":\"w\"}\n");
}

#define NAMED "2025-11-22 20:10:44,265 - kode-kronical-daemon - "

static void test_named_line(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_INFO, "system", "Saved 60 metrics to /tmp/\xc3\xa9/x.json");
	LOG(f->log, LOG_WARN, "daemon", "High CPU usage", LF_N("percent", 95.2));
	LOG(f->log, LOG_ERROR, NULL, "two\nlines");
	assert_string_equal(written(f), NAMED "INFO - Saved 60 metrics to /tmp/\xc3\xa9/x.json\n" NAMED
					      "WARNING - High CPU usage percent=95.2\n" NAMED
					      "ERROR - \"two\\nlines\"\n");
}

static void test_echo(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/auspex-log-XXXXXX", text[256];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	log_set_echo(f->log, fd);
	LOG(f->log, LOG_INFO, "daemon", "once here, once there");
	log_set_echo(f->log, -1);
	LOG(f->log, LOG_INFO, "daemon", "here only");
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	assert_string_equal(text, NAMED "INFO - once here, once there\n");
	assert_string_equal(written(f), NAMED "INFO - once here, once there\n" NAMED "INFO - here only\n");
	close(fd);
	unlink(path);
}

static void test_json_without_fields_or_component(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_WARN, NULL, "a\nb\xff");
	assert_string_equal(written(f), HEAD "\"level\":\"WARN\",\"msg\":\"a\\nb\xEF\xBF\xBD\"}\n");
}

static void test_levels(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_DEBUG, "a", "hidden");
	assert_string_equal(written(f), "");
	log_set_level(f->log, LOG_ERROR);
	assert_int_equal(log_level(f->log), LOG_ERROR);
	LOG(f->log, LOG_WARN, "a", "hidden");
	assert_string_equal(written(f), "");
	LOG(f->log, LOG_ERROR, NULL, "x");
	assert_string_equal(written(f), HEAD "\"level\":\"ERROR\",\"msg\":\"x\"}\n");
	log_set_level(f->log, LOG_DEBUG);
	LOG(f->log, LOG_DEBUG, NULL, "x");
	assert_string_equal(written(f), HEAD "\"level\":\"DEBUG\",\"msg\":\"x\"}\n");
}

static void test_plain_line(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_INFO, "daemon", "starting up", LF_I("port", 8080), LF_S("path", "/a b"),
	    LF_S("e", ""));
	assert_string_equal(
		written(f),
		"2025-11-22 20:10:44.265 INFO  daemon: starting up port=8080 path=\"/a b\" e=\"\"\n");
}

static void test_plain_cannot_be_forged(void **state)
{
	struct fixture *f = *state;
	LOG(f->log, LOG_ERROR, NULL, "a\n2025 forged", LF_S("k", "v x=1"));
	assert_string_equal(written(f), "2025-11-22 20:10:44.265 ERROR \"a\\n2025 forged\" k=\"v x=1\"\n");
}

static void fill_pipe(struct fixture *f)
{
	char block[512];
	memset(block, '#', sizeof(block));
	while (write(f->fd[1], block, sizeof(block)) > 0)
		;
}

static void test_full_descriptor_drops_and_tells(void **state)
{
	struct fixture *f = *state;
	fill_pipe(f);
	for (int i = 0; i < 3; i++)
		LOG(f->log, LOG_INFO, NULL, "lost");
	assert_int_equal(log_dropped(f->log), 3);
	written(f);
	LOG(f->log, LOG_INFO, NULL, "back");
	assert_string_equal(written(f), HEAD "\"level\":\"INFO\",\"msg\":\"back\",\"log_lines_lost\":3}\n");
	LOG(f->log, LOG_INFO, NULL, "on");
	assert_string_equal(written(f), HEAD "\"level\":\"INFO\",\"msg\":\"on\"}\n");
	assert_int_equal(log_dropped(f->log), 3);
}

/* Lines longer than the room in the pipe are taken in parts by the kernel; the next line must not land
 * inside. */
static void test_cut_line_is_finished_first(void **state)
{
	struct fixture *f = *state;
	static char whole[300000];
	static char big[60001];
	size_t len = 0;
	memset(big, 'x', sizeof(big) - 1);
	for (int i = 0; i < 3; i++)
		LOG(f->log, LOG_INFO, NULL, big);
	for (int i = 0; i < 4; i++) {
		len += (size_t)snprintf(whole + len, sizeof(whole) - len, "%s", written(f));
		LOG(f->log, LOG_INFO, NULL, "small");
	}
	len += (size_t)snprintf(whole + len, sizeof(whole) - len, "%s", written(f));
	for (char *line = strtok(whole, "\n"); line; line = strtok(NULL, "\n")) {
		assert_memory_equal(line, HEAD, strlen(HEAD));
		assert_int_equal(line[strlen(line) - 1], '}');
	}
	assert_true(log_dropped(f->log) >= 1);
}

static void test_blocking_descriptor_does_not_block(void **state)
{
	struct fixture *f = *state;
	fill_pipe(f);
	assert_int_equal(fcntl(f->fd[1], F_SETFL, 0), 0);
	alarm(20);
	LOG(f->log, LOG_INFO, NULL, "lost");
	alarm(0);
	assert_int_equal(log_dropped(f->log), 1);
}

static void test_too_long_field_is_cut(void **state)
{
	struct fixture *f = *state;
	static char big[200001];
	memset(big, 'x', sizeof(big) - 1);
	LOG(f->log, LOG_INFO, "a", "said", LF_S("text", big), LF_I("n", 1));
	assert_string_equal(
		written(f),
		HEAD "\"level\":\"INFO\",\"msg\":\"said\",\"component\":\"a\",\"log_line_cut\":true}\n");
	LOG(f->log, LOG_INFO, NULL, big);
	assert_int_equal(strlen(written(f)),
			 strlen(HEAD "\"level\":\"INFO\",\"msg\":\"\",\"log_line_cut\":true}\n") + 1024);
	assert_int_equal(log_dropped(f->log), 0);
}

static void test_other_descriptor(void **state)
{
	struct fixture *f = *state;
	int other[2];
	char text[200] = { 0 };
	assert_int_equal(pipe(other), 0);
	log_set_fd(f->log, other[1]);
	LOG(f->log, LOG_INFO, NULL, "x");
	assert_string_equal(written(f), "");
	assert_true(read(other[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, HEAD "\"level\":\"INFO\",\"msg\":\"x\"}\n");
	close(other[0]);
	close(other[1]);
	LOG(f->log, LOG_INFO, NULL, "x"); /* a closed descriptor is a lost line, no more */
	assert_int_equal(log_dropped(f->log), 1);
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		LOG(((struct fixture *)arg)->log, LOG_INFO, "t", "line", LF_I("i", i));
	return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[2];
	int lines = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, f), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	char *text = (char *)written(f);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_memory_equal(line, HEAD, strlen(HEAD));
	assert_int_equal(lines + (int)log_dropped(f->log), 400);
}

static void test_null_log_is_silent(void **state)
{
	struct log *none = NULL;
	LOG(none, LOG_ERROR, "a", "b");
	log_write(NULL, LOG_ERROR, "a", "b", NULL, 0);
	log_free(NULL);
}

static void test_level_names(void **state)
{
	enum log_level level = LOG_ERROR;
	assert_int_equal(log_level_parse(VIEW("DEBUG"), &level), 0);
	assert_int_equal(level, LOG_DEBUG);
	assert_int_equal(log_level_parse(VIEW("Warning"), &level), 0);
	assert_int_equal(level, LOG_WARN);
	assert_int_equal(log_level_parse(VIEW("loud"), &level), ERR_UNKNOWN);
	assert_int_equal(log_level_parse(VIEW(""), &level), ERR_UNKNOWN);
	assert_int_equal(level, LOG_WARN);
	assert_string_equal(log_level_name(LOG_WARN), "warn");
	assert_string_equal(log_level_name((enum log_level)9), "unknown");
}

static void test_gate(void **state)
{
	struct log_gate g = { 0 };
	uint32_t swallowed = 99;
	assert_true(log_gate(&g, 5, 2, &swallowed));
	assert_int_equal(swallowed, 0);
	assert_true(log_gate(&g, 6, 2, &swallowed));
	for (int i = 0; i < 5; i++)
		assert_false(log_gate(&g, 7, 2, &swallowed));
	assert_false(log_gate(&g, US_PER_S + 4, 2, NULL));
	assert_true(log_gate(&g, US_PER_S + 5, 2, &swallowed));
	assert_int_equal(swallowed, 6);
	assert_true(log_gate(&g, US_PER_S + 6, 2, &swallowed));
	assert_int_equal(swallowed, 0);
}

#define JSON_TEST(f)  cmocka_unit_test_setup_teardown(f, setup_json, teardown)
#define PLAIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup_plain, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JSON_TEST(test_json_line),
		cmocka_unit_test_setup_teardown(test_named_line, setup_named, teardown),
		cmocka_unit_test_setup_teardown(test_echo, setup_named, teardown),
		JSON_TEST(test_json_without_fields_or_component),
		JSON_TEST(test_levels),
		PLAIN_TEST(test_plain_line),
		PLAIN_TEST(test_plain_cannot_be_forged),
		JSON_TEST(test_full_descriptor_drops_and_tells),
		JSON_TEST(test_cut_line_is_finished_first),
		JSON_TEST(test_blocking_descriptor_does_not_block),
		JSON_TEST(test_too_long_field_is_cut),
		JSON_TEST(test_other_descriptor),
		JSON_TEST(test_threads_do_not_mix_lines),
		cmocka_unit_test(test_null_log_is_silent),
		cmocka_unit_test(test_level_names),
		cmocka_unit_test(test_gate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
