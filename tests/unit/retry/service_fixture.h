/* The whole service on one loop: store on disk, intake on a socket, routes on a port; the clock in the test's
 * hand. */
#ifndef AUSPEX_TESTS_RETRY_FIXTURE_H
#define AUSPEX_TESTS_RETRY_FIXTURE_H

#include "support.h"

#include "net/http_server.h"
#include "retry/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define START_NS INT64_C(1795378244265354522) /* 2026-11-22T20:10:44.265354522Z */

struct fixture {
	uv_loop_t loop;
	struct clock_fake clock;
	char dir[64], socket[96];
	struct hub *hub;
	struct registry *registry;
	struct store *store;
	struct intake *intake;
	struct push *push;
	struct retry *retry;
	struct unix_listener *listener;
	struct access *access;
	struct http_server *http;
	int port, closing;
	struct retry_options opt;
	bool no_disk;
	struct buf events;
	uint64_t ticks;
	double last[5]; /* values of the newest tick */
	struct buf in;
};

struct ticket {
	struct store_ticket ticket;
	struct push_op *op;
};

static inline void on_ticket(struct store_ticket *t, int status)
{
	struct ticket *own = t->arg;
	push_committed(own->op, status);
	free(own);
}

static inline void on_commit(void *ctx, struct push_op *op)
{
	struct ticket *t = calloc(1, sizeof(*t));
	t->op = op;
	t->ticket.done = on_ticket;
	t->ticket.arg = t;
	store_commit(((struct fixture *)ctx)->store, &t->ticket);
}

static inline bool on_durable(void *ctx)
{
	return store_is_durable(((struct fixture *)ctx)->store);
}

static inline void on_item(void *arg, const struct hub_item *item)
{
	struct fixture *f = arg;
	if (item->type == HUB_EVENT) {
		buf_view(&f->events, item->u.event.title);
		buf_putc(&f->events, '\n');
	} else {
		f->ticks++;
		memcpy(f->last, item->u.tick.values, sizeof(f->last));
	}
}

static inline void open_all(struct fixture *f)
{
	static const struct store_kind *const kinds[] = { &retry_run_kind };
	const struct store_options so = { .dir = f->no_disk ? NULL : f->dir };
	const struct intake_options io = { 0 };
	const struct push_durability pd = { .commit = on_commit, .ctx = f, .is_durable = on_durable };
	struct err err = { 0 };

	f->hub = hub_new(1 << 20, NULL, NULL);
	f->registry = registry_new(100);
	hub_subscribe(f->hub, HUB_TICK | HUB_EVENT, on_item, f);
	assert_int_equal(store_open(&f->store, &f->loop, kinds, 1, f->registry, &so, NULL, &f->clock.clock,
				    (struct store_notice){ 0 }, &err),
			 0);
	const struct retry_deps deps = {
		&f->loop, &f->clock.clock, NULL, f->hub, f->registry, f->store, true
	};
	assert_int_equal(retry_new(&f->retry, &deps, &f->opt, &err), 0);
	assert_int_equal(intake_new(&f->intake, &f->loop, &io, &f->clock.clock, NULL), 0);
	assert_int_equal(push_new(&f->push, &pd, &f->clock.clock), 0);
	assert_int_equal(retry_register(f->retry, f->intake, f->push), 0);
	const struct intake_kind push_kind = push_intake_kind(f->push, f->intake);
	assert_int_equal(intake_add_kind(f->intake, &push_kind), 0);
	const struct unix_listen spec = { .path = f->socket, .mode = 0600, .fd = -1 };
	const struct unix_handler handler = intake_handler(f->intake);
	assert_int_equal(
		unix_listener_open(&f->listener, &f->loop, &spec, &handler, &f->clock.clock, NULL, &err), 0);
	f->access = access_new(&f->clock.clock);
	f->http = http_server_new(&f->loop, f->access, NULL, &f->clock.clock);
	assert_int_equal(http_server_add_routes(f->http, retry_routes, retry_n_routes, f->retry), 0);
	const struct http_listen listen = { .address = "127.0.0.1", .family = FAMILY_RETRY, .fd = -1 };
	assert_int_equal(http_server_listen(f->http, &listen, &f->port, &err), 0);
}

