#include "impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 5 /* between two tries to get into a full queue of connections, which nothing announces */

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* where it is missing, SO_NOSIGPIPE is set on the socket */
#endif

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

ax_deadline ax_deadline_in(int timeout_ms)
{
	/* A budget of 0 must not read the clock's next millisecond as time left. */
	return timeout_ms > 0 ? monotonic_ms() + timeout_ms : 0;
}

int ax_time_left(ax_deadline deadline)
{
	int64_t left = deadline ? deadline - monotonic_ms() : 0;
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* 0 when the descriptor is ready; -ETIMEDOUT. */
static int wait_for(int fd, short events, ax_deadline deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int left = ax_time_left(deadline);
		int n = poll(&p, 1, left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && left == 0)
			return -ETIMEDOUT;
	}
}

static int make_socket(void)
{
#ifdef SOCK_CLOEXEC
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
#else
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), yes = 1;
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof(yes));
	return fd;
#endif
}

static int try_connect(int fd, const struct sockaddr_un *addr, ax_deadline deadline)
{
	for (;;) {
		if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EISCONN)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == EINPROGRESS)
			return wait_for(fd, POLLOUT, deadline);
		if (errno != EAGAIN)
			return -errno;
		int left = ax_time_left(deadline);
		if (left == 0)
			return -ETIMEDOUT;
		poll(NULL, 0, left < RETRY_MS ? left : RETRY_MS);
	}
}

int ax_connect(const char *path, ax_deadline deadline)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, len + 1);
	int fd = make_socket();
	if (fd < 0)
		return fd;
	int rc = try_connect(fd, &addr, deadline);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int ax_send(int fd, const char *data, size_t len, size_t *done, ax_deadline deadline)
{
	while (*done < len) {
		ssize_t n = send(fd, data + *done, len - *done, MSG_NOSIGNAL);
		if (n >= 0) {
			*done += (size_t)n;
			/* A reader that takes little at a time must not stretch the call. */
			if (*done < len && deadline && ax_time_left(deadline) == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return errno == EPIPE ? -ECONNRESET : -errno;
		int rc = wait_for(fd, POLLOUT, deadline);
		if (rc < 0)
			return rc;
	}
	return 0;
}

ssize_t ax_receive(int fd, char *data, size_t len, ax_deadline deadline)
{
	for (;;) {
		ssize_t n = recv(fd, data, len, 0);
		if (n > 0)
			return n;
		if (n == 0)
			return -ECONNRESET;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
		int rc = wait_for(fd, POLLIN, deadline);
		if (rc < 0)
			return rc;
	}
}
