#include "file_replace.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int write_all(int fd, struct view text)
{
	while (text.len) {
		ssize_t n = write(fd, text.data, text.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text.data += n;
		text.len -= (size_t)n;
	}
	return 0;
}

/* A file that a crash left there is in nobody's way. */
static int open_new(int dir, const char *name)
{
	for (int again = 0;; again++) {
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST || again || unlinkat(dir, name, 0) < 0)
			return -errno;
	}
}

static int set_back(int fd, int64_t back_ns)
{
	struct timespec now, times[2];
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec - back_ns;
	times[0] = times[1] = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	return futimens(fd, times) < 0 ? -errno : 0;
}

static int change_places(int dir, const char *fresh, const char *name)
{
#ifdef RENAME_EXCHANGE
	if (renameat2(dir, fresh, dir, name, RENAME_EXCHANGE) == 0) {
		unlinkat(dir, fresh, 0); /* the old text; should it stay, the next time finds it */
		return 0;
	}
#endif
	return renameat(dir, fresh, dir, name) < 0 ? -errno : 0;
}

int file_replace(int dir, const char *name, struct view text, int64_t back_ns)
{
	char fresh[128];
	if ((size_t)snprintf(fresh, sizeof(fresh), ".%s.new", name) >= sizeof(fresh))
		return -ENAMETOOLONG;
	int fd = open_new(dir, fresh);
	if (fd < 0)
		return fd;
	int rc = write_all(fd, text);
	if (rc == 0 && back_ns)
		rc = set_back(fd, back_ns);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0)
		rc = change_places(dir, fresh, name);
	if (rc < 0)
		unlinkat(dir, fresh, 0);
	return rc;
}
