#include "net/unix_bind.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The kernel clips this to net.core.somaxconn (4096 on current systems). */
#define BACKLOG 65535

size_t unix_path_max(void)
{
	return sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
}

/* "listen unix PATH: bind: no such file or directory": Go's words, which scripts and people know from the old
 * tools. */
static int fail_call(struct err *err, const char *path, const char *call, int code)
{
	char why[128];
	snprintf(why, sizeof(why), "%s", err_text(code));
	why[0] = (char)tolower((unsigned char)why[0]);
	return err_set(err, code, NULL, "listen unix %s: %s: %s", path, call, why);
}

static int make_address(struct sockaddr_un *addr, const char *path, struct err *err)
{
	size_t len = strlen(path);
	if (len == 0)
		return err_set(err, ERR_MISSING, NULL, "the socket path is empty: give an absolute path");
	if (len > unix_path_max())
		return err_set(
			err, -ENAMETOOLONG, NULL,
			"socket path is %zu bytes long; the system allows %zu: choose a shorter path than %s",
			len, unix_path_max(), path);
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, path, len + 1);
	return 0;
}

static int make_socket(int type)
{
#ifdef SOCK_CLOEXEC
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
#else
	int fd = socket(AF_UNIX, type, 0);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
#endif
}

/* 0 = nobody is there (stale), ERR_LOCKED = somebody answers, else why it cannot be told. */
static int try_connect(const struct sockaddr_un *addr)
{
	int fd = make_socket(SOCK_STREAM); /* tells of datagram sockets too */
	if (fd < 0)
		return fd;
	int rc = 0;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		rc = ERR_LOCKED;
	else if (errno == EAGAIN || errno == EINPROGRESS ||
		 errno == EPROTOTYPE) /* full backlog; another socket type */
		rc = ERR_LOCKED;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		rc = -errno;
	close(fd);
	return rc;
}

static const char *kind_name(mode_t mode)
{
	return S_ISREG(mode)    ? "a regular file"
	       : S_ISDIR(mode)  ? "a directory"
	       : S_ISLNK(mode)  ? "a symbolic link"
	       : S_ISFIFO(mode) ? "a named pipe"
				: "something that is no socket";
}

/* Makes the path free, or says why it is not ours to free. */
static int clear_path(const struct sockaddr_un *addr, const char *path, struct err *err)
{
	struct stat st, again;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : fail_call(err, path, "bind", -errno);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST, NULL,
			       "there is %s at the socket path %s: move it away or choose another path",
			       kind_name(st.st_mode), path);
	int rc = try_connect(addr);
	if (rc == ERR_LOCKED)
		return err_set(err, ERR_LOCKED, NULL,
			       "a live process is listening on %s: stop it first or choose another path",
			       path);
	if (rc < 0)
		return fail_call(err, path, "connect", rc);
	/* Another daemon may have started meanwhile and put its own socket there. */
	if (lstat(path, &again) < 0 || again.st_ino != st.st_ino || again.st_dev != st.st_dev)
		return err_set(err, ERR_LOCKED, NULL,
			       "another process is taking %s over at this moment: try again", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail_call(err, path, "remove stale socket", -errno);
	return 0;
}

static int bind_listen(struct unix_bound *b, const struct sockaddr_un *addr, const char *path, unsigned mode,
		       int type, struct err *err)
{
	/* Datagrams can come as soon as the file is there. Linux takes its mode from the socket's. */
	if (type == SOCK_DGRAM)
		fchmod(b->fd, mode & 0777);
	if (bind(b->fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		return fail_call(err, path, "bind", -errno);
	struct stat st;
	int rc = 0;
	if (lstat(path, &st) < 0)
		return fail_call(err, path, "bind", -errno);
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	/* fchmod reaches the socket, not its file, so it is the path; between bind and listen nobody can
	 * connect. */
	if (chmod(path, mode & 0777) < 0)
		rc = fail_call(err, path, "chmod", -errno);
	else if (type == SOCK_STREAM && listen(b->fd, BACKLOG) < 0)
		rc = fail_call(err, path, "listen", -errno);
	if (rc < 0)
		unix_bound_remove(b, path);
	return rc;
}

static int bind_type(struct unix_bound *out, const char *path, unsigned mode, int type, struct err *err)
{
	struct sockaddr_un addr;
	*out = (struct unix_bound){ .fd = -1 };
	int rc = make_address(&addr, path, err);
	if (rc < 0)
		return rc;
	rc = clear_path(&addr, path, err);
	if (rc < 0)
		return rc;
	out->fd = make_socket(type);
	if (out->fd < 0)
		return fail_call(err, path, "socket", out->fd);
	rc = bind_listen(out, &addr, path, mode, type, err);
	if (rc < 0) {
		close(out->fd);
		out->fd = -1;
	}
	return rc;
}

int unix_bind(struct unix_bound *out, const char *path, unsigned mode, struct err *err)
{
	return bind_type(out, path, mode, SOCK_STREAM, err);
}

int unix_bind_datagram(struct unix_bound *out, const char *path, unsigned mode, struct err *err)
{
	return bind_type(out, path, mode, SOCK_DGRAM, err);
}

bool unix_bound_remove(const struct unix_bound *b, const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_dev != b->dev || st.st_ino != b->ino)
		return false;
	return unlink(path) == 0;
}
