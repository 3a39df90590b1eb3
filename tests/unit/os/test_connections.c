#include "support.h"

#include "base/err.h"
#include "os/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
	struct nlmsghdr head;
	struct inet_diag_msg body;
};

static struct message socket_of(uint8_t tcp_state, uint16_t port)
{
	struct message m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = TCPDIAG_GETSOCK } };
	m.body.idiag_state = tcp_state;
	m.body.id.idiag_sport = htons(port);
	return m;
}

static void test_who_left_whom(void **state)
{
	static struct connections c;
	struct message m[] = { socket_of(10, 80), socket_of(8, 80), socket_of(8, 80), socket_of(8, 40000),
			       socket_of(5, 80) };
	connections_init(&c);
	assert_int_equal(connections_parse((struct view){ (const char *)m, sizeof(m) }, &c), 0);
	assert_int_equal(c.state[CONNECTION_LISTEN], 1);
	assert_int_equal(c.state[CONNECTION_CLOSE_WAIT], 3);
	assert_int_equal(c.close_wait_front, 2);
	assert_int_equal(c.close_wait_back, 1);
	assert_int_equal(c.state[CONNECTION_FIN_WAIT2], 1);
}

static void test_the_end_and_errors(void **state)
{
	static struct connections c;
	struct nlmsghdr done = { .nlmsg_len = sizeof(done), .nlmsg_type = NLMSG_DONE };
	struct {
		struct nlmsghdr head;
		int32_t code;
	} failed = { { .nlmsg_len = sizeof(failed), .nlmsg_type = NLMSG_ERROR }, -ENOENT };
	connections_init(&c);
	assert_int_equal(connections_parse((struct view){ (const char *)&done, sizeof(done) }, &c), 1);
	assert_int_equal(connections_parse((struct view){ (const char *)&failed, sizeof(failed) }, &c),
			 -ENOENT);
	failed.code = 5;
	assert_int_equal(connections_parse((struct view){ (const char *)&failed, sizeof(failed) }, &c),
			 ERR_CORRUPT);
	done.nlmsg_len = 4;
	assert_int_equal(connections_parse((struct view){ (const char *)&done, sizeof(done) }, &c),
			 ERR_CORRUPT);
	struct message m = socket_of(10, 80);
	for (size_t n = 1; n < sizeof(m); n++)
		assert_int_equal(connections_parse((struct view){ (const char *)&m, n }, &c), ERR_CORRUPT);
}

/* A connection whose other end has gone, on this very machine. */
static void test_the_kernel(void **state)
{
	static struct connections before, now;
	struct buf text;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	buf_init(&text);
	int rc = connections_read(&text, &before);
	if (rc == -ENOENT)
		skip_because("this kernel has no socket monitor");
	assert_int_equal(rc, 0);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&a, len), 0);
	int accepted = accept(listener, NULL, NULL);
	close(client); /* the accepted one now waits for its owner to close it */
	char end;
	assert_int_equal(recv(accepted, &end, 1, 0), 0);
	assert_int_equal(connections_read(&text, &now), 0);
	assert_true(now.close_wait_front >= 1);
	assert_true(now.state[CONNECTION_LISTEN] >= 1);
	close(accepted);
	close(listener);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_left_whom),
		cmocka_unit_test(test_the_end_and_errors),
		cmocka_unit_test(test_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
