/* macOS backend. Written from the system's documentation; it could not be tried on the machines at hand. */
#include "self_posix.h"

#include <errno.h>
#include <libproc.h>
#include <mach/mach.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sysctl.h>
#include <unistd.h>

static int64_t count_fds(void)
{
	int bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, NULL, 0);
	return bytes > 0 ? bytes / (int64_t)sizeof(struct proc_fdinfo) : -1;
}

int self_usage_read(struct self_usage *out)
{
	*out = (struct self_usage){
		.private_dirty_bytes = -1, .open_fds = count_fds(), .max_fds = -1, .threads = -1
	};
	self_usage_posix(out);
	struct task_vm_info info;
	mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
	if (task_info(mach_task_self(), TASK_VM_INFO, (task_info_t)&info, &count) != KERN_SUCCESS)
		return -EIO;
	out->rss_bytes = (int64_t)info.resident_size;
	out->virtual_bytes = (int64_t)info.virtual_size;
	out->private_dirty_bytes = (int64_t)info.phys_footprint;
	struct proc_taskinfo task;
	if (proc_pidinfo(getpid(), PROC_PIDTASKINFO, 0, &task, sizeof(task)) == (int)sizeof(task))
		out->threads = task.pti_threadnum;
	return 0;
}

void self_thread_step_back(void)
{
	pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
}

int process_probe(int64_t pid, bool *exe_same)
{
	*exe_same = false;
	if (pid <= 0 || pid > INT32_MAX)
		return -ESRCH;
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return -ESRCH;
	struct proc_bsdinfo info;
	if (proc_pidinfo((int)pid, PROC_PIDTBSDINFO, 0, &info, sizeof(info)) == (int)sizeof(info) &&
	    info.pbi_status == SZOMB)
		return -ESRCH;
	char theirs[PROC_PIDPATHINFO_MAXSIZE], ours[PROC_PIDPATHINFO_MAXSIZE];
	int a = proc_pidpath((int)pid, theirs, sizeof(theirs));
	int b = proc_pidpath(getpid(), ours, sizeof(ours));
	*exe_same = a > 0 && a == b && memcmp(theirs, ours, (size_t)a) == 0;
	return 0;
}
