#include "http_client_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_TIMEOUT_MS         30000
#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_MAX_ANSWER         ((size_t)16 * 1024 * 1024)
#define MAX_HEADERS                ((size_t)256 * 1024)

/* --- libcurl's callbacks --- */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_client_call *call = arg;
	size_t len = size * n;
	buf_append(&call->body, data, len);
	call->too_large = call->body.failed;
	return call->body.failed ? 0 : len;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_client_call *call = arg;
	size_t len = size * n;
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) /* the answer after a 100 Continue starts over */
		buf_clear(&call->headers);
	buf_append(&call->headers, data, len);
	call->too_large = call->headers.failed;
	return call->headers.failed ? 0 : len;
}

/* --- making a call --- */

static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 127)
			return false;
	return true;
}

static int check_spec(const struct http_call *spec, struct err *err)
{
	if (!spec->url || (strncmp(spec->url, "http://", 7) != 0 && strncmp(spec->url, "https://", 8) != 0))
		return err_set(err, -EINVAL, NULL,
			       "an URL must begin with http:// or https://, this is \"%s\"",
			       spec->url ? spec->url : "");
	if (spec->method && !is_token(spec->method))
		return err_set(err, -EINVAL, NULL, "\"%s\" is no HTTP method", spec->method);
	for (size_t i = 0; i < spec->n_headers; i++)
		if (strpbrk(spec->headers[i], "\r\n") || !strchr(spec->headers[i], ':'))
			return err_set(err, -EINVAL, NULL,
				       "header line %zu must be \"Name: value\" without line breaks", i + 1);
	return 0;
}

int http_client_call_new(struct http_client_call **out, struct http_client *c, const struct http_call *spec,
			 struct err *err)
{
	int rc = check_spec(spec, err);
	if (rc < 0)
		return rc;
	struct http_client_call *call = calloc(1, sizeof(*call));
	if (!call)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	buf_init(&call->body_out);
	buf_init(&call->body);
	buf_init(&call->headers);
	call->body.limit = spec->max_answer ? spec->max_answer : DEFAULT_MAX_ANSWER;
	call->headers.limit = MAX_HEADERS;
	call->id = ++c->next_id;
	*out = call;
	return 0;
}

static bool has_header(const struct http_call *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_headers; i++) {
		struct view line = { spec->headers[i], strcspn(spec->headers[i], ":") };
		if (view_ieq(line, view_of(name)))
			return true;
	}
	return false;
}

static bool add_header(struct http_client *c, struct http_client_call *call, const char *line)
{
	struct curl_slist *list = c->curl.slist_append(call->headers_out, line);
	if (list)
		call->headers_out = list;
	return list != NULL;
}

/* The caller's lines; of those libcurl adds by itself only Host, Accept and User-Agent stay. */
static bool set_headers(struct http_client *c, struct http_client_call *call, const struct http_call *spec)
{
	bool ok = true;
	for (size_t i = 0; i < spec->n_headers; i++)
		ok = ok && add_header(c, call, spec->headers[i]);
	if (!has_header(spec, "Expect"))
		ok = ok && add_header(c, call, "Expect:");
	if (!has_header(spec, "Content-Type"))
		ok = ok && add_header(c, call, "Content-Type:");
	return ok;
}

static void set_method(struct http_client *c, struct http_client_call *call, const struct http_call *spec)
{
	const struct curl_api *api = &c->curl;
	const char *method = spec->method ? spec->method : "GET";
	bool sends =
		strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
	if (strcmp(method, "HEAD") == 0) {
		api->easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
	} else if (spec->body.len || sends) {
		api->easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_out.len);
		api->easy_setopt(call->easy, CURLOPT_POSTFIELDS, buf_str(&call->body_out));
		api->easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
	} else {
		api->easy_setopt(call->easy, CURLOPT_HTTPGET, 1L);
		if (strcmp(method, "GET") != 0)
			api->easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
	}
}

static void set_limits(struct http_client *c, struct http_client_call *call, const struct http_call *spec)
{
	const struct curl_api *api = &c->curl;
	long timeout = (long)(spec->timeout_ms > 0 ? spec->timeout_ms : DEFAULT_TIMEOUT_MS);
	long connect =
		(long)(spec->connect_timeout_ms > 0 ? spec->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS);
	api->easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, timeout);
	api->easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
	api->easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700 /* do not wait for the resolver's thread when its call is over */
	api->easy_setopt(call->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
	if (api->easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK)
		return;
#endif
	api->easy_setopt(call->easy, (CURLoption)181 /* CURLOPT_PROTOCOLS */,
			 (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

int http_client_call_prepare(struct http_client *c, struct http_client_call *call,
			     const struct http_call *spec)
{
	const struct curl_api *api = &c->curl;
	call->easy = api->easy_init();
	buf_view(&call->body_out, spec->body);
	if (!call->easy || call->body_out.failed || !set_headers(c, call, spec))
		return -ENOMEM;
	set_method(c, call, spec);
	set_limits(c, call, spec);
	api->easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	api->easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
	api->easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers_out);
	api->easy_setopt(call->easy, CURLOPT_USERAGENT, "Auspex/" AUSPEX_VERSION);
	api->easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
	api->easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	api->easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_header);
	api->easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
	if (spec->insecure) {
		api->easy_setopt(call->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		api->easy_setopt(call->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (spec->direct)
		api->easy_setopt(call->easy, CURLOPT_PROXY, "");
	if (spec->ca_file)
		api->easy_setopt(call->easy, CURLOPT_CAINFO, spec->ca_file);
	return api->easy_setopt(call->easy, CURLOPT_URL, spec->url) == CURLE_OK ? 0 : -ENOMEM;
}

/* --- its end --- */

int http_client_call_code(struct http_client *c, const struct http_client_call *call, CURLcode rc)
{
	long os_error = 0;
	switch (rc) {
	case CURLE_OK:
		return 0;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
		c->curl.easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
		return os_error > 0 ? (int)-os_error : -ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_URL_MALFORMAT:
		return -EINVAL;
	case CURLE_UNSUPPORTED_PROTOCOL:
		return ERR_UNSUPPORTED;
	default:
		return call->too_large ? ERR_FULL : -EPROTO;
	}
}

void http_client_call_tell(struct http_client *c, struct http_client_call *call)
{
	struct http_answer a = { .code = call->code, .error = call->code ? call->error : NULL };
	if (call->easy) {
		long status = 0;
		curl_off_t total = 0, connect = 0, first = 0;
		c->curl.easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		c->curl.easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total);
		c->curl.easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &connect);
		c->curl.easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
		a.status = (int)status;
		a.total_us = total;
		a.connect_us = connect;
		a.first_byte_us = first;
	}
	a.body = (struct view){ call->body.data, call->body.len };
	a.headers = (struct view){ call->headers.data, call->headers.len };
	call->done(call->arg, &a);
}

void http_client_call_free(struct http_client *c, struct http_client_call *call)
{
	if (call->easy)
		c->curl.easy_cleanup(call->easy);
	if (call->headers_out)
		c->curl.slist_free_all(call->headers_out);
	buf_fini(&call->body_out);
	buf_fini(&call->body);
	buf_fini(&call->headers);
	free(call);
}
