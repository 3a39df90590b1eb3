/* What the network's receive loop did: /proc/net/softnet_stat, one line of hexadecimal words per core.
 *
 *     0000272d 00000000 00000003 …        processed, dropped (backlog full), squeezed (ran out of its time slice)
 *
 * Summed over all cores. The words are 32 bits and wrap. Source: net/core/net-procfs.c. Thread: any.
 */
#ifndef AUSPEX_OS_SOFTNET_H
#define AUSPEX_OS_SOFTNET_H

#include "base/buf.h"

#include <stdint.h>

struct softnet {
	uint32_t cores;
	uint32_t processed, dropped, squeezed; /* modulo 2^32, as the kernel's own */
};

/* 0; ERR_SYNTAX when there is no good line. */
int softnet_parse(struct view text, struct softnet *out);

#endif
