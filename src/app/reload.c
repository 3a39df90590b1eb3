/* SIGHUP: the configuration is made again as a second plan; it is applied whole or not at all. */
#include "app/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_options store_options_of(const struct plan *plan)
{
	const struct history_options *h = &plan->settings.history;
	return (struct store_options){
		.dir = plan->state_dir,
		.durability = h->durability ? STORE_POWER : STORE_NORMAL,
		.queue_bytes = (size_t)h->queue_bytes,
		.sample_raw_ns = h->raw_ns,
		.sample_minute_ns = h->minute_ns,
		.sample_hour_ns = h->hour_ns,
		.max_bytes = h->max_bytes,
		.sample_flush_ms = h->flush_ns / NS_PER_MS,
	};
}

int daemon_apply_access(struct daemon *d, const struct plan *plan, struct err *err)
{
	const struct core_options *core = &plan->settings.core;
	int rc = plan_check_keys(plan, d->access, err);
	if (rc < 0)
		return rc;
	struct http_server_options http = {
		.max_connections = (uint32_t)core->http_connections,
		.hosts = core->hosts.items,
		.n_hosts = core->hosts.n,
		.cors_origins = core->cors_origins.items,
		.n_cors_origins = core->cors_origins.n,
		.guard_reads = core->guard_reads,
		.log_requests = core->log_requests,
	};
	http_server_configure(d->http, &http);
	return 0;
}

struct difference {
	char restart[256]; /* names of options that only a restart can change */
	unsigned changed;
};

static void note_difference(void *arg, const struct option *row, bool restart)
{
	struct difference *diff = arg;
	diff->changed++;
	size_t used = strlen(diff->restart);
	if (restart)
		snprintf(diff->restart + used, sizeof(diff->restart) - used, "%s%s", used ? ", " : "",
			 row->key);
}

static struct difference compare(struct plan *before, struct plan *after)
{
	struct difference diff = { "", 0 };
	struct option_section old[SECTIONS], new[SECTIONS];
	settings_sections(&before->settings, old);
	settings_sections(&after->settings, new);
	for (size_t i = 0; i < SECTIONS; i++)
		option_diff(settings_tables[i], old[i].values, new[i].values, note_difference, &diff);
	return diff;
}

static const char *keep_text(const char *text, struct arena *arena)
{
	const char *copy = text ? arena_strdup(arena, text) : NULL;
	return copy ? copy : "";
}

static void keep_list(struct option_list *to, const struct option_list *from, struct arena *arena)
{
	const char **items = arena_zalloc(arena, (from->n + 1) * sizeof(*items));
	for (size_t i = 0; items && i < from->n; i++)
		items[i] = keep_text(from->items[i], arena);
	*to = (struct option_list){ items, items ? from->n : 0 };
}

/* Texts are copied: the plan that owns them is going to be freed. */
static void keep_value(const struct option *row, void *to, const void *from, struct arena *arena)
{
	void *new = (char *)to + row->offset;
	const void *old = (const char *)from + row->offset;
	switch (row->type) {
	case OPT_T_BOOL:
		*(bool *)new = *(const bool *)old;
		break;
	case OPT_T_ENUM:
		*(int *)new = *(const int *)old;
		break;
	case OPT_T_NUM:
		*(double *)new = *(const double *)old;
		break;
	case OPT_T_STRING:
	case OPT_T_PATH:
		*(const char **)new = keep_text(*(const char *const *)old, arena);
		break;
	case OPT_T_LIST:
		keep_list(new, old, arena);
		break;
	default:
		*(int64_t *)new = *(const int64_t *)old;
	}
}

static void keep_fixed_options(struct plan *next, struct plan *now)
{
	struct option_section old[SECTIONS], new[SECTIONS];
	settings_sections(&now->settings, old);
	settings_sections(&next->settings, new);
	for (size_t i = 0; i < SECTIONS; i++)
		for (size_t k = 0; k < settings_tables[i]->n; k++)
			if (!(settings_tables[i]->rows[k].flags & OPT_RELOAD))
				keep_value(&settings_tables[i]->rows[k], new[i].values, old[i].values,
					   &next->arena);
}

