#include "net/unix_datagram.h"

#include "net/unix_bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH       16  /* packets per system call */
#define TURN_ROUNDS 8   /* system calls per loop turn: at most 2 MiB, some 5 ms of StatsD lines */
#define LAST_ROUNDS 256 /* at the close */

struct unix_datagram {
	uv_poll_t poll;
	struct unix_bound bound;
	char *path;
	void (*packet)(void *arg, const char *data, size_t len);
	void *arg;
	void (*closed)(void *arg);
	void *closed_arg;
	struct unix_datagram_stats stats;
	char data[BATCH][UNIX_DATAGRAM_MAX];
};

static void take_packet(struct unix_datagram *d, const char *data, size_t len, int flags)
{
	d->stats.packets++;
	d->stats.bytes += len;
	if (flags & MSG_TRUNC)
		d->stats.truncated++;
	else
		d->packet(d->arg, data, len);
}

/* Up to BATCH packets. How many there were, 0 when there are no more for now. */
#ifdef __linux__
static int take_batch(struct unix_datagram *d)
{
	struct mmsghdr packets[BATCH];
	struct iovec rooms[BATCH];
	int n;
	memset(packets, 0, sizeof(packets));
	for (int i = 0; i < BATCH; i++) {
		rooms[i] = (struct iovec){ d->data[i], UNIX_DATAGRAM_MAX };
		packets[i].msg_hdr.msg_iov = &rooms[i];
		packets[i].msg_hdr.msg_iovlen = 1;
	}
	while ((n = recvmmsg(d->bound.fd, packets, BATCH, MSG_DONTWAIT, NULL)) < 0 && errno == EINTR)
		;
	for (int i = 0; i < n; i++)
		take_packet(d, d->data[i], packets[i].msg_len, packets[i].msg_hdr.msg_flags);
	return n < 0 ? 0 : n;
}
#else
static int take_batch(struct unix_datagram *d)
{
	int n = 0;
	while (n < BATCH) {
		struct iovec room = { d->data[0], UNIX_DATAGRAM_MAX };
		struct msghdr packet = { .msg_iov = &room, .msg_iovlen = 1 };
		ssize_t len = recvmsg(d->bound.fd, &packet, MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			break;
		take_packet(d, d->data[0], (size_t)len, packet.msg_flags);
		n++;
	}
	return n;
}
#endif

static void take_rounds(struct unix_datagram *d, int rounds)
{
	while (rounds-- > 0 && take_batch(d) == BATCH)
		;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	take_rounds(poll->data, TURN_ROUNDS);
}

static void free_parts(struct unix_datagram *d)
{
	free(d->path);
	free(d);
}

int unix_datagram_open(struct unix_datagram **out, uv_loop_t *loop, const char *path, unsigned mode,
		       void (*packet)(void *arg, const char *data, size_t len), void *arg, struct err *err)
{
	struct unix_datagram *d = malloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	memset(d, 0,
	       offsetof(struct unix_datagram, data)); /* the rooms stay untouched until a packet needs them */
	d->packet = packet;
	d->arg = arg;
	d->poll.data = d;
	d->path = strdup(path);
	int rc = d->path ? unix_bind_datagram(&d->bound, path, mode, err) : -ENOMEM;
	if (rc < 0) {
		free_parts(d);
		return rc;
	}
	rc = uv_poll_init(loop, &d->poll, d->bound.fd);
	if (rc < 0) {
		unix_bound_remove(&d->bound, path);
		close(d->bound.fd);
		free_parts(d);
		return err_set(err, rc, path, "cannot watch the socket %s: %s", path, err_text(rc));
	}
	uv_poll_start(&d->poll, UV_READABLE, on_readable); /* fails for handles that close only */
	*out = d;
	return 0;
}

static void poll_closed(uv_handle_t *handle)
{
	struct unix_datagram *d = handle->data;
	close(d->bound.fd);
	d->closed(d->closed_arg);
	free_parts(d);
}

void unix_datagram_close(struct unix_datagram *d, void (*cb)(void *arg), void *arg)
{
	unix_bound_remove(&d->bound, d->path);
	take_rounds(d, LAST_ROUNDS);
	d->closed = cb;
	d->closed_arg = arg;
	uv_close((uv_handle_t *)&d->poll, poll_closed);
}

const char *unix_datagram_path(const struct unix_datagram *d)
{
	return d->path;
}

void unix_datagram_get_stats(const struct unix_datagram *d, struct unix_datagram_stats *out)
{
	*out = d->stats;
}
