/* Runs: documents without a type, to which nothing is ever answered. */
#include "intake_fixture.h"

static void seen_is(struct fixture *f, const char *want)
{
	assert_string_equal(buf_str(&f->seen), want);
}

/* Sends, hangs up, and expects not one byte back. */
static void send_silently(struct fixture *f, const char *text)
{
	char back[4096];
	int fd = dial(f);
	say(f, fd, text);
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(f, fd, back), "<eof>");
	hang_up(f, fd);
}

static void test_document_and_eof(void **state)
{
	send_silently(*state, "{\"command\":\"true\"}");
	seen_is(*state, "[{\"command\":\"true\"}]");
}

static void test_document_counts_before_eof(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"command\":\"true\"}");
	seen_is(f, "[{\"command\":\"true\"}]");
	assert_string_equal(hear(f, fd, back), "");
	hang_up(f, fd);
}

static void test_several_documents(void **state)
{
	send_silently(*state, "{\"a\":1}\n{\"a\":2}{\"a\":3} \r\n\t{\"a\":4}\n");
	seen_is(*state, "[{\"a\":1}][{\"a\":2}][{\"a\":3}][{\"a\":4}]");
}

static void test_pretty_printed_document(void **state)
{
	send_silently(*state, "{\n  \"command\": \"x\"\n}\n{\n \"command\": \"y\"\n}\n");
	seen_is(*state, "[{\n  \"command\": \"x\"\n}][{\n \"command\": \"y\"\n}]");
}

static void test_single_bytes(void **state)
{
	struct fixture *f = *state;
	const char *text = "{\"command\":\"a\\\"}b\"} {\"c\":{}}";
	int fd = dial(f);
	for (const char *p = text; *p; p++)
		put(f, fd, p, 1);
	hang_up(f, fd);
	seen_is(f, "[{\"command\":\"a\\\"}b\"}][{\"c\":{}}]");
}

static void test_no_bytes_is_silent(void **state)
{
	struct fixture *f = *state;
	hang_up(f, dial(f));
	assert_int_equal(logged(f, "error"), 0);
	assert_int_equal(stats_of(f).invalid, 0);
}

static void test_white_space_is_silent(void **state)
{
	send_silently(*state, "\n \n");
	assert_int_equal(stats_of(*state).invalid, 0);
}

static void test_half_document_is_reported(void **state)
{
	struct fixture *f = *state;
	send_silently(f, "{\"command\":");
	assert_int_equal(stats_of(f).incomplete, 1);
	assert_int_equal(logged(f, "\"msg\":\"error parsing metrics\""), 1);
	assert_int_equal(logged(f, "\"data_length\":11"), 1);
	assert_int_equal(stats_of(f).buffered_bytes, 0);
}

static void test_garbage_without_newline_is_only_logged(void **state)
{
	struct fixture *f = *state;
	send_silently(f, "hello");
	send_silently(f, "null");
	send_silently(f, "[1,2]");
	assert_int_equal(logged(f, "\"level\":\"ERROR\",\"msg\":\"error parsing metrics\""), 3);
	seen_is(f, "");
}

static void test_broken_run_gets_no_answer(void **state)
{
	struct fixture *f = *state;
	send_silently(f, "{\"command\":\"x\",}\n");
	send_silently(f, "{\n \"command\": \"x\",\n \"timestamp\": 1.,\n \"a\": 1\n}\n");
	send_silently(f, "{\"command\":\"y\"}\ngarbage\n{\"command\":\"z\"}\n");
	assert_true(stats_of(f).invalid >= 3);
	seen_is(f, "[{\"command\":\"y\"}][{\"command\":\"z\"}]");
}

static void test_refusing_handler_is_logged(void **state)
{
	struct fixture *f = *state;
	send_silently(f, "{\"refuse\":1}");
	assert_int_equal(logged(f, "\"error\":\"refused by the handler\""), 1);
	assert_int_equal(stats_of(f).documents, 0);
}

