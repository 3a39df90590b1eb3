/* The host, once a second: collectors read what the kernel tells, the sampler puts it onto the hub as ticks, and whoever needs the core set
 * of one instant (client files, upload) subscribes to samples.
 *
 *     struct system *s;
 *     system_new(&s, &deps, &options, &err);      // takes the first sample at once
 *     system_on_sample(s, on_sample, me);
 *     …
 *     system_close(s, closed, me);
 *
 * The schedule is absolute: sample n belongs to start + n * interval, however long the work takes; what is missed is counted, not made up
 * for. How a collector is added: system/collectors.h and src/system/collector.h. Loop only.
 */
#ifndef AUSPEX_SYSTEM_SYSTEM_H
#define AUSPEX_SYSTEM_SYSTEM_H

#include "base/log.h"
#include "conf/option.h"
#include "net/route.h"
#include "series/hub.h"
#include "series/registry.h"
#include "system/collectors.h"
#include "system/sample.h"

#include <uv.h>

struct system_options {
	bool enabled;
	int64_t interval_ns;
	const char *proc, *sys; /* where the kernel's files are */
	int64_t every_ns[COLLECTORS]; /* 0: off */
	int64_t core_modes;
	int64_t top_cgroups;
	struct option_list skip_interfaces, skip_disks, skip_filesystems, skip_mounts;
	struct option_list skip_alerts; /* for app, which brings the rules */
	struct option_list track_processes;
	bool auto_track_python;
	bool mask_secrets; /* no row: the daemon has one for all rooms */
};
extern const struct option_table system_option_table; /* section "system" */
extern const struct http_route system_routes[];       /* context: struct system * */
extern const size_t system_n_routes;

struct system_deps {
	uv_loop_t *loop;
	const struct clock *clock;
	struct log *log;
	struct hub *hub;
	struct registry *registry;
};

struct system;
/* `opt` is borrowed until system_reconfigure gives another or system_close is through. The first sample is taken by the loop's next turn, so that
 * who subscribes right after gets it. 0, or a code with a sentence. */
int system_new(struct system **out, const struct system_deps *deps, const struct system_options *opt, struct err *err);
/* Takes what a reload may change; `opt` as above. Another interval, of the samples or of a collector, starts the schedule anew at once: every
 * collector is read, and nothing counts as missed. */
void system_reconfigure(struct system *s, const struct system_options *opt);
/* At most 8 subscribers: ERR_FULL. They are called in order. */
int system_on_sample(struct system *s, host_sample_cb cb, void *arg);
/* The newest sample, or NULL before the first. */
const struct host_sample *system_last(const struct system *s);
/* Stops the timer; cb when all handles are closed; then freed. */
void system_close(struct system *s, void (*cb)(void *arg), void *arg);

#endif
