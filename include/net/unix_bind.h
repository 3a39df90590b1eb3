/* Binding a Unix stream socket without harming anybody.
 *
 * The path is checked against the 107 bytes the kernel takes. What lies there already decides: nothing →
 * bind; a socket that nobody answers (ECONNREFUSED) → removed; a live socket → ERR_LOCKED; a file, directory
 * or link → refused, never touched. The mode is set between bind and listen: until listen every connect is
 * refused, so nobody gets in under the wrong mode, and the umask of the process (which other threads use)
 * stays alone. Thread: any; blocks no longer than a local connect.
 *
 *     struct unix_bound b;
 *     if (unix_bind(&b, "/run/auspex.sock", 0600, &err) < 0) …   // err.text is the whole sentence
 *     …
 *     unix_bound_remove(&b, "/run/auspex.sock"); close(b.fd);    // in this order: the open socket keeps its
 * inode from being reused
 */
#ifndef AUSPEX_NET_UNIX_BIND_H
#define AUSPEX_NET_UNIX_BIND_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct unix_bound {
	int fd;    /* listening, non-blocking, close-on-exec */
	dev_t dev; /* identity of the socket file we made */
	ino_t ino;
};

/* Most bytes of a path: 107 on Linux. */
size_t unix_path_max(void);

/* 0, -ENAMETOOLONG, ERR_LOCKED (live socket), -EEXIST (something that is no socket), or the failing call's
 * -errno. The text reads as Go's net.Listen prints it where a system call failed: `listen unix
 * /no/such/a.sock: bind: no such file or directory`. */
int unix_bind(struct unix_bound *out, const char *path, unsigned mode, struct err *err);

/* The same for a datagram socket, which has no listen: it has its mode from the first moment. */
int unix_bind_datagram(struct unix_bound *out, const char *path, unsigned mode, struct err *err);

/* Removes the socket file if it is still the one `b` made. True if removed. */
bool unix_bound_remove(const struct unix_bound *b, const char *path);

#endif
