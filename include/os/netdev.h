/* Counters of network interfaces: /proc/net/dev.
 *
 *     Inter-|   Receive                                                |  Transmit
 *      face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
 *         lo: 282609488   84507    0    0    0     0          0         0 282609488   84507    0    0    0     0       0          0
 *
 * Since boot, or since the interface came. Source: proc(5), net/core/net-procfs.c. Thread: any.
 */
#ifndef AUSPEX_OS_NETDEV_H
#define AUSPEX_OS_NETDEV_H

#include "os/procfile.h"

#include <stdint.h>

/* X(NAME, "label") in the order of the columns */
#define NETDEV_MAP(X) \
	X(RX_BYTES, "rx_bytes") X(RX_PACKETS, "rx_packets") X(RX_ERRORS, "rx_errors") X(RX_DROPS, "rx_drops") X(RX_FIFO, "rx_fifo") \
	X(RX_FRAME, "rx_frame") X(RX_COMPRESSED, "rx_compressed") X(RX_MULTICAST, "rx_multicast") \
	X(TX_BYTES, "tx_bytes") X(TX_PACKETS, "tx_packets") X(TX_ERRORS, "tx_errors") X(TX_DROPS, "tx_drops") X(TX_FIFO, "tx_fifo") \
	X(TX_COLLISIONS, "tx_collisions") X(TX_CARRIER, "tx_carrier") X(TX_COMPRESSED, "tx_compressed")
enum netdev_counter {
#define X(name, label) NETDEV_##name,
	NETDEV_MAP(X)
#undef X
	NETDEV_COUNTERS
};

struct netdev {
	struct view name; /* into the text, or owned by the reader's scratch: valid until the next reading */
	uint64_t counter[NETDEV_COUNTERS];
};

/* Takes the next interface off the front of the text; lines that are none are passed over. False at the end. */
bool netdev_next(struct view *text, struct netdev *out);
/* The backend of this system: fills `text` with what netdev_next walks. 0 or a negative code. */
int netdev_read(struct procfile *f, const char *proc, struct buf *text);

#endif
