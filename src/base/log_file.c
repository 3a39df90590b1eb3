#include "base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct log_file {
	char *path;
	int64_t max_bytes, size;
	unsigned keep;
	int fd;
};

static int64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? st.st_size : 0;
}

static int open_path(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}

int log_file_open(struct log_file **out, const char *path, int64_t max_bytes, unsigned keep)
{
	struct log_file *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;
	if (!f || !(f->path = strdup(path)))
		goto fail;
	rc = f->fd = open_path(path);
	if (rc < 0)
		goto fail;
	f->max_bytes = max_bytes;
	f->keep = keep;
	f->size = size_of(f->fd);
	*out = f;
	return 0;
fail:
	if (f)
		free(f->path);
	free(f);
	return rc;
}

void log_file_close(struct log_file *f)
{
	if (!f)
		return;
	close(f->fd);
	free(f->path);
	free(f);
}

int log_file_reopen(struct log_file *f)
{
	int fd = open_path(f->path);
	if (fd < 0)
		return fd;
	close(f->fd);
	f->fd = fd;
	f->size = size_of(fd);
	return 0;
}

/* PATH.keep-1 to PATH.keep, and so on down to PATH itself. 0 or -errno of the last, which is the one that counts. */
static int shift(const struct log_file *f)
{
	char from[4096], to[4096];
	int rc = f->keep ? 0 : -ENOENT;
	for (unsigned i = f->keep; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", f->path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", f->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", f->path);
		rc = rename(from, to) < 0 ? -errno : 0;
	}
	return rc;
}

int log_file_room(struct log_file *f, size_t len)
{
	if (!f->max_bytes || f->size == 0 || f->size + (int64_t)len <= f->max_bytes)
		return f->fd;
	f->size = size_of(f->fd); /* others may have emptied it meanwhile */
	if (f->size == 0 || f->size + (int64_t)len <= f->max_bytes)
		return f->fd;
	if ((shift(f) < 0 || log_file_reopen(f) < 0) && ftruncate(f->fd, 0) == 0)
		f->size = 0;
	return f->fd;
}

void log_file_wrote(struct log_file *f, size_t len)
{
	f->size += (int64_t)len;
}
