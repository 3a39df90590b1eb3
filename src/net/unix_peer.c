#include "unix_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)
#else
#define SEND_FLAGS MSG_DONTWAIT /* SO_NOSIGPIPE was set at accept */
#endif

static size_t pending(const struct unix_peer *p)
{
	return p->out.len - p->out_off;
}

static mono_us idle_due(const struct unix_peer *p)
{
	return p->heard_us + p->idle_ms * US_PER_MS;
}

static bool wants_data(const struct unix_peer *p)
{
	return !p->ended && !p->paused && !p->closing;
}

/* --- the end --- */

static void peer_unlink(struct unix_peer *p)
{
	struct unix_listener *l = p->l;
	if (l->cursor == p)
		l->cursor = p->next;
	if (p->next)
		p->next->prev = p->prev;
	if (p->prev)
		p->prev->next = p->next;
	else
		l->open = p->next;
	p->next = p->prev = NULL;
	l->stats.open_peers--;
}

static void peer_gone(struct unix_peer *p)
{
	p->l->handler.close(p->user);
	buf_fini(&p->out);
	unix_listener_recycle(p->l, p);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct unix_peer *p = handle->data;
	struct unix_listener *l = p->l;
	peer_gone(p);
	unix_listener_handle_closed(l);
}

static void peer_finish(struct unix_peer *p)
{
	peer_unlink(p);
	p->closing = p->broken = true;
	if (!p->has_handle) {
		close(p->fd);
		peer_gone(p);
		return;
	}
	uv_poll_stop(&p->poll); /* before close(): the loop must forget the descriptor first */
	close(p->fd);
	uv_close((uv_handle_t *)&p->poll, on_handle_closed);
}

/* --- handle --- */

static void on_poll(uv_poll_t *handle, int status, int events);

static int peer_watch(struct unix_peer *p)
{
	int events = 0;
	if (wants_data(p))
		events |= UV_READABLE | UV_DISCONNECT;
	if (pending(p))
		events |= UV_WRITABLE;
	if (!p->has_handle) {
		int rc = uv_poll_init(p->l->loop, &p->poll, p->fd);
		if (rc < 0)
			return rc;
		p->poll.data = p;
		p->has_handle = true;
		p->l->handles++;
	}
	if (events == p->watched)
		return 0;
	p->watched = events;
	return events ? uv_poll_start(&p->poll, events, on_poll) : uv_poll_stop(&p->poll);
}

/* After callbacks and writes: leave, or wait for the right things. */
static void peer_settle(struct unix_peer *p)
{
	if (p->broken || (p->closing && !pending(p)) || peer_watch(p) < 0)
		peer_finish(p);
}

/* --- reading --- */

static void peer_end(struct unix_peer *p, int status)
{
	p->ended = true;
	p->l->handler.end(p->user, status);
}

/* Reads once, or with `probe` until nothing is left (to see an end that is there already), at most `budget`
 * bytes. */
static void peer_read(struct unix_peer *p, bool probe, size_t budget)
{
	struct unix_listener *l = p->l;
	bool nested = l->in_turn;
	l->in_turn = true; /* the buffer is in use */
	while (wants_data(p)) {
		ssize_t n = recv(p->fd, l->buffer, UNIX_READ_BYTES, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			peer_end(p, n < 0 ? -errno : 0);
			break;
		}
		l->stats.bytes_in += (uint64_t)n;
		p->heard = true;
		if (p->idle_ms)
			p->heard_us = clock_mono_us(l->clock);
		l->handler.data(p->user, l->buffer, (size_t)n);
		if (!probe || (size_t)n >= budget)
			break;
		budget -= (size_t)n;
	}
	l->in_turn = nested;
}

bool unix_peer_meet(struct unix_peer *p, bool stay)
{
	struct unix_listener *l = p->l;
	p->busy = true;
	p->user = l->stats.open_peers < l->max_peers ? l->handler.open(l->handler.arg, p) : NULL;
	if (!p->user) {
		l->stats.refused++;
		close(p->fd);
		buf_fini(&p->out);
		unix_listener_recycle(l, p);
		return false;
	}
	p->next = l->open;
	if (l->open)
		l->open->prev = p;
	l->open = p;
	l->stats.open_peers++;
	peer_read(p, true, UNIX_PROBE_BYTES);
	p->busy = false;
	bool cut = !stay && !p->closing;
	if (cut)
		p->broken = true;
	peer_settle(p);
	return !cut;
}

void unix_peer_drain(struct unix_peer *p, size_t budget)
{
	p->busy = true;
	peer_read(p, true, budget);
	p->busy = false;
	peer_settle(p);
}

/* One program's messages come over one connection at a time: the last silent one is enough for it, two for
 * luck. */
#define EARLIER_PEERS 2

void unix_peer_hear_earlier(struct unix_listener *l)
{
	struct unix_peer *p = l->open;
	for (int i = 0; p && i < EARLIER_PEERS; i++) {
		struct unix_peer *next = p->next;
		if (!p->heard && wants_data(p))
			unix_peer_drain(p, UNIX_PROBE_BYTES);
		p = next;
	}
}

/* --- writing --- */

static void peer_break(struct unix_peer *p)
{
	buf_clear(&p->out);
	p->out_off = 0;
	p->closing = p->broken = true;
}

