/* Requests: objects with a type, one line in, one line out. */
#include "intake_fixture.h"

#define INVALID "{\"error\":\"invalid JSON\",\"type\":\"error\"}\n"
#define UNKNOWN "{\"error\":\"unknown message type\",\"type\":\"error\"}\n"

static void answers(struct fixture *f, const char *text, const char *want)
{
	char back[4096];
	int fd = dial(f);
	say(f, fd, text);
	assert_string_equal(hear(f, fd, back), want);
	hang_up(f, fd);
}

static void test_request_with_newline(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}\n", "echo 1\n");
}

static void test_request_without_newline_is_answered_at_once(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}", "echo 1\n");
}

static void test_newline_that_comes_later_is_no_empty_request(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"type\":\"echo\",\"n\":1}");
	say(f, fd, "\n");
	say(f, fd, "{\"type\":\"echo\",\"n\":2}\n");
	assert_string_equal(hear(f, fd, back), "echo 1\necho 2\n");
	hang_up(f, fd);
}

static void test_requests_in_one_write_are_answered_in_order(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}\n{\"type\":\"echo\",\"n\":2}\r\n", "echo 1\necho 2\n");
}

static void test_single_bytes(void **state)
{
	struct fixture *f = *state;
	const char *text = "{\"type\":\"echo\",\"n\":1}\nx\n{\"type\":\"echo\",\"n\":2}\n";
	char back[4096];
	int fd = dial(f);
	for (const char *p = text; *p; p++)
		put(f, fd, p, 1);
	assert_string_equal(hear(f, fd, back), "echo 1\n" INVALID "echo 2\n");
	hang_up(f, fd);
}

static void test_garbage_line_is_answered_and_the_connection_stays(void **state)
{
	answers(*state, "invalid json\n{\"type\":\"echo\",\"n\":1}\n", INVALID "echo 1\n");
}

static void test_broken_object_is_answered(void **state)
{
	answers(*state, "{invalid}\n", INVALID);
	answers(*state, "{\"type\":\"echo\",\"command\":}\n", INVALID);
}

static void test_empty_line_is_a_wrong_request(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}\n\n", "echo 1\n" INVALID);
}

static void test_line_that_ends_inside_an_object(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}\n{\"type\":\n\"echo\"}\n", "echo 1\n" INVALID INVALID);
}

static void test_text_behind_a_request_spoils_it(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1} x\n{\"type\":\"echo\",\"n\":2}\n", INVALID "echo 2\n");
}

static void test_unknown_type(void **state)
{
	answers(*state, "{\"type\":\"dance\"}\n", UNKNOWN);
}

static void test_type_must_be_text(void **state)
{
	answers(*state, "{\"type\":\"echo\",\"n\":1}\n{\"type\":5}\n{\"a\":1}\n[1]\n",
		"echo 1\n" INVALID INVALID INVALID);
}

static void test_half_line_and_eof_is_ignored(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"type\":\"echo\",\"n\":1}\n{\"type\":");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(f, fd, back), "echo 1\n<eof>");
	assert_int_equal(stats_of(f).invalid, 0);
	hang_up(f, fd);
}

static void test_pretty_printed_first_request(void **state)
{
	answers(*state, "{\n \"type\": \"echo\",\n \"n\": 1\n}\n", "echo 1\n");
}

static void test_document_then_request(void **state)
{
	struct fixture *f = *state;
	answers(f, "{\"command\":\"x\"}\n{\"type\":\"echo\",\"n\":1}\n", "echo 1\n");
	assert_string_equal(buf_str(&f->seen), "[{\"command\":\"x\"}]");
}

static void test_later_answer_keeps_the_order(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"type\":\"later\"}\n{\"type\":\"echo\",\"n\":2}\n");
	say(f, fd, "{\"type\":\"echo\",\"n\":3}\n");
	assert_string_equal(hear(f, fd, back), "");
	intake_reply(f->intake, f->waiting, VIEW("late\n"));
	assert_string_equal(hear(f, fd, back), "late\necho 2\necho 3\n");
	hang_up(f, fd);
}

