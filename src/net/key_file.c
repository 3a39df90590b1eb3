#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MIN      8     /* characters */
#define KEY_FILE_MAX 65536 /* bytes */

void key_list_fini(struct key_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].text);
	free(l->items);
	*l = (struct key_list){ 0 };
}

/* Blank text is no key. */
int key_list_add(struct key_list *l, struct view text, const char *place, struct err *err)
{
	text = view_trim(text);
	if (text.len == 0)
		return 0;
	if (text.len < KEY_MIN)
		return err_set(err, ERR_RANGE, place,
			       "an API key needs at least %d characters; this one has %zu", KEY_MIN,
			       text.len);
	struct key *grown = realloc(l->items, (l->n + 1) * sizeof(*grown));
	if (!grown)
		return err_set(err, -ENOMEM, place, "out of memory");
	l->items = grown;
	char *copy = malloc(text.len);
	if (!copy)
		return err_set(err, -ENOMEM, place, "out of memory");
	memcpy(copy, text.data, text.len);
	l->items[l->n++] = (struct key){ copy, text.len };
	return 0;
}

/* Every key is compared, so that the time says nothing about which one was near. */
bool key_list_has(const struct key_list *l, struct view key)
{
	bool found = false;
	for (size_t i = 0; i < l->n; i++)
		found |= secret_equal(key, (struct view){ l->items[i].text, l->items[i].len });
	return found;
}

bool key_list_has_digest(const struct key_list *l, const unsigned char digest[SHA256_SIZE])
{
	unsigned char own[SHA256_SIZE];
	for (size_t i = 0; i < l->n; i++) {
		sha256(l->items[i].text, l->items[i].len, own);
		if (memcmp(own, digest, SHA256_SIZE) == 0)
			return true;
	}
	return false;
}

/* --- key files
 * -------------------------------------------------------------------------------------------------------- */

#ifdef __APPLE__
#define ST_MTIME_NS(st) ((st)->st_mtimespec.tv_nsec)
#else
#define ST_MTIME_NS(st) ((st)->st_mtim.tv_nsec)
#endif

static void key_file_stamp(struct key_file *f, const struct stat *st)
{
	f->present = true;
	f->mtime_s = (int64_t)st->st_mtime;
	f->mtime_ns = (int64_t)ST_MTIME_NS(st);
	f->size = (int64_t)st->st_size;
	f->inode = (uint64_t)st->st_ino;
}

static bool key_file_same(const struct key_file *f, const struct stat *st)
{
	return f->present && f->mtime_s == (int64_t)st->st_mtime && f->mtime_ns == (int64_t)ST_MTIME_NS(st) &&
	       f->size == (int64_t)st->st_size && f->inode == (uint64_t)st->st_ino;
}

/* Each line that is neither blank nor a # comment is a key. */
static int key_file_parse(struct key_list *l, struct view text, const char *path, struct err *err)
{
	int code = 0;

	while (text.len && code == 0) {
		const char *lf = memchr(text.data, '\n', text.len);
		struct view line = { text.data, lf ? (size_t)(lf - text.data) : text.len };
		size_t used = line.len + (lf != NULL);
		text = (struct view){ text.data + used, text.len - used };
		line = view_trim(line);
		if (line.len && line.data[0] != '#')
			code = key_list_add(l, line, path, err);
	}
	return code;
}

static int key_file_read(struct key_file *f, int fd, struct err *err)
{
	struct key_list fresh = { 0 };
	char *text = malloc(KEY_FILE_MAX);
	ssize_t n = text ? read(fd, text, KEY_FILE_MAX) : -1;
	int code = 0;

	if (n < 0)
		code = err_set(err, text ? -errno : -ENOMEM, f->path, "the key file cannot be read: %s",
			       err_text(text ? -errno : -ENOMEM));
	else
		code = key_file_parse(&fresh, (struct view){ text, (size_t)n }, f->path, err);
	free(text);
	if (code < 0) {
		key_list_fini(&fresh);
		return code;
	}
	key_list_fini(&f->keys);
	f->keys = fresh;
	return 0;
}

/* Reads the file if it changed. A file that went missing has no keys. */
int key_file_load(struct key_file *f, struct err *err)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		key_list_fini(&f->keys);
		f->present = false;
		return 0;
	}
	if (fd < 0)
		return err_set(err, -errno, f->path, "the key file cannot be opened: %s", err_text(-errno));
	int code = fstat(fd, &st) < 0 ? -errno : 0;
	if (code == 0 && !key_file_same(f, &st)) {
		code = key_file_read(f, fd, err);
		key_file_stamp(f, &st);
	}
	close(fd);
	return code;
}

void key_files_free(struct key_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		key_list_fini(&files[i].keys);
		free(files[i].path);
	}
	free(files);
}
