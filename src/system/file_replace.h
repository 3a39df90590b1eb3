/* Files that are replaced again and again under the eyes of readers: whoever opens the name finds a whole file, and the name never goes.
 *
 * The new text goes to a hidden file beside it, which then changes places with the old one. Exchanging the two names instead of renaming over the
 * old one spares the disk: ext4 writes a file that replaces another at once, and here that would be every second; the old one is removed before
 * the kernel has written it at all. Where a file system cannot exchange names, it is renamed.
 */
#ifndef AUSPEX_SYSTEM_FILE_REPLACE_H
#define AUSPEX_SYSTEM_FILE_REPLACE_H

#include "base/buf.h"

#include <stdint.h>

/* `dir`: an open folder. The file's time of change is set `back_ns` before the real one. Mode 0644 less the umask. 0, or -errno: then the old
 * file stands as it was. */
int file_replace(int dir, const char *name, struct view text, int64_t back_ns);

#endif
