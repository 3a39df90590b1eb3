/* Time-outs, caps, descriptors and sockets: what keeps one peer from becoming everybody's trouble. */
#include "http_fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

static void ok(struct http_request *r, void *ctx)
{
	const struct http_peer *p = http_peer(r);
	buf_printf(http_out(r), "<ok %s %d %d>", p->address, p->loopback, (int)p->uid == (int)getuid());
	http_send(r, 200);
}

static char big[4 << 20];

static void large(struct http_request *r, void *ctx)
{
	http_send_static(r, 200, (struct view){ big, sizeof(big) });
}

static void keep(struct http_request *r, void *ctx)
{
	struct buf body;
	assert_true(http_take_body(r, &body));
	assert_int_equal(http_body(r).len, 0);
	assert_int_equal(body.len, 16 << 20);
	buf_fini(&body);
	assert_false(http_take_body(r, &body));
	http_send_static(r, 200, VIEW("kept"));
}

#define ROW(m, p, h)                                                                                         \
	{                                                                                                    \
		m, p, FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, h, .max_body = 1000                               \
	}
static const struct http_route rows[] = {
	ROW(METHOD_GET | METHOD_POST, "/ok", ok),
	ROW(METHOD_GET, "/large", large),
	{ METHOD_POST, "/body", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, ok, .max_body = 16 << 20 },
	{ METHOD_POST, "/kept", FAMILY_OWN, ACCESS_OPEN, LIMIT_NONE, keep, .max_body = 16 << 20 },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	fixture_start(f, rows, N_ROWS, FAMILY_OWN);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_stop(*state);
	free(*state);
	return 0;
}

static struct http_stats stats(struct fixture *f)
{
	struct http_stats st;
	http_server_stats(f->server, &st);
	return st;
}

#define GET "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* The tick looks every 250 ms of real time at the clock we hold. */
static void pass(struct fixture *f, int64_t seconds)
{
	clock_fake_advance(&f->clock, seconds * NS_PER_S);
	spin(f, 300);
}

static void test_slow_header(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "GET /ok HTTP/1.1\r\n");
	spin(f, 0);
	pass(f, 9);
	say(f, fd, "A: b\r\n"); /* dripping does not help */
	spin(f, 0);
	pass(f, 2);
	const char *got = hear_all(f, fd);
	assert_status(got, 408);
	assert_contains(got, "Connection: close");
	assert_int_equal(stats(f).timeouts, 1);
}

static int send_most(struct fixture *f, const char *path, size_t n)
{
	char head[128];
	int fd = dial(f);
	snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
		 path, 16 << 20);
	say(f, fd, head);
	for (size_t done = 0; done < n; done += sizeof(big))
		say_bytes(f, fd, big, sizeof(big));
	spin(f, 0);
	return fd;
}

/* 64 MiB of bodies may be under way; whoever is over is told, the others get their answer, and there is room again. */
static void test_bodies_are_bounded_together(void **state)
{
	struct fixture *f = *state;
	int fd[5];
	for (int i = 0; i < 5; i++)
		fd[i] = send_most(f, "/body", 12 << 20);
	for (int i = 4; i >= 2; i--) /* 62, 64 and 66 MiB */
		say_bytes(f, fd[i], big, sizeof(big) / 2);
	assert_status(hear_until(f, fd[2], "under way", 1), 503);
	close(fd[2]);
	buf_clear(&f->in);
	for (int i = 4; i >= 3; i--) {
		say_bytes(f, fd[i], big, sizeof(big) / 2);
		hear_until(f, fd[i], "<ok", (size_t)(5 - i));
	}
	for (int i = 0; i < 5; i++)
		if (i != 2)
			close(fd[i]);
	spin(f, 0);
	buf_clear(&f->in);
	int again = send_most(f, "/body", 16 << 20);
	assert_status(hear_until(f, again, "<ok", 1), 200);
	close(again);
}

static void test_a_body_may_be_taken_away(void **state)
{
	struct fixture *f = *state;
	int fd = send_most(f, "/kept", 16 << 20);
	assert_status(hear_until(f, fd, "kept", 1), 200);
	buf_clear(&f->in);
	say(f, fd, GET);
	assert_status(hear_until(f, fd, "<ok", 1), 200);
	close(fd);
}

static void test_slow_body(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "POST /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
	spin(f, 0);
	pass(f, 29);
	say(f, fd, "d"); /* progress */
	spin(f, 5);
	pass(f, 29);
	assert_int_equal(stats(f).open_connections, 1);
	pass(f, 2);
	assert_status(hear_all(f, fd), 408);
}

