/* Listening sockets: TCP (IPv4, IPv6, dual stack), Unix, or handed over by the service manager.
 *
 * Bound with plain socket calls, because the option to set before bind and the sentence to say after it are
 * ours to choose.
 */
#include "http_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKLOG 4096

static void fd_prepare(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int address_parse(const struct http_listen *spec, union address *a, socklen_t *len, struct err *err)
{
	*a = (union address){ 0 };
	if (spec->port < 0 || spec->port > 65535)
		return err_set(err, ERR_RANGE, NULL, "port %d is not between 1 and 65535", spec->port);
	if (inet_pton(AF_INET, spec->address, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)spec->port);
		*len = sizeof(a->v4);
		return 0;
	}
	if (inet_pton(AF_INET6, spec->address, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)spec->port);
		*len = sizeof(a->v6);
		return 0;
	}
	return err_set(err, ERR_SYNTAX, NULL,
		       "\"%s\" is not an IP address; write 127.0.0.1, ::1, 0.0.0.0 or :: (all addresses)",
		       spec->address);
}

static int bind_failed(const struct http_listen *spec, int code, struct err *err)
{
	switch (code) {
	case EADDRINUSE:
		return err_set(err, -code, NULL,
			       "port %d is in use by another program; stop it or choose another port",
			       spec->port);
	case EACCES:
		return err_set(err, -code, NULL,
			       "port %d may not be opened by this user; choose one above 1023 or grant "
			       "CAP_NET_BIND_SERVICE",
			       spec->port);
	case EADDRNOTAVAIL:
		return err_set(err, -code, NULL, "%s is not an address of this host", spec->address);
	default:
		return err_set(err, -code, NULL, "cannot listen on %s port %d: %s", spec->address, spec->port,
			       err_text(-code));
	}
}

static int tcp_open(const struct http_listen *spec, struct err *err)
{
	const int one = 1;
	union address a;
	socklen_t len = 0;

	int code = address_parse(spec, &a, &len, err);
	if (code < 0)
		return code;
	int fd = socket(a.any.sa_family, SOCK_STREAM, 0);
	if (fd < 0)
		return bind_failed(spec, errno, err);
	fd_prepare(fd);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a.any.sa_family == AF_INET6) {
		const int only = !IN6_IS_ADDR_UNSPECIFIED(&a.v6.sin6_addr); /* "::" takes IPv4 too */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	}
	if (bind(fd, &a.any, len) < 0 || listen(fd, BACKLOG) < 0) {
		code = errno;
		close(fd);
		return bind_failed(spec, code, err);
	}
	return fd;
}

static int unix_open(const struct http_listen *spec, struct http_listener *l, struct err *err)
{
	int code = unix_bind(&l->bound, spec->path, spec->mode, err);
	if (code < 0)
		return code;
	l->path = strdup(spec->path);
	if (l->path)
		return l->bound.fd;
	unix_bound_remove(&l->bound, spec->path);
	close(l->bound.fd);
	return err_set(err, -ENOMEM, NULL, "out of memory");
}

static int listener_port(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);
	if (getsockname(fd, &a.any, &len) < 0)
		return 0;
	return a.any.sa_family == AF_INET    ? ntohs(a.v4.sin_port)
	       : a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port)
					     : 0;
}

static bool fd_is_unix(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);
	return getsockname(fd, &a.any, &len) == 0 && a.any.sa_family == AF_UNIX;
}

static void listener_free(struct http_listener *l)
{
	if (l->path)
		unix_bound_remove(&l->bound, l->path);
	if (l->fd >= 0)
		close(l->fd);
	if (l->reserve >= 0)
		close(l->reserve);
	free(l->path);
	free(l);
}

static int listener_open(struct http_listener *l, const struct http_listen *spec, struct err *err)
{
	if (spec->fd >= 0) {
		l->fd = spec->fd;
		fd_prepare(l->fd);
	} else {
		l->fd = spec->path ? unix_open(spec, l, err) : tcp_open(spec, err);
	}
	if (l->fd < 0)
		return l->fd;
	l->is_unix = fd_is_unix(l->fd);
	l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int code = uv_poll_init(l->server->loop, &l->poll, l->fd);
	return code < 0 ? err_set(err, code, NULL, "cannot watch a listening socket: %s", err_text(code)) : 0;
}

int http_server_listen(struct http_server *s, const struct http_listen *spec, int *port_out, struct err *err)
{
	struct http_listener *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	l->server = s;
	l->fd = l->reserve = -1;
	l->family = spec->family;
	l->any_host = spec->any_host;
	int code = listener_open(l, spec, err);
	if (code < 0) {
		listener_free(l);
		return code;
	}
	l->poll.data = l;
	s->handles++;
	l->next = s->listeners;
	s->listeners = l;
	if (port_out)
		*port_out = listener_port(l->fd);
	http_listener_start(l);
	return 0;
}

static void on_listener_closed(uv_handle_t *h)
{
	struct http_listener *l = h->data;
	struct http_server *s = l->server;

	/* Connections look at their listener for as long as they live: it goes with the server. */
	l->next = s->gone_listeners;
	s->gone_listeners = l;
	s->handles--;
	http_server_maybe_closed(s);
}

void http_listeners_close(struct http_server *s)
{
	while (s->listeners) {
		struct http_listener *l = s->listeners;
		s->listeners = l->next;
		uv_close((uv_handle_t *)&l->poll, on_listener_closed);
		if (l->path)
			unix_bound_remove(
				&l->bound,
				l->path); /* before the close: the open socket keeps its inode from reuse */
		close(l->fd);
		l->fd = -1;
		free(l->path);
		l->path = NULL;
	}
}

void http_listeners_fini(struct http_server *s)
{
	while (s->gone_listeners) {
		struct http_listener *l = s->gone_listeners;
		s->gone_listeners = l->next;
		listener_free(l);
	}
}
