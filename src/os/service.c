#include "os/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

static const char *get(const char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* A number without sign or rest, or -1. */
static int64_t get_number(const char *const *env, const char *name)
{
	const char *text = get(env, name);
	char *end;
	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	return *end || errno ? -1 : v;
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static int make_address(const char *text, struct sockaddr_un *addr, socklen_t *len)
{
	size_t n = strlen(text);
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((*text != '/' && *text != '@') || n < 2 || n >= sizeof(addr->sun_path))
		return -EINVAL;
	memcpy(addr->sun_path, text, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	if (*text == '@') { /* abstract names begin with a zero byte and end with their length */
		addr->sun_path[0] = 0;
		--*len;
	}
	return 0;
}

/* The watchdog may be meant for another process of the service. */
static int64_t watchdog_us(const char *const *env)
{
	int64_t us = get_number(env, "WATCHDOG_USEC"), pid = get_number(env, "WATCHDOG_PID");
	bool ours = !get(env, "WATCHDOG_PID") || pid == (int64_t)getpid();
	return ours && us > 0 ? us : 0;
}

int service_manager_open(struct service_manager *m, const char *const *env)
{
	struct sockaddr_un addr;
	socklen_t len = 0;
	const char *text = get(env, "NOTIFY_SOCKET");
	*m = (struct service_manager){ .fd = -1 };
	if (!text || !*text)
		return 0;
	int rc = make_address(text, &addr, &len);
	if (rc < 0)
		return rc;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, (struct sockaddr *)&addr, len) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*m = (struct service_manager){ fd, watchdog_us(env) };
	return 0;
}

int service_manager_tell(const struct service_manager *m, const char *text)
{
	return m->fd < 0 || send(m->fd, text, strlen(text), 0) >= 0 ? 0 : -errno;
}

void service_manager_close(struct service_manager *m)
{
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct service_manager){ .fd = -1 };
}

/* --- passed sockets ----------------------------------------------------------------------------------------------- */

static bool is_listening_stream(int fd)
{
	int type = 0, listening = 0;
	socklen_t len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
		return false;
	len = sizeof(listening);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

static void describe_unix(const struct sockaddr_un *un, socklen_t len, struct service_socket *s)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), n = len > head ? len - head : 0;
	n = n < SERVICE_PATH_MAX - 1 ? n : SERVICE_PATH_MAX - 1;
	s->kind = SERVICE_UNIX;
	memcpy(s->path, un->sun_path, n);
	s->path[n] = 0;
	if (n && !s->path[0])
		s->path[0] = '@';
}

static void describe(struct service_socket *s)
{
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t len = sizeof(a);
	if (!is_listening_stream(s->fd) || getsockname(s->fd, &a.any, &len) < 0)
		return;
	if (a.any.sa_family == AF_UNIX) {
		describe_unix(&a.un, len, s);
	} else if (a.any.sa_family == AF_INET || a.any.sa_family == AF_INET6) {
		bool v4 = a.any.sa_family == AF_INET;
		s->kind = SERVICE_TCP;
		inet_ntop(a.any.sa_family, v4 ? (void *)&a.v4.sin_addr : (void *)&a.v6.sin6_addr, s->address,
			  sizeof(s->address));
		s->port = ntohs(v4 ? a.v4.sin_port : a.v6.sin6_port);
	}
}

/* Takes one name off the colon-separated list. */
static void next_name(const char **list, char *out)
{
	size_t n = strcspn(*list, ":");
	size_t kept = n < SERVICE_NAME_MAX - 1 ? n : SERVICE_NAME_MAX - 1;
	memcpy(out, *list, kept);
	out[kept] = 0;
	*list += (*list)[n] ? n + 1 : n;
}

size_t service_sockets(const char *const *env, struct service_socket *out, size_t max)
{
	int64_t n = get_number(env, "LISTEN_FDS");
	const char *names = get(env, "LISTEN_FDNAMES");
	if (get_number(env, "LISTEN_PID") != (int64_t)getpid() || n <= 0)
		return 0;
	size_t count = (uint64_t)n < max ? (size_t)n : max;
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct service_socket){ .fd = FIRST_FD + (int)i, .kind = SERVICE_OTHER };
		fcntl(out[i].fd, F_SETFD, FD_CLOEXEC);
		if (names)
			next_name(&names, out[i].name);
		describe(&out[i]);
	}
	return count;
}
