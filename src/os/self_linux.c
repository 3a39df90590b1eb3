#include "self_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nice values; each is a tenth less of a contended processor. */
#define STEP_BACK 5

/* procfs files are small and read whole; size is the caller's bound. */
static int read_whole(const char *path, char *out, size_t size, struct view *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size_t used = 0;
	ssize_t n;
	while (used < size && (n = read(fd, out + used, size - used)) > 0)
		used += (size_t)n;
	close(fd);
	*text = (struct view){ out, used };
	return 0;
}

static int64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return -1;
	int64_t n = 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and the directory itself */
}

int self_usage_read(struct self_usage *out)
{
	char text[8192];
	struct view v = { NULL, 0 };
	*out = (struct self_usage){ .private_dirty_bytes = -1, .open_fds = count_fds(), .max_fds = -1 };

	self_usage_posix(out);
	if (read_whole("/proc/self/smaps_rollup", text, sizeof(text), &v) == 0)
		out->private_dirty_bytes = smaps_private_dirty(v);
	int rc = read_whole("/proc/self/status", text, sizeof(text), &v);
	if (rc < 0)
		return rc;
	out->rss_bytes = status_field(v, VIEW("VmRSS"));
	out->virtual_bytes = status_field(v, VIEW("VmSize"));
	out->threads = status_field(v, VIEW("Threads"));
	return 0;
}

void self_thread_step_back(void)
{
	/* Linux keeps the nice value per thread: 0 is the calling one. */
	errno = 0;
	int nice_now = getpriority(PRIO_PROCESS, 0);
	if (errno == 0)
		setpriority(PRIO_PROCESS, 0, nice_now + STEP_BACK);
}

/* Name of the file that runs, without its directory and the mark of a file that is no longer there; `out` keeps it. */
static struct view program_name(const char *link, char *out, size_t size)
{
	static const char gone[] = " (deleted)";
	ssize_t n = readlink(link, out, size);
	struct view v = { out, n > 0 ? (size_t)n : 0 };
	size_t mark = sizeof(gone) - 1;
	if (v.len > mark && memcmp(out + v.len - mark, gone, mark) == 0)
		v.len -= mark;
	const char *slash = v.len ? memrchr(v.data, '/', v.len) : NULL;
	return slash ? (struct view){ slash + 1, (size_t)(v.data + v.len - slash) - 1 } : (struct view){ 0 };
}

/* Does the other run a file of our name, or go by our name? One binary has several names, so either will do. */
static bool same_name(int64_t pid)
{
	char path[64], theirs[4096], ours[4096];
	struct view v = { 0 }, mine = { 0 };
	snprintf(path, sizeof(path), "/proc/%lld/exe", (long long)pid);
	v = program_name(path, theirs, sizeof(theirs));
	mine = program_name("/proc/self/exe", ours, sizeof(ours));
	if (v.len && view_eq(v, mine))
		return true;
	snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
	return read_whole(path, theirs, sizeof(theirs), &v) == 0 &&
	       read_whole("/proc/self/comm", ours, sizeof(ours), &mine) == 0 && v.len > 1 && view_eq(v, mine);
}

int process_probe(int64_t pid, bool *exe_same)
{
	*exe_same = false;
	if (pid <= 0 || pid > INT32_MAX)
		return -ESRCH;
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return -ESRCH;

	char path[64], text[4096];
	struct view v = { NULL, 0 };
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	if (read_whole(path, text, sizeof(text), &v) < 0)
		return 0;
	char state = stat_state(v);
	if (state == 'Z' || state == 'X')
		return -ESRCH;

	struct stat theirs, ours;
	snprintf(path, sizeof(path), "/proc/%lld/exe", (long long)pid);
	if (stat("/proc/self/exe", &ours) == 0 && stat(path, &theirs) == 0) {
		*exe_same = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
		if (*exe_same)
			return 0;
	}
	*exe_same = same_name(
		pid); /* the binary may have been replaced by an upgrade, or its link be unreadable */
	return 0;
}
