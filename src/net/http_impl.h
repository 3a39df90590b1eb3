/* The HTTP server's own structures: what its files share and nobody else sees.
 *
 *   http_listener --accept--> http_conn --first byte--> http_request (from a pool) --idle--> back to the pool
 *
 * A connection that waits for its next request owns no buffers: everything sized by requests lives in
 * http_request, which a busy connection borrows from the server. One request at a time is served per
 * connection; what a peer pipelines waits in `in`. Input is one contiguous buffer that does not move while a
 * request is being served, so every view a handler gets stays good until its answer is sent. Output is `out`
 * (heads and small bodies, one after the other) and then `tail` (one large body).
 */
#ifndef AUSPEX_NET_HTTP_IMPL_H
#define AUSPEX_NET_HTTP_IMPL_H

#include "base/err.h"
#include "base/map.h"
#include "http_chunk.h"
#include "http_limit.h"
#include "net/http_server.h"
#include "net/unix_bind.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define HTTP_HEAD_MAX     16384 /* request line and header, then 431 */
#define HTTP_TARGET_MAX   8192  /* then 414 */
#define HTTP_IN_SIZE      (HTTP_HEAD_MAX + 4096)
#define HTTP_HEADERS_MAX  100 /* then 431 */
#define HTTP_PARAMS_MAX   8
#define HTTP_BODY_DEFAULT (64 * 1024) /* of routes that want none */
#define HTTP_OUT_HIGH     (64 * 1024) /* pending output that stops the next request or pump */
#define HTTP_TAIL_MIN     (16 * 1024) /* bodies from here on are gathered instead of copied behind the head */
#define HTTP_TURN_MAX     (256 * 1024)       /* bytes one stream may write per turn of the loop */
#define HTTP_BODIES_MAX   ((size_t)64 << 20) /* bodies of all connections together, then 503 */
#define HTTP_BODY_LIGHT   (64 * 1024)        /* … of which those up to here do not count */
#define HTTP_POOL_MAX     8
#define HTTP_TICK_MS      250 /* resolution of all time-outs */
#define HTTP_HEADER_US    (10 * US_PER_S)
#define HTTP_BODY_US      (30 * US_PER_S) /* without progress, either direction */
#define HTTP_IDLE_US      (75 * US_PER_S)
#define HTTP_LINGER_US    (2 * US_PER_S)
#define HTTP_LINGER_BYTES (4u << 20)

struct http_conn;

/* Where bytes come from and go to: sockets, or memory in the fuzz target. Both return what read(2) and
 * writev(2) do, errno included. */
struct http_io {
	ssize_t (*read)(struct http_conn *c, void *data, size_t len);
	ssize_t (*write)(struct http_conn *c, const struct iovec *iov, int n);
};

struct http_header_line {
	struct view name, value; /* into `in`; the value is trimmed */
};

/* Headers the server itself looks at; found once while parsing. */
enum http_known {
	KNOWN_HOST,
	KNOWN_LENGTH,
	KNOWN_ENCODING,
	KNOWN_EXPECT,
	KNOWN_ORIGIN,
	KNOWN_FETCH_SITE,
	KNOWN_COOKIE,
	KNOWN_AUTHORIZATION,
	KNOWN_API_KEY,
	KNOWN_COUNT
};

/* A path of the table with the rows that serve it, by method. */
struct http_row {
	const struct http_route *route;
	void *ctx;
};
#define HTTP_ROW_METHODS 6 /* bits of enum http_method */
struct http_place {
	struct view path;
	bool pattern; /* has {name} or ends in * */
	unsigned methods;
	struct http_row rows[HTTP_ROW_METHODS];
};

struct http_param_value {
	struct view name, value;
};

enum http_phase { PHASE_OPEN, PHASE_DEFERRED, PHASE_STREAM, PHASE_ANSWERED };

struct http_request {
	struct http_conn *conn;
	struct http_request *next; /* in the pool */

	/* input */
	char *in;        /* HTTP_IN_SIZE bytes */
	uint32_t in_len; /* bytes read */
	uint32_t in_pos; /* where the current request begins, later where its body does, then the next request
			  */
	uint32_t scanned; /* of the head, up to the last complete line */
	struct view target, raw_path, query, path;
	struct view host; /* of the target when absolute, else the header */
	struct http_header_line headers[HTTP_HEADERS_MAX];
	uint16_t n_headers;
	int16_t known[KNOWN_COUNT];      /* index into headers, -1 = absent */
	uint8_t known_seen[KNOWN_COUNT]; /* how often, saturated */
	enum http_method method;         /* 0 = one we never serve */
	bool http10, keep_alive, head_only, chunked, expects;
	uint32_t body_at;   /* where a chunked body begins in `in` */
	uint64_t body_left; /* of a Content-Length body */
	size_t body_max;
	size_t body_weight; /* as counted in the server's body_bytes */
	struct http_chunk chunk;
	struct buf body_in;
	struct view body;

