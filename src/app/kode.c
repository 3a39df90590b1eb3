/* The kode-kronical-daemon personality: that program's commands, files, texts and exit codes. */
#include "app/kode.h"

#include "app/launch.h"
#include "app/pidfile.h"
#include "base/digest.h"
#include "base/num.h"
#include "os/process.h"
#include "os/self.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOP_WAIT_MS 10000
#define KILL_WAIT_MS 2000
#define LOG_BYTES    (8 << 20)

static const struct plan_texts texts = { .started = "Daemon started with PID %d",
					 .signalled = "Received signal %d, shutting down...",
					 .stopped = "Daemon stopped" };

/* --- the plan --------------------------------------------------------------------------------------------------------- */

/* <state>/kode-kronical-daemon/<hash of the data directory>: two of them run side by side. */
static const char *state_dir(const struct kode *k, const char *const *env, struct arena *arena)
{
	unsigned char digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1], here[4096];
	if (*k->daemon.state_dir)
		return k->daemon.state_dir;
	const char *base = env_get(env, "AUSPEX_STATE_DIR");
	if (!base || !*base)
		base = settings_state_home(env, arena);
	if (!base)
		base = arena_printf(arena, "%s/.local/state/auspex", k->home);
	const char *path = k->daemon.data_dir;
	if (*path != '/' && getcwd(here, sizeof(here)))
		path = arena_printf(arena, "%s/%s", here, path);
	if (!base || !path)
		return NULL;
	sha256(path, strlen(path), digest);
	hex_encode(digest, 8, hex);
	return arena_printf(arena, "%s/" KODE_NAME "/%s", base, hex);
}

static int level_of(const struct kode *k, const struct kode_args *args)
{
	static const enum log_level levels[] = {
		[KODE_DEBUG] = LOG_DEBUG, [KODE_INFO] = LOG_INFO,      [KODE_WARNING] = LOG_WARN,
		[KODE_ERROR] = LOG_ERROR, [KODE_CRITICAL] = LOG_ERROR, [KODE_WARN] = LOG_WARN
	};
	return args->debug ? LOG_DEBUG : (int)levels[k->daemon.log_level];
}

static void plan_settings(const struct kode *k, struct settings *s)
{
	const struct kode_daemon *d = &k->daemon;
	int64_t retention = sat_seconds_to_ns(d->data_retention_hours * 3600);
	s->core.log_max_bytes = LOG_BYTES;
	s->core.mask_secrets = d->mask_secrets;
	s->core.auth = AUTH_NONE;
	/* Only for the word that a reload gives about what needs a restart. */
	s->core.pid_file = d->pid_file;
	s->core.log_file = d->log_file;
	s->history.raw_ns = retention;
	s->history.minute_ns = retention > s->history.minute_ns ? retention : s->history.minute_ns;
	s->system.enabled = true;
	s->system.interval_ns = sat_seconds_to_ns(d->sample_interval);
	s->system.track_processes = d->track_processes;
	s->system.auto_track_python = k->monitoring.auto_track_python;
	s->system.mask_secrets = d->mask_secrets;
	if (!d->enable_network_monitoring)
		s->system.every_ns[COLLECTOR_network] = 0;
	s->client.dir = d->data_dir;
	s->client.retention_ns = retention;
	s->client.clock = d->clock_shadow;
	s->client.network = d->enable_network_monitoring;
	s->client.layout = d->export_layout;
	s->client.upstream_ns = sat_seconds_to_ns(d->upload_interval);
	s->upload = (struct upload_options){
		.enabled = d->enable_dynamodb_upload,
		.samples = true,
		.table = d->dynamodb_table_name,
		.registry_table = d->registry_table_name,
		.region = kode_region(k),
		.profile = k->aws.profile,
		.endpoint_url = d->dynamodb_endpoint_url,
		.host = "",
		.interval_ns = sat_seconds_to_ns(d->upload_interval < 60 ? d->upload_interval : 60),
		.spool = s->upload.spool, /* the default */
	};
	s->threshold = (struct threshold_options){ d->cpu_alert_threshold, d->memory_alert_threshold };
}

