/* TCP, UDP and IP: what was sent, sent again, refused and lost. */
#include "collector.h"

#include "os/protocols.h"

/* X(protocol, name, "series", "sentence"): each is a rate. Rows of one protocol stand together, in the order of the kernel. */
#define SNMP_MAP(X)                                                                                          \
	X("Ip", "InReceives", "system.ip.in", "IPv4 packets received per second.")                           \
	X("Ip", "InDiscards", "system.ip.in_discards", "Received IPv4 packets thrown away per second.")      \
	X("Ip", "OutRequests", "system.ip.out", "IPv4 packets sent per second.")                             \
	X("Ip", "OutDiscards", "system.ip.out_discards",                                                     \
	  "IPv4 packets thrown away instead of sent per second.")                                            \
	X("Ip", "OutNoRoutes", "system.ip.no_routes",                                                        \
	  "IPv4 packets per second without a way to their goal.")                                            \
	X("Tcp", "ActiveOpens", "system.tcp.active_opens", "Connections opened towards others per second.")  \
	X("Tcp", "PassiveOpens", "system.tcp.passive_opens", "Connections taken per second.")                \
	X("Tcp", "AttemptFails", "system.tcp.attempt_fails",                                                 \
	  "Connections per second that did not come about.")                                                 \
	X("Tcp", "EstabResets", "system.tcp.resets", "Connections per second that were cut off.")            \
	X("Tcp", "InSegs", "system.tcp.in_segments", "Segments received per second.")                        \
	X("Tcp", "OutSegs", "system.tcp.out_segments", "Segments sent per second.")                          \
	X("Tcp", "RetransSegs", "system.tcp.retransmits", "Segments sent again per second.")                 \
	X("Tcp", "InErrs", "system.tcp.in_errors", "Bad segments received per second.")                      \
	X("Tcp", "OutRsts", "system.tcp.out_resets", "Resets sent per second.")                              \
	X("Udp", "InDatagrams", "system.udp.in", "Datagrams received per second, both families.")            \
	X("Udp", "NoPorts", "system.udp.no_ports", "Datagrams per second to ports where nobody was.")        \
	X("Udp", "InErrors", "system.udp.in_errors", "Datagrams per second that could not be delivered.")    \
	X("Udp", "OutDatagrams", "system.udp.out", "Datagrams sent per second.")                             \
	X("Udp", "RcvbufErrors", "system.udp.receive_buffer_errors",                                         \
	  "Datagrams lost per second to full receive buffers.")                                              \
	X("Udp", "SndbufErrors", "system.udp.send_buffer_errors",                                            \
	  "Datagrams lost per second to full send buffers.")
#define NETSTAT_MAP(X)                                                                                       \
	X("TcpExt", "SyncookiesSent", "system.tcp.syncookies", "SYN cookies sent per second.")               \
	X("TcpExt", "ListenOverflows", "system.tcp.listen_overflows",                                        \
	  "Connections refused per second: accept queue full.")                                              \
	X("TcpExt", "ListenDrops", "system.tcp.listen_drops", "Connection requests dropped per second.")     \
	X("TcpExt", "TCPTimeouts", "system.tcp.timeouts", "Retransmission timers that ran out per second.")  \
	X("TcpExt", "TCPBacklogDrop", "system.tcp.backlog_drops",                                            \
	  "Segments dropped per second: socket backlog full.")                                               \
	X("TcpExt", "TCPAbortOnMemory", "system.tcp.aborts_on_memory",                                       \
	  "Connections cut off per second for want of memory.")                                              \
	X("TcpExt", "TCPOFOQueue", "system.tcp.out_of_order", "Segments per second that came out of order.")

#define X(protocol, name, series, help) +1
enum { SNMP_ROWS = 0 SNMP_MAP(X), NETSTAT_ROWS = 0 NETSTAT_MAP(X), ROWS = SNMP_ROWS + NETSTAT_ROWS };
#undef X
/* After the rates: a number of the kernel that is none. */
static const struct protocol_row established_row = { { "Tcp", 3 }, { "CurrEstab", 9 } };
static const struct metric established = GAUGE("system.tcp.established", 0, "", "Open connections.");