	/* route */
	const struct http_route *route;
	void *ctx;
	enum http_family family;
	struct http_param_value params[HTTP_PARAMS_MAX];
	uint8_t n_params;
	bool host_checked, host_trusted, key_checked, has_key, has_session;

	/* answer */
	enum http_phase phase;
	bool in_handler;
	struct buf reply; /* body */
	struct buf extra; /* header lines */
	const char *type;
	struct jw jw;
	bool json; /* http_json was used: the family decides about a final newline */
	int status;
	struct http_stream stream;
	bool stream_more, stream_idle, pumping, woken;
	void (*gone)(struct http_request *r, void *state);
	void *gone_state;
	struct arena arena;

	/* output not yet taken by the kernel */
	struct buf out;
	size_t out_pos;
	struct view tail;
	size_t tail_pos;
};

enum http_conn_state { CONN_HEAD, CONN_BODY, CONN_ANSWER, CONN_LINGER, CONN_CLOSED };

/* What a connection is given time for. */
enum http_timer { TIMER_NONE, TIMER_IDLE, TIMER_HEADER, TIMER_BODY, TIMER_WRITE, TIMER_LINGER };

struct http_conn {
	uv_poll_t poll;
	struct http_server *server;
	struct http_listener *listener;
	const struct http_io *io;
	void *io_arg;
	struct http_conn *prev, *next;
	struct http_request *r; /* NULL while idle */
	mono_us deadline;       /* 0 = none */
	uint64_t limit_key;     /* hash of the address */
	uint32_t lingered;      /* bytes thrown away */
	uint32_t turn;          /* bytes a stream produced since the last event */
	enum http_timer timer;  /* what `deadline` is about */
	int fd;
	int events; /* polled now */
	enum http_conn_state state;
	bool busy;         /* inside http_conn_advance */
	bool eof;          /* the peer will send no more */
	bool close_after;  /* close once the output is gone */
	bool linger_after; /* … and read the rest away first, so that the answer is not lost to a reset */
	bool polling;      /* the handle is initialised */
	bool progress;     /* bytes moved since the deadline was set */
	bool broken;       /* the answer cannot be completed: cut it */
	struct http_peer peer;
};

struct http_listener {
	uv_poll_t poll;
	struct http_server *server;
	struct http_listener *next;
	int fd;
	int reserve; /* spare descriptor for EMFILE */
	enum http_family family;
	bool any_host, is_unix, paused;
	char *path; /* socket file to remove, or NULL */
	struct unix_bound bound;
	char good_host[128]; /* last Host that passed, so that the usual case is one memcmp */
	uint8_t good_host_len;
};

struct http_server {
	uv_loop_t *loop;
	struct access *access;
	struct log *log;
	const struct clock *clock;
	struct http_server_options opt;
	uv_timer_t tick;
	bool ticking, closing;
	mono_us close_deadline;
	void (*closed)(void *arg);
	void *closed_arg;
	uint32_t handles; /* uv handles not yet closed */

	struct http_listener *listeners;
	struct http_listener *gone_listeners; /* closed, still looked at by their connections */
	struct http_conn *conns;
	struct http_request *pool;
	uint32_t pool_len;

	struct http_place **places;
	size_t n_places;
	struct map literal; /* path → index into places */
	struct http_place **patterns;
	size_t n_patterns;
	const struct http_route **rows;
	size_t n_rows;

	struct http_limiter limiter;
	size_t body_bytes; /* memory of large bodies */
	char date[32];     /* "Sun, 22 Nov 2026 20:10:44 GMT" */
	char ok_head[160]; /* the whole head of a 200 up to the value of Content-Type */
	size_t ok_head_len;
	int64_t date_s; /* the second both were made for */
	struct log_gate gate;
	struct http_stats stats;
};

/* --- http_parse.c: bytes → request. An HTTP status (400, 414, 431, 501, 505) means refusal. --- */
/* > 0: bytes of the complete head; 0: more is needed; -status. `*scanned` is kept between calls. */
int http_head_find(const char *data, size_t len, uint32_t *scanned);
/* Parses one complete head at in[in_pos], `len` bytes. 0 or -status with `*why`. */
int http_head_parse(struct http_request *r, size_t len, const char **why);
struct view http_known_header(const struct http_request *r, enum http_known k);

