/* A daemon that behaves as a test wants: a Unix socket served by a thread, one connection at a time. */
#ifndef AUSPEX_TESTS_LIBAUSPEX_PEER_H
#define AUSPEX_TESTS_LIBAUSPEX_PEER_H

#include "support.h"

#include "auspex.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PEER_TEXT (4u << 20)
/* A loaded machine may be late by this; a call that hangs is far later. */
#define LATE_MS 3000

struct peer;
typedef void (*peer_serve)(struct peer *p, int fd);

struct peer {
	char dir[40], path[60];
	int listener;
	pthread_t thread;
	peer_serve serve;
	atomic_int connections, messages;
	char *text; /* everything received */
	size_t len, at;
	char *line; /* the last one read */
};

static inline int64_t peer_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void *peer_thread(void *arg)
{
	struct peer *p = arg;
	int fd;
	while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
		p->connections++;
		p->serve(p, fd);
		close(fd);
	}
	return NULL;
}

/* Only the path, nobody there. */
static inline void peer_place(struct peer *p)
{
	memset(p, 0, sizeof(*p));
	strcpy(p->dir, "/tmp/auspex-lib-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/s", p->dir);
	p->listener = -1;
	p->text = calloc(1, PEER_TEXT + 1);
	p->line = calloc(1, PEER_TEXT + 1);
}

/* Bound, not yet listening. */
static inline void peer_bind(struct peer *p)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, p->path);
	unlink(p->path);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

static inline void peer_listen(struct peer *p, peer_serve serve)
{
	peer_bind(p);
	p->serve = serve;
	assert_int_equal(listen(p->listener, 8), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, peer_thread, p), 0);
}

static inline void peer_start(struct peer *p, peer_serve serve)
{
	peer_place(p);
	peer_listen(p, serve);
}

/* Close the library's handle first, so that the thread's connection ends. */
static inline void peer_stop(struct peer *p)
{
	shutdown(p->listener, SHUT_RDWR);
	if (p->serve)
		pthread_join(p->thread, NULL);
	close(p->listener);
	p->serve = NULL;
	p->listener = -1;
}

static inline void peer_remove(struct peer *p)
{
	if (p->listener >= 0)
		peer_stop(p);
	unlink(p->path);
	rmdir(p->dir);
	free(p->text);
	free(p->line);
}

/* The next line, NUL-terminated; false at the end of the connection. */
static inline bool peer_read_line(struct peer *p, int fd, char **line)
{
	char *newline;
	while (!(newline = memchr(p->text + p->at, '\n', p->len - p->at))) {
		ssize_t n = p->len < PEER_TEXT ? recv(fd, p->text + p->len, PEER_TEXT - p->len, 0) : 0;
		if (n <= 0)
			return false;
		p->len += (size_t)n;
	}
	size_t len = (size_t)(newline - p->text) - p->at;
	memcpy(p->line, p->text + p->at, len);
	p->line[len] = '\0';
	*line = p->line;
	p->at += len + 1;
	p->messages++;
	return true;
}

static inline void peer_write(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static inline void peer_until_end(int fd)
{
	char data[4096];
	while (recv(fd, data, sizeof(data), 0) > 0)
		;
}

static inline int count_of(const char *text, const char *word)
{
	int n = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

static inline void peer_answer(int fd, const char *line)
{
	char reply[160];
	snprintf(reply, sizeof(reply),
		 "{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":%d,\"rejected\":0,\"errors\":[]}"
		 "\n",
		 count_of(line, "\"series\":") + count_of(line, "\"command\":"));
	peer_write(fd, reply);
}

/* The good daemon. */
static inline void serve_well(struct peer *p, int fd)
{
	char *line;
	while (peer_read_line(p, fd, &line))
		peer_answer(fd, line);
}

/* Reads everything, says nothing. */
static inline void serve_silently(struct peer *p, int fd)
{
	char *line;
	while (peer_read_line(p, fd, &line))
		;
}

/* Reads nothing until the other side goes. */
static inline void serve_stuck(struct peer *p, int fd)
{
	struct pollfd end = { .fd = fd };
	(void)p;
	poll(&end, 1, -1);
}

static inline struct auspex_stats stats_of(auspex_t *a)
{
	struct auspex_stats s;
	assert_int_equal(auspex_stats(a, &s), 0);
	return s;
}

#endif
