/* HTTP/1.1 server on the loop: listeners, connections, route dispatch.
 *
 * llhttp in strict mode parses; the server adds what it leaves open: one Host header, no Transfer-Encoding next to
 * Content-Length, no bare LF smuggling, bounded header (16 KiB → 431) and target (8 KiB → 414), body per route (413), time-outs for
 * header (10 s), body (30 s without progress) and idle keep-alive (75 s) → 408 or close, caps per address and in total (503
 * and close), pipelining answered in order, HEAD, OPTIONS (Allow), 405 with Allow, 301 for unclean paths in the retry family
 * (`//api/health`), Expect: 100-continue, ETag/If-None-Match and gzip for static assets through http_send_static's headers.
 * Host and Origin rules of design 7: listeners without `any_host` take only localhost, loopback literals, the
 * configured names and their own address → else 421 with a sentence; a foreign Origin is refused on anything but GET/HEAD (403).
 */
#ifndef AUSPEX_NET_HTTP_SERVER_H
#define AUSPEX_NET_HTTP_SERVER_H

#include "base/log.h"
#include "net/access.h"
#include "net/route.h"

#include <uv.h>

struct http_server_options {
	uint32_t max_connections;        /* default 1024 */
	uint32_t max_per_address;        /* default 256 (not for Unix peers and loopback) */
	const char *const *hosts;        /* further allowed Host names, lower case, without port; borrowed */
	size_t n_hosts;
	const char *const *cors_origins; /* borrowed */
	size_t n_cors_origins;
	bool guard_reads; /* ACCESS_READ needs a key when keys are set */
	bool log_requests; /* INFO line per request, else DEBUG */
};

struct http_server;
struct http_server *http_server_new(uv_loop_t *loop, struct access *access, struct log *log, const struct clock *clock);
void http_server_configure(struct http_server *s, const struct http_server_options *opt);
/* Adds rows with the context their handlers get. Rows are borrowed. ERR_DUPLICATE when method+path is taken. */
int http_server_add_routes(struct http_server *s, const struct http_route *rows, size_t n, void *ctx);
/* For OpenAPI: every row in order of addition. */
size_t http_server_routes(const struct http_server *s, const struct http_route *const **rows);

struct http_listen {
	const char *address; /* "127.0.0.1", "::1", "0.0.0.0", "::" (dual stack), or NULL with `path` */
	int port;            /* 0 = any (tests); see http_server_port */
	const char *path;    /* Unix socket */
	unsigned mode;       /* of the socket file */
	enum http_family family; /* default family of the listener: `/`, unknown paths, 405 */
	bool any_host;
	int fd;              /* >= 0: already listening (socket activation) instead of address/path; set -1 otherwise! */
};
/* 0 (and *port_out, may be NULL, the bound port) or a code with a sentence. Accepts at once. */
int http_server_listen(struct http_server *s, const struct http_listen *spec, int *port_out, struct err *err);
/* Stops accepting; drains for at most `drain_ms`; cb, then the server is freed. Removes its socket files. */
void http_server_close(struct http_server *s, int64_t drain_ms, void (*cb)(void *arg), void *arg);

struct http_stats {
	uint64_t requests, errors_4xx, errors_5xx, refused_connections, timeouts, bytes_out;
	uint32_t open_connections, streams;
};
void http_server_stats(const struct http_server *s, struct http_stats *out);

#endif