static void test_answer_after_half_close(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"type\":\"later\"}\n");
	shutdown(fd, SHUT_WR);
	turn(f);
	assert_string_equal(hear(f, fd, back), "");
	intake_reply(f->intake, f->waiting, VIEW("late\n"));
	assert_string_equal(hear(f, fd, back), "late\n<eof>");
	hang_up(f, fd);
}

static void test_answer_to_a_gone_peer_is_harmless(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "{\"type\":\"later\"}\n");
	hang_up(f, fd);
	intake_reply(f->intake, f->waiting, VIEW("late\n"));
	turn(f);
	intake_reply(f->intake, f->waiting, VIEW("late\n"));
	intake_reply(f->intake, 4711, VIEW("late\n"));
}

static void test_idle_client_is_left_alone_for_hours(void **state)
{
	struct fixture *f = *state;
	char back[4096];
	int fd = dial(f);
	say(f, fd, "{\"type\":\"echo\",\"n\":1}\n");
	clock_fake_advance(&f->clock, 30 * 3600 * NS_PER_S);
	for (int i = 0; i < 40; i++) {
		poll(NULL, 0, 10);
		turn(f);
	}
	say(f, fd, "{\"type\":\"echo\",\"n\":2}\n");
	assert_string_equal(hear(f, fd, back), "echo 1\necho 2\n");
	assert_int_equal(stats_of(f).peers_lines, 1);
	hang_up(f, fd);
	assert_int_equal(stats_of(f).peers_lines, 0);
}

static void push_of(struct fixture *f, const char *head, const char *want)
{
	size_t bytes = (size_t)3 << 20;
	char *text = malloc(bytes), back[4096];
	memset(text, ' ', bytes);
	memcpy(text, head, strlen(head));
	memcpy(text + bytes - 2, "}\n", 2);
	int fd = dial(f);
	put(f, fd, text, bytes);
	assert_string_equal(hear(f, fd, back), want);
	hang_up(f, fd);
	free(text);
}

static void test_push_may_be_large(void **state)
{
	push_of(*state, "{\"type\":\"push\",\"n\":5", "echo 5\n");
	push_of(*state, "{ \"runs\":[],\"type\":\"push\",\"n\":6", "echo 6\n");
}

static void test_other_requests_may_not(void **state)
{
	push_of(*state, "{\"type\":\"echo\",\"n\":5", "<eof>");
}

static void test_kind_twice_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct intake_kind again = { .type = "echo", .handle = take_echo },
				 none = { .type = NULL, .handle = take_document };
	assert_int_equal(intake_add_kind(f->intake, &again), ERR_DUPLICATE);
	assert_int_equal(intake_add_kind(f->intake, &none), ERR_DUPLICATE);
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_request_with_newline),
		C(test_request_without_newline_is_answered_at_once),
		C(test_newline_that_comes_later_is_no_empty_request),
		C(test_requests_in_one_write_are_answered_in_order),
		C(test_single_bytes),
		C(test_garbage_line_is_answered_and_the_connection_stays),
		C(test_broken_object_is_answered),
		C(test_empty_line_is_a_wrong_request),
		C(test_line_that_ends_inside_an_object),
		C(test_text_behind_a_request_spoils_it),
		C(test_unknown_type),
		C(test_type_must_be_text),
		C(test_half_line_and_eof_is_ignored),
		C(test_pretty_printed_first_request),
		C(test_document_then_request),
		C(test_later_answer_keeps_the_order),
		C(test_answer_after_half_close),
		C(test_answer_to_a_gone_peer_is_harmless),
		C(test_idle_client_is_left_alone_for_hours),
		C(test_push_may_be_large),
		C(test_other_requests_may_not),
		C(test_kind_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
