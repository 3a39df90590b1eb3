#include "unix_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Accepting goes before reading: a connection that waits in the kernel's backlog (4096) can be refused, one
 * that is ours cannot. So many may be ours and unread; past that the backlog fills. */
#define FRESH_MAX 4096
/* Peers read before the backlog is looked at again; far fewer than the backlog takes in that time. */
#define MEET_BATCH 32
/* The listener's share of one loop turn, by time and (for clocks that jump) by number. */
#define TURN_NS   (4 * NS_PER_MS)
#define TURN_MEET 2048
/* Peer structures kept for reuse. */
#define FREE_MAX 256

/* --- peers' memory --- */

static struct unix_peer *take_peer(struct unix_listener *l)
{
	struct unix_peer *p = l->free;
	if (!p)
		return malloc(sizeof(*p));
	l->free = p->next;
	l->n_free--;
	return p;
}

void unix_listener_recycle(struct unix_listener *l, struct unix_peer *p)
{
	if (l->n_free >= FREE_MAX) {
		free(p);
		return;
	}
	p->next = l->free;
	l->free = p;
	l->n_free++;
}

/* --- accepting --- */

/* A descriptor or -errno; EINTR and connections that died in the queue are skipped. */
static int accept_one(int listen_fd)
{
	for (;;) {
#ifdef SOCK_CLOEXEC
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
		int fd = accept(listen_fd, NULL, NULL);
		if (fd >= 0) {
			int on = 1;
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			fcntl(fd, F_SETFL, O_NONBLOCK);
			setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
		}
#endif
		if (fd >= 0)
			return fd;
		if (errno != EINTR && errno != ECONNABORTED)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	}
}

int unix_listener_open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The event loop must not be told of the backlog for a while: there is no memory to serve it. */
static void rest(struct unix_listener *l)
{
	l->resting = true;
	uv_poll_stop(&l->poll);
	unix_listener_arm_tick(l, INT64_MAX);
}

static struct unix_peer *new_peer(struct unix_listener *l, int fd)
{
	struct unix_peer *p = take_peer(l);
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->l = l;
	p->fd = fd;
	buf_init(&p->out);
	l->stats.accepted++;
	return p;
}

/* No descriptor is left. The reserve is given up for the one connection at the head: a sender whose message
 * is complete is served all the same, any other is turned away, and the backlog moves on. True if nobody
 * waited (the kernel looks for a descriptor before it looks at the queue) or accepting must rest. */
static bool accept_by_reserve(struct unix_listener *l)
{
	uint32_t swallowed;
	if (l->reserve_fd >= 0)
		close(l->reserve_fd);
	int fd = accept_one(l->bound.fd);
	struct unix_peer *p = fd >= 0 ? new_peer(l, fd) : NULL;
	bool served = p && unix_peer_meet(p, false);
	if (fd >= 0 && !p)
		close(fd);
	l->reserve_fd = unix_listener_open_reserve();
	if (fd < 0 && fd != -EAGAIN)
		rest(l);
	if (fd < 0)
		return true;
	if (!served)
		l->stats.no_descriptors++;
	if (log_gate(&l->gate, clock_mono_us(l->clock), 1, &swallowed))
		LOG(l->log, LOG_WARN, "socket",
		    "out of file descriptors: raise the limit (LimitNOFILE, ulimit -n)",
		    LF_S("socket_path", l->path), LF_I("turned_away", l->stats.no_descriptors));
	return l->closing;
}

/* Takes what waits in the backlog. True if it is empty now. */
static bool accept_waiting(struct unix_listener *l)
{
	while (l->n_fresh < FRESH_MAX) {
		int fd = accept_one(l->bound.fd);
		if (fd == -EAGAIN)
			return true;
		if (fd == -EMFILE || fd == -ENFILE) {
			if (l->n_fresh) /* reading those frees some */
				return false;
			return accept_by_reserve(l);
		}
		struct unix_peer *p = fd >= 0 ? new_peer(l, fd) : NULL;
		if (!p) {
			if (fd >= 0)
				close(fd);
			rest(l);
			return true;
		}
		if (l->fresh_tail)
			l->fresh_tail->next = p;
		else
			l->fresh_head = p;
		l->fresh_tail = p;
		l->n_fresh++;
	}
	return false;
}

static struct unix_peer *pop_fresh(struct unix_listener *l)
{
	struct unix_peer *p = l->fresh_head;
	if (!p)
		return NULL;
	l->fresh_head = p->next;
	if (!l->fresh_head)
		l->fresh_tail = NULL;
	p->next = NULL;
	l->n_fresh--;
	return p;
}

void unix_listener_drop_fresh(struct unix_listener *l)
{
	for (struct unix_peer *p; (p = pop_fresh(l));) {
		close(p->fd);
		unix_listener_recycle(l, p);
	}
}

static void on_again(uv_idle_t *handle);

void unix_listener_turn(struct unix_listener *l, uint64_t budget_ns, uint32_t max_meet)
{
	uint64_t until = uv_hrtime() + budget_ns;
	uint32_t met = 0;
	bool accepting = !l->resting && (!l->stopped || l->draining);
	l->in_turn = true;
	for (bool empty = !accepting; !l->closing && met < max_meet;) {
		if (!empty)
			empty = accept_waiting(l);
		struct unix_peer *p;
		for (uint32_t i = 0; i < MEET_BATCH && !l->closing && (p = pop_fresh(l)); i++, met++) {
			unix_peer_hear_earlier(l);
			unix_peer_meet(p, true);
		}
		if ((!l->n_fresh && empty) || uv_hrtime() > until)
			break;
		empty = !accepting || l->resting;
	}
	l->in_turn = false;
	if (l->closing)
		return;
	if (l->n_fresh)
		uv_idle_start(&l->again, on_again);
	else
		uv_idle_stop(&l->again);
}

static void on_again(uv_idle_t *handle)
{
	unix_listener_turn(handle->data, (uint64_t)TURN_NS, TURN_MEET);
}

static void on_connect(uv_poll_t *handle, int status, int events)
{
	struct unix_listener *l = handle->data;
	(void)events;
	if (status < 0) { /* libuv stopped the handle; look again at the next tick */
		rest(l);
		return;
	}
	if (l->n_fresh) /* on_again has its turn in this iteration: only relieve the backlog */
		accept_waiting(l);
	else
		unix_listener_turn(l, (uint64_t)TURN_NS, TURN_MEET);
}

void unix_listener_accept(struct unix_listener *l)
{
	l->resting = false;
	if (!l->stopped)
		uv_poll_start(&l->poll, UV_READABLE, on_connect);
}
