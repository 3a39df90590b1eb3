/* Short blocking calls to a running daemon, for the command line: no loop, no library. */
#ifndef AUSPEX_APP_CLIENT_H
#define AUSPEX_APP_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Sends one JSON line to a Unix socket and reads one line back. */
int client_line(const char *socket_path, struct view message, int64_t timeout_ms, struct buf *reply,
		struct err *err);
/* One HTTP request to 127.0.0.1:port; `body` NULL data = GET, else POST as JSON. *status gets the HTTP status; body in `out`. */
int client_http(int port, const char *target, struct view body, const char *api_key, int64_t timeout_ms,
		int *status, struct buf *out, struct err *err);
/* Percent-encodes a query value. */
void client_encode(struct buf *out, const char *text);

#endif
