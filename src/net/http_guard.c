/* Who may ask what: Host, Origin, access class, rate limit. Every refusal says how to cure it. */
#include "http_impl.h"

#include <arpa/inet.h>

static bool host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(".-_:[]", c));
}

/* Without port and brackets. */
static struct view host_name(struct view h)
{
	if (h.len && h.data[0] == '[') {
		const char *end = memchr(h.data, ']', h.len);
		return end ? (struct view){ h.data + 1, (size_t)(end - h.data) - 1 } : h;
	}
	const char *colon = h.len ? memchr(h.data, ':', h.len) : NULL;
	return (struct view){ h.data, colon ? (size_t)(colon - h.data) : h.len };
}

static bool host_loopback(struct view name)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;

	if (view_ieq(name, VIEW("localhost")))
		return true;
	if (name.len == 0 || name.len >= sizeof(text))
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = 0;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* The address the peer reached us by: whoever names that literally was not led here by a foreign name. */
static bool host_is_local_address(const struct http_conn *c, struct view name)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[INET6_ADDRSTRLEN] = "";

	if (c->fd < 0 || getsockname(c->fd, (struct sockaddr *)&ss, &len) < 0)
		return false;
	if (ss.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&ss)->sin_addr, text, sizeof(text));
	else if (ss.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, text, sizeof(text));
	const char *v4 = strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text;
	return text[0] && view_ieq(name, view_of(v4));
}

static bool host_allowed(const struct http_request *r)
{
	struct view name = host_name(r->host);
	const struct http_server_options *opt = &r->conn->server->opt;

	if (host_loopback(name))
		return true;
	for (size_t i = 0; i < opt->n_hosts; i++) {
		if (view_ieq(name, view_of(opt->hosts[i])))
			return true;
	}
	return host_is_local_address(r->conn, name);
}

/* Is the Host one that a foreign page cannot have chosen (DNS rebinding)? Kept per request, the last good one
 * per listener. */
static bool host_trusted(struct http_request *r)
{
	struct http_listener *l = r->conn->listener;

	if (r->host_checked)
		return r->host_trusted;
	r->host_checked = true;
	if (l->is_unix || r->host.len == 0) {
		r->host_trusted = true; /* no browser comes this way */
	} else if (r->host.len == l->good_host_len && memcmp(r->host.data, l->good_host, r->host.len) == 0) {
		r->host_trusted = true;
	} else {
		r->host_trusted = host_allowed(r);
		if (r->host_trusted && r->host.len <= sizeof(l->good_host)) {
			memcpy(l->good_host, r->host.data, r->host.len);
			l->good_host_len = (uint8_t)r->host.len;
		}
	}
	return r->host_trusted;
}

int http_guard_host(struct http_request *r)
{
	if (r->conn->listener->good_host_len && r->conn->listener->good_host_len == r->host.len &&
	    host_trusted(r))
		return 0;
	for (size_t i = 0; i < r->host.len; i++) {
		if (!host_byte(r->host.data[i])) {
			http_reject(r, 400, "malformed Host");
			return -1;
		}
	}
	if (r->conn->listener->any_host || host_trusted(r))
		return 0;
	struct view name = host_name(r->host);
	http_error(r, 421,
		   "the host name \"%.*s\" is not served here; use localhost, or add the name to the allowed "
		   "hosts",
		   (int)(name.len > 100 ? 100 : name.len), name.data);
	return -1;
}

bool http_origin_allowed(const struct http_request *r, struct view origin)
{
	const struct http_server_options *opt = &r->conn->server->opt;
	for (size_t i = 0; i < opt->n_cors_origins; i++) {
		if (view_ieq(origin, view_of(opt->cors_origins[i])))
			return true;
	}
	return false;
}

/* A page of another site that writes here with its visitor's rights. */
static bool origin_foreign(const struct http_request *r)
{
	struct view origin = http_known_header(r, KNOWN_ORIGIN);
	if (r->route->cors == CORS_LIST && origin.len && http_origin_allowed(r, origin))
		return false;
	if (view_ieq(http_known_header(r, KNOWN_FETCH_SITE), VIEW("cross-site")))
		return true;
	if (!origin.data)
		return false;
	size_t skip = origin.len > 7 && memcmp(origin.data, "http://", 7) == 0    ? 7
		      : origin.len > 8 && memcmp(origin.data, "https://", 8) == 0 ? 8
										  : 0;
	return !skip || !view_ieq((struct view){ origin.data + skip, origin.len - skip }, r->host);
}

static struct view bearer_token(struct view v)
{
	if (v.len > 7 && view_ieq((struct view){ v.data, 7 }, VIEW("Bearer ")))
		return view_trim((struct view){ v.data + 7, v.len - 7 });
	return (struct view){ 0 };
}

