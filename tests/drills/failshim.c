/* A library to preload that makes one chosen call fail, once.
 *
 *   FAIL_CALL   malloc write fsync open accept fork
 *   FAIL_AT     the how-manieth call of that kind fails; 0 = none
 *   FAIL_COUNT  file that receives how many calls of that kind there were, at the end of the process
 *
 * Calls are counted over all threads. malloc stands for calloc and realloc too; write for pwrite, writev (regular files: the loop's own eventfds cannot
 * fail so) and send; fsync for fdatasync.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static atomic_long calls;
static const char *kind;
static long fail_at;
static int ready;

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_AT");
	kind = getenv("FAIL_CALL");
	fail_at = at ? atol(at) : 0;
	ready = kind != NULL;
}

__attribute__((destructor)) static void end(void)
{
	const char *file = getenv("FAIL_COUNT");
	ready = 0;
	if (!file)
		return;
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", atomic_load(&calls));
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0 && write(fd, text, (size_t)n) < 0)
		return;
}

static int fails(const char *name, int code)
{
	if (!ready || strcmp(kind, name) != 0)
		return 0;
	if (atomic_fetch_add(&calls, 1) + 1 != fail_at)
		return 0;
	errno = code;
	return 1;
}

static int write_fails(int fd)
{
	struct stat st;
	return ready && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fails("write", ENOSPC);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void *malloc(size_t size)
{
	return fails("malloc", ENOMEM) ? NULL : __libc_malloc(size);
}
void *calloc(size_t n, size_t size)
{
	return fails("malloc", ENOMEM) ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t size)
{
	return fails("malloc", ENOMEM) ? NULL : __libc_realloc(p, size);
}

ssize_t write(int fd, const void *p, size_t n)
{
	return write_fails(fd) ? -1 : REAL(write)(fd, p, n);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return write_fails(fd) ? -1 : REAL(pwrite)(fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return write_fails(fd) ? -1 : REAL(pwrite64)(fd, p, n, at);
}
ssize_t writev(int fd, const struct iovec *v, int n)
{
	return write_fails(fd) ? -1 : REAL(writev)(fd, v, n);
}
ssize_t send(int fd, const void *p, size_t n, int flags)
{
	return fails("write", ENOBUFS) ? -1 : REAL(send)(fd, p, n, flags);
}

int fsync(int fd)
{
	return fails("fsync", EIO) ? -1 : REAL(fsync)(fd);
}
int fdatasync(int fd)
{
	return fails("fsync", EIO) ? -1 : REAL(fdatasync)(fd);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("open", EMFILE) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("open", EMFILE) ? -1 : REAL(open64)(path, flags, mode);
}

int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
	return fails("accept", EMFILE) ? -1 : REAL(accept4)(fd, a, n, flags);
}
int accept(int fd, struct sockaddr *a, socklen_t *n)
{
	return fails("accept", ECONNABORTED) ? -1 : REAL(accept)(fd, a, n);
}
pid_t fork(void)
{
	return fails("fork", EAGAIN) ? -1 : REAL(fork)();
}
