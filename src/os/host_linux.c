/* Linux backend of the core set: one file of /proc each. */
#include "os/cpu.h"
#include "os/load.h"
#include "os/memory.h"
#include "os/netdev.h"
#include "os/sockstat.h"

#include <errno.h>

static struct view text_of(const struct buf *b)
{
	return (struct view){ b->data, b->len };
}

int cpu_stat_read(struct procfile *f, const char *proc, struct buf *text, struct cpu_stat *out,
		  struct cpu_core *cores, uint32_t max)
{
	int rc = procfile_read(f, proc, "stat", text);
	return rc < 0 ? rc : cpu_stat_parse(text_of(text), out, cores, max);
}

int memory_read(struct procfile *f, const char *proc, struct buf *text, struct memory_stat *out)
{
	int rc = procfile_read(f, proc, "meminfo", text);
	return rc < 0 ? rc : memory_parse(text_of(text), out);
}

int load_read(struct procfile *f, const char *proc, struct buf *text, struct load_stat *out)
{
	int rc = procfile_read(f, proc, "loadavg", text);
	return rc < 0 ? rc : load_parse(text_of(text), out);
}

int netdev_read(struct procfile *f, const char *proc, struct buf *text)
{
	return procfile_read(f, proc, "net/dev", text);
}

int sockstat_read(struct procfile *v4, struct procfile *v6, const char *proc, struct buf *text,
		  struct sockstat *out)
{
	sockstat_init(out);
	int rc = procfile_read(v4, proc, "net/sockstat", text);
	if (rc == 0)
		rc = sockstat_parse(text_of(text), out);
	if (rc == 0 && procfile_read(v6, proc, "net/sockstat6", text) == 0)
		sockstat_parse(text_of(text), out);
	return rc;
}
