/* backup and doctor: what an operator does to the history, with or without a daemon. */
#include "app/client.h"
#include "app/command.h"
#include "app/pidfile.h"
#include "app/plan.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int load_plan(const struct command *self, int argc, char **argv, const char *const *env,
		     struct plan *plan)
{
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct err err = { 0 };
	plan_init(plan);
	int rc = plan_make_native(&source, plan, &err);
	return rc < 0 ? command_fail(self, 1, &err) : 0;
}

static int run_backup(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct plan_words words;
	struct err err = { 0 };
	struct plan plan;
	struct stat st;
	plan_init(&plan);
	int rc = plan_make_command(&source, NULL, 0, &words, &plan, &err), status = 1;
	if (rc == 0 && words.n != 1) {
		rc = err_set(&err, ERR_MISSING, NULL, "name the file to write: auspex backup FILE");
		status = 2;
	}
	const char *to = rc == 0 ? words.items[0] : NULL;
	const char *db = rc == 0 ? arena_printf(&plan.arena, "%s/history.db", plan.state_dir) : NULL;
	if (rc == 0)
		rc = store_backup_file(db, to, &err);
	if (rc == 0 && stat(to, &st) == 0)
		printf("%s: %lld bytes, a copy of %s\n", to, (long long)st.st_size, db);
	status = rc < 0 ? command_fail(self, status, &err) : 0;
	plan_fini(&plan);
	return status;
}

/* --- doctor ----------------------------------------------------------------------------------- */

struct visit {
	unsigned bad;
};

static void finding(void *arg, bool ok, const char *sentence)
{
	struct visit *v = arg;
	v->bad += !ok;
	printf("%s  %s\n", ok ? "ok " : "BAD", sentence);
}

static void check_state_dir(struct visit *v, const struct plan *plan)
{
	char text[600];
	struct stat st;
	if (stat(plan->state_dir, &st) < 0)
		snprintf(text, sizeof(text),
			 "state directory %s does not exist yet; it is made at the first start",
			 plan->state_dir);
	else if (!S_ISDIR(st.st_mode) || access(plan->state_dir, W_OK) < 0)
		snprintf(text, sizeof(text),
			 "state directory %s is not writable for us: history would be in memory only",
			 plan->state_dir);
	else
		snprintf(text, sizeof(text), "state directory %s is writable", plan->state_dir);
	finding(v, !strstr(text, "not writable"), text);
}

static void check_daemon(struct visit *v, const struct plan *plan)
{
	char text[600];
	struct pidfile_state state = { 0 };
	struct buf body;
	struct err err = { 0 };
	int status = 0;
	pidfile_inspect(plan->pid_file, &state);
	if (!state.running) {
		finding(v, true, "no daemon runs under this configuration (auspex run or auspex start)");
		return;
	}
	snprintf(text, sizeof(text), "a daemon runs with PID %lld", (long long)state.pid);
	finding(v, true, text);
	if (!plan->n_listens || plan->listens[0].path)
		return;
	buf_init(&body);
	int rc = client_http(plan->listens[0].port, "/api/health?detail=1", (struct view){ 0 }, NULL, 3000,
			     &status, &body, &err);
	bool well = rc == 0 && strstr(buf_str(&body), "\"state\":\"ok\"");
	finding(v, well,
		rc < 0 ? err.text
		: well ? "it says that all is well"
		       : "it reports problems: auspex status");
	buf_fini(&body);
}

static int run_doctor(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan plan;
	struct visit visit = { 0 };
	int status = load_plan(self, argc, argv, env, &plan);
	if (status == 0) {
		finding(&visit, true,
			plan.settings.file ? plan.settings.file
					   : "no configuration file: the defaults are in force");
		check_state_dir(&visit, &plan);
		const char *db = arena_printf(&plan.arena, "%s/history.db", plan.state_dir);
		if (access(db, F_OK) == 0)
			store_doctor(db, finding, &visit);
		check_daemon(&visit, &plan);
		status = visit.bad ? 1 : 0;
		printf("%s\n", visit.bad ? "Something is wrong; see the lines marked BAD." : "All is well.");
	}
	plan_fini(&plan);
	return status;
}

const struct command command_backup = {
	"backup",       "FILE",    "Copy the history to a new file, also while the daemon runs.",
	NULL,           NULL,      0,
	COMMAND_CONFIG, run_backup
};
const struct command command_doctor = { "doctor",
					"",
					"Check configuration, state directory, history file and daemon.",
					NULL,
					NULL,
					0,
					COMMAND_OPTIONS,
					run_doctor };
