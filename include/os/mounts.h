/* What is mounted: /proc/self/mountinfo.
 *
 *     36 35 98:0 /mnt1 /mnt/a\040disk rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *
 * Blanks, tabs, newlines and backslashes in paths come as three octal digits. Reading this never touches the mounted file systems. Source:
 * proc(5). Thread: any.
 */
#ifndef AUSPEX_OS_MOUNTS_H
#define AUSPEX_OS_MOUNTS_H

#include "base/buf.h"

#include <stdint.h>

struct mount {
	uint64_t major, minor;    /* of the file system: the same for all mounts of it */
	struct view root;         /* what of the file system is mounted: "/" is all of it */
	struct view point, type, source; /* as in the text: mount_unescape makes paths of them */
	bool read_only;
};

/* Takes the next mount off the front of the text; lines that are none are passed over. False at the end. */
bool mount_next(struct view *text, struct mount *out);
/* Writes the plain text and a NUL. Returns its length, or 0 when it does not fit. */
size_t mount_unescape(struct view text, char *out, size_t size);

#endif