static inline void on_part_closed(void *arg)
{
	((struct fixture *)arg)->closing--;
}

static inline void close_all(struct fixture *f)
{
	f->closing = 2;
	http_server_close(f->http, 0, on_part_closed, f);
	unix_listener_close(f->listener, on_part_closed, f);
	while (f->closing)
		uv_run(&f->loop, UV_RUN_ONCE);
	f->closing = 2;
	retry_close(f->retry, on_part_closed, f);
	store_close(f->store, on_part_closed, f);
	while (f->closing)
		uv_run(&f->loop, UV_RUN_ONCE);
	intake_free(f->intake);
	push_free(f->push);
	hub_free(f->hub);
	registry_free(f->registry);
	access_free(f->access);
}

static inline void restart(struct fixture *f)
{
	close_all(f);
	open_all(f);
}

static int setup_with(void **state, bool persist, bool disk)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->dir, "/tmp/auspex-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/s", f->dir);
	uv_loop_init(&f->loop);
	clock_fake_init(&f->clock, START_NS);
	f->opt = (struct retry_options){ .max_runs = 100,
					 .max_age_ns = 24 * 3600 * NS_PER_S,
					 .persist = persist };
	f->no_disk = !disk;
	buf_init(&f->events);
	buf_init(&f->in);
	open_all(f);
	*state = f;
	return 0;
}

static inline int setup(void **state)
{
	return setup_with(state, true, true);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];
	close_all(f);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	buf_fini(&f->events);
	buf_fini(&f->in);
	free(f);
	return 0;
}

static inline void turn(struct fixture *f)
{
	for (int i = 0; i < 10; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
}

/* Turns the loop until the count of runs is reached, at most some seconds. */
static inline void until_runs(struct fixture *f, uint64_t n)
{
	for (int i = 0; i < 3000 && book_count(retry_book(f->retry)) != n; i++) {
		turn(f);
		poll(NULL, 0, 1);
	}
	assert_int_equal(book_count(retry_book(f->retry)), n);
}

static inline int dial(struct fixture *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(a.sun_path, f->socket);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* One line of answer. */
static inline const char *hear(struct fixture *f, int fd)
{
	char part[4096];
	buf_clear(&f->in);
	for (int i = 0; i < 3000 && !(f->in.len && f->in.data[f->in.len - 1] == '\n'); i++) {
		turn(f);
		ssize_t n = read(fd, part, sizeof(part));
		if (n > 0)
			buf_append(&f->in, part, (size_t)n);
		else
			poll(NULL, 0, 1);
	}
	return buf_str(&f->in);
}

/* A run of one attempt, sent as the one-shot sender does. */
static inline void send_run(struct fixture *f, const char *command, bool ok)
{
	char text[512];
	uint64_t n = book_totals(retry_book(f->retry)).runs;
	int fd = dial(f);
	snprintf(text, sizeof(text),
		 "{\"command\":\"%s\",\"command_hash\":\"b5bea41b\",\"final_status\":\"%s\",\"total_duration_"
		 "seconds\":1.5,"
		 "\"total_attempts\":1,\"successful_attempts\":%d,\"failed_attempts\":%d,\"attempts\":[{"
		 "\"duration_seconds\":0.25,"
		 "\"exit_code\":%d,\"success\":%s}],\"timestamp\":1795378345}",
		 command, ok ? "succeeded" : "failed", ok, !ok, !ok, ok ? "true" : "false");
	say(fd, text);
	close(fd);
	for (int i = 0; i < 3000 && book_totals(retry_book(f->retry)).runs == n; i++)
		turn(f);
}

/* Body of GET path; the head stays in f->in before it. */
static inline const char *get(struct fixture *f, const char *path)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)f->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[512], part[4096];
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	say(fd, text);
	buf_clear(&f->in);
	for (int i = 0; i < 3000; i++) {
		turn(f);
		ssize_t n = read(fd, part, sizeof(part));
		if (n == 0)
			break;
		if (n > 0)
			buf_append(&f->in, part, (size_t)n);
		else
			poll(NULL, 0, 1);
	}
	close(fd);
	const char *body = strstr(buf_str(&f->in), "\r\n\r\n");
	assert_non_null(body);
	return body + 4;
}

#endif