static struct view session_cookie(struct view cookies)
{
	const struct view name = VIEW(ACCESS_COOKIE "=");
	while (cookies.len) {
		const char *semi = memchr(cookies.data, ';', cookies.len);
		struct view one = { cookies.data, semi ? (size_t)(semi - cookies.data) : cookies.len };
		size_t used = one.len + (semi != NULL);
		cookies = (struct view){ cookies.data + used, cookies.len - used };
		one = view_trim(one);
		if (one.len > name.len && memcmp(one.data, name.data, name.len) == 0)
			return (struct view){ one.data + name.len, one.len - name.len };
	}
	return (struct view){ 0 };
}

struct view http_session(const struct http_request *r)
{
	return session_cookie(http_known_header(r, KNOWN_COOKIE));
}

void http_guard_identify(struct http_request *r)
{
	struct access *a = r->conn->server->access;
	struct view key = http_known_header(r, KNOWN_API_KEY);

	if (r->key_checked)
		return;
	r->key_checked = true;
	if (!key.data)
		key = bearer_token(http_known_header(r, KNOWN_AUTHORIZATION));
	struct view token = http_session(r);
	r->has_session = a && token.len && access_check_session(a, token);
	r->has_key = r->has_session || (a && key.len && access_check_key(a, key));
	r->conn->peer.has_key = r->has_key;
}

static bool keys_set(const struct http_request *r)
{
	return r->conn->server->access && access_has_keys(r->conn->server->access);
}

static bool identified(struct http_request *r)
{
	http_guard_identify(r);
	return r->has_key;
}

static int refuse_key(struct http_request *r)
{
	http_set_header(r, "WWW-Authenticate", "Bearer");
	http_error(r, 401, "Invalid or missing API key");
	return -1;
}

/* Loopback is trusted only under a name no foreign page can have led to. */
static int require_local(struct http_request *r, const char *what)
{
	if (r->conn->peer.loopback && host_trusted(r))
		return 0;
	http_error(r, 403, "%s is allowed to programs on this host only as long as no API key is configured",
		   what);
	return -1;
}

static int guard_access(struct http_request *r)
{
	switch (r->route->access) {
	case ACCESS_READ:
		if (!r->conn->server->opt.guard_reads)
			return 0;
		/* fall through */
	case ACCESS_KEY:
		return !keys_set(r) || identified(r) ? 0 : refuse_key(r);
	case ACCESS_WRITE:
		if (keys_set(r))
			return identified(r) ? 0 : refuse_key(r);
		return require_local(r, "writing");
	case ACCESS_LOCAL:
		if (keys_set(r) && identified(r))
			return 0;
		if (r->conn->peer.loopback && host_trusted(r))
			return 0;
		return keys_set(r) ? refuse_key(r) : require_local(r, "this page");
	default:
		return 0;
	}
}

/* Our own page polls more often than a client may; it is known by its session, or where no key is needed by
 * what the browser says. */
static bool own_page(struct http_request *r)
{
	http_guard_identify(r);
	return r->has_session || ((r->has_key || !keys_set(r)) &&
				  view_ieq(http_known_header(r, KNOWN_FETCH_SITE), VIEW("same-origin")));
}

static int guard_limit(struct http_request *r)
{
	struct http_server *s = r->conn->server;
	unsigned limit = r->route->limit;
	char text[16];
	struct jw *w;

	if (own_page(r))
		return 0;
	const uint64_t key[2] = { r->conn->limit_key, (uintptr_t)r->route };
	int wait_s =
		http_limiter_count(&s->limiter, hash_bytes(key, sizeof(key)), limit, clock_mono_us(s->clock));
	if (wait_s == 0)
		return 0;
	snprintf(text, sizeof(text), "%d", wait_s);
	http_set_header(r, "Retry-After", text);
	if (r->family != FAMILY_FLEET) {
		http_error(r, 429, "Rate limit exceeded: %u per 1 minute", limit);
		return -1;
	}
	snprintf(text, sizeof(text), "%u", limit);
	char *sentence = arena_printf(&r->arena, "Rate limit exceeded: %s per 1 minute", text);
	w = http_json(r);
	jw_obj(w, NULL);
	jw_cstr(w, "error", sentence);
	jw_cstr(w, "detail", "Rate limit exceeded. Try again in 60 seconds.");
	jw_end(w);
	http_send(r, 429);
	return -1;
}

int http_guard_route(struct http_request *r)
{
	if (r->method != METHOD_GET && r->method != METHOD_HEAD && origin_foreign(r)) {
		http_error(r, 403, "a page of another origin may not write here");
		return -1;
	}
	if (r->route->access != ACCESS_OPEN && guard_access(r) < 0)
		return -1;
	return r->route->limit == LIMIT_NONE ? 0 : guard_limit(r);
}