/* What only a restart changes stays as it is in the new plan too, so that the next comparison is against the truth. */
static void keep_fixed_parts(struct plan *next, struct plan *now)
{
	keep_fixed_options(next, now);
	memcpy(next->sockets, now->sockets, sizeof(now->sockets));
	memcpy(next->listens, now->listens, sizeof(now->listens));
	next->n_sockets = now->n_sockets;
	next->n_listens = now->n_listens;
	next->state_dir = now->state_dir;
	next->state_note = now->state_note;
	next->http = now->http;
	next->rooms = now->rooms;
	next->log_file = now->log_file;
}

static int apply(struct daemon *d, struct plan *next, struct err *err)
{
	int rc = daemon_apply_access(d, next, err); /* the only step that can refuse comes first */
	if (rc < 0) {
		struct err ignored;
		daemon_apply_access(d, d->plan, &ignored);
		return rc;
	}
	struct store_options store = store_options_of(next);
	log_set_level(d->log, (enum log_level)next->settings.core.log_level);
	if (d->retry)
		retry_reconfigure(d->retry, &next->settings.retry, next->settings.core.mask_secrets);
	if (d->system)
		system_reconfigure(d->system, &next->settings.system);
	host_reconfigure(d, next);
	uplink_reconfigure(d, next);
	store_reconfigure(d->store, &store);
	watching_reconfigure(d, &next->settings.watch);
	if (d->alerts)
		alerts_set_file_rules(d->alerts, &next->settings.alerts); /* what has no room is logged */
	return 0;
}

/* Whoever rotates logs moves the file away and sends SIGHUP. */
static void reopen_log(struct daemon *d)
{
	int rc = log_reopen(d->log);
	if (rc < 0)
		LOG(d->log, LOG_WARN, "daemon", "cannot open the log file anew, the old one stays",
		    LF_S("path", d->plan->log_file), LF_S("error", err_text(rc)));
}

int daemon_reload(struct daemon *d, struct err *err)
{
	struct difference diff = { "", 0 };
	struct plan *next = malloc(sizeof(*next));
	reopen_log(d);
	if (!next)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	plan_init(next);
	int rc = d->source->make(d->source, next, err);
	if (rc == 0) {
		diff = compare(d->plan, next);
		keep_fixed_parts(next, d->plan);
		rc = apply(d, next, err);
	}
	d->last_reload = clock_wall_ns(d->clock);
	if (rc < 0) {
		snprintf(d->last_reload_error, sizeof(d->last_reload_error), "%.200s%s%.300s", err->place,
			 *err->place ? ": " : "", err->text);
		LOG(d->log, LOG_ERROR, "daemon", "configuration not reloaded, the old one stays",
		    LF_S("error", d->last_reload_error));
		daemon_event(d, EVENT_CONFIG, SEVERITY_WARNING, "daemon", (struct view){ 0 },
			     "Configuration not reloaded: %s", d->last_reload_error);
		plan_fini(next);
		free(next);
		return rc;
	}
	d->last_reload_error[0] = 0;
	memcpy(d->needs_restart, diff.restart, sizeof(d->needs_restart));
	LOG(d->log, LOG_INFO, "daemon", "configuration reloaded", LF_I("changed", diff.changed),
	    LF_S("needs_restart", diff.restart));
	if (next->warning)
		LOG(d->log, LOG_WARN, "daemon", next->warning);
	daemon_event(d, EVENT_CONFIG, diff.restart[0] ? SEVERITY_WARNING : SEVERITY_INFO, "daemon",
		     (struct view){ 0 },
		     diff.restart[0] ? "Configuration reloaded; a restart is needed for: %s"
				     : "Configuration reloaded%s",
		     diff.restart);
	if (d->own_plan) {
		/* Sockets and paths of the first plan are still in use by the new one; its arena lives in main. */
		plan_fini(d->own_plan);
		free(d->own_plan);
	}
	d->plan = d->own_plan = next;
	return 0;
}
