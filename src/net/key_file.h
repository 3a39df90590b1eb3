/* Lists of API keys, and files that hold them.
 *
 * A file is read again when its modification time, size or inode changed, so that keys rotate without a
 * restart. Keys are compared in constant time, all of them each time. Loop only.
 */
#ifndef AUSPEX_NET_KEY_FILE_H
#define AUSPEX_NET_KEY_FILE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

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

/* Adds the trimmed text; blank text is no key. ERR_RANGE under 8 characters (the message does not show it),
 * -ENOMEM. */
int key_list_add(struct key_list *l, struct view text, const char *place, struct err *err);
bool key_list_has(const struct key_list *l, struct view key);
/* Is the key with this SHA-256 still among them? */
bool key_list_has_digest(const struct key_list *l, const unsigned char digest[SHA256_SIZE]);
void key_list_fini(struct key_list *l);

/* Reads the file at f->path if it changed. A missing file has no keys; an unreadable or malformed one keeps
 * those it had and gives a code. */
int key_file_load(struct key_file *f, struct err *err);
/* The array and what it owns. */
void key_files_free(struct key_file *files, size_t n);

#endif
