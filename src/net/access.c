#include "net/access.h"

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MIN         8     /* characters */
#define KEY_FILE_MAX    65536 /* bytes */
#define SESSIONS_MAX    64    /* the one unused for longest gives way */
#define SESSION_IDLE_US (12 * 3600 * US_PER_S)
#define FILE_CHECK_US   US_PER_S /* key files are looked at this often at most */

struct key {
	char *text; /* owned */
	size_t len;
};
struct key_list {
	struct key *items;
	size_t n;
};

struct key_file {
	char *path;
	struct key_list keys;
	int64_t mtime_s, mtime_ns, size;
	uint64_t inode;
	bool present;
};

struct session {
	char token[65];                        /* "" = free */
	unsigned char key_digest[SHA256_SIZE]; /* of the key it was given for */
	mono_us used;
};

struct access {
	const struct clock *clock;
	struct key_list keys;
	struct key_file *files;
	size_t n_files;
	/* Once a key was known, its disappearance (a file being rewritten, or lost) locks the door and does
	 * not open it. */
	bool armed;
	mono_us checked;
	struct session sessions[SESSIONS_MAX];
};

/* --- keys
 * -------------------------------------------------------------------------------------------------------------
 */

static void key_list_fini(struct key_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].text);
	free(l->items);
	*l = (struct key_list){ 0 };
}

/* Blank text is no key. */
static int key_list_add(struct key_list *l, struct view text, const char *place, struct err *err)
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
static bool key_list_has(const struct key_list *l, struct view key)
{
	bool found = false;
	for (size_t i = 0; i < l->n; i++)
		found |= secret_equal(key, (struct view){ l->items[i].text, l->items[i].len });
	return found;
}

static bool key_list_has_digest(const struct key_list *l, const unsigned char digest[SHA256_SIZE])
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
static int key_file_load(struct key_file *f, struct err *err)
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

static void files_fini(struct key_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		key_list_fini(&files[i].keys);
		free(files[i].path);
	}
	free(files);
}

static bool any_key(const struct access *a)
{
	bool any = a->keys.n > 0;
	for (size_t i = 0; i < a->n_files; i++)
		any |= a->files[i].keys.n > 0;
	return any;
}

/* A file that became unreadable or malformed keeps the keys it last had. */
static void files_refresh(struct access *a)
{
	mono_us now = clock_mono_us(a->clock);

	if (a->n_files == 0 || now - a->checked < FILE_CHECK_US)
		return;
	a->checked = now;
	for (size_t i = 0; i < a->n_files; i++)
		key_file_load(&a->files[i], NULL);
	a->armed |= any_key(a);
}

/* --- the module
 * ------------------------------------------------------------------------------------------------------- */

struct access *access_new(const struct clock *clock)
{
	struct access *a = calloc(1, sizeof(*a));
	if (a)
		a->clock = clock;
	return a;
}

void access_free(struct access *a)
{
	if (!a)
		return;
	key_list_fini(&a->keys);
	files_fini(a->files, a->n_files);
	free(a);
}

static int files_open(struct key_file **out, const char *const *paths, size_t n, struct err *err)
{
	struct key_file *files = n ? calloc(n, sizeof(*files)) : NULL;
	int code = n && !files ? err_set(err, -ENOMEM, NULL, "out of memory") : 0;

	for (size_t i = 0; i < n && code == 0; i++) {
		files[i].path = strdup(paths[i]);
		code = files[i].path ? key_file_load(&files[i], err)
				     : err_set(err, -ENOMEM, NULL, "out of memory");
	}
	if (code < 0 && files) {
		files_fini(files, n);
		files = NULL;
	}
	*out = files;
	return code;
}

int access_configure(struct access *a, const char *const *keys, size_t n_keys, const char *const *files,
		     size_t n_files, struct err *err)
{
	struct key_list fresh = { 0 };
	struct key_file *fresh_files = NULL;
	int code = 0;

	for (size_t i = 0; i < n_keys && code == 0; i++)
		code = key_list_add(&fresh, view_of(keys[i]), NULL, err);
	if (code == 0)
		code = files_open(&fresh_files, files, n_files, err);
	if (code < 0) {
		key_list_fini(&fresh);
		return code;
	}
	key_list_fini(&a->keys);
	files_fini(a->files, a->n_files);
	a->keys = fresh;
	a->files = fresh_files;
	a->n_files = n_files;
	a->checked = clock_mono_us(a->clock);
	a->armed = any_key(a);
	return 0;
}

bool access_has_keys(struct access *a)
{
	files_refresh(a);
	return a->armed;
}

bool access_check_key(struct access *a, struct view key)
{
	files_refresh(a);
	key = view_trim(key);
	bool found = key_list_has(&a->keys, key);
	for (size_t i = 0; i < a->n_files; i++)
		found |= key_list_has(&a->files[i].keys, key);
	return found;
}

/* --- sessions
 * ---------------------------------------------------------------------------------------------------------
 */

static bool session_live(struct access *a, const struct session *s)
{
	if (!s->token[0] || clock_mono_us(a->clock) - s->used >= SESSION_IDLE_US)
		return false;
	bool key_there = key_list_has_digest(&a->keys, s->key_digest);
	for (size_t i = 0; i < a->n_files; i++)
		key_there |= key_list_has_digest(&a->files[i].keys, s->key_digest);
	return key_there;
}

static struct session *session_place(struct access *a)
{
	struct session *oldest = &a->sessions[0];
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &a->sessions[i];
		if (!s->token[0])
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	return oldest;
}

int access_sign_in(struct access *a, struct view key, char token[65])
{
	unsigned char random[32];

	if (!access_check_key(a, key))
		return ERR_DENIED;
	int code = random_bytes(random, sizeof(random));
	if (code < 0)
		return code;
	struct session *s = session_place(a);
	key = view_trim(key);
	hex_encode(random, sizeof(random), s->token);
	sha256(key.data, key.len, s->key_digest);
	s->used = clock_mono_us(a->clock);
	memcpy(token, s->token, sizeof(s->token));
	return 0;
}

static struct session *session_find(struct access *a, struct view token)
{
	struct session *found = NULL;

	if (token.len != 64)
		return NULL;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &a->sessions[i];
		if (s->token[0] && secret_equal(token, (struct view){ s->token, 64 }))
			found = s;
	}
	return found;
}

bool access_check_session(struct access *a, struct view token)
{
	files_refresh(a);
	struct session *s = session_find(a, token);
	if (!s)
		return false;
	if (!session_live(a, s)) {
		s->token[0] = 0;
		return false;
	}
	s->used = clock_mono_us(a->clock);
	return true;
}

void access_sign_out(struct access *a, struct view token)
{
	struct session *s = session_find(a, token);
	if (s)
		s->token[0] = 0;
}
