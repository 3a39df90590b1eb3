/* What daemons answer, and what becomes of the items then. */
#include "peer.h"

#include <sys/wait.h>

#define LONG 20000

static auspex_t *with_samples(const struct peer *p, int n)
{
	auspex_t *a = auspex_open(p->path);
	assert_non_null(a);
	for (int i = 0; i < n; i++)
		assert_int_equal(auspex_sample(a, "app.queue", i), 0);
	return a;
}

static void stored_means_answered(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = with_samples(&p, 3);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	struct auspex_stats s = stats_of(a);
	assert_int_equal(s.stored, 3);
	assert_int_equal(s.waiting + s.refused + s.dropped + s.unconfirmed, 0);
	assert_int_equal(s.connects, 1);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void one_connection_serves_many_calls(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = auspex_open(p.path);
	for (int i = 0; i < 300; i++) {
		auspex_sample(a, "x", i);
		assert_int_equal(auspex_flush(a, LONG, i % 3 ? AUSPEX_SENT : AUSPEX_STORED), 0);
	}
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(a).stored, 300);
	assert_int_equal(p.connections, 1);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void nothing_to_send_needs_no_daemon(void **state)
{
	auspex_t *a = auspex_open("/nonexistent/s");
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(auspex_close(a, LONG), 0);
}

static void closing_hands_over(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	assert_int_equal(auspex_close(with_samples(&p, 2), LONG), 0);
	peer_stop(&p);
	assert_int_equal(count_of(p.text, "app.queue"), 2);
	peer_remove(&p);
}

static void serve_refusing(struct peer *p, int fd)
{
	char *line;
	while (peer_read_line(p, fd, &line))
		peer_write(fd, "{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":1,\"rejected\":2,"
			       "\"errors\":[{\"list\":\"samples\","
			       "\"index\":0,\"error\":\"a \\\"bad\\\" "
			       "name\"},{\"list\":\"samples\",\"index\":1,\"error\":\"other\"}]}\n");
}

static void refused_items_are_told_and_gone(void **state)
{
	struct peer p;
	peer_start(&p, serve_refusing);
	auspex_t *a = with_samples(&p, 3);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EBADMSG);
	assert_string_equal(auspex_error(a), "a \"bad\" name");
	struct auspex_stats s = stats_of(a);
	assert_int_equal(s.stored, 1);
	assert_int_equal(s.refused, 2);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_string_equal(auspex_error(a), "");
	auspex_close(a, 0);
	peer_remove(&p);
}

static void refusals_of_calls_that_did_not_wait_are_told_by_the_one_that_does(void **state)
{
	struct peer p;
	peer_start(&p, serve_refusing);
	auspex_t *a = with_samples(&p, 3);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_SENT), 0);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EBADMSG);
	auspex_close(a, 0);
	peer_remove(&p);
}

/* Cannot store the first time, can the second. */
static void serve_full_disk_once(struct peer *p, int fd)
{
	char *line;
	while (peer_read_line(p, fd, &line))
		if (p->messages == 1)
			peer_write(fd, "{\"type\":\"push_response\",\"status\":\"error\",\"accepted\":0,"
				       "\"rejected\":2,\"errors\":[{\"list\":\"\","
				       "\"index\":-1,\"error\":\"the disk is full\"}]}\n");
		else
			peer_answer(fd, line);
}

