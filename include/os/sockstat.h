/* How many sockets are in use: /proc/net/sockstat and sockstat6.
 *
 *     sockets: used 127
 *     TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1
 *     UDP: inuse 2 mem 0
 *
 * Cheaper than listing every socket. `mem` is in pages. tw counts both families. What a text does not tell is SOCKSTAT_ABSENT. Source:
 * net/ipv4/proc.c. Thread: any.
 */
#ifndef AUSPEX_OS_SOCKSTAT_H
#define AUSPEX_OS_SOCKSTAT_H

#include "os/procfile.h"

#include <stdint.h>

#define SOCKSTAT_ABSENT UINT64_MAX

struct sockstat {
	uint64_t used; /* of every kind */
	uint64_t tcp, tcp_orphan, tcp_time_wait, tcp_alloc, tcp_mem_pages;
	uint64_t udp, udp_mem_pages, raw;
	uint64_t tcp6, udp6, raw6;
};

void sockstat_init(struct sockstat *s); /* all absent */
/* Adds what a text tells: first one file, then the other. 0; ERR_SYNTAX when it told nothing. */
int sockstat_parse(struct view text, struct sockstat *out);
/* The backend of this system: both files; the second may be missing (a kernel without IPv6). */
int sockstat_read(struct procfile *v4, struct procfile *v6, const char *proc, struct buf *text, struct sockstat *out);
/* TCP and UDP sockets of both families in every state but half-open ones; -1 when unknown. */
int64_t sockstat_inet(const struct sockstat *s);

#endif