/* --- http_target.c: the request target. --- */
/* Splits the target; decodes and checks the path. 0 or -status. `*unclean` when Go's cleaning would change
 * the path; r->path is the cleaned one. */
int http_target_parse(struct http_request *r, bool *unclean);
/* Decodes %XX (and + when `form`) into the arena; an input without either is returned as it is. data NULL:
 * malformed. */
struct view http_percent_decode(struct arena *a, struct view in, bool form);

/* --- http_router.c --- */
/* The place serving r->path (parameters filled in), or NULL. */
const struct http_place *http_router_find(const struct http_server *s, struct http_request *r);
const struct http_row *http_place_row(const struct http_place *p, enum http_method m);
/* "GET, HEAD, OPTIONS" */
void http_place_allow(const struct http_place *p, struct buf *out);
void http_router_fini(struct http_server *s);

/* --- http_guard.c: who may. 0, or an answer was sent. --- */
int http_guard_host(struct http_request *r);
int http_guard_route(struct http_request *r);
bool http_origin_allowed(const struct http_request *r, struct view origin);
/* Finds out whether a valid key or session was presented. */
void http_guard_identify(struct http_request *r);

/* --- http_dispatch.c: route, guard, body rules and the handler. --- */
/* A complete head has been parsed: decides what follows. Leaves an answer, or the connection in CONN_BODY. */
void http_dispatch_head(struct http_request *r);
/* The body is complete: calls the handler. */
void http_dispatch_call(struct http_request *r);

/* --- http_conn.c, http_serve.c (advance), http_read.c (on_readable) --- */
struct http_conn *http_conn_new(struct http_server *s, struct http_listener *l, int fd);
/* Serves what was read and writes what is pending, as far as it goes. May end the connection (memory lives on
 * until its handle is closed). */
void http_conn_advance(struct http_conn *c);
void http_conn_on_readable(struct http_conn *c);
void http_conn_close(struct http_conn *c);
/* Half-closes and drains when the peer may still be sending, else closes. */
void http_conn_linger(struct http_conn *c);
/* Gives the buffers back when idle; sets deadline and polled events to what the state asks for. */
void http_conn_settle(struct http_conn *c);
/* The deadline passed. */
void http_conn_expire(struct http_conn *c);
/* Closes it now when it serves nothing, else after the answer at hand. */
void http_conn_finish(struct http_conn *c);
/* Ends a connection that was never registered (fuzz target). */
void http_conn_free(struct http_conn *c);

/* --- http_write.c --- */
static inline bool http_output_pending(const struct http_request *r)
{
	return r->out_pos < r->out.len || r->tail_pos < r->tail.len;
}
/* 0 all written, 1 the peer is slow, or -errno. */
int http_output_flush(struct http_conn *c);

/* --- http_pool.c --- */
struct http_request *http_request_take(struct http_server *s, struct http_conn *c);
void http_request_give(struct http_server *s, struct http_request *r);
/* Counts anew what the body takes. */
void http_body_weigh(struct http_request *r);
/* Ready for the next request on the same connection; input and output stay. */
void http_request_reset(struct http_request *r);
void http_pool_fini(struct http_server *s);

/* --- http_head.c --- */
/* Appends status line and headers to r->out; `length` < 0 = chunked or unknown. */
void http_head_write(struct http_request *r, int status, int64_t length);
const char *http_reason(int status);

/* --- http_error.c --- */
/* Refusal of a message that cannot be trusted: answers and closes. */
void http_reject(struct http_request *r, int status, const char *why);

/* --- http_stream.c --- */
/* Pumps while the peer takes it, for one turn. */
void http_stream_run(struct http_request *r);
/* The connection is going or the answer is complete: tells the owner once. */
void http_request_gone(struct http_request *r);

/* --- http_server.c --- */
void http_server_tick_start(struct http_server *s);
void http_server_maybe_closed(struct http_server *s);
/* Creates the connection for an accepted descriptor, or refuses it. */
void http_server_accepted(struct http_listener *l, int fd, const struct sockaddr *sa, socklen_t len);

/* --- http_listen.c, http_accept.c --- */
void http_listener_start(struct http_listener *l);
/* Listeners that rested for want of descriptors try again. */
void http_listeners_resume(struct http_server *s);
void http_listeners_close(struct http_server *s);
void http_listeners_fini(struct http_server *s);

#endif
