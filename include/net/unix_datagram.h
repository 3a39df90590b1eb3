/* A Unix datagram socket: many small packets, nobody answers.
 *
 * Bound as carefully as the stream sockets (net/unix_bind.h). Each wake-up takes many packets (recvmmsg where there is one), but
 * only so many per loop turn that others get theirs; the rest waits in the kernel, whose queue, when full, makes senders wait or
 * tells them EAGAIN. Packets longer than 16 KiB are cut off by the kernel: they are counted and not handed on. Loop only.
 */
#ifndef AUSPEX_NET_UNIX_DATAGRAM_H
#define AUSPEX_NET_UNIX_DATAGRAM_H

#include "base/err.h"

#include <stdint.h>
#include <uv.h>

#define UNIX_DATAGRAM_MAX 16384

struct unix_datagram;
/* `packet` gets each packet, borrowed for the call; it must not close the socket. 0 or the code of unix_bind, with its sentence. */
int unix_datagram_open(struct unix_datagram **out, uv_loop_t *loop, const char *path, unsigned mode,
		       void (*packet)(void *arg, const char *data, size_t len), void *arg, struct err *err);
/* Removes the socket file if it is still ours, hands on what had arrived (at most 4096 packets), closes; cb, then freed. */
void unix_datagram_close(struct unix_datagram *d, void (*cb)(void *arg), void *arg);
const char *unix_datagram_path(const struct unix_datagram *d);

struct unix_datagram_stats {
	uint64_t packets, bytes, truncated;
};
void unix_datagram_get_stats(const struct unix_datagram *d, struct unix_datagram_stats *out);

#endif