static void test_garbage_flood_does_not_flood_the_log(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 100; i++)
		send_silently(f, "x");
	assert_int_equal(stats_of(f).invalid, 100);
	assert_true(logged(f, "error parsing metrics") <= 5);
}

static char *document_of(size_t bytes)
{
	char *text = malloc(bytes + 1);
	memset(text, 'a', bytes);
	memcpy(text, "{\"command\":\"", 12);
	memcpy(text + bytes - 2, "\"}", 3);
	return text;
}

static void test_document_of_900_kb(void **state)
{
	struct fixture *f = *state;
	char *text = document_of(900000);
	int fd = dial(f);
	put(f, fd, text, 900000);
	hang_up(f, fd);
	seen_is(f, "[900000]");
	assert_int_equal(stats_of(f).buffered_bytes, 0);
	free(text);
}

static void test_what_follows_a_long_document_waits_for_it(void **state)
{
	struct fixture *f = *state;
	size_t bytes = 900000;
	char *text = document_of(bytes);
	struct buf all;
	int fd = dial(f);
	buf_init(&all);
	buf_append(&all, text, bytes);
	buf_puts(&all, "\n{\"a\":2}{\"a\":3");
	put(f, fd, all.data, all.len);
	seen_is(f, "[900000][{\"a\":2}]");
	say(f, fd, "}");
	hang_up(f, fd);
	seen_is(f, "[900000][{\"a\":2}][{\"a\":3}]");
	assert_int_equal(stats_of(f).buffered_bytes, 0);
	buf_fini(&all);
	free(text);
}

/* Complete when framed, and yet wrong inside. */
static void test_a_long_document_that_is_none_is_reported(void **state)
{
	struct fixture *f = *state;
	char *text = document_of(900000);
	text[12] = '"';
	send_silently(f, text);
	seen_is(f, "");
	assert_int_equal(stats_of(f).invalid, 1);
	assert_int_equal(logged(f, "\"data_length\":900000"), 1);
	free(text);
}

static void test_a_sender_that_leaves_behind_a_long_document(void **state)
{
	struct fixture *f = *state;
	char *text = document_of(900000);
	int fd = dial(f);
	for (size_t done = 0; done < 900000;) {
		ssize_t n = send(fd, text + done, 900000 - done, MSG_NOSIGNAL);
		done += n > 0 ? (size_t)n : 0;
		uv_run(&f->loop, UV_RUN_NOWAIT);
	}
	close(fd); /* perhaps while it is being parsed */
	turn(f);
	seen_is(f, "[900000]");
	free(text);
}

static int setup_narrow(void **state)
{
	const struct intake_options opt = { .max_buffered = 1000000 };
	return setup_with(state, &opt);
}

static void test_the_oldest_half_document_makes_room(void **state)
{
	struct fixture *f = *state;
	char *text = document_of(400000), back[4096];
	int fd[4];
	for (int i = 0; i < 4; i++) {
		fd[i] = dial(f);
		put(f, fd[i], text, 300000);
	}
	assert_int_equal(stats_of(f).crowded_out, 1);
	assert_string_equal(hear(f, fd[0], back), "<eof>");
	assert_int_equal(stats_of(f).buffered_bytes, 900000);
	assert_int_equal(logged(f, "half documents take too much memory"), 1);
	for (int i = 1; i < 4; i++)
		put(f, fd[i], text + 300000, 100000);
	seen_is(f, "[400000][400000][400000]");
	assert_int_equal(stats_of(f).buffered_bytes, 0);
	for (int i = 0; i < 4; i++)
		hang_up(f, fd[i]);
	free(text);
}

static void test_too_large_a_document_closes(void **state)
{
	struct fixture *f = *state;
	size_t bytes = (size_t)64 << 20;
	char *text = document_of(bytes), back[4096];
	int fd = dial(f);
	assert_true(put(f, fd, text, bytes) < (size_t)4 << 20);
	assert_string_equal(hear(f, fd, back), "<eof>");
	hang_up(f, fd);
	seen_is(f, "");
	assert_int_equal(stats_of(f).oversize, 1);
	assert_int_equal(logged(f, "\"level\":\"WARN\",\"msg\":\"document too large, connection closed\""),
			 1);
	assert_int_equal(stats_of(f).buffered_bytes, 0);
	free(text);
}

