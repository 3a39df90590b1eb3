#include "app/parts.h"

#include "app/heap.h"
#include "app/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUB_BYTES (1024u * 1024u)
/* Minutes kept in RAM beside a history that answers for the rest; without one: a day. */
#define RAM_MINUTES_MS (6 * MS_PER_HOUR)

#define LOG_FILES_KEPT 2 /* full log files behind the one that is written */

/* --- starting ------------------------------------------------------------------------------------------------------ */

/* A personality's own words. */
static void say(struct daemon *d, const char *form, int number)
{
	char text[128];
	const char *at = form ? strstr(form, "%d") : NULL;
	if (!form)
		return;
	if (at)
		snprintf(text, sizeof(text), "%.*s%d%s", (int)(at - form), form, number, at + 2);
	LOG(d->log, LOG_INFO, "daemon", at ? text : form);
}

static int open_log(struct daemon *d, struct err *err)
{
	const struct plan *p = d->plan;
	bool plain =
		p->settings.core.log_format == LOG_CHOICE_PLAIN ||
		(p->settings.core.log_format == LOG_CHOICE_AUTO && !p->log_file && isatty(STDOUT_FILENO));
	enum log_format format = p->log_name ? LOG_NAMED : plain ? LOG_PLAIN : LOG_JSON;
	d->log = log_new(STDOUT_FILENO, (enum log_level)p->settings.core.log_level, format, d->clock);
	if (!d->log)
		return -ENOMEM;
	if (p->log_name)
		log_set_name(d->log, p->log_name);
	if (p->log_file && p->log_echo)
		log_set_echo(d->log, STDOUT_FILENO);
	if (!p->log_file)
		return 0;
	make_parent_dirs(p->log_file, 0755);
	int rc = log_open_file(d->log, p->log_file, p->settings.core.log_max_bytes, LOG_FILES_KEPT);
	return rc < 0 ? err_set(err, rc, p->log_file, "cannot open the log file %s: %s", p->log_file,
				err_text(rc))
		      : 0;
}

/* Sockets of one-shot senders come in bursts: take all the descriptors the system lets us have. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void store_notice(void *arg, bool bad, const char *sentence)
{
	struct daemon *d = arg;
	LOG(d->log, bad ? LOG_WARN : LOG_INFO, "store", sentence);
	daemon_event(d, bad ? EVENT_DATA_LOSS : EVENT_STORE, bad ? SEVERITY_CRITICAL : SEVERITY_INFO,
		     "history", (struct view){ 0 }, "%s", sentence);
}

static const struct store_kind *const kinds[] = { &retry_run_kind,   &event_kind_record, &outbox_kind,
						  &alert_rule_kind,  &alert_kind,        &alert_silence_kind,
						  &process_top_kind, &process_seen_kind };

/* The state directory, made where it is missing; NULL and a note where it cannot be. Out of memory is no such reason: what is
 * over in a moment must not cost the history of a whole life. */
static int usable_state_dir(struct daemon *d, const char **out)
{
	*out = NULL;
	const char *dir = d->plan->state_dir;
	if (!dir) {
		if (d->plan->state_note)
			LOG(d->log, LOG_WARN, "store", d->plan->state_note);
		return 0;
	}
	char *inside = arena_printf(&d->plan->arena, "%s/x", dir);
	int rc = inside ? make_parent_dirs(inside, 0700) : -ENOMEM;
	if (rc == -ENOMEM)
		return rc;
	if (rc == 0 && access(dir, W_OK | X_OK) == 0) {
		*out = dir;
		return 0;
	}
	rc = rc ? rc : -errno;
	d->plan->state_note =
		arena_printf(&d->plan->arena, "history is kept in memory only: %s: %s", dir, err_text(rc));
	LOG(d->log, LOG_WARN, "store",
	    d->plan->state_note ? d->plan->state_note : "history is kept in memory only");
	return 0;
}

static int open_store(struct daemon *d, struct err *err)
{
	struct store_options opt = store_options_of(d->plan);
	int rc = usable_state_dir(d, &opt.dir);
	if (rc < 0)
		return err_set(err, rc, NULL, "%s", err_text(rc));
	struct store_notice notice = { store_notice, d };
	mode_t before =
		umask(0077); /* commands are nobody else's business, even where the directory is open */
	rc = store_open(&d->store, &d->loop, kinds, sizeof(kinds) / sizeof(kinds[0]), d->registry, &opt,
			d->log, d->clock, notice, err);
	umask(before);
	return rc;
}

