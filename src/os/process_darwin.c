/* Darwin backend, by libproc. Written after its headers and never run: what it cannot tell is unknown, nothing is guessed. */
#include "os/process.h"

#include <errno.h>
#include <libproc.h>
#include <mach/mach_time.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#define NS_PER_US 1000u

struct process_source {
	mach_timebase_info_data_t base; /* what CPU times are counted in */
};

int process_source_open(struct process_source **out, const char *proc)
{
	(void)proc;
	struct process_source *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	mach_timebase_info(&s->base);
	*out = s;
	return 0;
}

void process_source_close(struct process_source *s)
{
	free(s);
}

static int compare_pids(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return x < y ? -1 : x > y;
}

int process_list(struct process_source *s, int32_t *pids, uint32_t max, uint32_t *n, uint32_t *total)
{
	(void)s;
	int got = proc_listallpids(pids, (int)(max * sizeof(*pids)));
	*n = *total = 0;
	if (got < 0)
		return -errno;
	for (int i = 0; i < got && *n < max; i++)
		if (pids[i] > 0)
			pids[(*n)++] = pids[i];
	int all = proc_listallpids(NULL, 0);
	*total = all > (int)*n ? (uint32_t)all : *n;
	qsort(pids, *n, sizeof(*pids), compare_pids);
	return 0;
}

/* The letters that Linux has for the same. */
static char state_of(uint32_t status)
{
	static const char letters[] = { '?', 'I', 'R', 'S', 'T', 'Z' }; /* SIDL SRUN SSLEEP SSTOP SZOMB */
	return status < sizeof(letters) ? letters[status] : '?';
}

int process_read(struct process_source *s, int32_t pid, struct process_stat *out, int64_t *uid)
{
	struct proc_taskallinfo info;
	memset(out, 0, sizeof(*out));
	if (proc_pidinfo(pid, PROC_PIDTASKALLINFO, 0, &info, sizeof(info)) != (int)sizeof(info))
		return errno == EPERM ? -EACCES : -ESRCH;
	const char *name = *info.pbsd.pbi_name ? info.pbsd.pbi_name : info.pbsd.pbi_comm;
	out->pid = pid;
	out->parent = (int32_t)info.pbsd.pbi_ppid;
	out->state = state_of(info.pbsd.pbi_status);
	out->comm_len = (uint8_t)strnlen(name, PROCESS_COMM_MAX);
	memcpy(out->comm, name, out->comm_len);
	out->threads = (uint32_t)info.ptinfo.pti_threadnum;
	uint64_t units = info.ptinfo.pti_total_user + info.ptinfo.pti_total_system;
	out->cpu_us = units / s->base.denom * s->base.numer / NS_PER_US;
	out->start_us = info.pbsd.pbi_start_tvsec * 1000000u + info.pbsd.pbi_start_tvusec;
	out->rss_bytes = info.ptinfo.pti_resident_size;
	out->vms_bytes = info.ptinfo.pti_virtual_size;
	out->major_faults = (uint64_t)info.ptinfo.pti_pageins;
	if (uid)
		*uid = (int64_t)info.pbsd.pbi_uid;
	return 0;
}

/* KERN_PROCARGS2: the count, the path of the program, NULs, the arguments, the environment. */
int process_read_arguments(struct process_source *s, int32_t pid, char *out, size_t size,
			   struct view *arguments)
{
	(void)s;
	int name[] = { CTL_KERN, KERN_PROCARGS2, pid };
	char text[8192];
	size_t len = sizeof(text);
	int count;
	*arguments = (struct view){ out, 0 };
	if (sysctl(name, 3, text, &len, NULL, 0) < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	if (len < sizeof(count))
		return 0;
	memcpy(&count, text, sizeof(count));
	size_t at = sizeof(count);
	while (at < len && text[at])
		at++;
	while (at < len && !text[at])
		at++;
	size_t end = at;
	for (; count > 0 && end < len; count--)
		end += strnlen(text + end, len - end) + 1;
	size_t n = end > len ? len - at : end - at;
	n = n < size ? n : size;
	memcpy(out, text + at, n);
	arguments->len = n;
	return 0;
}

int process_read_io(struct process_source *s, int32_t pid, struct process_io *out)
{
	struct rusage_info_v2 usage;
	(void)s;
	if (proc_pid_rusage(pid, RUSAGE_INFO_V2, (rusage_info_t *)&usage) < 0)
		return errno == EPERM ? -EACCES : -ESRCH;
	out->read_bytes = usage.ri_diskio_bytesread;
	out->written_bytes = usage.ri_diskio_byteswritten;
	return 0;
}

int64_t process_count_fds(struct process_source *s, int32_t pid)
{
	(void)s;
	int bytes = proc_pidinfo(pid, PROC_PIDLISTFDS, 0, NULL, 0);
	return bytes <= 0 ? -ESRCH : bytes / (int)sizeof(struct proc_fdinfo);
}

double process_boot_s(struct process_source *s)
{
	(void)s;
	return 0; /* starts are told in Unix time */
}
