/* The patienced personality: that program's flags, variables, file, texts and exit codes. */
#include "app/patienced.h"

#include "app/launch.h"
#include "app/patienced_config.h"
#include "app/pidfile.h"
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the command-line clients look that were built without our default. */
static const char *const default_aliases[] = { "/tmp/retryd.sock", "/tmp/patience-daemon.sock" };

/* --- the plan --------------------------------------------------------------------------------- */

/* <state>/patienced/<hash of the socket path>: two of them run side by side. */
static const char *state_dir(const struct patienced *c, const char *const *env, struct arena *arena)
{
	if (*c->state_dir)
		return c->state_dir;
	const char *base = env_get(env, "AUSPEX_STATE_DIR");
	if (!base || !*base)
		base = settings_state_home(env, arena);
	if (!base)
		return NULL;
	unsigned char digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	char resolved[4096];
	const char *path = c->socket;
	if (*path != '/' && getcwd(resolved, sizeof(resolved)))
		path = arena_printf(arena, "%s/%s", resolved, c->socket);
	sha256(path, strlen(path), digest);
	hex_encode(digest, 8, hex);
	return arena_printf(arena, "%s/patienced/%s", base, hex);
}

static int plan_listens(const struct patienced *c, struct plan *plan, struct err *err)
{
	plan->http = c->enable_http;
	if (!c->enable_http)
		return 0;
	const char *bind = *c->bind ? c->bind : "::";
	return plan_add_listen(
		plan, (struct plan_listen){ bind, NULL, (int)c->port, FAMILY_RETRY, true, true }, err);
}

static int make_plan(const struct plan_source *src, struct plan *plan, struct err *err)
{
	struct patienced c;
	int rc = patienced_load(&c, src->argc, src->argv, src->env, &plan->arena, err);
	if (rc == 0)
		rc = settings_defaults(&plan->settings, &plan->arena, err);
	if (rc < 0)
		return rc;

	struct settings *s = &plan->settings;
	enum log_level level = LOG_INFO;
	log_level_parse(view_of(c.log_level), &level);
	s->core.log_level = (int)level;
	s->core.log_format = LOG_CHOICE_JSON;
	s->core.mask_secrets = c.mask_secrets;
	s->core.profiling = c.enable_profiling;
	s->core.auth = AUTH_NONE;
	/* Only for the word that a reload gives about what needs a restart. */
	s->core.socket = c.socket;
	s->core.port = c.port;
	s->core.pid_file = c.pid_file;
	s->core.socket_mode = c.socket_mode;
	s->core.aliases = c.aliases;
	s->retry.max_runs = c.max_metrics;
	s->retry.max_age_ns = c.max_age_ns;
	s->retry.persist = c.persist;
	if (*c.api_key) {
		const char **items = arena_alloc(&plan->arena, sizeof(*items));
		if (!items)
			return -ENOMEM;
		items[0] = c.api_key;
		s->core.api_keys = (struct option_list){ items, 1 };
	}
	plan->program = "patienced";
	plan->rooms = ROOM_RETRY;
	plan->page = "/retry.html";
	plan->pid_file = *c.pid_file ? c.pid_file : NULL;
	plan->state_dir = c.persist ? state_dir(&c, src->env, &plan->arena) : NULL;
	if (c.persist && !plan->state_dir)
		plan->state_note =
			"history is kept in memory only: neither HOME nor state_dir says where to keep it";
	rc = plan_add_socket(plan, c.socket, (unsigned)c.socket_mode, true, err);
	if (!c.aliases_set && strcmp(c.socket, PATIENCED_SOCKET) == 0)
		c.aliases = (struct option_list){ (const char **)default_aliases, 2 };
	for (size_t i = 0; rc == 0 && i < c.aliases.n; i++)
		rc = plan_add_socket(plan, c.aliases.items[i], (unsigned)c.socket_mode, false, err);
	return rc == 0 ? plan_listens(&c, plan, err) : rc;
}

/* --- -status, -stop --------------------------------------------------------------------------- */

/* True when the daemon of this pid file runs; else prints what the file says. */
static bool find_daemon(const struct patienced *c, struct pidfile_state *state)
{
	int rc = pidfile_inspect(c->pid_file, state);
	if (rc < 0)
		fprintf(stderr, "Error checking daemon status: open %s: %s\n", c->pid_file, err_text(rc));
	else if (!state->running && state->unreadable)
		fprintf(stderr, "Error checking daemon status: invalid PID file format: \"%s\" in %s\n",
			state->content, c->pid_file);
	return rc == 0 && state->running;
}

static int show_status(const struct patienced *c)
{
	struct pidfile_state state;
	if (find_daemon(c, &state)) {
		printf("Daemon is running with PID %lld\n", (long long)state.pid);
		printf("Socket: %s\n", c->socket);
		if (c->enable_http)
			printf("HTTP Port: %lld\n", (long long)c->port);
		return 0;
	}
	printf("Daemon is not running\n");
	if (state.pid)
		printf("Stale PID file found with PID %lld\n", (long long)state.pid);
	return 0;
}

static int stop_daemon(const struct patienced *c)
{
	struct pidfile_state state;
	if (!find_daemon(c, &state)) {
		printf("Daemon is not running\n");
		return 0;
	}
	if (kill((pid_t)state.pid, SIGINT) < 0) {
		fprintf(stderr, "Error stopping daemon: cannot signal PID %lld: %s\n", (long long)state.pid,
			strerror(errno));
		return 0;
	}
	printf("Sent stop signal to daemon (PID %lld)\n", (long long)state.pid);
	fflush(stdout);
	puts(pidfile_wait_gone(c->pid_file, state.pid, 10000) ? "Daemon stopped successfully"
							      : "Daemon may still be running, check status");
	return 0;
}

static void print_usage(const struct goflag *flags)
{
	struct buf text;
	buf_init(&text);
	buf_puts(&text, "Usage: patienced [options]\n\nOptions:\n");
	goflag_usage(flags, PATIENCED_FLAGS, &text);
	fputs(buf_str(&text), stderr);
	buf_fini(&text);
}

int patienced_main(int argc, char **argv, const char *const *env)
{
	struct patienced c;
	struct goflag flags[PATIENCED_FLAGS];
	struct err err = { 0 };
	struct arena arena;
	int rest, status = 0;
	patienced_defaults(&c);
	patienced_flags(&c, flags);
	int rc = goflag_parse(flags, PATIENCED_FLAGS, argc, argv, &rest, &err);
	if (rc != 0) {
		if (rc < 0)
			fprintf(stderr, "%s\n", err.text);
		print_usage(flags);
		return rc < 0 ? 2 : 0;
	}
	if (c.version) {
		puts("patienced version " AUSPEX_VERSION);
		return 0;
	}
	arena_init(&arena, 4096);
	bool background = c.background, show = c.status, stop = c.stop;
	if (show || stop) {
		rc = patienced_load(&c, argc, argv, env, &arena, &err);
		if (rc < 0)
			fprintf(stderr, "Error loading configuration: %s%s%s\n", err.place,
				*err.place ? ": " : "", err.text);
		status = rc < 0 ? 1 : show ? show_status(&c) : stop_daemon(&c);
	} else {
		struct plan_source source = { make_plan, argc, argv, env };
		struct launch launch = { &source, "Error loading configuration: ", "Error starting daemon: ",
					 background };
		status = launch_daemon(&launch);
	}
	arena_fini(&arena);
	return status;
}
