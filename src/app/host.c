/* What follows the samples of the host: client files, the log of processes, the two thresholds. */
#include "app/parts.h"

#include "system/client_files.h"
#include "system/process_log.h"
#include "system/threshold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct host_side {
	struct daemon *d;
	struct client_files *files; /* NULL: none are wanted */
	struct process_log *processes;
	struct threshold cpu, memory;
};

/* --- thresholds ------------------------------------------------------------------------------------------------------ */

static void judge(struct host_side *h, struct threshold *t, double value, const char *what,
		  const char *series)
{
	char text[160];
	enum threshold_edge edge = threshold_push(t, value);
	if (edge == THRESHOLD_SAME)
		return;
	bool rose = edge == THRESHOLD_ROSE;
	snprintf(text, sizeof(text),
		 rose ? "High %s usage: %.1f%% (threshold %g%%)"
		      : "%s usage back to normal: %.1f%% (threshold %g%%)",
		 what, value, t->limit);
	LOG(h->d->log, rose ? LOG_WARN : LOG_INFO, "system", text);
	daemon_event(h->d, EVENT_THRESHOLD, rose ? SEVERITY_WARNING : SEVERITY_INFO, series,
		     (struct view){ 0 }, "%s", text);
}

static void judge_sample(void *arg, const struct host_sample *s)
{
	struct host_side *h = arg;
	/* The first sample knows no share of CPU time yet. */
	if ((s->have & HOST_CPU) && s->number > 1)
		judge(h, &h->cpu, s->cpu_percent, "CPU", "system.cpu.percent");
	if (s->have & HOST_MEMORY)
		judge(h, &h->memory, s->memory_percent, "memory", "system.memory.percent");
}

static void set_limits(struct host_side *h, const struct threshold_options *o)
{
	h->cpu.limit = o->cpu;
	h->memory.limit = o->memory;
}

/* --- life -------------------------------------------------------------------------------------------------------------- */

static bool wants_files(const struct client_files_options *o)
{
	return o->dir && *o->dir;
}

static int start_files(struct host_side *h, struct err *err)
{
	struct daemon *d = h->d;
	const struct client_files_options *o = &d->plan->settings.client;
	int rc = wants_files(o) ? client_files_new(&h->files, o, d->clock, d->log, err) : 0;
	return rc == 0 && h->files ? system_on_sample(d->system, client_files_sample, h->files) : rc;
}

static int start_processes(struct host_side *h)
{
	struct daemon *d = h->d;
	struct process_log_deps deps = { d->clock, d->log, d->hub, d->store, d->system };
	return process_log_new(&h->processes, &deps, &d->plan->settings.top);
}

int host_start(struct daemon *d, struct err *err)
{
	if (!d->system)
		return 0;
	struct host_side *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	d->host = h;
	h->d = d;
	set_limits(h, &d->plan->settings.threshold);
	int rc = start_files(h, err); /* first: clients wait for them */
	if (rc == 0)
		rc = start_processes(h);
	return rc == 0 ? system_on_sample(d->system, judge_sample, h) : rc;
}

int host_add_routes(struct daemon *d)
{
	return d->host ? http_server_add_routes(d->http, process_routes, process_n_routes, d->host->processes)
		       : 0;
}

void host_reconfigure(struct daemon *d, const struct plan *plan)
{
	if (!d->host)
		return;
	if (d->host->files)
		client_files_reconfigure(d->host->files, &plan->settings.client);
	process_log_reconfigure(d->host->processes, &plan->settings.top);
	set_limits(d->host, &plan->settings.threshold);
}

void host_stop(struct daemon *d)
{
	if (!d->host)
		return;
	client_files_free(d->host->files);
	process_log_free(d->host->processes);
	free(d->host);
	d->host = NULL;
}
