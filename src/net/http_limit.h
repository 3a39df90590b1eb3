/* Request counters per client and route: a bounded table of fixed one-minute windows.
 *
 * A client is an address (IPv6: its /64, which is what one subscriber owns). The table is allocated on first
 * use; when a row's neighbourhood is full the oldest window gives way, so that a flood of addresses costs
 * memory once and no more. Pure: time is an argument.
 */
#ifndef AUSPEX_NET_HTTP_LIMIT_H
#define AUSPEX_NET_HTTP_LIMIT_H

#include "base/clock.h"

#include <stdint.h>

#define HTTP_LIMIT_ROWS      4096
#define HTTP_LIMIT_WINDOW_US (60 * US_PER_S)

struct http_limit_row {
	uint64_t key; /* 0 = empty */
	mono_us start;
	uint32_t count;
};
struct http_limiter {
	struct http_limit_row *rows;
};

/* Counts one request. 0 = within `limit`, else seconds until the window ends (1..60). Out of memory: nobody
 * is limited. */
int http_limiter_count(struct http_limiter *l, uint64_t key, uint32_t limit, mono_us now);
void http_limiter_fini(struct http_limiter *l);

#endif
