/* run, start, stop, restart, reload, status: the life of the daemon. */
#include "app/client.h"
#include "app/command.h"
#include "app/launch.h"
#include "app/pidfile.h"
#include "base/json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STOP_WAIT_MS 15000

/* Nobody reads the standard output of a process in the background. */
static int make_background(const struct plan_source *src, struct plan *plan, struct err *err)
{
	int rc = plan_make_native(src, plan, err);
	if (rc == 0 && !plan->log_file)
		plan->log_file = arena_printf(&plan->arena, "%s/auspex.log", plan->state_dir);
	return rc;
}

static int launch_native(const struct command *self, int argc, char **argv, const char *const *env,
			 bool detach)
{
	struct plan_source source = { detach ? make_background : plan_make_native, argc, argv, env };
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "auspex %s: ", self->name);
	struct launch launch = { &source, prefix, prefix, detach };
	return launch_daemon(&launch);
}

static int run_run(const struct command *self, int argc, char **argv, const char *const *env)
{
	return launch_native(self, argc, argv, env, false);
}

static int run_start(const struct command *self, int argc, char **argv, const char *const *env)
{
	return launch_native(self, argc, argv, env, true);
}

/* Who runs under this configuration? `plan` must be freed by the caller. 0, or a code with err filled. */
static int find_running(int argc, char **argv, const char *const *env, struct plan *plan,
			struct pidfile_state *state, struct err *err)
{
	struct plan_source source = { plan_make_native, argc, argv, env };
	plan_init(plan);
	int rc = plan_make_native(&source, plan, err);
	if (rc == 0 && (rc = pidfile_inspect(plan->pid_file, state)) < 0)
		err_set(err, rc, plan->pid_file, "%s", err_text(rc));
	return rc;
}

static int stop_running(const struct command *self, const struct plan *plan,
			const struct pidfile_state *state)
{
	struct err err;
	if (!state->running) {
		puts("auspex is not running");
		return 0;
	}
	if (kill((pid_t)state->pid, SIGTERM) < 0) {
		err_set(&err, -errno, NULL, "cannot signal PID %lld: %s", (long long)state->pid,
			strerror(errno));
		return command_fail(self, 1, &err);
	}
	if (!pidfile_wait_gone(plan->pid_file, state->pid, STOP_WAIT_MS)) {
		err_set(&err, -ETIMEDOUT, NULL, "PID %lld has not ended after %d s", (long long)state->pid,
			STOP_WAIT_MS / 1000);
		return command_fail(self, 1, &err);
	}
	printf("auspex stopped (PID %lld)\n", (long long)state->pid);
	return 0;
}

static int run_stop(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan plan;
	struct pidfile_state state = { 0 };
	struct err err = { 0 };
	int rc = find_running(argc, argv, env, &plan, &state, &err);
	int status = rc < 0 ? command_fail(self, 1, &err) : stop_running(self, &plan, &state);
	plan_fini(&plan);
	return status;
}

/* Nobody wants to lose a running daemon to a slip of the pen: what the new one would refuse is told first. */
static int run_restart(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct plan plan;
	struct err err = { 0 };
	plan_init(&plan);
	int rc = plan_make_native(&source, &plan, &err);
	if (rc == 0)
		rc = plan_check(&plan, &err);
	plan_fini(&plan);
	int status = rc < 0 ? command_fail(self, 1, &err) : run_stop(self, argc, argv, env);
	return status ? status : launch_native(self, argc, argv, env, true);
}

static int run_reload(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan plan;
	struct pidfile_state state = { 0 };
	struct err err = { 0 };
	int rc = find_running(argc, argv, env, &plan, &state,
			      &err); /* a bad file is told here, before the daemon sees it */
	int status = 0;
	if (rc == 0)
		rc = plan_check(&plan, &err);
	if (rc < 0) {
		status = command_fail(self, 1, &err);
	} else if (!state.running) {
		puts("auspex is not running");
		status = 3;
	} else if (kill((pid_t)state.pid, SIGHUP) < 0) {
		err_set(&err, -errno, NULL, "cannot signal PID %lld: %s", (long long)state.pid,
			strerror(errno));
		status = command_fail(self, 1, &err);
	} else {
		printf("Sent reload to PID %lld; auspex status tells how it went\n", (long long)state.pid);
	}
	plan_fini(&plan);
	return status;
}