static const struct protocol_row rows[ROWS] = {
#define X(protocol, name, series, help) { { protocol, sizeof(protocol) - 1 }, { name, sizeof(name) - 1 } },
	SNMP_MAP(X) NETSTAT_MAP(X)
#undef X
};
static const struct metric metrics[ROWS] = {
#define X(protocol, name, series, help) GAUGE(series, 1, "1/s", help),
	SNMP_MAP(X) NETSTAT_MAP(X)
#undef X
};

struct protocols {
	struct procfile snmp, netstat, snmp6;
	uint32_t columns[ROWS], established;
	uint64_t before[ROWS];
};

static int protocols_init(void *state, struct columns *columns)
{
	struct protocols *s = state;
	(void)columns;
	s->snmp = s->netstat = s->snmp6 = (struct procfile)PROCFILE_INIT;
	columns_unmake(s->columns, ROWS);
	columns_unmake(&s->established, 1);
	for (size_t i = 0; i < ROWS; i++)
		s->before[i] = PROTOCOL_ABSENT;
	return 0;
}

static struct view text_of(const struct collect *c)
{
	return (struct view){ c->text->data, c->text->len };
}

/* TCP counts both families together, UDP each by itself. */
static void add_udp6(struct protocols *s, struct collect *c, uint64_t *values)
{
	struct protocol_row udp6[SNMP_ROWS];
	uint64_t more[SNMP_ROWS];
	unsigned at[SNMP_ROWS], n = 0;
	for (unsigned i = 0; i < SNMP_ROWS; i++)
		if (view_eq(rows[i].protocol, VIEW("Udp"))) {
			udp6[n] = (struct protocol_row){ VIEW("Udp6"), rows[i].name };
			more[n] = 0;
			at[n++] = i;
		}
	if (procfile_read(&s->snmp6, c->opt->proc, "net/snmp6", c->text) < 0)
		return;
	protocols_parse_list(text_of(c), udp6, n, more);
	for (unsigned i = 0; i < n; i++)
		if (values[at[i]] != PROTOCOL_ABSENT)
			values[at[i]] += more[i];
}

static int protocols_read(void *state, struct collect *c)
{
	struct protocols *s = state;
	uint64_t values[ROWS], open = PROTOCOL_ABSENT;
	for (size_t i = 0; i < ROWS; i++)
		values[i] = PROTOCOL_ABSENT;
	int rc = procfile_read(&s->snmp, c->opt->proc, "net/snmp", c->text);
	if (rc < 0)
		return rc;
	protocols_parse(text_of(c), rows, SNMP_ROWS, values);
	protocols_parse(text_of(c), &established_row, 1, &open);
	if (procfile_read(&s->netstat, c->opt->proc, "net/netstat", c->text) == 0)
		protocols_parse(text_of(c), rows + SNMP_ROWS, NETSTAT_ROWS, values + SNMP_ROWS);
	add_udp6(s, c, values);
	for (size_t i = 0; i < ROWS; i++) {
		if (values[i] != PROTOCOL_ABSENT && s->before[i] != PROTOCOL_ABSENT)
			columns_put(c->columns, &s->columns[i], &metrics[i],
				    counter_rate(s->before[i], values[i], c->elapsed));
		s->before[i] = values[i];
	}
	columns_put(c->columns, &s->established, &established, open == PROTOCOL_ABSENT ? NAN : (double)open);
	return 0;
}

static void protocols_fini(void *state)
{
	struct protocols *s = state;
	procfile_close(&s->snmp);
	procfile_close(&s->netstat);
	procfile_close(&s->snmp6);
}

const struct collector_type protocols_collector = {
	.name = "protocols",
	.state_size = sizeof(struct protocols),
	.init = protocols_init,
	.read = protocols_read,
	.fini = protocols_fini,
};
