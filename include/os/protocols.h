/* Counters of the network protocols: /proc/net/snmp and /proc/net/netstat (pairs of lines, names above numbers) and /proc/net/snmp6 (a name and a
 * number per line).
 *
 *     Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens …
 *     Tcp: 1 200 120000 -1 2042 …
 *
 * Whoever wants some of them lists them as rows; one walk over a text fills all. Source: RFC 4022, RFC 4113, net/ipv4/proc.c. Thread: any.
 */
#ifndef AUSPEX_OS_PROTOCOLS_H
#define AUSPEX_OS_PROTOCOLS_H

#include "base/buf.h"

#include <stdint.h>

struct protocol_row {
	struct view protocol; /* "Tcp", "TcpExt" */
	struct view name;     /* "RetransSegs" */
};
#define PROTOCOL_ABSENT UINT64_MAX

/* Sets values[i] of each row found; the others stay. Returns how many were found. Negative numbers count as 0. */
unsigned protocols_parse(struct view text, const struct protocol_row *rows, unsigned n, uint64_t *values);
/* The same of snmp6, where a row's protocol and name are one word ("Udp6" "InDatagrams"). */
unsigned protocols_parse_list(struct view text, const struct protocol_row *rows, unsigned n, uint64_t *values);

#endif
