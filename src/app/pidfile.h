/* Process id files that prove something: while the daemon runs it holds a lock on the file.
 *
 * A number in a file says little (the process may have died and another got its number); a lock goes with the
 * process that holds it. So "running" means: the file is locked, and the pid is the lock's holder. Files left behind
 * by a crash, written by somebody else, or full of rubbish are stale, and never block a start.
 */
#ifndef AUSPEX_APP_PIDFILE_H
#define AUSPEX_APP_PIDFILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct pidfile_state {
	bool running;     /* one of our daemons holds the file */
	int64_t pid;      /* of the holder; when not running: the number read, or 0 */
	bool unreadable;  /* there is a file, but no number in it */
	char content[64]; /* what it holds instead (first line, printable) */
};
/* 0 (also when there is no file), or -errno when it cannot be opened for another reason. */
int pidfile_inspect(const char *path, struct pidfile_state *out);

/* Writes the file (decimal pid and `end`, 0644; missing directories are made 0755) and keeps it locked. *fd must stay open. -EALREADY
 * when another daemon holds it. */
int pidfile_acquire(const char *path, const char *end, int *fd, struct err *err);
/* Removes the file if it is still ours and closes the descriptor. */
void pidfile_release(const char *path, int fd);

/* Waits until nobody holds the file or the process is gone. True when it ended within `timeout_ms`. */
bool pidfile_wait_gone(const char *path, int64_t pid, int64_t timeout_ms);

/* mkdir -p with mode 0755 for the directories above `path`. */
int make_parent_dirs(const char *path, unsigned mode);

#endif
