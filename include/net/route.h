/* Routes are rows: method, path, family, access, limits, parameters, handler.
 *
 * A handler reads the request, writes into a JSON writer (or plain bytes) and never touches a socket. It may answer
 * later (keep the pointer, answer from the loop) or stream. From the same rows come dispatch, 405 with Allow,
 * access checks and GET /openapi.json.
 *
 *     static void get_health(struct http_request *r, void *ctx)
 *     {
 *         struct jw *w = http_json(r);
 *         jw_obj(w, NULL); jw_cstr(w, "status", "healthy"); jw_end(w);
 *         http_send(r, 200);
 *     }
 *     const struct http_route rows[] = {
 *         { METHOD_GET, "/api/health", FAMILY_RETRY, ACCESS_READ, LIMIT_NONE, get_health, .summary = "Health check" },
 *     };
 */
#ifndef AUSPEX_NET_ROUTE_H
#define AUSPEX_NET_ROUTE_H

#include "base/arena.h"
#include "base/json_write.h"

#include <stdbool.h>
#include <stdint.h>

enum http_method { METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_DELETE = 8, METHOD_HEAD = 16, METHOD_OPTIONS = 32 };

/* Decides JSON spacing, error bodies, unknown paths and 405 of what it serves.
 *   retry   compact + "\n", Go escapes; 404 `404 page not found\n` and 405 `Method not allowed\n` as text/plain with nosniff
 *   change  four-space; errors {"error": "…"}
 *   probe   compact; errors {"error":"…"}
 *   fleet   compact; errors {"detail":"…"}
 *   own     compact + "\n"; errors {"error":"…"} */
enum http_family { FAMILY_RETRY, FAMILY_CHANGE, FAMILY_PROBE, FAMILY_FLEET, FAMILY_OWN };

enum http_access {
	ACCESS_OPEN,        /* anyone */
	ACCESS_READ,        /* key needed when keys are set AND reads are guarded (`auth.reads`), else open: keyless clients */
	ACCESS_WRITE,       /* key (or signed-in page) when keys are set; without a key set: loopback and Unix peers only; foreign Origin refused */
	ACCESS_KEY,         /* key when keys are set, else open (fleet family) */
	ACCESS_LOCAL,       /* loopback or Unix peers, or a key (profiling, reload) */
};

/* Fixed window per minute, per client address and route; our own signed-in or same-origin page is exempt. */
enum http_limit { LIMIT_NONE = 0, LIMIT_10 = 10, LIMIT_30 = 30, LIMIT_60 = 60, LIMIT_600 = 600 };

/* none: no CORS header at all. list: origins of the configuration (fleet.md 1.3 form). */
enum http_cors { CORS_NONE, CORS_LIST };

struct http_param {
	const char *name;
	const char *in;    /* "query" or "path" */
	const char *type;  /* JSON schema type: integer, number, string, boolean */
	const char *help;
};

struct http_request;
typedef void (*http_handler)(struct http_request *r, void *ctx);

struct http_route {
	unsigned methods; /* METHOD_GET implies HEAD */
	const char *path; /* "/api/alerts/{id}/ack"; a trailing slash + * ("/debug/pprof/" "*") takes the rest */
	enum http_family family;
	enum http_access access;
	enum http_limit limit;
	http_handler handle;
	enum http_cors cors;
	size_t max_body; /* 0 = no body wanted: 64 KiB are read and ignored; above: 413 */
	const struct http_param *params;
	size_t n_params;
	const char *summary;  /* one sentence */
	const char *request;  /* JSON schema text of the body, or NULL */
	const char *response; /* JSON schema text of the 200 answer, or NULL */
	const char *content_type; /* of the 200 answer; NULL = application/json */
};

/* --- reading the request (all views live until the answer is sent) --------------------------------------------- */
struct view http_path(const struct http_request *r);                        /* decoded, cleaned */
struct view http_path_param(const struct http_request *r, const char *name); /* decoded */
/* First value of a query parameter, form-decoded (`+` is a space); data NULL when absent. */
struct view http_query(const struct http_request *r, const char *name);
/* Each value of a parameter that is given several times: `*rest` begins as { 0 }. False when there is no further one. */
bool http_query_next(const struct http_request *r, const char *name, struct view *rest, struct view *value);
/* Integer parameter or `fallback` when absent or not an integer. */
int64_t http_query_i64(const struct http_request *r, const char *name, int64_t fallback);
struct view http_header(const struct http_request *r, const char *name); /* case-insensitive; data NULL when absent */
struct view http_body(const struct http_request *r);
/* Moves the body to the caller, who frees it. False when it lies in a buffer of the connection: then it is a short one. */
bool http_take_body(struct http_request *r, struct buf *out);
enum http_method http_method(const struct http_request *r);
struct arena *http_arena(struct http_request *r);
/* Who asks: "127.0.0.1", "unix"; uid/pid for Unix peers, else -1. */
struct http_peer {
	char address[64];
	bool loopback; /* loopback address or Unix socket */
	int64_t uid, pid;
	bool has_key; /* presented a valid key or session */
};
const struct http_peer *http_peer(const struct http_request *r);
/* The token in the session cookie (for signing out); data NULL when there is none. It may be stale: `has_key` tells. */
struct view http_session(const struct http_request *r);

/* --- answering ------------------------------------------------------------------------------------------------- */
/* The writer in the family's style; body is sent by http_send. */
struct jw *http_json(struct http_request *r);
struct buf *http_out(struct http_request *r); /* raw body instead of JSON */
void http_set_type(struct http_request *r, const char *content_type);
void http_set_header(struct http_request *r, const char *name, const char *value); /* value copied; CR/LF refused */
void http_send(struct http_request *r, int status);
/* Body that outlives the answer (embedded assets): not copied. */
void http_send_static(struct http_request *r, int status, struct view body);
/* An embedded file: 304 when If-None-Match names `etag` (quoted, as it stands in the header), else the gzip form for who takes it, else
 * identity. `gzip` may be empty. Neither is copied. */
void http_send_asset(struct http_request *r, const char *type, const char *etag, struct view identity, struct view gzip);
/* Error in the family's form. */
void http_error(struct http_request *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Streaming: chunked. `pump` is called whenever the peer can take more: it appends to `out` (aim at 16-64 KiB) and returns
 * true while there is more to come. `gone` is called once, at the end or when the peer left; free state there. */
struct http_stream {
	bool (*pump)(struct http_request *r, struct buf *out, void *state);
	void (*gone)(void *state);
	void *state;
};
void http_send_stream(struct http_request *r, int status, const struct http_stream *s);
/* For streams whose pump had nothing to add (returned true with nothing appended): call pump again. */
void http_stream_wake(struct http_request *r);
/* An answer that comes later: `gone` tells that the peer left (do not answer then). Also resets when answered. */
void http_defer(struct http_request *r, void (*gone)(struct http_request *r, void *state), void *state);

#endif
