/* Linux backend: /proc is opened once, its files are reached from there. */
#include "base/num.h"
#include "os/process.h"
#include "os/procfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIRECTORY_BYTES 16384

struct process_source {
	int proc; /* the folder */
	struct process_units units;
	/* Of getdents64(2); its records want the alignment of their numbers. */
	_Alignas(8) char entries[DIRECTORY_BYTES];
};

int process_source_open(struct process_source **out, const char *proc)
{
	struct process_source *s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->proc = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->proc < 0) {
		int rc = -errno;
		free(s);
		return rc;
	}
	long ticks = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
	s->units.ticks_per_s = ticks > 0 ? (uint64_t)ticks : 100;
	s->units.page_bytes = page > 0 ? (uint64_t)page : 4096;
	*out = s;
	return 0;
}

void process_source_close(struct process_source *s)
{
	if (!s)
		return;
	close(s->proc);
	free(s);
}

/* --- the list ------------------------------------------------------------------------------------------------------ */

static int32_t pid_of_name(const char *name)
{
	int64_t pid;
	if (*name < '1' || *name > '9' || num_parse_i64(view_of(name), &pid) < 0 || pid > INT32_MAX)
		return 0;
	return (int32_t)pid;
}

static int compare_pids(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return x < y ? -1 : x > y;
}

/* getdents64(2) itself: readdir(3) would allocate, and open the folder anew each time. */
static long next_entries(struct process_source *s, int fd)
{
	return syscall(SYS_getdents64, fd, s->entries, sizeof(s->entries));
}

int process_list(struct process_source *s, int32_t *pids, uint32_t max, uint32_t *n, uint32_t *total)
{
	long got;
	bool sorted = true;
	*n = *total = 0;
	if (lseek(s->proc, 0, SEEK_SET) < 0)
		return -errno;
	while ((got = next_entries(s, s->proc)) > 0) {
		for (long at = 0; at < got;) {
			const struct dirent64 *e = (const void *)(s->entries + at);
			int32_t pid = pid_of_name(e->d_name);
			at += e->d_reclen;
			if (!pid)
				continue;
			(*total)++;
			if (*n == max)
				continue;
			sorted = sorted && (*n == 0 || pids[*n - 1] < pid);
			pids[(*n)++] = pid;
		}
	}
	if (got < 0)
		return -errno;
	if (!sorted) /* the kernel lists them in order; other file systems need not */
		qsort(pids, *n, sizeof(*pids), compare_pids);
	return 0;
}

/* --- one process ----------------------------------------------------------------------------------------------------- */

/* "PID/file" */
static void path_of(char out[48], int32_t pid, const char *file)
{
	size_t n = num_format_i64(pid, out);
	out[n++] = '/';
	memcpy(out + n, file, strlen(file) + 1);
}

static int gone_or(int code)
{
	return code == ENOENT || code == ENOTDIR ? -ESRCH : -code;
}

/* Reads what fits. Bytes read, or a code. */
static ssize_t read_file(struct process_source *s, int32_t pid, const char *file, char *out, size_t size,
			 int64_t *uid)
{
	char path[48];
	path_of(path, pid, file);
	int fd = openat(s->proc, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return gone_or(errno);
	struct stat st;
	if (uid)
		*uid = fstat(fd, &st) == 0 ? (int64_t)st.st_uid : -1;
	size_t used = 0;
	ssize_t n = 0;
	while (used < size && (n = read(fd, out + used, size - used)) > 0) {
		used += (size_t)n;
		if ((size_t)n < size - (used - (size_t)n))
			break; /* these files come whole */
	}
	int rc = n < 0 ? gone_or(errno) : 0;
	close(fd);
	return rc < 0 ? rc : (ssize_t)used;
}

int process_read(struct process_source *s, int32_t pid, struct process_stat *out, int64_t *uid)
{
	char text[1024];
	ssize_t n = read_file(s, pid, "stat", text, sizeof(text), uid);
	return n < 0 ? (int)n : process_stat_parse((struct view){ text, (size_t)n }, &s->units, out);
}

int process_read_arguments(struct process_source *s, int32_t pid, char *out, size_t size,
			   struct view *arguments)
{
	ssize_t n = read_file(s, pid, "cmdline", out, size, NULL);
	*arguments = (struct view){ out, n > 0 ? (size_t)n : 0 };
	return n < 0 ? (int)n : 0;
}

int process_read_io(struct process_source *s, int32_t pid, struct process_io *out)
{
	char text[512];
	ssize_t n = read_file(s, pid, "io", text, sizeof(text), NULL);
	return n < 0 ? (int)n : process_io_parse((struct view){ text, (size_t)n }, out);
}

int64_t process_count_fds(struct process_source *s, int32_t pid)
{
	char path[48];
	struct stat st;
	path_of(path, pid, "fd");
	int fd = openat(s->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return gone_or(errno);
	int64_t count = 0;
	long got = 0;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		count = st.st_size; /* since Linux 6.2 the folder's size is the number */
	} else {
		while ((got = next_entries(s, fd)) > 0)
			for (long at = 0; at < got;) {
				const struct dirent64 *e = (const void *)(s->entries + at);
				count += e->d_name[0] != '.';
				at += e->d_reclen;
			}
	}
	int rc = got < 0 ? gone_or(errno) : 0;
	close(fd);
	return rc < 0 ? rc : count;
}

double process_boot_s(struct process_source *s)
{
	struct procfile file = { openat(s->proc, "stat", O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	struct buf text;
	int64_t boot = -1;
	buf_init(&text);
	if (file.fd >= 0 && procfile_read(&file, "", "", &text) == 0)
		boot = process_btime_parse((struct view){ text.data, text.len });
	procfile_close(&file);
	buf_fini(&text);
	return (double)boot;
}