static void push_commit_done(struct store_ticket *t, int status)
{
	struct push_op *op = t->arg;
	free(t);
	push_committed(op, status);
}

static void push_commit(void *ctx, struct push_op *op)
{
	struct daemon *d = ctx;
	struct store_ticket *t = calloc(1, sizeof(*t));
	if (!t) {
		push_committed(op, -ENOMEM);
		return;
	}
	t->done = push_commit_done;
	t->arg = op;
	store_commit(d->store, t);
}

/* Where runs are kept in memory only, the whole push is called so: rather promise too little. */
static bool push_is_durable(void *ctx)
{
	struct daemon *d = ctx;
	return store_is_durable(d->store) && d->plan->settings.retry.persist;
}

static int make_core(struct daemon *d, struct err *err)
{
	const struct core_options *core = &d->plan->settings.core;
	d->registry = registry_new((uint32_t)core->series_cap);
	d->hub = hub_new(HUB_BYTES, NULL, NULL);
	d->timeline = timeline_new(2000, 512 * 1024);
	if (!d->registry || !d->hub || !d->timeline)
		return -ENOMEM;
	int rc = open_store(d, err);
	if (rc < 0)
		return rc;
	struct tiers_options tiers = { .minute_ms = store_is_durable(d->store) ? RAM_MINUTES_MS : 0 };
	d->tiers = tiers_new(d->registry, &tiers);
	return d->tiers ? journal_start(d) : -ENOMEM;
}

static int make_services(struct daemon *d, struct err *err)
{
	struct retry_deps deps = {
		&d->loop, d->clock, d->log, d->hub, d->registry, d->store, d->plan->settings.core.mask_secrets
	};
	struct push_durability durability = { push_commit, d, push_is_durable, push_again };
	struct intake_options intake = { 0 };
	int rc = intake_new(&d->intake, &d->loop, &intake, d->clock, d->log);
	if (rc == 0)
		rc = push_new(&d->push, &durability, d->clock);
	if (rc == 0 && d->plan->rooms & ROOM_RETRY)
		rc = retry_new(&d->retry, &deps, &d->plan->settings.retry, err);
	if (rc == 0 && d->retry)
		rc = retry_register(d->retry, d->intake, d->push);
	if (rc == 0)
		rc = api_push_register(d);
	if (rc == 0) {
		struct intake_kind kind = push_intake_kind(d->push, d->intake);
		rc = intake_add_kind(d->intake, &kind);
	}
	return rc;
}

/* Before anything is served: what was firing is known at the first question. */
static int make_alerts(struct daemon *d, struct err *err)
{
	struct alerts_deps deps = { &d->loop, d->clock, d->log, d->hub, d->registry, d->store };
	return d->plan->rooms & ROOM_ALERT ? alerts_new(&d->alerts, &deps, &d->plan->settings.alerts, err)
					   : 0;
}

static int make_system(struct daemon *d, struct err *err)
{
	struct system_deps deps = { &d->loop, d->clock, d->log, d->hub, d->registry };
	return d->plan->rooms & ROOM_SYSTEM ? system_new(&d->system, &deps, &d->plan->settings.system, err)
					    : 0;
}

static int make_http(struct daemon *d, struct err *err)
{
	static const struct route_group groups[] = {
#define X(name) { api_##name##_routes, &api_##name##_n },
		API_GROUPS(X)
#undef X
	};
	d->access = access_new(d->clock);
	d->http = d->access ? http_server_new(&d->loop, d->access, d->log, d->clock) : NULL;
	if (!d->http)
		return -ENOMEM;
	int rc = daemon_apply_access(d, d->plan, err);
	for (size_t i = 0; rc == 0 && i < sizeof(groups) / sizeof(groups[0]); i++)
		rc = http_server_add_routes(d->http, groups[i].rows, *groups[i].n, d);
	if (rc == 0 && d->retry)
		rc = http_server_add_routes(d->http, retry_routes, retry_n_routes, d->retry);
	if (rc == 0 && d->system)
		rc = http_server_add_routes(d->http, system_routes, system_n_routes, d->system);
	if (rc == 0)
		rc = host_add_routes(d);
	if (rc == 0 && d->alerts)
		rc = http_server_add_routes(d->http, alert_routes, alert_n_routes, d->alerts);
	return rc;
}