static void test_idle_keep_alive(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET);
	hear_until(f, fd, "<ok", 1);
	pass(f, 74);
	assert_int_equal(stats(f).open_connections, 1);
	pass(f, 2);
	assert_string_equal(hear_all(f, fd), "");
	assert_int_equal(stats(f).open_connections, 0);
}

static void test_reader_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
	spin(f, 300); /* until the kernel takes no more of it, on a busy machine too */
	assert_int_equal(stats(f).open_connections, 1);
	pass(f, 31);
	assert_int_equal(stats(f).open_connections, 0);
	assert_int_equal(stats(f).timeouts, 1);
	close(fd);
}

static void test_total_cap(void **state)
{
	struct fixture *f = *state;
	int fds[5];
	http_server_configure(f->server, &(struct http_server_options){ .max_connections = 4 });
	for (int i = 0; i < 5; i++) {
		fds[i] = dial(f);
		spin(f, 2);
	}
	assert_status(hear_all(f, fds[4]), 503);
	assert_int_equal(stats(f).refused_connections, 1);
	close(fds[0]);
	spin(f, 5);
	fds[0] = dial(f);
	say(f, fds[0], GET);
	hear_until(f, fds[0], "<ok", 1);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static void test_refused_peer_reads_its_answer_through_unread_data(void **state)
{
	struct fixture *f = *state;
	char junk[100000];
	memset(junk, 'x', sizeof(junk));
	int fd = dial(f);
	say(f, fd, "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
	say_bytes(f, fd, junk, sizeof(junk));
	spin(f, 20);
	assert_status(hear_all(f, fd), 404);
}

static void test_linger_ends(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, "garbage\r\n\r\n");
	spin(f, 5);
	assert_int_equal(stats(f).open_connections, 1);
	pass(f, 3);
	assert_int_equal(stats(f).open_connections, 0);
	close(fd);
}

static void test_out_of_descriptors(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, low;
	int a = dial(f), b = dial(f);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = (rlim_t)b + 1;
	setrlimit(RLIMIT_NOFILE, &low);
	spin(f, 50);
	assert_true(stats(f).refused_connections >= 1);
	setrlimit(RLIMIT_NOFILE, &old);
	close(a);
	close(b);
	spin(f, 300);
	int fd = dial(f);
	say(f, fd, GET);
	hear_until(f, fd, "<ok", 1);
	close(fd);
}

static void test_idle_server_has_no_timer(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(f, fd, GET);
	hear_until(f, fd, "<ok", 1);
	close(fd);
	spin(f, 600);
	assert_int_equal(uv_backend_timeout(&f->loop), -1);
}

static void test_unix_socket(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	struct stat st;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/auspex-test-XXXXXX";
	assert_non_null(mkdtemp(dir));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/s", dir);
	struct http_listen spec = { .path = a.sun_path, .mode = 0600, .family = FAMILY_OWN, .fd = -1 };
	assert_int_equal(http_server_listen(f->server, &spec, NULL, &err), 0);
	assert_int_equal(stat(a.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	say(f, fd, "GET /ok HTTP/1.1\r\nHost: whatever\r\n\r\n");
	hear_until(f, fd, "<ok unix 1 1>", 1);
	close(fd);
	http_server_close(f->server, 1000, fixture_closed, f);
	spin(f, 20);
	assert_true(f->closed);
	assert_int_equal(stat(a.sun_path, &st), -1);
	rmdir(dir);
	fixture_again(f, rows, N_ROWS);
}

static void test_dual_stack(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	struct http_listen spec = { .address = "::", .family = FAMILY_OWN, .any_host = true, .fd = -1 };
	if (http_server_listen(f->server, &spec, &f->port, &err) < 0)
		skip_because("no IPv6 here");
	int fd = dial(f); /* by IPv4 */
	say(f, fd, "GET /ok HTTP/1.1\r\nHost: any.example\r\n\r\n");
	hear_until(f, fd, "<ok 127.0.0.1 1", 1);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_slow_header),
		T(test_slow_body),
		T(test_bodies_are_bounded_together),
		T(test_a_body_may_be_taken_away),
		T(test_idle_keep_alive),
		T(test_reader_that_does_not_read),
		T(test_total_cap),
		T(test_refused_peer_reads_its_answer_through_unread_data),
		T(test_linger_ends),
		T(test_out_of_descriptors),
		T(test_idle_server_has_no_timer),
		T(test_unix_socket),
		T(test_dual_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
