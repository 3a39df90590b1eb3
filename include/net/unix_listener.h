/* Unix stream sockets for intake: bind safely, accept fast, read fairly.
 *
 * Bound with plain socket/bind/listen (libuv 1.44 truncates long paths and cannot set mode or backlog first): the path is
 * checked against 107 bytes; a stale socket (ECONNREFUSED) is removed, a live one or anything that is no socket is
 * refused; the mode is right before the first connect. Accepting drains the backlog, and each new peer is read at once without
 * registering it, so a one-shot sender costs accept, read, read, close. Only peers that stay get a handle.
 * Reading is bounded per peer and loop turn (256 KiB) so that one peer cannot starve the rest, and for all of them together
 * (4 ms) so that they cannot starve the loop; nobody is read twice while another waits.
 * Out of descriptors: a reserve descriptor is used to accept and close so that the backlog cannot spin; counted. Loop only.
 */
#ifndef AUSPEX_NET_UNIX_LISTENER_H
#define AUSPEX_NET_UNIX_LISTENER_H

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <uv.h>

struct unix_peer; /* one connection */
struct unix_listener;

/* What the owner of the bytes is told. */
struct unix_handler {
	/* A new peer; the returned pointer is the connection's user data; NULL refuses it (closed at once). */
	void *(*open)(void *arg, struct unix_peer *p);
	/* Bytes; borrowed for the call. */
	void (*data)(void *user, const char *data, size_t len);
	/* The peer will send no more (EOF or error `status` < 0). Call unix_peer_close when done; a handler that has a pending reply may keep
	 * it open. Called at most once. */
	void (*end)(void *user, int status);
	/* The connection is gone; free user data. Always called once after open returned non-NULL. */
	void (*close)(void *user);
	void *arg;
};

struct unix_listen {
	const char *path;
	unsigned mode;      /* 0600 */
	uint32_t max_peers; /* 0 = 60 000; beyond it accepted and closed, counted */
	int fd;             /* >= 0: already listening (socket activation); else -1 */
};
int unix_listener_open(struct unix_listener **out, uv_loop_t *loop, const struct unix_listen *spec,
		       const struct unix_handler *handler, const struct clock *clock, struct log *log, struct err *err);
/* Stops accepting. Existing peers go on. */
void unix_listener_stop(struct unix_listener *l);
/* Accepts what already waits in the backlog and reads it, and what has arrived on open connections (drain at shutdown: stop, drain, close).
 * After stop the socket file is removed first, so that nobody can come between the last accept and the close. At most 2 s. Not
 * from inside a handler. */
void unix_listener_drain(struct unix_listener *l);
/* Closes all peers (pending output is lost), removes the socket file if it is still ours; cb, then freed. Allowed inside a handler. */
void unix_listener_close(struct unix_listener *l, void (*cb)(void *arg), void *arg);
const char *unix_listener_path(const struct unix_listener *l);

struct unix_listener_stats {
	uint64_t accepted, refused, no_descriptors, bytes_in;
	uint32_t open_peers;
};
void unix_listener_get_stats(const struct unix_listener *l, struct unix_listener_stats *out);

struct unix_ids {
	int64_t uid, gid, pid; /* -1 = unknown */
};
/* SO_PEERCRED / LOCAL_PEERCRED, fetched on first use. */
struct unix_ids unix_peer_ids(struct unix_peer *p);
/* Sends; what the kernel does not take at once is kept (bounded 1 MiB, else the peer is closed). 0 or a code. */
int unix_peer_write(struct unix_peer *p, const void *data, size_t len);
/* Closes after pending output, which the peer has 5 s to fetch. Safe inside callbacks; the handler's close() never comes from inside this
 * call, and data() and end() never after it. */
void unix_peer_close(struct unix_peer *p);
/* Pauses and resumes reading (back-pressure while a push waits for its commit). */
void unix_peer_pause(struct unix_peer *p);
void unix_peer_resume(struct unix_peer *p);
/* Ends the peer with -ETIMEDOUT when nothing arrived for that long; 0 = never. Re-armed by each read. Coarse (250 ms). */
void unix_peer_idle_timeout(struct unix_peer *p, int64_t ms);

#endif
