#include "conf/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_errno(const char *path, const char *what, struct err *err)
{
	int code = -errno;
	return err_set(err, code, path, "cannot %s the file: %s", what, err_text(code));
}

/* Reads to the end or one byte past the bound; sizes of files that grow or have none (procfs) do not matter.
 */
static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	for (;;) {
		if (buf_reserve(out, 65536) < 0)
			return err_set(err, -ENOMEM, path, "out of memory");
		ssize_t got = read(fd, out->data + out->len, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(path, "read", err);
		out->len += (size_t)got;
		if (got == 0 || out->len > YAML_MAX_BYTES)
			return 0;
	}
}

int yaml_load_file(const char *path, struct arena *arena, struct yaml_node **root, struct err *err)
{
	struct buf text;
	struct stat st;
	int rc = 0;
	buf_init(&text);
	/* A FIFO must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail_errno(path, "open", err);
	if (fstat(fd, &st) < 0)
		rc = fail_errno(path, "examine", err);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_TYPE, path, "not a regular file%s; name a YAML file",
			     S_ISDIR(st.st_mode) ? " but a directory" : "");
	if (rc == 0)
		rc = read_all(fd, path, &text, err);
	if (rc == 0)
		rc = yaml_parse((struct view){ text.data, text.len }, path, arena, root, err);
	close(fd);
	buf_fini(&text);
	return rc;
}
