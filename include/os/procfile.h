/* A file of the kernel that is read again and again: opened once, then read from its beginning each time.
 *
 *     struct procfile f = PROCFILE_INIT;
 *     rc = procfile_read(&f, "/proc", "stat", &text);   // opens it the first time
 *     …
 *     procfile_close(&f);
 *
 * One text buffer serves all files of a thread, one after the other; it grows to the largest of them and then stays. A file that went
 * away (a module unloaded, a device unplugged) is looked for anew at the next reading. Not thread-safe.
 */
#ifndef AUSPEX_OS_PROCFILE_H
#define AUSPEX_OS_PROCFILE_H

#include "base/buf.h"

#define PROCFILE_MAX ((size_t)8 << 20) /* a longer text is cut there: no file of the kernel is */

struct procfile {
	int fd; /* -1: not open */
};
#define PROCFILE_INIT { -1 }

/* Reads the whole of `root`/`path` into `text`, which is emptied first; a NUL follows the text. 0, or -errno of what failed (-ENOENT: this
 * kernel has no such file), or -ENOMEM; then `text` is empty. */
int procfile_read(struct procfile *f, const char *root, const char *path, struct buf *text);
void procfile_close(struct procfile *f);

#endif
