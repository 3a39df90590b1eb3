/* TCP sockets by state, from the kernel's socket monitor (sock_diag): it skips the states that are not asked for, and hands out 32 KiB at a time,
 * where /proc/net/tcp makes a line of text of every socket.
 *
 * Not asked for: ESTABLISHED and TIME_WAIT, which can be a hundred thousand and which other files count. Sockets in CLOSE_WAIT are told
 * apart: `front` is one that was accepted on a port somebody listens on, `back` one that we opened towards another.
 *
 * Source: sock_diag(7), net/ipv4/inet_diag.c. Linux. Thread: any.
 */
#ifndef AUSPEX_OS_CONNECTIONS_H
#define AUSPEX_OS_CONNECTIONS_H

#include "base/buf.h"

#include <stdint.h>

/* X(NAME, "label", the kernel's number) */
#define CONNECTION_STATE_MAP(X) \
	X(SYN_SENT, "syn_sent", 2) X(SYN_RECV, "syn_recv", 3) X(FIN_WAIT1, "fin_wait1", 4) X(FIN_WAIT2, "fin_wait2", 5) \
	X(CLOSE_WAIT, "close_wait", 8) X(LAST_ACK, "last_ack", 9) X(LISTEN, "listen", 10) X(CLOSING, "closing", 11)
enum connection_state {
#define X(name, label, number) CONNECTION_##name,
	CONNECTION_STATE_MAP(X)
#undef X
	CONNECTION_STATES
};

struct connections {
	uint64_t state[CONNECTION_STATES];
	uint64_t close_wait_front, close_wait_back;
	uint8_t listening[65536 / 8]; /* a bit per local port */
};

void connections_init(struct connections *c);
/* Counts what one datagram of the kernel holds. 0: more comes; 1: that was the end; -errno that the kernel sent, or ERR_CORRUPT. Listening
 * sockets come before the others. */
int connections_parse(struct view datagram, struct connections *c);
/* Asks the kernel, once for both families. `text` is scratch. 0, -ENOENT when this kernel has no such monitor, or another -errno. */
int connections_read(struct buf *text, struct connections *c);

#endif
