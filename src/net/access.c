#include "net/access.h"

#include "base/digest.h"
#include "key_file.h"

#include <errno.h>
#include <stdlib.h>

#define SESSIONS_MAX    64 /* the one unused for longest gives way */
#define SESSION_IDLE_US (12 * 3600 * US_PER_S)
#define FILE_CHECK_US   US_PER_S /* key files are looked at this often at most */

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
	key_files_free(a->files, a->n_files);
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
		key_files_free(files, n);
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
	key_files_free(a->files, a->n_files);
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

/* --- sessions --- */

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