static int passed_or_none(int fd)
{
	return fd ? fd : -1;
}

static int open_sockets(struct daemon *d, struct err *err)
{
	struct unix_handler handler = intake_handler(d->intake);
	for (size_t i = 0; i < d->plan->n_sockets; i++) {
		const struct plan_socket *s = &d->plan->sockets[i];
		struct unix_listen spec = { s->path, s->mode, 0, passed_or_none(d->plan->passed_sockets[i]) };
		struct err why = { 0 };
		int rc = unix_listener_open(&d->sockets[d->n_sockets], &d->loop, &spec, &handler, d->clock,
					    d->log, &why);
		if (rc == 0) {
			d->n_sockets++;
		} else if (s->required) {
			return err_set(err, rc, s->path, "failed to create socket listener: %s", why.text);
		} else {
			LOG(d->log, LOG_WARN, "daemon", "cannot serve an alias socket", LF_S("path", s->path),
			    LF_S("error", why.text));
		}
	}
	return 0;
}

static bool no_such_address(int rc)
{
	return rc == -EADDRNOTAVAIL || rc == -EAFNOSUPPORT;
}

static int open_listeners(struct daemon *d, struct err *err)
{
	for (size_t i = 0; d->plan->http && i < d->plan->n_listens; i++) {
		const struct plan_listen *l = &d->plan->listens[i];
		struct http_listen spec = { l->address,
					    l->port,
					    l->path,
					    0600,
					    l->family,
					    l->any_host,
					    passed_or_none(d->plan->passed_listens[i]) };
		struct err why = { 0 };
		int port = 0;
		int rc = http_server_listen(d->http, &spec, &port, &why);
		/* A machine without IPv6 still serves everything on IPv4. */
		if (no_such_address(rc) && l->address && strcmp(l->address, "::") == 0) {
			spec.address = "0.0.0.0";
			rc = http_server_listen(d->http, &spec, &port, &why);
		}
		if (rc == 0) {
			LOG(d->log, LOG_INFO, "http", "starting HTTP server",
			    LF_S("address", spec.path ? spec.path : spec.address), LF_I("port", port));
			if (!d->http_port && !l->path)
				d->http_port = port;
		} else if (l->required &&
			   !(no_such_address(rc) && strcmp(l->address ? l->address : "", "::1") == 0)) {
			return err_set(err, rc, why.place, "%s", why.text);
		} else {
			LOG(d->log, LOG_WARN, "http", "cannot serve an HTTP listener",
			    LF_S("error", why.text));
		}
	}
	return 0;
}

/* --- signals and upkeep --------------------------------------------------------------------------------------------------------- */

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;
	if (d->plan->texts)
		say(d, d->plan->texts->signalled, number);
	else
		LOG(d->log, LOG_INFO, "daemon", "received signal, shutting down",
		    LF_S("signal", number == SIGINT ? "interrupt" : "terminated"), LF_I("number", number));
	daemon_stop(d);
}

static void on_hup_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;
	struct err err = { 0 };
	(void)number;
	if (d->stopping)
		return;
	service_reloading(d);
	daemon_reload(d, &err);
	service_ready(d);
}

static void on_minute(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	const struct history_options *h = &d->plan->settings.history;
	tiers_expire(d->tiers, clock_wall_ms(d->clock));
	health_watch(d);
	store_trim(d->store, &event_kind_record, clock_wall_ns(d->clock) - h->events_ns, -1);
	heap_tidy();
}

static int start_handles(struct daemon *d)
{
	uv_signal_init(&d->loop, &d->on_term);
	uv_signal_init(&d->loop, &d->on_int);
	uv_signal_init(&d->loop, &d->on_hup);
	uv_timer_init(&d->loop, &d->minute);
	uv_timer_init(&d->loop, &d->drain);
	uv_idle_init(&d->loop, &d->push_turns);
	d->minute_made = d->drain_made = true;
	d->on_term.data = d->on_int.data = d->on_hup.data = d->minute.data = d->drain.data =
		d->push_turns.data = d;
	int rc = uv_signal_start(&d->on_term, on_stop_signal, SIGTERM);
	if (rc == 0)
		rc = uv_signal_start(&d->on_int, on_stop_signal, SIGINT);
	if (rc == 0)
		rc = uv_signal_start(&d->on_hup, on_hup_signal, SIGHUP);
	if (rc == 0)
		rc = uv_timer_start(&d->minute, on_minute, 60000, 60000);
	loop_watch_start(d);
	return rc;
}