/* Who wanted the API closed must not find it open. */
static int check_security(const struct kode *k, const struct plan *plan, struct err *err)
{
	const struct kode_security *s = &k->security;
	if (s->api_auth_enabled && !*s->api_auth_token)
		return err_set(err, ERR_MISSING, k->file,
			       "security.api_auth_enabled is on but api_auth_token is empty; write a token "
			       "of at least 8 characters");
	if (s->api_allowed_ips.n && plan_off_loopback(plan) && !s->api_auth_enabled)
		return err_set(err, ERR_UNSUPPORTED, k->file,
			       "security.api_allowed_ips is not supported, so the API on %s would be open to "
			       "every address; set integration.api_host to 127.0.0.1, or api_auth_enabled "
			       "and api_auth_token",
			       k->integration.api_host);
	return 0;
}

/* That program documents an API it never had; who asks for one gets ours. */
static int plan_listens(const struct kode *k, struct plan *plan, struct err *err)
{
	const struct kode_integration *i = &k->integration;
	int rc = 0;
	if (i->enable_api)
		rc = plan_add_listen(
			plan,
			(struct plan_listen){ i->api_host, NULL, (int)i->api_port, FAMILY_OWN, true, true },
			err);
	if (rc == 0 && i->enable_prometheus)
		rc = plan_add_listen(plan,
				     (struct plan_listen){ i->api_host, NULL, (int)i->prometheus_port,
							   FAMILY_OWN, true, true },
				     err);
	plan->http = plan->n_listens > 0;
	if (rc == 0 && plan->http)
		rc = check_security(k, plan, err);
	if (rc == 0 && plan->http && k->security.api_auth_enabled) {
		const char **items = arena_alloc(&plan->arena, sizeof(*items));
		if (!items)
			return -ENOMEM;
		items[0] = k->security.api_auth_token;
		plan->settings.core.api_keys = (struct option_list){ items, 1 };
		plan->settings.core.guard_reads = true;
		plan->settings.core.auth = AUTH_KEYS;
	}
	return rc;
}

static int make_plan(const struct plan_source *src, struct plan *plan, struct err *err)
{
	struct kode_args args;
	struct kode k;
	int rc = kode_parse_args(src->argc, src->argv, &args, &plan->arena, err);
	if (rc == 0)
		rc = kode_load(&k, args.config, src->env, &plan->arena, err);
	if (rc == 0)
		rc = settings_defaults(&plan->settings, &plan->arena, err);
	if (rc < 0)
		return rc;
	plan_settings(&k, &plan->settings);
	plan->settings.core.log_level = level_of(&k, &args);
	plan->program = KODE_NAME;
	plan->page = "/index.html";
	plan->rooms = ROOM_SYSTEM;
	plan->pid_file = k.daemon.pid_file;
	plan->pid_end = "";
	plan->log_file = k.daemon.log_file;
	plan->log_name = KODE_NAME;
	plan->log_echo = args.foreground;
	plan->texts = &texts;
	plan->warning = k.ignored;
	plan->state_dir = k.daemon.persist ? state_dir(&k, src->env, &plan->arena) : NULL;
	return plan_listens(&k, plan, err);
}

/* --- the commands --------------------------------------------------------------------------------------------------------- */

struct call {
	const struct kode_args *args;
	int argc;
	char **argv;
	const char *const *env;
	struct arena *arena;
};

static int fail(const struct err *err)
{
	fprintf(stderr, KODE_NAME ": error: %s%s%s\n", err->place, *err->place ? ": " : "", err->text);
	return 1;
}

/* Who holds the history of this data directory: 0 nobody, else a pid. It waits `patience_ms` for one that is ending. */
static int64_t history_holder(const struct call *c, const struct kode *k, int patience_ms)
{
	const char *dir = k->daemon.persist ? state_dir(k, c->env, c->arena) : NULL;
	const char *path = dir ? arena_printf(c->arena, "%s/lock", dir) : NULL;
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	char text[32] = "";
	int64_t pid = 0;
	bool held, ours = false;
	for (int waited = 0; (held = flock(fd, LOCK_EX | LOCK_NB) < 0) && waited < patience_ms; waited += 5)
		poll(NULL, 0, 5);
	ssize_t n = held ? pread(fd, text, sizeof(text) - 1, 0) : 0;
	close(fd);
	if (n <= 0 || num_parse_i64(view_trim((struct view){ text, (size_t)n }), &pid) < 0 || pid <= 0)
		return 0;
	return process_probe(pid, &ours) == 0 && ours ? pid : 0;
}

