#include "self_posix.h"

#include <sys/resource.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void self_usage_posix(struct self_usage *out)
{
	struct rlimit limit;
	struct rusage usage;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		out->max_fds = (int64_t)limit.rlim_cur;
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		out->user_cpu_s = seconds(usage.ru_utime);
		out->system_cpu_s = seconds(usage.ru_stime);
	}
}
