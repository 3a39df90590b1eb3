/* No call takes longer than it was told, whatever the daemon does. Only "much longer" is asserted: a test
 * machine may be slow. */
#include "peer.h"

#include <signal.h>
#include <sys/time.h>

#define BUDGET 150

static void fill(auspex_t *a, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(
			auspex_sample(a, "app.queue{q=a-rather-long-label-value-to-fill-the-buffer}", i), 0);
}

/* The call's result; it took at least `least` and not much more than the budget. */
static int timed_flush(auspex_t *a, enum auspex_wait wait, int budget, int least)
{
	int64_t start = peer_now_ms();
	int rc = auspex_flush(a, budget, wait);
	int64_t took = peer_now_ms() - start;
	assert_true(took >= least - 1);
	assert_true(took < budget + LATE_MS);
	return rc;
}

static void a_dead_path_costs_nothing(void **state)
{
	struct peer p;
	peer_place(&p);
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, 60000, 0), -ENOENT);
	assert_int_equal(stats_of(a).waiting, 1);
	assert_int_equal(auspex_close(a, 60000), -ENOENT);
	peer_remove(&p);
}

static void a_socket_of_a_dead_daemon_is_refused_at_once(void **state)
{
	struct peer p;
	peer_place(&p);
	peer_bind(&p);
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, 60000, 0), -ECONNREFUSED);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_path_too_long_is_told(void **state)
{
	char path[300];
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	auspex_t *a = auspex_open(path);
	fill(a, 1);
	assert_int_equal(auspex_flush(a, 100, AUSPEX_SENT), -ENAMETOOLONG);
	auspex_close(a, 0);
}

static void a_full_queue_of_connections_is_waited_for_within_the_budget(void **state)
{
	struct peer p;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int others[16];
	peer_place(&p);
	peer_bind(&p);
	strcpy(addr.sun_path, p.path);
	assert_int_equal(listen(p.listener, 0), 0);
	for (int i = 0; i < 16; i++) {
		others[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(others[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, BUDGET, BUDGET), -ETIMEDOUT);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, 0, 0), -ETIMEDOUT);
	assert_int_equal(stats_of(a).waiting, 1);
	auspex_close(a, 0);
	for (int i = 0; i < 16; i++)
		close(others[i]);
	peer_remove(&p);
}

static void a_silent_daemon_costs_the_budget(void **state)
{
	struct peer p;
	peer_start(&p, serve_silently);
	auspex_t *a = auspex_open(p.path);
	fill(a, 3);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, BUDGET, BUDGET), -ETIMEDOUT);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, 0, 0), -ETIMEDOUT);
	assert_int_equal(stats_of(a).waiting, 3);
	auspex_close(a, 0);
	peer_stop(&p);
	assert_int_equal(p.messages, 1); /* the wait went on, nothing was sent twice */
	peer_remove(&p);
}

static void sending_does_not_wait_for_a_silent_daemon(void **state)
{
	struct peer p;
	peer_start(&p, serve_silently);
	auspex_t *a = auspex_open(p.path);
	fill(a, 3);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, 60000, 0), 0);
	assert_int_equal(stats_of(a).waiting, 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_silent_daemon_is_not_fed_without_end(void **state)
{
	struct peer p;
	int rc = 0, i;
	peer_start(&p, serve_silently);
	auspex_t *a = auspex_open(p.path);
	for (i = 0; i < 1000 && rc == 0; i++) {
		fill(a, 1);
		rc = timed_flush(a, AUSPEX_SENT, 50, 0);
	}
	assert_int_equal(rc, -ETIMEDOUT);
	assert_in_range(i, 10, 500);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_stuck_daemon_with_full_buffers_costs_the_budget(void **state)
{
	struct peer p;
	peer_start(&p, serve_stuck);
	auspex_t *a = auspex_open(p.path);
	fill(a, 9000); /* more than socket buffers hold */
	size_t n = stats_of(a).waiting;
	assert_int_equal(timed_flush(a, AUSPEX_SENT, BUDGET, BUDGET), -ETIMEDOUT);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, 0, 0), -ETIMEDOUT);
	assert_int_equal(stats_of(a).waiting, n);
	assert_int_equal(auspex_close(a, BUDGET), -ETIMEDOUT);
	peer_remove(&p);
}

