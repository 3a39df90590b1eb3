#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NO_FD (-1)

static const char *const companions[] = { "-wal", "-shm", "" };

int file_init(struct file *f, const char *dir, const struct store_kind *const *kinds, size_t n_kinds)
{
	*f = (struct file){ .kinds = kinds, .n_kinds = n_kinds, .lock_fd = NO_FD };
	if (!dir)
		return 0;
	int n = snprintf(f->path, sizeof(f->path), "%s/history.db", dir);
	if (n < 0 || (size_t)n + 40 >= sizeof(f->path)) /* room for ".damaged-…-wal" */
		return -ENAMETOOLONG;
	snprintf(f->dir, sizeof(f->dir), "%s", dir);
	f->last_id = calloc(n_kinds ? n_kinds : 1, sizeof(*f->last_id));
	return f->last_id ? 0 : -ENOMEM;
}

void file_fini(struct file *f)
{
	file_close(f);
	if (f->lock_fd != NO_FD)
		close(f->lock_fd);
	f->lock_fd = NO_FD;
	free(f->last_id);
	f->last_id = NULL;
}

void file_say(struct file *f, bool bad, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (f->say)
		f->say(f->say_arg, bad, text);
}

void file_stamp(char *out)
{
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(out, FILE_STAMP_MAX, "%Y%m%dT%H%M%S", &tm);
}

bool file_may_recover(int code)
{
	return code == -ENOSPC || code == -EROFS || code == ERR_STORE || code == -EIO;
}

/* flock belongs to the open file, so a second store of this very process is kept out as well. */
static int lock_take(struct file *f, struct err *err)
{
	char path[FILE_PATH_MAX + 8], pid[32] = "";
	snprintf(path, sizeof(path), "%s/lock", f->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		int code = errno == EACCES || errno == EPERM ? -EROFS : -errno;
		return err_set(err, code, path, "cannot make the lock file: %s", err_text(-errno));
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
		close(fd);
		return err_set(
			err, ERR_LOCKED, path,
			"the history in %s is in use by process %s; stop it or give another --state-dir",
			f->dir, pid[0] ? pid : "(unknown)");
	}
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		errno = 0; /* the pid is a courtesy; the lock is what counts, even on a full disk */
	f->lock_fd = fd;
	return 0;
}

/* The lock file may have gone with its directory while we hold the descriptor. */
static bool lock_present(const struct file *f)
{
	char path[FILE_PATH_MAX + 8];
	struct stat held, there;
	snprintf(path, sizeof(path), "%s/lock", f->dir);
	return f->lock_fd != NO_FD && fstat(f->lock_fd, &held) == 0 && stat(path, &there) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

static int lock_ensure(struct file *f, struct err *err)
{
	if (lock_present(f))
		return 0;
	if (f->lock_fd != NO_FD) { /* we had it and the directory was removed: make it again */
		close(f->lock_fd);
		f->lock_fd = NO_FD;
		if (mkdir(f->dir, 0700) < 0 && errno != EEXIST)
			return err_set(err, -errno, f->dir, "the state directory is gone: %s",
				       err_text(-errno));
	}
	return lock_take(f, err);
}

static int remember_inode(struct file *f)
{
	struct stat st;
	if (stat(f->path, &st) < 0)
		return -errno;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->check_later = st.st_size > FILE_CHECK_BYTES;
	return 0;
}

bool file_present(const struct file *f)
{
	struct stat st;
	return stat(f->path, &st) == 0 && (uint64_t)st.st_ino == f->ino && (uint64_t)st.st_dev == f->dev;
}

void file_set_power(struct file *f, bool power)
{
	f->power = power;
	if (f->db)
		db_exec(f->db, power ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

/* page_size and auto_vacuum only take effect on an empty file, and before WAL is on. */
static int configure(struct file *f, struct err *err)
{
	/* A new file costs several syncs, 30 ms of the start. The writer makes up for them with its first
	 * checkpoint; only where power loss is promised to be harmless they are waited for. */
	struct stat st;
	if (!f->power && stat(f->path, &st) == 0 && st.st_size == 0)
		db_exec(f->db, "PRAGMA synchronous=OFF");
	int rc = db_execf(f->db,
			  "PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
			  "PRAGMA journal_size_limit=4194304; PRAGMA wal_autocheckpoint=0",
			  DB_PAGE_SIZE);
	if (rc < 0)
		return db_err(f->db, err, f->path);
	file_set_power(f, f->power);
	return 0;
}

static int check(struct file *f, struct err *err)
{
	char finding[200];
	if (f->check_later || db_check(f->db, false, finding, sizeof(finding)))
		return 0;
	return err_set(err, ERR_CORRUPT, f->path, "%s", finding);
}

static int try_open(struct file *f, struct err *err)
{
	int rc = db_open(f->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, DB_CACHE_KIB, &f->db, err);
	if (rc == 0)
		rc = configure(f, err);
	if (rc == 0)
		rc = remember_inode(f);
	if (rc == 0)
		rc = check(f, err);
	if (rc == 0)
		rc = schema_apply(f, err);
	if (rc < 0)
		file_close(f);
	return rc;
}

/* SQLite takes a file without a header for a new one, and would delete the log beside it. */
static bool is_beheaded(const struct file *f)
{
	struct stat st, wal_st;
	char wal[FILE_PATH_MAX + 8];
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	off_t size = stat(f->path, &st) == 0 ? st.st_size : 0;
	return size < DB_HEADER_SIZE && (size > 0 || (stat(wal, &wal_st) == 0 && wal_st.st_size > 0));
}

int file_open(struct file *f, struct err *err)
{
	int rc = lock_ensure(f, err);
	if (rc < 0)
		return rc;
	rc = is_beheaded(f) ? err_set(err, ERR_CORRUPT, f->path, "its beginning is missing")
			    : try_open(f, err);
	if (rc != ERR_CORRUPT)
		return rc;
	char why[256];
	snprintf(why, sizeof(why), "%.250s", err->text);
	rc = file_set_aside(f, why);
	return rc < 0 ? err_set(err, rc, f->path, "damaged (%s) and cannot be moved aside", why)
		      : try_open(f, err);
}

void file_close(struct file *f)
{
	/* Statements were finalized by their owners; v2 would hide one that was forgotten. */
	sqlite3_close(f->db);
	f->db = NULL;
}

int file_set_aside(struct file *f, const char *why)
{
	char stamp[FILE_STAMP_MAX], from[FILE_PATH_MAX + 8], to[FILE_PATH_MAX + 48];
	file_close(f);
	file_stamp(stamp);
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", f->path, companions[i]);
		snprintf(to, sizeof(to), "%s.damaged-%s%s", f->path, stamp, companions[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	file_say(f, true,
		 "the history file was damaged (%s); it was moved to %s.damaged-%s and a new one begun", why,
		 f->path, stamp);
	return 0;
}