static void what_could_not_be_stored_is_kept_and_sent_again(void **state)
{
	struct peer p;
	peer_start(&p, serve_full_disk_once);
	auspex_t *a = with_samples(&p, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EIO);
	assert_string_equal(auspex_error(a), "the disk is full");
	assert_int_equal(stats_of(a).waiting, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(a).stored, 2);
	assert_int_equal(p.connections, 1);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_garbage(struct peer *p, int fd)
{
	char *line;
	if (peer_read_line(p, fd, &line))
		peer_write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
	peer_until_end(fd);
}

static void garbage_is_no_daemon(void **state)
{
	struct peer p;
	peer_start(&p, serve_garbage);
	auspex_t *a = with_samples(&p, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EPROTO);
	struct auspex_stats s = stats_of(a);
	assert_int_equal(s.refused, 2); /* given up: it would stand in the way of all that follows */
	assert_int_equal(s.waiting, 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_error_line(struct peer *p, int fd)
{
	char *line;
	if (peer_read_line(p, fd, &line))
		peer_write(fd, "{\"error\":\"invalid JSON\",\"type\":\"error\"}\n");
	peer_until_end(fd);
}

static void an_error_of_the_protocol_is_told_in_its_words(void **state)
{
	struct peer p;
	peer_start(&p, serve_error_line);
	auspex_t *a = with_samples(&p, 1);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EPROTO);
	assert_string_equal(auspex_error(a), "invalid JSON");
	auspex_close(a, 0);
	peer_remove(&p);
}

/* The first connection ends in the middle of the answer. */
static void serve_cut_once(struct peer *p, int fd)
{
	char *line;
	if (p->connections > 1)
		serve_well(p, fd);
	else if (peer_read_line(p, fd, &line))
		peer_write(fd, "{\"type\":\"push_response\",\"status\":\"ok\",\"acc");
}

static void a_connection_lost_in_the_answer_keeps_the_items(void **state)
{
	struct peer p;
	peer_start(&p, serve_cut_once);
	auspex_t *a = with_samples(&p, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -ECONNRESET);
	assert_int_equal(stats_of(a).waiting, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(a).stored, 2);
	assert_int_equal(p.messages, 2);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_in_pieces(struct peer *p, int fd)
{
	const char *reply = "{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":2,\"rejected\":0,"
			    "\"errors\":[]}\n";
	char *line;
	if (peer_read_line(p, fd, &line))
		for (; *reply; reply++) {
			(void)!send(fd, reply, 1, MSG_NOSIGNAL);
			usleep(200);
		}
	peer_until_end(fd);
}

static void an_answer_in_pieces_is_put_together(void **state)
{
	struct peer p;
	peer_start(&p, serve_in_pieces);
	auspex_t *a = with_samples(&p, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(a).stored, 2);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_talkative(struct peer *p, int fd)
{
	char *line;
	while (peer_read_line(p, fd, &line)) {
		peer_write(fd, "{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":1,\"rejected\":1,"
			       "\"errors\":[{\"error\":\"first\"}");
		for (int i = 0; i < 2000; i++)
			peer_write(fd,
				   ",{\"list\":\"samples\",\"index\":7,\"error\":\"\\\"accepted\\\":99\"}");
		peer_write(fd, "]}\n");
	}
}

static void a_long_answer_needs_no_memory(void **state)
{
	struct peer p;
	peer_start(&p, serve_talkative);
	auspex_t *a = with_samples(&p, 2);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), -EBADMSG);
	assert_string_equal(auspex_error(a), "first");
	assert_int_equal(stats_of(a).stored, 1);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_one_message(struct peer *p, int fd)
{
	char *line;
	if (peer_read_line(p, fd, &line))
		peer_answer(fd, line);
}

/* Default SIGPIPE ends a program: that we live is part of the test. */
static void a_daemon_that_hung_up_meanwhile_is_connected_again(void **state)
{
	struct peer p;
	peer_start(&p, serve_one_message);
	auspex_t *a = auspex_open(p.path);
	for (int i = 0; i < 20; i++) {
		auspex_sample(a, "x", i);
		int rc = auspex_flush(a, LONG, AUSPEX_STORED);
		while (rc == -ECONNRESET) /* the close crossed our message */
			rc = auspex_flush(a, LONG, AUSPEX_STORED);
		assert_int_equal(rc, 0);
	}
	assert_int_equal(stats_of(a).stored, 20);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void serve_nobody(struct peer *p, int fd) {}

static void hanging_up_at_once_raises_no_signal(void **state)
{
	struct peer p;
	peer_start(&p, serve_nobody);
	auspex_t *a = with_samples(&p, 10000);
	for (int i = 0; i < 50; i++) {
		int rc = auspex_flush(a, 100, AUSPEX_STORED);
		assert_true(rc == -ECONNRESET || rc == -ETIMEDOUT);
	}
	assert_int_equal(stats_of(a).waiting, 10000);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_restarted_daemon_gets_what_was_kept(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = with_samples(&p, 1);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	/* Its thread sits in the connection: end that first, as a dying daemon would. */
	auspex_t *b = auspex_open(p.path);
	auspex_close(a, 0);
	peer_stop(&p);
	auspex_sample(b, "late", 1);
	assert_int_equal(auspex_flush(b, 50, AUSPEX_STORED), -ECONNREFUSED);
	auspex_sample(b, "later", 2);
	peer_listen(&p, serve_well);
	assert_int_equal(auspex_flush(b, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(b).stored, 2);
	auspex_close(b, 0);
	peer_remove(&p);
}

static void what_was_sent_without_waiting_is_unconfirmed_when_the_daemon_dies(void **state)
{
	struct peer p;
	peer_start(&p, serve_cut_once);
	auspex_t *a = with_samples(&p, 4);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_SENT), 0);
	for (int i = 0; i < LONG && !stats_of(a).unconfirmed; i++)
		usleep(1000);
	struct auspex_stats s = stats_of(a);
	assert_int_equal(s.unconfirmed, 4);
	assert_int_equal(s.waiting, 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_child_starts_empty_and_leaves_the_parents_connection_alone(void **state)
{
	struct peer p;
	peer_start(&p, serve_well);
	auspex_t *a = with_samples(&p, 1);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	auspex_sample(a, "of.parent", 1);
	pid_t child = fork();
	if (child == 0) {
		struct auspex_stats s;
		int good = auspex_stats(a, &s) == 0 && s.waiting == 0 && s.stored == 0 &&
			   auspex_close(a, 0) == 0;
		_exit(good ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(auspex_flush(a, LONG, AUSPEX_STORED), 0);
	assert_int_equal(stats_of(a).stored, 2);
	assert_int_equal(p.connections, 1);
	auspex_close(a, 0);
	peer_stop(&p);
	assert_int_equal(count_of(p.text, "of.parent"), 1);
	peer_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_means_answered),
		cmocka_unit_test(one_connection_serves_many_calls),
		cmocka_unit_test(nothing_to_send_needs_no_daemon),
		cmocka_unit_test(closing_hands_over),
		cmocka_unit_test(refused_items_are_told_and_gone),
		cmocka_unit_test(refusals_of_calls_that_did_not_wait_are_told_by_the_one_that_does),
		cmocka_unit_test(what_could_not_be_stored_is_kept_and_sent_again),
		cmocka_unit_test(garbage_is_no_daemon),
		cmocka_unit_test(an_error_of_the_protocol_is_told_in_its_words),
		cmocka_unit_test(a_connection_lost_in_the_answer_keeps_the_items),
		cmocka_unit_test(an_answer_in_pieces_is_put_together),
		cmocka_unit_test(a_long_answer_needs_no_memory),
		cmocka_unit_test(a_daemon_that_hung_up_meanwhile_is_connected_again),
		cmocka_unit_test(hanging_up_at_once_raises_no_signal),
		cmocka_unit_test(a_restarted_daemon_gets_what_was_kept),
		cmocka_unit_test(what_was_sent_without_waiting_is_unconfirmed_when_the_daemon_dies),
		cmocka_unit_test(a_child_starts_empty_and_leaves_the_parents_connection_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
