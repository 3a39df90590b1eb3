#include "http_client_impl.h"

#include <errno.h>
#include <stdlib.h>

/* One socket of libcurl's. */
struct watch {
	uv_poll_t poll;
	struct http_client *c;
	curl_socket_t fd;
};

/* Hands finished transfers over; libcurl may have finished any of them in any call. */
static void collect(struct http_client *c)
{
	int left;
	for (CURLMsg *m; (m = c->curl.multi_info_read(c->multi, &left));) {
		if (m->msg != CURLMSG_DONE)
			continue;
		struct http_client_call *call = NULL;
		CURLcode rc = m->data.result; /* gone with the handle */
		c->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		http_client_finish(c, call, http_client_call_code(c, call, rc),
				   rc == CURLE_OK ? NULL : c->curl.easy_strerror(rc));
	}
}

static void on_socket(uv_poll_t *handle, int status, int events)
{
	struct watch *w = handle->data;
	struct http_client *c = w->c;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	c->curl.multi_socket_action(c->multi, w->fd, flags, &running);
	collect(c);
}

static void on_timeout(uv_timer_t *t)
{
	struct http_client *c = t->data;
	int running;
	c->curl.multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(c);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *c = arg;
	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&c->timeout);
	else if (!c->torn_down)
		uv_timer_start(&c->timeout, on_timeout, (uint64_t)timeout_ms, 0);
	return 0;
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	struct http_client *c = w->c;
	free(w);
	http_client_handle_closed(c);
}

static struct watch *watch_new(struct http_client *c, curl_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));
	if (!w || uv_poll_init_socket(c->loop, &w->poll, fd) < 0) {
		free(w);
		return NULL;
	}
	w->c = c;
	w->fd = fd;
	w->poll.data = w;
	c->handles++;
	c->curl.multi_assign(c->multi, fd, w);
	return w;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *c = arg;
	struct watch *w = socket_arg;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w) {
			c->curl.multi_assign(c->multi, fd, NULL);
			uv_poll_stop(&w->poll); /* now: libcurl closes the descriptor next */
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		}
		return 0;
	}
	if (!w)
		w = watch_new(c, fd);
	if (!w)
		return -1; /* libcurl fails the transfers of this socket */
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&w->poll, events, on_socket) < 0 ? -1 : 0;
}

int http_client_multi_start(struct http_client *c)
{
	c->multi = c->curl.multi_init();
	if (!c->multi)
		return -ENOMEM;
	c->curl.multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	c->curl.multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	c->curl.multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	c->curl.multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	c->curl.multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, 8L); /* idle ones kept for reuse */
	return 0;
}
