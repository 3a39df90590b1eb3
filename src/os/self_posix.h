/* What every POSIX system tells of a process alike; the backends add the rest. */
#ifndef AUSPEX_OS_SELF_POSIX_H
#define AUSPEX_OS_SELF_POSIX_H

#include "os/self.h"

/* Sets max_fds, user_cpu_s and system_cpu_s; what the system will not tell stays as it is. */
void self_usage_posix(struct self_usage *out);

#endif
