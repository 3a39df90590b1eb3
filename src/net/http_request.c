/* Reading the request. */
#include "http_impl.h"

#include "base/num.h"

struct view http_path(const struct http_request *r)
{
	return r->path;
}

struct view http_path_param(const struct http_request *r, const char *name)
{
	struct view want = view_of(name);
	for (unsigned i = 0; i < r->n_params; i++) {
		if (view_eq(r->params[i].name, want))
			return r->params[i].value;
	}
	return (struct view){ 0 };
}

/* Cuts the next "name=value" off `rest`. */
static struct view pair_cut(struct view *rest)
{
	const char *amp = memchr(rest->data, '&', rest->len);
	struct view pair = { rest->data, amp ? (size_t)(amp - rest->data) : rest->len };
	size_t used = pair.len + (amp != NULL);
	*rest = (struct view){ rest->data + used, rest->len - used };
	return pair;
}

bool http_query_next(const struct http_request *r, const char *name, struct view *rest, struct view *value)
{
	struct arena *a = &((struct http_request *)r)
				   ->arena; /* scratch for decoded text; the request itself stays as it is */
	struct view want = view_of(name);

	if (!rest->data)
		*rest = r->query;
	while (rest->len) {
		struct view pair = pair_cut(rest);
		const char *eq = pair.len ? memchr(pair.data, '=', pair.len) : NULL;
		size_t name_len = eq ? (size_t)(eq - pair.data) : pair.len;
		if (!view_eq(http_percent_decode(a, (struct view){ pair.data, name_len }, true), want))
			continue;
		*value = VIEW("");
		if (!eq)
			return true;
		struct view text = { eq + 1, pair.len - name_len - 1 };
		struct view decoded = http_percent_decode(a, text, true);
		*value = decoded.data ? decoded : text; /* a malformed %XX is taken as it stands */
		return true;
	}
	return false;
}

struct view http_query(const struct http_request *r, const char *name)
{
	struct view rest = { 0 }, value = { 0 };
	http_query_next(r, name, &rest, &value);
	return value;
}

int64_t http_query_i64(const struct http_request *r, const char *name, int64_t fallback)
{
	struct view v = http_query(r, name);
	int64_t out;
	return v.len && num_parse_i64(v, &out) == 0 ? out : fallback;
}

struct view http_header(const struct http_request *r, const char *name)
{
	struct view want = view_of(name);
	for (unsigned i = 0; i < r->n_headers; i++) {
		if (view_ieq(r->headers[i].name, want))
			return r->headers[i].value.data ? r->headers[i].value : VIEW("");
	}
	return (struct view){ 0 };
}

struct view http_body(const struct http_request *r)
{
	return r->body;
}

bool http_take_body(struct http_request *r, struct buf *out)
{
	if (!r->body.len || r->body.data != r->body_in.data)
		return false;
	*out = r->body_in;
	buf_init(&r->body_in);
	r->body = (struct view){ 0 };
	http_body_weigh(r);
	return true;
}

enum http_method http_method(const struct http_request *r)
{
	return r->method;
}

struct arena *http_arena(struct http_request *r)
{
	return &r->arena;
}

const struct http_peer *http_peer(const struct http_request *r)
{
	http_guard_identify((struct http_request *)r); /* looked up on first use only */
	return &r->conn->peer;
}