/* Whoever only asks for the daemon or wants to stop it needs no more of the file than its paths. Where the pid file is
 * gone while the daemon runs, its history tells. */
static int find_daemon(const struct call *c, struct kode *k, struct pidfile_state *state)
{
	struct err err = { 0 };
	int rc = kode_load(k, c->args->config, c->env, c->arena, &err);
	if (rc < 0 && !k->have_paths)
		return fail(&err);
	rc = pidfile_inspect(k->daemon.pid_file, state);
	if (rc < 0) {
		err_set(&err, rc, k->daemon.pid_file, "%s", err_text(rc));
		return fail(&err);
	}
	int64_t holder = state->running ? 0 : history_holder(c, k, 0);
	if (holder)
		*state = (struct pidfile_state){ .running = true, .pid = holder };
	return 0;
}

static int start(const struct call *c)
{
	struct kode k;
	struct pidfile_state state;
	struct err err = { 0 };
	if (kode_load(&k, c->args->config, c->env, c->arena, &err) < 0)
		return fail(&err);
	if (pidfile_inspect(k.daemon.pid_file, &state) == 0 && state.running) {
		printf("Daemon already running with PID %lld\n", (long long)state.pid);
		return 0;
	}
	/* One that was killed and whose pid file was removed, as the guide has it, may still be ending. */
	int64_t holder = history_holder(c, &k, KILL_WAIT_MS);
	if (holder) {
		printf("Daemon already running with PID %lld\n", (long long)holder);
		return 0;
	}
	puts("Starting " KODE_NAME "...");
	fflush(stdout);
	struct plan_source source = { make_plan, c->argc, c->argv, c->env };
	struct launch launch = { &source,
				 KODE_NAME ": error: ", KODE_NAME ": error: ", !c->args->foreground };
	return launch_daemon(&launch);
}

