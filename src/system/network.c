#include "collector.h"
#include "instances.h"

#include "os/netdev.h"
#include "os/sockstat.h"

#define INTERFACES_MAX 64

#define RATE(name, unit, help) GAUGE(name, 1, unit, help)
#define COUNT(kind)            GAUGE_OF("system.sockets", 0, "", "Sockets, by kind.", "kind", kind)

static const struct metric interface_metrics[NETDEV_COUNTERS] = {
	[NETDEV_RX_BYTES] = RATE("system.interface.rx_bytes", "bytes/s", "Bytes received per second."),
	[NETDEV_RX_PACKETS] = RATE("system.interface.rx_packets", "1/s", "Packets received per second."),
	[NETDEV_RX_ERRORS] = RATE("system.interface.rx_errors", "1/s", "Bad packets received per second."),
	[NETDEV_RX_DROPS] =
		RATE("system.interface.rx_drops", "1/s", "Received packets thrown away per second."),
	[NETDEV_RX_FIFO] =
		RATE("system.interface.rx_fifo", "1/s", "Overruns of the receive queue per second."),
	[NETDEV_RX_FRAME] = RATE("system.interface.rx_frame", "1/s", "Framing errors per second."),
	[NETDEV_RX_COMPRESSED] =
		RATE("system.interface.rx_compressed", "1/s", "Compressed packets received per second."),
	[NETDEV_RX_MULTICAST] =
		RATE("system.interface.rx_multicast", "1/s", "Multicast packets received per second."),
	[NETDEV_TX_BYTES] = RATE("system.interface.tx_bytes", "bytes/s", "Bytes sent per second."),
	[NETDEV_TX_PACKETS] = RATE("system.interface.tx_packets", "1/s", "Packets sent per second."),
	[NETDEV_TX_ERRORS] =
		RATE("system.interface.tx_errors", "1/s", "Packets that could not be sent per second."),
	[NETDEV_TX_DROPS] =
		RATE("system.interface.tx_drops", "1/s", "Packets thrown away instead of sent per second."),
	[NETDEV_TX_FIFO] = RATE("system.interface.tx_fifo", "1/s", "Overruns of the send queue per second."),
	[NETDEV_TX_COLLISIONS] = RATE("system.interface.tx_collisions", "1/s", "Collisions per second."),
	[NETDEV_TX_CARRIER] = RATE("system.interface.tx_carrier", "1/s", "Losses of the carrier per second."),
	[NETDEV_TX_COMPRESSED] =
		RATE("system.interface.tx_compressed", "1/s", "Compressed packets sent per second."),
};
/* Always series; the other counters become series when they first count something. */
static const bool common[NETDEV_COUNTERS] = {
	[NETDEV_RX_BYTES] = true,  [NETDEV_RX_PACKETS] = true, [NETDEV_RX_ERRORS] = true,
	[NETDEV_RX_DROPS] = true,  [NETDEV_TX_BYTES] = true,   [NETDEV_TX_PACKETS] = true,
	[NETDEV_TX_ERRORS] = true, [NETDEV_TX_DROPS] = true,
};

struct interface {
	uint64_t counter[NETDEV_COUNTERS];
};
static const struct instances_type interfaces_type = {
	.metrics = interface_metrics,
	.n_metrics = NETDEV_COUNTERS,
	.label = "interface",
	.state_size = sizeof(struct interface),
	.max = INTERFACES_MAX,
};

/* The machine as a whole: what goes in and out, so neither lo nor the inner sides of bridges and tunnels. */
enum { SUM_RX_BYTES, SUM_TX_BYTES, SUM_RX_PACKETS, SUM_TX_PACKETS, SUMS };
static const enum netdev_counter sum_of[SUMS] = { NETDEV_RX_BYTES, NETDEV_TX_BYTES, NETDEV_RX_PACKETS,
						  NETDEV_TX_PACKETS };
static const struct metric sum_metrics[SUMS] = {
	[SUM_RX_BYTES] = RATE("system.network.rx_bytes", "bytes/s",
			      "Bytes received per second, all interfaces but lo."),
	[SUM_TX_BYTES] =
		RATE("system.network.tx_bytes", "bytes/s", "Bytes sent per second, all interfaces but lo."),
	[SUM_RX_PACKETS] = RATE("system.network.rx_packets", "1/s",
				"Packets received per second, all interfaces but lo."),
	[SUM_TX_PACKETS] =
		RATE("system.network.tx_packets", "1/s", "Packets sent per second, all interfaces but lo."),
};

enum {
	SOCKETS_TCP,
	SOCKETS_TCP6,
	SOCKETS_TIME_WAIT,
	SOCKETS_ORPHAN,
	SOCKETS_UDP,
	SOCKETS_UDP6,
	SOCKETS_RAW,
	SOCKETS_ALL,
	SOCKETS
};
static const struct metric socket_metrics[SOCKETS] = {
	[SOCKETS_TCP] = COUNT("tcp"),
	[SOCKETS_TCP6] = COUNT("tcp6"),
	[SOCKETS_TIME_WAIT] = COUNT("tcp_time_wait"),
	[SOCKETS_ORPHAN] = COUNT("tcp_orphan"),
	[SOCKETS_UDP] = COUNT("udp"),
	[SOCKETS_UDP6] = COUNT("udp6"),
	[SOCKETS_RAW] = COUNT("raw"),
	[SOCKETS_ALL] = COUNT("all"),
};