static void print_problems(const struct json_doc *doc, json_ref detail, struct arena *arena)
{
	json_ref list = json_get(doc, detail, VIEW("problems"));
	for (json_ref p = json_first(doc, list); p != JSON_NONE; p = json_next(doc, list, p)) {
		struct view what = json_string(doc, json_get(doc, p, VIEW("problem")), arena);
		struct view cure = json_string(doc, json_get(doc, p, VIEW("cure")), arena);
		printf("Problem: %.*s\n  Cure:  %.*s\n", (int)what.len, what.data, (int)cure.len, cure.data);
	}
}

static void print_health(const struct plan *plan, const struct buf *body)
{
	struct json_doc doc;
	struct arena arena;
	json_doc_init(&doc);
	arena_init(&arena, 4096);
	if (json_parse_all(&doc, body->data, body->len, 0, NULL) == 0) {
		json_ref detail = json_get(&doc, 0, VIEW("detail"));
		struct view state = json_string(&doc, json_get(&doc, detail, VIEW("state")), &arena);
		double uptime = 0;
		json_double(&doc, json_get(&doc, detail, VIEW("uptime_seconds")), &uptime);
		printf("State:   %.*s, up %.0f s\n", (int)state.len, state.data, uptime);
		printf("Page:    http://127.0.0.1:%d/\n", plan->listens[0].port);
		print_problems(&doc, detail, &arena);
	}
	arena_fini(&arena);
	json_doc_fini(&doc);
}

static int run_status(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan plan;
	struct pidfile_state state = { 0 };
	struct err err = { 0 };
	struct buf body;
	char *kept[64];
	int n = 0, http_status = 0;
	bool json = false;
	for (int i = 0; i < argc && n < 64; i++) {
		if (i && strcmp(argv[i], "--json") == 0)
			json = true;
		else
			kept[n++] = argv[i];
	}
	int rc = find_running(n, kept, env, &plan, &state, &err);
	if (rc < 0) {
		plan_fini(&plan);
		return command_fail(self, 1, &err);
	}
	buf_init(&body);
	bool answered = state.running && plan.n_listens && !plan.listens[0].path &&
			client_http(plan.listens[0].port, "/api/health?detail=1", (struct view){ 0 },
				    plan_key(&plan), 3000, &http_status, &body, &err) == 0 &&
			http_status == 200;
	if (json) {
		printf("{\"running\":%s,\"pid\":%lld,\"health\":%s}\n", state.running ? "true" : "false",
		       state.running ? (long long)state.pid : 0, answered ? buf_str(&body) : "null");
	} else if (!state.running) {
		puts("auspex is not running");
	} else {
		printf("auspex is running with PID %lld\n", (long long)state.pid);
		if (plan.n_sockets)
			printf("Socket:  %s\n", plan.sockets[0].path);
		if (answered)
			print_health(&plan, &body);
		else
			printf("It does not answer on HTTP: %s\n", err.text);
	}
	buf_fini(&body);
	plan_fini(&plan);
	return state.running ? 0 : 3;
}

static const struct cli_flag json_flag[] = { { "json", 0, NULL, "Answer as JSON.", NULL } };

const struct command command_run = {
	"run", "", "Run the daemon in the foreground.", NULL, NULL, 0, COMMAND_OPTIONS, run_run
};
const struct command command_start = { "start",
				       "",
				       "Start the daemon in the background; returns when it is ready.",
				       NULL,
				       NULL,
				       0,
				       COMMAND_OPTIONS,
				       run_start };
const struct command command_stop = {
	"stop", "", "Stop the running daemon and wait for its end.", NULL, NULL, 0, COMMAND_CONFIG, run_stop
};
const struct command command_restart = {
	"restart", "", "Stop, then start in the background.", NULL, NULL, 0, COMMAND_OPTIONS, run_restart
};
const struct command command_reload = {
	"reload",       "",        "Make the running daemon read its configuration again.", NULL, NULL, 0,
	COMMAND_CONFIG, run_reload
};
const struct command command_status = {
	"status",
	"",
	"Tell whether the daemon runs and what is wrong (exit 0 running, 3 stopped).",
	NULL,
	json_flag,
	1,
	COMMAND_CONFIG,
	run_status
};
