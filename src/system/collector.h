/* A collector reads one thing of the kernel and says what it found as values of its columns.
 *
 * One file, one exported `const struct collector_type NAME_collector`, one row in system/collectors.h. Reading, parsing (pure, in `os`), deriving and
 * emitting are functions of their own. Between two readings a collector keeps its state in `state` (state_size zeroed bytes of its own), nothing
 * else; while nothing comes or goes it allocates nothing.
 *
 *     struct uptime { struct procfile file; uint32_t column; };
 *     static const struct metric uptime_metric = { "system.uptime_seconds", SERIES_GAUGE, 0, "seconds", "Time since boot." };
 *
 *     static int uptime_init(void *state, struct columns *columns) { … columns_add(columns, &uptime_metric, NULL, 0) … }
 *     static int uptime_read(void *state, struct collect *c)
 *     {
 *         struct uptime *s = state;
 *         int rc = procfile_read(&s->file, c->opt->proc, "uptime", c->text);
 *         …
 *         columns_set(c->columns, s->column, seconds);
 *         return rc;
 *     }
 */
#ifndef AUSPEX_SYSTEM_COLLECTOR_H
#define AUSPEX_SYSTEM_COLLECTOR_H

#include "columns.h"
#include "os/procfile.h"
#include "system/system.h"

#include <math.h>

/* What one reading is given. */
struct collect {
	wall_ns t;
	mono_us mono;
	mono_us elapsed; /* since this collector's last good reading; 0 in the first */
	const struct system_options *opt;
	struct buf *text;           /* scratch for procfile_read; whoever reads next empties it */
	struct columns *columns;    /* the collector's own */
	struct host_sample *sample; /* the sample being made */
};

struct collector_type {
	const char *name;
	size_t state_size;
	/* Makes ready; reads nothing. Columns that always exist are added here. 0 or a code, which ends the start of the daemon. */
	int (*init)(void *state, struct columns *columns);
	/* Reads, and sets the columns that were measured. 0; -ENOENT when this machine has no such thing (looked for again once a minute); another
	 * code when it failed (tried again at the next sample; told in /api/system). */
	int (*read)(void *state, struct collect *c);
	void (*fini)(void *state); /* may be NULL */
};

/* What a counter grew by, per second; NaN in a first reading and when it fell (reset, wrapped, another device of that name). */
static inline double counter_rate(uint64_t before, uint64_t now, mono_us elapsed)
{
	return elapsed > 0 && now >= before ? (double)(now - before) * 1e6 / (double)elapsed : NAN;
}

#endif