struct network {
	struct procfile dev, sockets, sockets6;
	struct instances seen;
	uint32_t sums[SUMS], kinds[SOCKETS];
	struct host_network before;
};

static int network_init(void *state, struct columns *columns)
{
	struct network *s = state;
	s->dev = s->sockets = s->sockets6 = (struct procfile)PROCFILE_INIT;
	instances_init(&s->seen, &interfaces_type);
	for (size_t i = 0; i < SUMS; i++)
		s->sums[i] = columns_add(columns, &sum_metrics[i], NULL, 0);
	columns_unmake(s->kinds, SOCKETS);
	return 0;
}

/* Sets the interface's rates and adds them to the sums. */
static void emit_interface(struct network *s, const struct netdev *d, struct collect *c, double *sums)
{
	struct instance *i = instances_see(&s->seen, d->name);
	double rate[NETDEV_COUNTERS];
	if (!i)
		return;
	struct interface *before = instance_state(i);
	for (uint32_t k = 0; k < NETDEV_COUNTERS; k++) {
		rate[k] = i->known ? counter_rate(before->counter[k], d->counter[k], c->elapsed) : NAN;
		if (common[k] || d->counter[k])
			instance_set(&s->seen, i, c->columns, k, rate[k]);
	}
	memcpy(before->counter, d->counter, sizeof(before->counter));
	for (size_t k = 0; k < SUMS && !view_eq(d->name, VIEW("lo")); k++)
		if (isfinite(rate[sum_of[k]]))
			sums[k] += rate[sum_of[k]];
}

static void note_sample(struct network *s, struct host_network *n, mono_us elapsed)
{
	n->bytes_sent_per_s = counter_rate(s->before.bytes_sent, n->bytes_sent, elapsed);
	n->bytes_recv_per_s = counter_rate(s->before.bytes_recv, n->bytes_recv, elapsed);
	n->packets_sent_per_s = counter_rate(s->before.packets_sent, n->packets_sent, elapsed);
	n->packets_recv_per_s = counter_rate(s->before.packets_recv, n->packets_recv, elapsed);
	s->before = *n;
}

static int read_interfaces(struct network *s, struct collect *c)
{
	struct host_network *n = &c->sample->network;
	double sums[SUMS] = { 0 };
	struct netdev d;
	int rc = netdev_read(&s->dev, c->opt->proc, c->text);
	if (rc < 0)
		return rc;
	struct view text = { c->text->data, c->text->len };
	n->bytes_sent = n->bytes_recv = n->packets_sent = n->packets_recv = 0;
	instances_begin(&s->seen);
	while (netdev_next(&text, &d)) {
		n->bytes_sent += d.counter[NETDEV_TX_BYTES];
		n->bytes_recv += d.counter[NETDEV_RX_BYTES];
		n->packets_sent += d.counter[NETDEV_TX_PACKETS];
		n->packets_recv += d.counter[NETDEV_RX_PACKETS];
		if (!instances_skip(&c->opt->skip_interfaces, d.name))
			emit_interface(s, &d, c, sums);
	}
	instances_end(&s->seen, c->columns);
	note_sample(s, n, c->elapsed);
	for (size_t i = 0; c->elapsed && i < SUMS; i++)
		columns_set(c->columns, s->sums[i], sums[i]);
	c->sample->have |= HOST_NETWORK;
	return 0;
}

static void read_sockets(struct network *s, struct collect *c)
{
	struct sockstat now;
	if (sockstat_read(&s->sockets, &s->sockets6, c->opt->proc, c->text, &now) < 0) {
		c->sample->network.active_connections = -1;
		return;
	}
	const uint64_t values[SOCKETS] = {
		[SOCKETS_TCP] = now.tcp,
		[SOCKETS_TCP6] = now.tcp6,
		[SOCKETS_TIME_WAIT] = now.tcp_time_wait,
		[SOCKETS_ORPHAN] = now.tcp_orphan,
		[SOCKETS_UDP] = now.udp,
		[SOCKETS_UDP6] = now.udp6,
		[SOCKETS_RAW] = now.raw,
		[SOCKETS_ALL] = now.used,
	};
	c->sample->network.active_connections = sockstat_inet(&now);
	for (size_t i = 0; i < SOCKETS; i++)
		columns_put(c->columns, &s->kinds[i], &socket_metrics[i],
			    values[i] == SOCKSTAT_ABSENT ? NAN : (double)values[i]);
}

static int network_read(void *state, struct collect *c)
{
	struct network *s = state;
	int rc = read_interfaces(s, c);
	if (rc == 0)
		read_sockets(s, c); /* a kernel without it has interfaces all the same */
	return rc;
}

static void network_fini(void *state)
{
	struct network *s = state;
	procfile_close(&s->dev);
	procfile_close(&s->sockets);
	procfile_close(&s->sockets6);
	instances_fini(&s->seen);
}

const struct collector_type network_collector = {
	.name = "network",
	.state_size = sizeof(struct network),
	.init = network_init,
	.read = network_read,
	.fini = network_fini,
};
