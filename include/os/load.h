/* Load averages: /proc/loadavg, "0.20 0.18 0.12 1/80 11206": over 1, 5 and 15 minutes; runnable and all tasks; newest process. The kernel
 * renews it every 5 s. Source: proc(5). Thread: any.
 */
#ifndef AUSPEX_OS_LOAD_H
#define AUSPEX_OS_LOAD_H

#include "os/procfile.h"

#include <stdint.h>

struct load_stat {
	double average[3];        /* 1, 5, 15 minutes */
	uint64_t runnable, tasks; /* now; both 0 when the text does not tell */
};

/* 0 or ERR_SYNTAX. */
int load_parse(struct view text, struct load_stat *out);
/* The backend of this system; `text` is scratch. */
int load_read(struct procfile *f, const char *proc, struct buf *text, struct load_stat *out);

#endif
