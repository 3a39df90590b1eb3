#include "app/pidfile.h"

#include "base/num.h"
#include "os/self.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

int pidfile_inspect(const char *path, struct pidfile_state *out)
{
	memset(out, 0, sizeof(*out));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	char text[64];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	struct view v = view_trim((struct view){ text, n > 0 ? (size_t)n : 0 });
	if (num_parse_i64(v, &out->pid) < 0 || out->pid <= 0) {
		out->pid = 0;
		out->unreadable = true;
		size_t len = 0;
		while (len < v.len && isprint((unsigned char)v.data[len])) {
			out->content[len] = v.data[len];
			len++;
		}
		out->content[len] = 0;
	}
	struct flock lock = whole_file(F_WRLCK);
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		/* Whoever locks a file of this name need not be one of ours. A holder in another container has no number here. */
		bool ours = true;
		out->running = lock.l_pid <= 0 || process_probe(lock.l_pid, &ours) < 0 || ours;
		if (lock.l_pid > 0)
			out->pid = lock.l_pid;
	}
	close(fd);
	return 0;
}

int make_parent_dirs(const char *path, unsigned mode)
{
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	int rc = 0;
	for (char *p = copy + 1; rc == 0 && (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			rc = -errno;
		*p = '/';
	}
	free(copy);
	return rc;
}

/* Fills and locks a new file beside the old one and renames it into place: no reader ever sees half a number. */
static int write_locked(const char *tmp, const char *end, int *fd)
{
	*fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0)
		return -errno;
	struct flock lock = whole_file(F_WRLCK);
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld%s", (long)getpid(), end);
	if (fchmod(*fd, 0644) < 0 || fcntl(*fd, F_SETLK, &lock) < 0 || write(*fd, text, (size_t)n) != n)
		return errno ? -errno : -EIO;
	return 0;
}

int pidfile_acquire(const char *path, const char *end, int *fd, struct err *err)
{
	*fd = -1;
	struct pidfile_state state;
	int rc = pidfile_inspect(path, &state);
	if (rc == 0 && state.running)
		return err_set(err, -EALREADY, path, "Daemon is already running with PID %lld",
			       (long long)state.pid);
	struct stat st;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(err, -EEXIST, path, "the pid file %s is no regular file; choose another",
			       path);

	char tmp[4096];
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid()) >= sizeof(tmp))
		return err_set(err, -ENAMETOOLONG, path, "the path of the pid file is too long");
	rc = make_parent_dirs(path, 0755);
	if (rc == 0)
		rc = write_locked(tmp, end, fd);
	if (rc == 0 && rename(tmp, path) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	if (*fd >= 0) {
		unlink(tmp);
		close(*fd);
		*fd = -1;
	}
	return err_set(err, rc, path, "cannot write the pid file %s: %s", path, err_text(rc));
}

void pidfile_release(const char *path, int fd)
{
	if (fd < 0)
		return;
	struct stat ours, there;
	if (fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	    ours.st_dev == there.st_dev)
		unlink(path);
	close(fd);
}

bool pidfile_wait_gone(const char *path, int64_t pid, int64_t timeout_ms)
{
	for (int64_t waited = 0;; waited += 10) {
		struct pidfile_state state;
		bool same;
		if (process_probe(pid, &same) == -ESRCH)
			return true;
		if (pidfile_inspect(path, &state) == 0 && !state.running)
			return true;
		if (waited >= timeout_ms)
			return false;
		poll(NULL, 0, 10);
	}
}