/* Bytes taken (0 when the kernel has no room), or a code. */
static ssize_t peer_send(struct unix_peer *p, const char *data, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = send(p->fd, data + done, len - done, SEND_FLAGS);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
			break;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int peer_flush(struct unix_peer *p)
{
	ssize_t n = peer_send(p, p->out.data + p->out_off, pending(p));
	if (n < 0) {
		peer_break(p);
		return (int)n;
	}
	p->out_off += (size_t)n;
	if (!pending(p)) { /* seldom needed, so it is not kept */
		buf_fini(&p->out);
		buf_init(&p->out);
		p->out_off = 0;
	}
	return 0;
}

static int peer_keep(struct unix_peer *p, const char *data, size_t len)
{
	if (pending(p) + len > UNIX_OUT_MAX)
		return ERR_FULL;
	buf_consume(&p->out, p->out_off);
	p->out_off = 0;
	buf_append(&p->out, data, len);
	return p->out.failed ? -ENOMEM : 0;
}

int unix_peer_write(struct unix_peer *p, const void *data, size_t len)
{
	if (p->closing)
		return ERR_CLOSED;
	int rc = 0;
	ssize_t sent = pending(p) ? 0 : peer_send(p, data, len);
	if (sent < 0)
		rc = (int)sent;
	else if ((size_t)sent < len)
		rc = peer_keep(p, (const char *)data + sent, len - (size_t)sent);
	if (rc < 0)
		peer_break(p);
	if (!p->busy)
		peer_settle(p);
	return rc;
}

/* `now`: the loop will not tell of it again. */
static void peer_read_in_turn(struct unix_peer *p, bool probe, bool now)
{
	struct unix_listener *l = p->l;
	if (!unix_listener_grants(l, p) && !now)
		return;
	uint64_t begun = uv_hrtime();
	peer_read(p, probe, UNIX_PROBE_BYTES);
	unix_listener_spent(l, uv_hrtime() - begun);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct unix_peer *p = handle->data;
	bool probe = (events & UV_DISCONNECT) != 0;
	if (status <
	    0) { /* the peer reset; libuv has stopped the handle, what it sent before can still be read */
		p->watched = 0;
		events = UV_READABLE | UV_WRITABLE;
		probe = true;
	}
	p->busy = true;
	if ((events & UV_WRITABLE) && pending(p))
		peer_flush(p);
	if (events & (UV_READABLE | UV_DISCONNECT))
		peer_read_in_turn(p, probe, status < 0);
	p->busy = false;
	peer_settle(p);
}

/* --- what the owner asks for --- */

void unix_peer_close(struct unix_peer *p)
{
	if (p->closing)
		return;
	p->closing = true;
	if (pending(p)) { /* it has that long to fetch the rest */
		p->idle_ms = UNIX_LINGER_MS;
		p->heard_us = clock_mono_us(p->l->clock);
		unix_listener_arm_tick(p->l, idle_due(p));
	}
	if (!p->busy)
		peer_settle(p);
}

void unix_peer_abort(struct unix_peer *p)
{
	peer_break(p);
	if (!p->busy)
		peer_finish(p);
}

void unix_peer_pause(struct unix_peer *p)
{
	p->paused = true;
	if (!p->busy && !p->closing)
		peer_settle(p);
}

void unix_peer_resume(struct unix_peer *p)
{
	p->paused = false;
	if (p->idle_ms && !p->closing) /* the time in which it was not read is not its silence */
		p->heard_us = clock_mono_us(p->l->clock);
	if (!p->busy && !p->closing)
		peer_settle(p);
}

void unix_peer_idle_timeout(struct unix_peer *p, int64_t ms)
{
	if (p->closing)
		return;
	p->idle_ms = ms < 0 ? 0 : ms > MS_PER_DAY ? MS_PER_DAY : ms;
	if (p->idle_ms) {
		p->heard_us = clock_mono_us(p->l->clock);
		unix_listener_arm_tick(p->l, idle_due(p));
	}
}

mono_us unix_peer_check_idle(struct unix_peer *p, mono_us now)
{
	if (!p->idle_ms || (!p->closing && (p->ended || p->paused)))
		return INT64_MAX;
	mono_us due = idle_due(p);
	if (due > now)
		return due;
	p->idle_ms = 0;
	p->busy = true;
	if (p->closing)
		peer_break(p);
	else
		peer_end(p, -ETIMEDOUT);
	p->busy = false;
	peer_settle(p);
	return INT64_MAX;
}

struct unix_ids unix_peer_ids(struct unix_peer *p)
{
	if (p->ids_known)
		return p->ids;
	p->ids_known = true;
	p->ids = (struct unix_ids){ -1, -1, -1 };
#if defined(SO_PEERCRED)
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
		p->ids = (struct unix_ids){ cred.uid, cred.gid, cred.pid };
#elif defined(LOCAL_PEERPID)
	uid_t uid;
	gid_t gid;
	pid_t pid;
	socklen_t len = sizeof(pid);
	if (getpeereid(p->fd, &uid, &gid) == 0)
		p->ids.uid = uid, p->ids.gid = gid;
	if (getsockopt(p->fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &len) == 0)
		p->ids.pid = pid;
#endif
	return p->ids;
}