/* The pid file is let go shortly before the end, or was removed by somebody; whoever asks for the end wants the whole of it. */
static bool wait_gone(int64_t pid, int64_t timeout_ms)
{
	bool ours = true;
	for (int64_t waited = 0; process_probe(pid, &ours) == 0 && ours; waited++) {
		if (waited >= timeout_ms)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

static int stop(const struct call *c)
{
	struct kode k;
	struct pidfile_state state = { 0 };
	struct err err = { 0 };
	if (find_daemon(c, &k, &state))
		return 1;
	if (!state.running) {
		puts("Daemon not running");
		return 0;
	}
	printf("Stopping daemon with PID %lld...\n", (long long)state.pid);
	fflush(stdout);
	if (kill((pid_t)state.pid, SIGTERM) < 0) {
		err_set(&err, -errno, NULL, "cannot signal PID %lld: %s", (long long)state.pid,
			strerror(errno));
		return fail(&err);
	}
	if (!wait_gone(state.pid, STOP_WAIT_MS)) {
		puts("Daemon didn't stop gracefully, forcing...");
		kill((pid_t)state.pid, SIGKILL);
		if (!wait_gone(state.pid, KILL_WAIT_MS)) {
			err_set(&err, -ETIMEDOUT, NULL, "PID %lld does not end", (long long)state.pid);
			return fail(&err);
		}
		unlink(k.daemon.pid_file);
	}
	puts("Daemon stopped");
	return 0;
}

/* What the new one would refuse is told while the old one still runs. */
static int restart(const struct call *c)
{
	struct plan_source source = { make_plan, c->argc, c->argv, c->env };
	struct plan plan;
	struct err err = { 0 };
	plan_init(&plan);
	int rc = make_plan(&source, &plan, &err);
	if (rc == 0)
		rc = plan_check(&plan, &err);
	plan_fini(&plan);
	if (rc < 0)
		return fail(&err);
	int status = stop(c);
	return status ? status : start(c);
}

/* "1 day, 0:00:05.280395", as Python writes a span of time. */
static void print_uptime(double seconds)
{
	int64_t us = seconds > 0 ? (int64_t)(seconds * 1e6) : 0;
	int64_t days = us / (86400 * US_PER_S), rest = us % (86400 * US_PER_S);
	printf("  Uptime: ");
	if (days)
		printf("%lld day%s, ", (long long)days, days == 1 ? "" : "s");
	printf("%lld:%02lld:%02lld.%06lld\n", (long long)(rest / (3600 * US_PER_S)),
	       (long long)(rest / (60 * US_PER_S) % 60), (long long)(rest / US_PER_S % 60),
	       (long long)(rest % US_PER_S));
}

static void print_usage_of(int64_t pid)
{
	struct process_source *source;
	struct process_stat stat;
	if (process_source_open(&source, "/proc") < 0)
		return;
	if (process_read(source, (int32_t)pid, &stat, NULL) == 0) {
		double up = (double)clock_wall_ns(clock_system()) / 1e9 - process_boot_s(source) -
			    (double)stat.start_us / 1e6;
		printf("  CPU: %.1f%%\n", up > 0 ? (double)stat.cpu_us / 1e4 / up : 0.0);
		printf("  Memory: %.1f MB\n", (double)stat.rss_bytes / 1048576);
		print_uptime(up);
	}
	process_source_close(source);
}

static int status(const struct call *c)
{
	struct kode k;
	struct pidfile_state state = { 0 };
	if (find_daemon(c, &k, &state))
		return 1;
	if (!state.running) {
		puts(state.pid ? "Daemon not running (stale PID file)" : "Daemon not running");
		return 3;
	}
	printf("Daemon running with PID %lld\n", (long long)state.pid);
	print_usage_of(state.pid);
	return 0;
}

/* --- the command line -------------------------------------------------------------------------------------------------- */

static void print_synopsis(FILE *out)
{
	fputs("usage: " KODE_NAME " [-h] [-c CONFIG] [--user] [--system] [--foreground] [--debug]\n"
	      "                            {start,stop,restart,status,install,config}\n",
	      out);
}

static void print_help(void)
{
	struct buf text;
	buf_init(&text);
	buf_puts(&text, "\nSamples this machine and tells clients how busy it is.\n\nCommands:\n"
			"  start      start the daemon; returns when it samples\n"
			"  stop       stop it and wait for its end\n"
			"  restart    both\n"
			"  status     tell whether it runs (exit 0) or not (exit 3)\n"
			"  install    write a service file for systemd or launchd\n"
			"  config     write a configuration file\n\nOptions:\n");
	cli_usage(kode_flags, kode_n_flags, &text);
	buf_puts(&text,
		 "\nThe configuration is the file that -c names, else ~/.config/kode-kronical/daemon.yaml, "
		 "else\n" KODE_SYSTEM_CONFIG ", else built in.\n");
	print_synopsis(stdout);
	fputs(buf_str(&text), stdout);
	buf_fini(&text);
}

static int run(const struct call *c)
{
	const char *command = c->args->command;
	if (strcmp(command, "start") == 0)
		return start(c);
	if (strcmp(command, "stop") == 0)
		return stop(c);
	if (strcmp(command, "restart") == 0)
		return restart(c);
	if (strcmp(command, "status") == 0)
		return status(c);
	if (strcmp(command, "config") == 0)
		return kode_write_config(c->args, c->env, c->arena);
	return kode_install(c->args, c->env, c->arena);
}

int kode_main(int argc, char **argv, const char *const *env)
{
	struct kode_args args;
	struct err err = { 0 };
	struct arena arena;
	arena_init(&arena, 4096);
	int code = 0, rc = kode_parse_args(argc, argv, &args, &arena, &err);
	if (args.help) {
		print_help();
	} else if (rc < 0) {
		print_synopsis(stderr);
		fprintf(stderr, KODE_NAME ": error: %s\n", err.text);
		code = 2;
	} else {
		const struct call call = { &args, argc, argv, env, &arena };
		code = run(&call);
	}
	arena_fini(&arena);
	return code;
}
