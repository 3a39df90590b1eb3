/* A server on a loop of its own, its clock in the test's hand, and a client on a real socket. */
#ifndef AUSPEX_TESTS_HTTP_FIXTURE_H
#define AUSPEX_TESTS_HTTP_FIXTURE_H

#include "support.h"

#include "net/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define START_NS (INT64_C(1763800000) * NS_PER_S)

struct fixture {
	uv_loop_t loop;
	struct clock_fake clock;
	struct access *access;
	struct http_server *server;
	int port;
	bool closed;
	struct buf in; /* what the client received last */
};

static inline int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static inline void fixture_start(struct fixture *f, const struct http_route *rows, size_t n,
				 enum http_family family)
{
	struct err err = { 0 };
	memset(f, 0, sizeof(*f));
	uv_loop_init(&f->loop);
	clock_fake_init(&f->clock, START_NS);
	f->access = access_new(&f->clock.clock);
	f->server = http_server_new(&f->loop, f->access, NULL, &f->clock.clock);
	assert_int_equal(http_server_add_routes(f->server, rows, n, f), 0);
	struct http_listen spec = { .address = "127.0.0.1", .family = family, .fd = -1 };
	assert_int_equal(http_server_listen(f->server, &spec, &f->port, &err), 0);
	assert_true(f->port > 0);
}

static inline void fixture_closed(void *arg)
{
	((struct fixture *)arg)->closed = true;
}

static inline void fixture_stop(struct fixture *f)
{
	http_server_close(f->server, 0, fixture_closed, f);
	assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
	assert_true(f->closed);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	access_free(f->access);
	buf_fini(&f->in);
}

/* Turns the loop a few times. */
static inline void spin(struct fixture *f, int64_t ms)
{
	int64_t end = now_ms() + ms;
	do {
		uv_run(&f->loop, UV_RUN_NOWAIT);
		poll(NULL, 0, ms ? 1 : 0);
	} while (now_ms() < end);
}

/* After a test closed the server itself: a fresh one for the teardown to close. */
static inline void fixture_again(struct fixture *f, const struct http_route *rows, size_t n)
{
	spin(f, 5);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	access_free(f->access);
	buf_fini(&f->in);
	fixture_start(f, rows, n, FAMILY_OWN);
}

static inline int dial(struct fixture *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)f->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline void say_bytes(struct fixture *f, int fd, const char *data, size_t len)
{
	int64_t end = now_ms() + 5000;
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return; /* the server hung up: the test looks at what it said */
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		uv_run(&f->loop, UV_RUN_NOWAIT);
		assert_true(now_ms() < end);
	}
}

static inline void say(struct fixture *f, int fd, const char *text)
{
	say_bytes(f, fd, text, strlen(text));
}

/* Reads what is there into f->in. False at the end of the connection. */
static inline bool hear(struct fixture *f, int fd)
{
	char chunk[65536];
	ssize_t n;

	uv_run(&f->loop, UV_RUN_NOWAIT);
	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		buf_append(&f->in, chunk, (size_t)n);
	return !(n == 0 || (n < 0 && errno != EAGAIN));
}

static inline size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

/* Everything up to the server's close. */
static inline const char *hear_all(struct fixture *f, int fd)
{
	int64_t end = now_ms() + 5000;
	buf_clear(&f->in);
	while (hear(f, fd)) {
		assert_true(now_ms() < end);
		poll(NULL, 0, 1);
	}
	close(fd);
	return buf_str(&f->in);
}

/* Until `what` occurred `times`; what came before stays in f->in. */
static inline const char *hear_until(struct fixture *f, int fd, const char *what, size_t times)
{
	int64_t end = now_ms() + 5000;
	while (occurrences(buf_str(&f->in), what) < times) {
		if (!hear(f, fd) && occurrences(buf_str(&f->in), what) < times)
			fail_msg("closed before \"%s\": %s", what, buf_str(&f->in));
		if (now_ms() > end)
			fail_msg("no \"%s\" in: %s", what, buf_str(&f->in));
	}
	return buf_str(&f->in);
}

/* One request on a connection of its own, which is expected to end: say Connection: close or something
 * refusable. */
static inline const char *ask(struct fixture *f, const char *text)
{
	int fd = dial(f);
	say(f, fd, text);
	return hear_all(f, fd);
}

#define assert_contains(text, what)                                                                          \
	do {                                                                                                 \
		if (!strstr((text), (what)))                                                                 \
			fail_msg("\"%s\" is not in: %s", (what), (text));                                    \
	} while (0)
#define assert_lacks(text, what)                                                                             \
	do {                                                                                                 \
		if (strstr((text), (what)))                                                                  \
			fail_msg("\"%s\" is in: %s", (what), (text));                                        \
	} while (0)
#define assert_status(text, code) assert_contains((text), "HTTP/1.1 " #code " ")

#endif
