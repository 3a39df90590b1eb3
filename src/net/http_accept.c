/* Accepting. Without descriptors the backlog would keep the loop spinning: a reserve descriptor is given up
 * to take one connection and close it; when even that fails the listener rests until the next tick.
 */
#include "http_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64

static int accept_one(int fd, struct sockaddr_storage *ss, socklen_t *len)
{
	*len = sizeof(*ss);
#ifdef __linux__
	return accept4(fd, (struct sockaddr *)ss, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
	int got = accept(fd, (struct sockaddr *)ss, len);
	if (got >= 0) {
		fcntl(got, F_SETFD, FD_CLOEXEC);
		fcntl(got, F_SETFL, fcntl(got, F_GETFL, 0) | O_NONBLOCK);
	}
	return got;
#endif
}

static void listener_rest(struct http_listener *l)
{
	uv_poll_stop(&l->poll);
	l->paused = true;
	http_server_tick_start(l->server);
}

/* Takes one connection off the backlog and closes it. False when not even that is possible. */
static bool accept_discard(struct http_listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len;
	uint32_t swallowed;
	struct http_server *s = l->server;

	if (log_gate(&s->gate, clock_mono_us(s->clock), 1, &swallowed))
		LOG(s->log, LOG_ERROR, "http",
		    "out of file descriptors: connections are refused; raise the limit (ulimit -n)",
		    LF_I("more", swallowed));
	if (l->reserve < 0)
		return false;
	close(l->reserve);
	int fd = accept_one(l->fd, &ss, &len);
	if (fd >= 0) {
		s->stats.refused_connections++;
		close(fd);
	}
	l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0;
}

static void on_acceptable(uv_poll_t *h, int status, int events)
{
	struct http_listener *l = h->data;
	struct sockaddr_storage ss;
	socklen_t len;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN && status >= 0 && l->fd >= 0; i++) {
		int fd = accept_one(l->fd, &ss, &len);
		if (fd >= 0) {
			http_server_accepted(l, fd, (struct sockaddr *)&ss, len);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			if (accept_discard(l))
				continue;
			listener_rest(l);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

void http_listener_start(struct http_listener *l)
{
	uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
}

void http_listeners_resume(struct http_server *s)
{
	for (struct http_listener *l = s->listeners; l; l = l->next) {
		if (!l->paused)
			continue;
		if (l->reserve < 0)
			l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
		l->paused = false;
		http_listener_start(l);
	}
}