static int start_all(struct daemon *d, struct err *err)
{
	struct plan *p = d->plan;
	struct pidfile_state state;
	int rc = start_handles(d);
	if (rc == 0)
		rc = open_log(d, err);
	if (rc == 0 && p->pid_file && pidfile_inspect(p->pid_file, &state) == 0 && state.running)
		rc = err_set(err, -EALREADY, NULL, "Daemon is already running with PID %lld",
			     (long long)state.pid);
	if (rc < 0)
		return rc;
	if (p->texts)
		say(d, p->texts->starting, (int)getpid());
	else
		LOG(d->log, LOG_INFO, "daemon", p->native ? "starting auspex" : "starting retry daemon",
		    LF_S("socket_path", p->n_sockets ? p->sockets[0].path : ""),
		    LF_S("version", AUSPEX_VERSION));
	rc = activation_adopt(d, err);
	if (rc == 0)
		rc = service_start(d);
	if (rc == 0)
		rc = make_core(d, err);
	if (rc == 0)
		rc = make_services(d, err);
	if (rc == 0)
		rc = make_alerts(d, err);
	if (rc == 0)
		rc = make_system(d, err);
	if (rc == 0)
		rc = host_start(d, err);
	if (rc == 0)
		rc = uplink_start(d);
	if (rc == 0)
		rc = watching_start(d);
	if (rc == 0)
		rc = make_http(d, err);
	if (rc == 0)
		rc = stream_start(d);
	if (rc == 0)
		rc = self_metrics_start(d);
	if (rc == 0)
		rc = statsd_start(d, err);
	if (rc == 0)
		rc = open_sockets(d, err);
	if (rc == 0)
		rc = open_listeners(d, err);
	if (rc == 0 && p->pid_file)
		rc = pidfile_acquire(p->pid_file, p->pid_end ? p->pid_end : "\n", &d->pid_fd, err);
	return rc;
}

static void tell_start(struct daemon *d)
{
	if (d->plan->texts)
		say(d, d->plan->texts->started, (int)getpid());
	else
		LOG(d->log, LOG_INFO, "daemon", "daemon started successfully", LF_I("pid", getpid()));
	if (d->plan->warning)
		LOG(d->log, LOG_WARN, "daemon", d->plan->warning);
	daemon_event(d, EVENT_START, SEVERITY_INFO, "daemon", (struct view){ 0 }, "%s %s started",
		     d->plan->program, AUSPEX_VERSION);
	daemon_greet(d);
}

static void free_parts(struct daemon *d)
{
	stream_free(d->stream);
	intake_free(d->intake);
	push_free(d->push);
	access_free(d->access);
	watching_free(d);
	tiers_free(d->tiers);
	timeline_free(d->timeline);
	hub_free(d->hub);
	registry_free(d->registry);
	log_free(d->log);
	if (d->own_plan) {
		plan_fini(d->own_plan);
		free(d->own_plan);
	}
}

int daemon_run(struct plan *plan, const struct plan_source *source, void (*ready)(void *arg), void *arg,
	       struct err *err)
{
	struct daemon *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	d->plan = plan;
	d->source = source;
	d->pid_fd = -1;
	d->clock = clock_system();
	d->started_wall = clock_wall_ns(d->clock);
	d->started_mono = clock_mono_us(d->clock);
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	int rc = heap_prepare();
	if (rc == 0)
		rc = uv_loop_init(&d->loop);
	if (rc < 0) {
		free(d);
		return err_set(err, rc, NULL, "cannot make the event loop: %s", err_text(rc));
	}
	rc = start_all(d, err);
	if (rc < 0 && !err->text[0])
		err_set(err, rc, NULL, "%s", err_text(rc));
	if (rc == 0) {
		tell_start(d);
		service_ready(d);
		ready(arg);
		uv_run(&d->loop, UV_RUN_DEFAULT);
	} else {
		daemon_close(d);
		uv_run(&d->loop, UV_RUN_DEFAULT);
	}
	const char *pid_file = plan->pid_file;
	if (pid_file)
		pidfile_release(pid_file, d->pid_fd);
	uv_run(&d->loop, UV_RUN_DEFAULT); /* what still closes */
	uv_loop_close(&d->loop);
	if (rc == 0 && d->plan->texts)
		say(d, d->plan->texts->stopped, (int)getpid());
	free_parts(d);
	free(d);
	return rc;
}
