/* HTTP(S) requests over libcurl's multi interface on the loop.
 *
 * libcurl is loaded with dlopen on the first request (linked, it costs 6 MB and 14 ms of every start). Resolving happens
 * in libcurl's threaded resolver with CURLOPT_QUICK_EXIT. Answers are bounded. Loop only.
 */
#ifndef AUSPEX_NET_HTTP_CLIENT_H
#define AUSPEX_NET_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#include <uv.h>

struct http_client;
struct http_client *http_client_new(uv_loop_t *loop);
/* Another libcurl than the system's, by file name or path; before the first request. Copied. */
void http_client_set_library(struct http_client *c, const char *name);
/* Ends every call with ERR_CANCELLED (`done` still comes), then cb; then freed. */
void http_client_close(struct http_client *c, void (*cb)(void *arg), void *arg);

struct http_call {
	const char *method; /* "GET" */
	const char *url;    /* http, https */
	const char *const *headers; /* "Name: value" lines */
	size_t n_headers;
	struct view body;
	int64_t timeout_ms;         /* whole call; default 30 s */
	int64_t connect_timeout_ms; /* default 10 s */
	size_t max_answer;          /* default 16 MiB */
	bool insecure;              /* no certificate check */
	const char *ca_file;        /* or NULL */
	bool direct;                /* by no proxy, whatever the environment says */
};
struct http_answer {
	int code;           /* 0, or ERR_UNSUPPORTED (no libcurl), -ETIMEDOUT, -ECONNREFUSED, -EHOSTUNREACH, ERR_FULL, -EPROTO, ERR_CANCELLED */
	const char *error;  /* sentence when code != 0 */
	int status;         /* HTTP status */
	struct view body, headers; /* borrowed for the call */
	mono_us total_us, connect_us, first_byte_us;
};
/* The value of an answer's header, trimmed, the last of several; `data` is NULL when there is none. */
struct view http_answer_header(const struct http_answer *a, const char *name);
/* "Sun, 22 Nov 2026 20:10:10 GMT", as in a Date header. 0 or ERR_SYNTAX. */
int http_date_parse(struct view text, wall_ns *out);

/* Copies everything it needs. `done` is called once, never from inside this call. *id for cancelling. */
int http_client_start(struct http_client *c, const struct http_call *call,
		      void (*done)(void *arg, const struct http_answer *answer), void *arg, uint64_t *id, struct err *err);
void http_client_cancel(struct http_client *c, uint64_t id);

#endif
