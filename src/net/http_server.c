/* The server as a whole: life, clock tick, caps, statistics. */
#include "http_impl.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define MAX_PER_ADDRESS 256
#define REFUSAL_EXTRA   64 /* connections above the cap that may exist just to be told so */

static void on_tick(uv_timer_t *t)
{
	struct http_server *s = t->data;
	mono_us now = clock_mono_us(s->clock);
	/* The drain is bounded in real time, whatever clock the server was given. */
	bool over = s->closing && (mono_us)(uv_hrtime() / 1000) >= s->close_deadline;

	http_listeners_resume(s);
	for (struct http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (over)
			http_conn_close(c);
		else if (c->deadline && now >= c->deadline)
			http_conn_expire(c);
		else if (s->closing)
			http_conn_finish(c);
	}
	bool needed = s->conns != NULL;
	for (struct http_listener *l = s->listeners; l; l = l->next)
		needed |= l->paused;
	if (!needed && !s->closing) {
		uv_timer_stop(t);
		s->ticking = false;
	}
}

void http_server_tick_start(struct http_server *s)
{
	if (s->ticking || s->closing)
		return;
	uv_timer_start(&s->tick, on_tick, HTTP_TICK_MS, HTTP_TICK_MS);
	s->ticking = true;
}

struct http_server *http_server_new(uv_loop_t *loop, struct access *access, struct log *log,
				    const struct clock *clock)
{
	struct http_server *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->loop = loop;
	s->access = access;
	s->log = log;
	s->clock = clock;
	map_init(&s->literal);
	uv_timer_init(loop, &s->tick);
	s->tick.data = s;
	s->handles = 1;
	http_server_configure(s, &(struct http_server_options){ 0 });
	return s;
}

void http_server_configure(struct http_server *s, const struct http_server_options *opt)
{
	s->opt = *opt;
	if (!s->opt.max_connections)
		s->opt.max_connections = MAX_CONNECTIONS;
	if (!s->opt.max_per_address)
		s->opt.max_per_address = MAX_PER_ADDRESS;
	for (struct http_listener *l = s->listeners; l; l = l->next)
		l->good_host_len = 0; /* the list of names may have changed */
}

void http_server_stats(const struct http_server *s, struct http_stats *out)
{
	*out = s->stats;
}

/* --- accepted connections
 * ----------------------------------------------------------------------------------------------- */

static void peer_ids(struct http_conn *c)
{
#ifdef SO_PEERCRED
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
		c->peer.uid = cred.uid;
		c->peer.pid = cred.pid;
	}
#else
	uid_t uid;
	gid_t gid;
	if (getpeereid(c->fd, &uid, &gid) == 0)
		c->peer.uid = uid;
#endif
}

static void peer_fill(struct http_conn *c, const struct sockaddr *sa)
{
	struct http_peer *p = &c->peer;

	if (sa->sa_family == AF_INET) {
		const struct in_addr *a = &((const struct sockaddr_in *)sa)->sin_addr;
		inet_ntop(AF_INET, a, p->address, sizeof(p->address));
		p->loopback = ntohl(a->s_addr) >> 24 == 127;
		c->limit_key = hash_bytes(a, sizeof(*a));
	} else if (sa->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)sa)->sin6_addr;
		bool v4 = IN6_IS_ADDR_V4MAPPED(a);
		if (v4)
			inet_ntop(AF_INET, a->s6_addr + 12, p->address, sizeof(p->address));
		else
			inet_ntop(AF_INET6, a, p->address, sizeof(p->address));
		p->loopback = IN6_IS_ADDR_LOOPBACK(a) || (v4 && a->s6_addr[12] == 127);
		/* An IPv6 subscriber owns a /64, and may come from any address of it. */
		c->limit_key = v4 ? hash_bytes(a->s6_addr + 12, 4) : hash_bytes(a, 8);
	} else {
		memcpy(p->address, "unix", 5);
		p->loopback = true;
		peer_ids(c);
		c->limit_key = hash_bytes(&p->uid, sizeof(p->uid));
	}
}

static bool over_caps(const struct http_server *s, const struct http_conn *c)
{
	uint32_t same = 0;

	if (s->stats.open_connections > s->opt.max_connections)
		return true;
	if (c->peer.loopback)
		return false;
	for (const struct http_conn *o = s->conns; o; o = o->next)
		same += o->limit_key == c->limit_key;
	return same > s->opt.max_per_address;
}

static void refuse(struct http_conn *c)
{
	static const char text[] =
		"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"X-Content-Type-Options: nosniff\r\nRetry-After: 1\r\nConnection: close\r\n"
		"Content-Length: 21\r\n\r\ntoo many connections\n";
	const struct iovec iov = { (char *)text, sizeof(text) - 1 };
	uint32_t swallowed;

	c->server->stats.refused_connections++;
	if (log_gate(&c->server->gate, clock_mono_us(c->server->clock), 1, &swallowed))
		LOG(c->server->log, LOG_WARN, "http", "connection refused: too many are open",
		    LF_S("peer", c->peer.address), LF_I("more", swallowed));
	c->linger_after = true;
	if (c->io->write(c, &iov, 1) == (ssize_t)iov.iov_len)
		http_conn_linger(c);
	else
		http_conn_close(c);
}

void http_server_accepted(struct http_listener *l, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct http_server *s = l->server;
	const int one = 1;
	const struct sockaddr none = { .sa_family = AF_UNIX };
	struct http_conn *c = NULL;

	if (s->stats.open_connections < s->opt.max_connections + REFUSAL_EXTRA)
		c = http_conn_new(s, l, fd);
	if (!c) {
		s->stats.refused_connections++;
		close(fd);
		return;
	}
	peer_fill(c, len >= sizeof(sa->sa_family) ? sa : &none);
	if (!l->is_unix)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
#ifdef SO_NOSIGPIPE
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof(one));
#endif
	if (over_caps(s, c))
		refuse(c);
	if (c->state != CONN_CLOSED)
		http_conn_settle(c);
	http_server_tick_start(s);
}

/* --- the end --- */

static void on_handle_closed(uv_handle_t *h)
{
	struct http_server *s = h->data;
	s->handles--;
	http_server_maybe_closed(s);
}

void http_server_maybe_closed(struct http_server *s)
{
	if (!s->closing || s->conns)
		return;
	if (!uv_is_closing((uv_handle_t *)&s->tick))
		uv_close((uv_handle_t *)&s->tick, on_handle_closed);
	if (s->handles)
		return;
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;
	http_listeners_fini(s);
	http_router_fini(s);
	http_pool_fini(s);
	http_limiter_fini(&s->limiter);
	free(s);
	if (closed)
		closed(arg);
}

void http_server_close(struct http_server *s, int64_t drain_ms, void (*cb)(void *arg), void *arg)
{
	http_server_tick_start(s);
	s->closing = true;
	s->closed = cb;
	s->closed_arg = arg;
	s->close_deadline = (mono_us)(uv_hrtime() / 1000) + drain_ms * US_PER_MS;
	http_listeners_close(s);
	for (struct http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (drain_ms <= 0 && !c->busy)
			http_conn_close(c);
		else
			http_conn_finish(c);
	}
	http_server_maybe_closed(s);
}