static void test_endless_garbage_closes(void **state)
{
	struct fixture *f = *state;
	size_t bytes = (size_t)8 << 20;
	char *text = malloc(bytes);
	memset(text, 'x', bytes);
	int fd = dial(f);
	assert_true(put(f, fd, text, bytes) < bytes);
	assert_int_equal(stats_of(f).oversize, 1);
	hang_up(f, fd);
	free(text);
}

static void wait_for_close(struct fixture *f, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	for (int i = 0; i < 100 && poll(&p, 1, 10) == 0; i++)
		turn(f);
}

static void test_incomplete_document_has_five_seconds(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"a\":");
	clock_fake_advance(&f->clock, 6 * NS_PER_S);
	wait_for_close(f, fd);
	assert_string_equal(hear(f, fd, back), "<eof>");
	assert_int_equal(stats_of(f).timeouts, 1);
	hang_up(f, fd);
}

static void test_dripping_document_is_dropped_in_the_end(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"a\":\"");
	for (int i = 0; i < 20; i++) {
		clock_fake_advance(&f->clock, 4 * NS_PER_S);
		if (put(f, fd, "x", 1) == 0)
			break;
	}
	assert_string_equal(hear(f, fd, back), "<eof>");
	hang_up(f, fd);
}

static void test_idle_peer_between_documents_stays(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "{\"a\":1}");
	clock_fake_advance(&f->clock, 600 * NS_PER_S);
	for (int i = 0; i < 40; i++) {
		poll(NULL, 0, 10);
		turn(f);
	}
	say(f, fd, "{\"a\":2}");
	seen_is(f, "[{\"a\":1}][{\"a\":2}]");
	hang_up(f, fd);
}

static void test_nul_and_invalid_utf8_arrive(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "{\"a\":\"\0\xff\xfe\"}";
	int fd = dial(f);
	put(f, fd, text, sizeof(text) - 1);
	hang_up(f, fd);
	assert_int_equal(stats_of(f).documents, 1);
}

static void test_deep_nesting_is_refused(void **state)
{
	struct fixture *f = *state;
	char text[2100] = "{\"a\":";
	memset(text + 5, '[', 1000);
	memset(text + 1005, ']', 1000);
	strcpy(text + 2005, "}");
	send_silently(f, text);
	assert_int_equal(stats_of(f).invalid, 1);
}

static void test_handler_is_told_when_the_peer_left(void **state)
{
	struct fixture *f = *state;
	send_silently(f, "{}");
	hang_up(f, dial(f));
	assert_int_equal(f->gone, 1); /* not for the one that said nothing */
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_document_and_eof),
		C(test_document_counts_before_eof),
		C(test_several_documents),
		C(test_pretty_printed_document),
		C(test_single_bytes),
		C(test_no_bytes_is_silent),
		C(test_white_space_is_silent),
		C(test_half_document_is_reported),
		C(test_garbage_without_newline_is_only_logged),
		C(test_broken_run_gets_no_answer),
		C(test_refusing_handler_is_logged),
		C(test_garbage_flood_does_not_flood_the_log),
		C(test_document_of_900_kb),
		C(test_what_follows_a_long_document_waits_for_it),
		C(test_a_long_document_that_is_none_is_reported),
		C(test_a_sender_that_leaves_behind_a_long_document),
		cmocka_unit_test_setup_teardown(test_the_oldest_half_document_makes_room, setup_narrow,
						teardown),
		C(test_too_large_a_document_closes),
		C(test_endless_garbage_closes),
		C(test_incomplete_document_has_five_seconds),
		C(test_dripping_document_is_dropped_in_the_end),
		C(test_idle_peer_between_documents_stays),
		C(test_nul_and_invalid_utf8_arrive),
		C(test_deep_nesting_is_refused),
		C(test_handler_is_told_when_the_peer_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
