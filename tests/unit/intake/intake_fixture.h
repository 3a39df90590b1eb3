/* An intake on a real Unix socket, driven by hand: send bytes, turn the loop until it rests, look. */
#ifndef AUSPEX_TESTS_INTAKE_FIXTURE_H
#define AUSPEX_TESTS_INTAKE_FIXTURE_H

#include "support.h"

#include "intake/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
	uv_loop_t loop;
	struct clock_fake clock;
	struct log *log;
	FILE *log_file;
	struct intake *intake;
	struct unix_listener *listener;
	char path[64];
	struct buf seen;  /* documents, each in brackets, as their handlers got them */
	uint64_t waiting; /* serial of the peer whose answer is due */
	int gone;
	bool closed;
};

static int take_document(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
			 struct buf *reply, struct err *err)
{
	struct fixture *f = ctx;
	struct view raw = json_raw(doc, root);
	assert_null(reply);
	if (json_get(doc, root, VIEW("refuse")) != JSON_NONE)
		return err_set(err, ERR_TYPE, "", "refused by the handler");
	buf_putc(&f->seen, '[');
	if (raw.len < 4096)
		buf_view(&f->seen, raw);
	else
		buf_int(&f->seen, (long long)raw.len);
	buf_putc(&f->seen, ']');
	return 0;
}

static int take_echo(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
		     struct buf *reply, struct err *err)
{
	buf_puts(reply, "echo ");
	buf_view(reply, json_raw(doc, json_get(doc, root, VIEW("n"))));
	buf_putc(reply, '\n');
	return 0;
}

static int take_later(void *ctx, struct intake_peer *p, const struct json_doc *doc, json_ref root,
		      struct buf *reply, struct err *err)
{
	struct fixture *f = ctx;
	f->waiting = intake_peer_serial(p);
	return INTAKE_LATER;
}

static void peer_left(void *ctx, uint64_t serial)
{
	((struct fixture *)ctx)->gone++;
}

static int setup_with(void **state, const struct intake_options *opt)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = { 0 };

	assert_int_equal(uv_loop_init(&f->loop), 0);
	clock_fake_init(&f->clock, INT64_C(1795378245) * NS_PER_S);
	f->log_file = tmpfile();
	f->log = log_new(fileno(f->log_file), LOG_DEBUG, LOG_JSON, &f->clock.clock);
	buf_init(&f->seen);
	assert_int_equal(intake_new(&f->intake, &f->loop, opt, &f->clock.clock, f->log), 0);
	const struct intake_kind kinds[] = {
		{ .type = NULL, .handle = take_document, .gone = peer_left, .ctx = f },
		{ .type = "echo", .handle = take_echo, .gone = peer_left, .ctx = f },
		{ .type = "later", .handle = take_later, .ctx = f },
		{ .type = "push", .handle = take_echo, .ctx = f },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(intake_add_kind(f->intake, &kinds[i]), 0);
	snprintf(f->path, sizeof(f->path), "/tmp/auspex-test-%d.sock", (int)getpid());
	const struct unix_listen spec = { .path = f->path, .mode = 0600, .fd = -1 };
	struct unix_handler handler = intake_handler(f->intake);
	assert_int_equal(
		unix_listener_open(&f->listener, &f->loop, &spec, &handler, &f->clock.clock, f->log, &err),
		0);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	const struct intake_options opt = { 0 };
	return setup_with(state, &opt);
}

static void on_listener_closed(void *arg)
{
	*(bool *)arg = true;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unix_listener_close(f->listener, on_listener_closed, &f->closed);
	while (!f->closed)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	intake_free(f->intake);
	log_free(f->log);
	fclose(f->log_file);
	buf_fini(&f->seen);
	free(f);
	return 0;
}

static inline struct intake_stats stats_of(struct fixture *f)
{
	struct intake_stats s;
	intake_get_stats(f->intake, &s);
	return s;
}

static inline void turn(struct fixture *f)
{
	for (int i = 0; i < 12; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	while (stats_of(f).parsing)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static inline int dial(struct fixture *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	strcpy(a.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Sends everything, turning the loop while the socket is full. Stops when the other side has closed. */
static inline size_t put(struct fixture *f, int fd, const char *data, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = send(fd, data + done, len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		done += n > 0 ? (size_t)n : 0;
		turn(f);
	}
	turn(f);
	return done;
}

static inline void say(struct fixture *f, int fd, const char *text)
{
	put(f, fd, text, strlen(text));
}

/* What came back; "<eof>" at the end when the daemon closed. */
static inline const char *hear(struct fixture *f, int fd, char out[4096])
{
	size_t len = 0;
	turn(f);
	for (;;) {
		ssize_t n = recv(fd, out + len, 4000 - len, 0);
		if (n <= 0) {
			strcpy(out + len, n == 0 || errno == ECONNRESET ? "<eof>" : "");
			return out;
		}
		len += (size_t)n;
	}
}

static inline void hang_up(struct fixture *f, int fd)
{
	close(fd);
	turn(f);
}

/* How many log lines hold this text. */
static inline int logged(struct fixture *f, const char *text)
{
	char line[2048];
	int n = 0;
	rewind(f->log_file);
	while (fgets(line, sizeof(line), f->log_file))
		n += strstr(line, text) != NULL;
	return n;
}

#endif
