/* What the files of the HTTP client share.
 *
 *     http_client.c        the interface: start, cancel, deliver, close
 *     http_client_call.c   one request: options for libcurl, callbacks, its error as ours
 *     http_client_loop.c   libcurl's sockets and its timer on the loop
 *     http_answer.c        what stands in an answer
 *     http_client_lib.c    libcurl itself, loaded when first needed
 *
 * libcurl's header is used for types and constants only; nothing links to it.
 */
#ifndef AUSPEX_NET_HTTP_CLIENT_IMPL_H
#define AUSPEX_NET_HTTP_CLIENT_IMPL_H

#include "net/http_client.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* X(result, name, parameters): what we call of libcurl. */
#define CURL_MAP(X)                                                                                          \
	X(CURLcode, global_init, (long flags))                                                               \
	X(void, global_cleanup, (void))                                                                      \
	X(CURL *, easy_init, (void))                                                                         \
	X(CURLcode, easy_setopt, (CURL *, CURLoption, ...))                                                  \
	X(CURLcode, easy_getinfo, (CURL *, CURLINFO, ...))                                                   \
	X(void, easy_cleanup, (CURL *))                                                                      \
	X(const char *, easy_strerror, (CURLcode))                                                           \
	X(CURLM *, multi_init, (void))                                                                       \
	X(CURLMcode, multi_setopt, (CURLM *, CURLMoption, ...))                                              \
	X(CURLMcode, multi_add_handle, (CURLM *, CURL *))                                                    \
	X(CURLMcode, multi_remove_handle, (CURLM *, CURL *))                                                 \
	X(CURLMcode, multi_socket_action, (CURLM *, curl_socket_t, int, int *))                              \
	X(CURLMcode, multi_assign, (CURLM *, curl_socket_t, void *))                                         \
	X(CURLMsg *, multi_info_read, (CURLM *, int *))                                                      \
	X(CURLMcode, multi_cleanup, (CURLM *))                                                               \
	X(struct curl_slist *, slist_append, (struct curl_slist *, const char *))                            \
	X(void, slist_free_all, (struct curl_slist *))

struct curl_api {
#define X(result, name, params) result(*name) params;
	CURL_MAP(X)
#undef X
};

struct http_client_call {
	struct http_client_call *next, *prev; /* running list, or (next alone) the finished queue */
	uint64_t id;
	CURL *easy; /* NULL when libcurl could not be had */
	struct curl_slist *headers_out;
	struct buf body_out;
	struct buf body, headers;
	bool too_large;
	int code;
	char error[CURL_ERROR_SIZE];
	void (*done)(void *arg, const struct http_answer *answer);
	void *arg;
};

struct http_client {
	uv_loop_t *loop;
	char *library; /* NULL = the system's */
	bool loaded;
	struct curl_api curl;
	CURLM *multi;
	uv_timer_t timeout; /* libcurl's */
	uv_timer_t deliver; /* active while finished calls wait to be told */
	uint32_t handles;   /* uv handles not closed yet */
	struct http_client_call *running;
	struct http_client_call *finished_head, *finished_tail;
	uint64_t next_id;
	bool closing, torn_down;
	void (*closed_cb)(void *arg);
	void *closed_arg;
};

/* http_client_lib.c */
/* Loads libcurl unless it is there. 0 or ERR_UNSUPPORTED with a sentence in `why`. */
int http_client_load(struct http_client *c, char *why, size_t why_size);

/* http_client_call.c */
/* A call ready to be added. 0 or a code with a sentence. */
int http_client_call_new(struct http_client_call **out, struct http_client *c, const struct http_call *spec,
			 struct err *err);
/* Fills in what libcurl needs; 0 or a code. */
int http_client_call_prepare(struct http_client *c, struct http_client_call *call,
			     const struct http_call *spec);
/* libcurl's verdict as our code. */
int http_client_call_code(struct http_client *c, const struct http_client_call *call, CURLcode rc);
void http_client_call_tell(struct http_client *c, struct http_client_call *call);
void http_client_call_free(struct http_client *c, struct http_client_call *call);

/* http_client_loop.c */
int http_client_multi_start(struct http_client *c);

/* http_client.c */
/* The call is over: `done` comes from the loop. */
void http_client_finish(struct http_client *c, struct http_client_call *call, int code, const char *error);
void http_client_handle_closed(struct http_client *c);

#endif