/* Takes a little at a time: each byte is progress, yet the call must end. */
static void serve_slowly(struct peer *p, int fd)
{
	char data[512];
	(void)p;
	while (recv(fd, data, sizeof(data), 0) > 0)
		usleep(5000);
}

static void a_slow_reader_costs_the_budget(void **state)
{
	struct peer p;
	peer_start(&p, serve_slowly);
	auspex_t *a = auspex_open(p.path);
	fill(a, 9000);
	assert_int_equal(timed_flush(a, AUSPEX_SENT, BUDGET, BUDGET), -ETIMEDOUT);
	auspex_close(a, 0);
	shutdown(p.listener, SHUT_RDWR);
	peer_remove(&p);
}

/* Talks without ever ending its line. */
static void serve_endless(struct peer *p, int fd)
{
	char *line, noise[4096];
	memset(noise, 'x', sizeof(noise));
	if (peer_read_line(p, fd, &line))
		while (send(fd, noise, sizeof(noise), MSG_NOSIGNAL) > 0)
			;
}

static void an_answer_without_end_costs_the_budget(void **state)
{
	struct peer p;
	peer_start(&p, serve_endless);
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, BUDGET, BUDGET), -ETIMEDOUT);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, 0, 0), -ETIMEDOUT);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void on_alarm(int number) {}

static void signals_neither_end_nor_stretch_a_call(void **state)
{
	struct peer p;
	struct sigaction act = { .sa_handler = on_alarm }; /* no SA_RESTART */
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	sigset_t alarm_only;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_only, NULL); /* the peer's thread inherits it */
	peer_start(&p, serve_silently);
	pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
	sigaction(SIGALRM, &act, NULL);
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	setitimer(ITIMER_REAL, &often, NULL);
	int rc = timed_flush(a, AUSPEX_STORED, BUDGET, BUDGET);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(rc, -ETIMEDOUT);
	auspex_close(a, 0);
	peer_remove(&p);
}

static void a_budget_below_zero_is_none(void **state)
{
	struct peer p;
	peer_start(&p, serve_silently);
	auspex_t *a = auspex_open(p.path);
	fill(a, 1);
	assert_int_equal(timed_flush(a, AUSPEX_STORED, -5, 0), -ETIMEDOUT);
	auspex_close(a, -1);
	peer_remove(&p);
}

static void buffering_never_waits_however_much_is_written(void **state)
{
	struct peer p;
	peer_start(&p, serve_stuck);
	auspex_t *a = auspex_open(p.path);
	int64_t start = peer_now_ms();
	fill(a, 20000);
	assert_true(peer_now_ms() - start < LATE_MS);
	assert_int_equal(p.connections, 0);
	auspex_close(a, 0);
	peer_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_path_costs_nothing),
		cmocka_unit_test(a_socket_of_a_dead_daemon_is_refused_at_once),
		cmocka_unit_test(a_path_too_long_is_told),
		cmocka_unit_test(a_full_queue_of_connections_is_waited_for_within_the_budget),
		cmocka_unit_test(a_silent_daemon_costs_the_budget),
		cmocka_unit_test(sending_does_not_wait_for_a_silent_daemon),
		cmocka_unit_test(a_silent_daemon_is_not_fed_without_end),
		cmocka_unit_test(a_stuck_daemon_with_full_buffers_costs_the_budget),
		cmocka_unit_test(a_slow_reader_costs_the_budget),
		cmocka_unit_test(an_answer_without_end_costs_the_budget),
		cmocka_unit_test(signals_neither_end_nor_stretch_a_call),
		cmocka_unit_test(a_budget_below_zero_is_none),
		cmocka_unit_test(buffering_never_waits_however_much_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
