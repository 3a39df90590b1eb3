/* Who may do what: API keys and page sessions.
 *
 * Keys come from configuration, environment or files (a file is re-read when its mtime or size changes, so keys rotate
 * without restart). Compared in constant time after trimming ASCII white space. A session is a random 256-bit token given for a valid key
 * and kept in memory; it expires after 12 h without use and when the key it came from is removed. Loop only.
 */
#ifndef AUSPEX_NET_ACCESS_H
#define AUSPEX_NET_ACCESS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

/* The page's session: HttpOnly; SameSite=Strict; Path=/ */
#define ACCESS_COOKIE "auspex_session"

struct access;
struct access *access_new(const struct clock *clock);
void access_free(struct access *a);
/* Replaces all sources. Keys shorter than 8 characters are refused (ERR_RANGE). A missing file is allowed (no key from it).
 * In a file each line that is neither blank nor a # comment is a key. Files are looked at again once a second at most; one that became
 * malformed keeps its last good keys. */
int access_configure(struct access *a, const char *const *keys, size_t n_keys, const char *const *files, size_t n_files,
		     struct err *err);
/* True once any source held a key. Stays true when the last key file disappears: a lost file locks the door and does not open it. */
bool access_has_keys(struct access *a);
bool access_check_key(struct access *a, struct view key);
/* Makes a session for a valid key; `token` gets 64 hex digits and a NUL. ERR_DENIED. At most 64 live at once; the one unused for
 * longest gives way. */
int access_sign_in(struct access *a, struct view key, char token[65]);
bool access_check_session(struct access *a, struct view token);
void access_sign_out(struct access *a, struct view token);

#endif
