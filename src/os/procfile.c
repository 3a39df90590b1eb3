#include "os/procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define FIRST_ROOM 4096

static int open_file(struct procfile *f, const char *root, const char *path)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s/%s", root, path);
	if (n < 0 || n >= (int)sizeof(name))
		return -ENAMETOOLONG;
	f->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return f->fd < 0 ? -errno : 0;
}

/* From the beginning to the end. The kernel hands out many files a page at a time, so only a read of nothing tells the end. */
static int read_all(int fd, struct buf *text)
{
	text->len = 0;
	for (;;) {
		size_t room = text->cap - text->len;
		if (room < 2) {
			int rc = buf_reserve(text, text->cap ? text->cap : FIRST_ROOM);
			if (rc < 0)
				return rc;
			continue;
		}
		ssize_t n = pread(fd, text->data + text->len, room - 1, (off_t)text->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text->len += (size_t)n;
		if (n == 0 || text->len >= PROCFILE_MAX)
			break;
	}
	text->data[text->len] = 0;
	return 0;
}

int procfile_read(struct procfile *f, const char *root, const char *path, struct buf *text)
{
	int rc = 0;
	buf_clear(text);
	if (f->fd < 0)
		rc = open_file(f, root, path);
	if (rc == 0)
		rc = read_all(f->fd, text);
	if (rc < 0) {
		buf_clear(text);
		procfile_close(f);
	}
	return rc;
}

void procfile_close(struct procfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
