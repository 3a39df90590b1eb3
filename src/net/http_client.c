#include "http_client_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the end of calls --- */

static void on_deliver(uv_timer_t *t);

static void unlink_running(struct http_client *c, struct http_client_call *call)
{
	if (call->next)
		call->next->prev = call->prev;
	if (call->prev)
		call->prev->next = call->next;
	else
		c->running = call->next;
	call->next = call->prev = NULL;
}

static void queue_finished(struct http_client *c, struct http_client_call *call, int code, const char *error)
{
	call->code = code;
	if (code && !call->error[0])
		snprintf(call->error, sizeof(call->error), "%s", error ? error : err_text(code));
	if (c->finished_tail)
		c->finished_tail->next = call;
	else
		c->finished_head = call;
	c->finished_tail = call;
	uv_timer_start(&c->deliver, on_deliver, 0, 0);
}

void http_client_finish(struct http_client *c, struct http_client_call *call, int code, const char *error)
{
	unlink_running(c, call);
	c->curl.multi_remove_handle(c->multi, call->easy);
	if (call->too_large)
		snprintf(call->error, sizeof(call->error), "the answer is larger than %zu bytes",
			 call->body.limit);
	queue_finished(c, call, code, error);
}

static void tear_down(struct http_client *c);

static void on_deliver(uv_timer_t *t)
{
	struct http_client *c = t->data;
	struct http_client_call *call = c->finished_head;
	c->finished_head = c->finished_tail =
		NULL; /* `done` may start and cancel others: those come next time */
	while (call) {
		struct http_client_call *next = call->next;
		http_client_call_tell(c, call);
		http_client_call_free(c, call);
		call = next;
	}
	if (c->closing && !c->finished_head)
		tear_down(c);
}

/* --- life --- */

struct http_client *http_client_new(uv_loop_t *loop)
{
	struct http_client *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->loop = loop;
	uv_timer_init(loop, &c->timeout);
	uv_timer_init(loop, &c->deliver);
	c->timeout.data = c->deliver.data = c;
	c->handles = 2;
	return c;
}

void http_client_set_library(struct http_client *c, const char *name)
{
	free(c->library);
	c->library = name ? strdup(name) : NULL;
}

void http_client_handle_closed(struct http_client *c)
{
	if (--c->handles > 0 || !c->torn_down)
		return;
	void (*cb)(void *) = c->closed_cb;
	void *arg = c->closed_arg;
	if (c->loaded)
		c->curl.global_cleanup();
	free(c->library);
	free(c);
	if (cb)
		cb(arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
	http_client_handle_closed(handle->data);
}

static void tear_down(struct http_client *c)
{
	if (c->torn_down)
		return;
	c->torn_down = true;
	if (c->multi)
		c->curl.multi_cleanup(c->multi); /* lets go of its idle connections through set_socket */
	uv_close((uv_handle_t *)&c->timeout, on_timer_closed);
	uv_close((uv_handle_t *)&c->deliver, on_timer_closed);
}

void http_client_close(struct http_client *c, void (*cb)(void *arg), void *arg)
{
	if (c->closing)
		return;
	c->closing = true;
	c->closed_cb = cb;
	c->closed_arg = arg;
	while (c->running)
		http_client_finish(c, c->running, ERR_CANCELLED, NULL);
	uv_timer_start(&c->deliver, on_deliver, 0, 0);
}

/* --- calls --- */

static void add(struct http_client *c, struct http_client_call *call, const struct http_call *spec)
{
	char why[256] = "";
	int rc = http_client_load(c, why, sizeof(why));
	if (rc == 0)
		rc = http_client_call_prepare(c, call, spec);
	if (rc < 0) {
		queue_finished(c, call, rc, why[0] ? why : NULL);
		return;
	}
	call->next = c->running;
	if (call->next)
		call->next->prev = call;
	c->running = call;
	if (c->curl.multi_add_handle(c->multi, call->easy) != CURLM_OK)
		http_client_finish(c, call, -ENOMEM, NULL);
}

int http_client_start(struct http_client *c, const struct http_call *call,
		      void (*done)(void *arg, const struct http_answer *answer), void *arg, uint64_t *id,
		      struct err *err)
{
	struct http_client_call *made = NULL;
	if (c->closing)
		return err_set(err, ERR_CLOSED, NULL, "the HTTP client is shutting down");
	int rc = http_client_call_new(&made, c, call, err);
	if (rc < 0)
		return rc;
	made->done = done;
	made->arg = arg;
	if (id)
		*id = made->id;
	add(c, made, call);
	return 0;
}

void http_client_cancel(struct http_client *c, uint64_t id)
{
	for (struct http_client_call *call = c->running; call; call = call->next)
		if (call->id == id) {
			http_client_finish(c, call, ERR_CANCELLED, NULL);
			return;
		}
}
