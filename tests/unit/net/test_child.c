#include "support.h"

#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct outcome {
	int calls;
	struct child_result r;
	char out[4096], err[4096];
};

static void on_done(void *arg, const struct child_result *r)
{
	struct outcome *o = arg;
	o->calls++;
	o->r = *r;
	snprintf(o->out, sizeof(o->out), "%.*s", (int)r->out.len, r->out.len ? r->out.data : "");
	snprintf(o->err, sizeof(o->err), "%.*s", (int)r->err.len, r->err.len ? r->err.data : "");
}

/* Runs to the end; checks that `done` came once, nothing is left to reap and no handle is left open. */
static struct outcome run(const struct child_spec *spec, bool cancel)
{
	uv_loop_t loop;
	struct outcome o = { 0 };
	struct child *c;
	struct err err = { 0 };
	uv_loop_init(&loop);
	assert_int_equal(child_start(&c, &loop, spec, on_done, &o, &err), 0);
	assert_int_equal(o.calls, 0);
	if (cancel)
		child_cancel(c);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(o.calls, 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(uv_loop_close(&loop), 0);
	return o;
}

static struct outcome run_sh(const char *script, struct child_spec spec)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	spec.argv = argv;
	return run(&spec, false);
}

static void test_output_and_status(void **state)
{
	struct outcome o = run_sh("echo hello; echo oops >&2; exit 7", (struct child_spec){ 0 });
	assert_int_equal(o.r.code, 0);
	assert_int_equal(o.r.exit_status, 7);
	assert_int_equal(o.r.signal, 0);
	assert_string_equal(o.out, "hello\n");
	assert_string_equal(o.err, "oops\n");
	assert_true(o.r.elapsed_us > 0);
}

static void test_missing_binary(void **state)
{
	const char *argv[] = { "no-such-program-anywhere", NULL };
	struct outcome o = run(&(struct child_spec){ .argv = argv }, false);
	assert_int_equal(o.r.code, -ENOENT);
	assert_string_equal(o.err, "cannot run no-such-program-anywhere: No such file or directory");
}

static void test_not_executable(void **state)
{
	const char *argv[] = { "/etc/passwd", NULL };
	struct outcome o = run(&(struct child_spec){ .argv = argv }, false);
	assert_int_equal(o.r.code, -EACCES);
}

static void test_empty_argv_is_refused(void **state)
{
	const char *argv[] = { NULL };
	uv_loop_t loop;
	struct err err = { 0 };
	uv_loop_init(&loop);
	assert_int_equal(child_start(NULL, &loop, &(struct child_spec){ .argv = argv }, on_done, NULL, &err),
			 -EINVAL);
	assert_string_equal(err.text, "no program to run: argv is empty");
	uv_loop_close(&loop);
}

static void test_missing_directory(void **state)
{
	struct outcome o = run_sh("true", (struct child_spec){ .cwd = "/no/such/dir" });
	assert_int_equal(o.r.code, -ENOENT);
	assert_string_equal(o.err, "cannot enter directory /no/such/dir: No such file or directory");
}

static void test_directory_and_environment(void **state)
{
	const char *env[] = { "PATH=/usr/bin:/bin", "COLOUR=blue", NULL };
	struct outcome o =
		run_sh("pwd; echo $COLOUR; echo ${HOME-none}", (struct child_spec){ .cwd = "/", .env = env });
	assert_string_equal(o.out, "/\nblue\nnone\n");
}

static void test_input_larger_than_a_pipe(void **state)
{
	size_t n = 300000;
	char *input = malloc(n);
	memset(input, 'a', n);
	struct outcome o = run_sh("wc -c", (struct child_spec){ .input = { input, n } });
	assert_string_equal(o.out, "300000\n");
	free(input);
}

static void test_unread_input_does_no_harm(void **state)
{
	struct outcome o = run_sh("exit 3", (struct child_spec){ .input = VIEW("nobody reads this") });
	assert_int_equal(o.r.exit_status, 3);
}

static void test_stdin_is_empty_by_default(void **state)
{
	struct outcome o = run_sh("cat; echo end", (struct child_spec){ 0 });
	assert_string_equal(o.out, "end\n");
}

static void test_output_is_bounded_and_counted(void **state)
{
	struct outcome o = run_sh("head -c 100000 /dev/zero | tr '\\0' x; printf abcdef >&2",
				  (struct child_spec){ .max_output = 1000 });
	assert_int_equal(o.r.out.len, 1000);
	assert_int_equal(o.r.out_cut, 99000);
	assert_string_equal(o.err, "abcdef");
	assert_int_equal(o.r.err_cut, 0);
	assert_int_equal(o.r.exit_status, 0);
}

static void test_timeout_ends_a_willing_child(void **state)
{
	struct outcome o = run_sh("sleep 30", (struct child_spec){ .timeout_ms = 50 });
	assert_int_equal(o.r.code, -ETIMEDOUT);
	assert_int_equal(o.r.exit_status, -1);
	assert_int_equal(o.r.signal, SIGTERM);
	assert_true(o.r.elapsed_us < 2 * US_PER_S);
}

static void test_timeout_kills_a_stubborn_child(void **state)
{
	/* Time enough for the shell to set its trap, on a busy machine too. */
	struct outcome o = run_sh("trap '' TERM; while :; do sleep 1; done",
				  (struct child_spec){ .timeout_ms = 600, .grace_ms = 100 });
	assert_int_equal(o.r.code, -ETIMEDOUT);
	assert_int_equal(o.r.signal, SIGKILL);
	assert_true(o.r.elapsed_us >= 690 * US_PER_MS); /* loop timers count whole milliseconds */
	assert_true(o.r.elapsed_us < 5 * US_PER_S);
}

static void test_output_before_the_timeout_is_kept(void **state)
{
	struct outcome o = run_sh("echo early; sleep 30", (struct child_spec){ .timeout_ms = 600 });
	assert_int_equal(o.r.code, -ETIMEDOUT);
	assert_string_equal(o.out, "early\n");
}

static void test_cancel(void **state)
{
	const char *argv[] = { "sleep", "30", NULL };
	struct outcome o = run(&(struct child_spec){ .argv = argv, .grace_ms = 100 }, true);
	assert_int_equal(o.r.code, ERR_CANCELLED);
	assert_int_equal(o.r.exit_status, -1);
}

/* The grandchild holds stdout and must neither hang `done` nor outlive it. */
static void test_grandchild_is_killed(void **state)
{
	struct outcome o = run_sh("(trap '' TERM; sleep 60) & echo $!", (struct child_spec){ 0 });
	int pid = atoi(o.out);
	assert_int_equal(o.r.code, 0);
	assert_int_equal(o.r.exit_status, 0);
	assert_true(pid > 1);
	for (int i = 0; i < 200 && kill(pid, 0) == 0;
	     i++) { /* init reaps it in its own time; a zombie counts as dead */
		char path[64], text[256] = "";
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		FILE *f = fopen(path, "r");
		if (f && fgets(text, sizeof(text), f) && strstr(text, ") Z")) {
			fclose(f);
			return;
		}
		if (f)
			fclose(f);
		usleep(10000);
	}
	assert_int_equal(kill(pid, 0), -1);
}

/* A grandchild in a session of its own escapes the group kill; `done` comes all the same. */
static void test_escaped_grandchild_does_not_hang(void **state)
{
	struct outcome o = run_sh("setsid sleep 5 & echo started", (struct child_spec){ 0 });
	assert_int_equal(o.r.code, 0);
	assert_string_equal(o.out, "started\n");
}

static void test_late_output_of_a_grandchild_arrives(void **state)
{
	struct outcome o = run_sh("(sleep 0.1; echo late) &", (struct child_spec){ 0 });
	assert_string_equal(o.out, "late\n");
}

static void test_limits_hold(void **state)
{
	struct outcome o =
		run_sh("ulimit -n; ulimit -t; ulimit -v; ulimit -c",
		       (struct child_spec){ .max_files = 33, .max_cpu_s = 5, .max_memory_bytes = 512 << 20 });
	assert_string_equal(o.out, "33\n5\n524288\n0\n");
}

static void test_cpu_limit_kills(void **state)
{
	struct outcome o =
		run_sh("while :; do :; done", (struct child_spec){ .max_cpu_s = 1, .timeout_ms = 20000 });
	assert_int_equal(o.r.code, 0);
	assert_true(o.r.signal == SIGKILL || o.r.signal == SIGXCPU);
}

static void test_no_descriptor_of_ours_leaks(void **state)
{
	int leaky = dup(2); /* without close-on-exec */
	assert_true(leaky > 2);
	struct outcome o = run_sh("ls /proc/self/fd | wc -l", (struct child_spec){ 0 });
	close(leaky);
	assert_string_equal(o.out, "4\n"); /* 0, 1, 2 and ls's own directory */
}

static void test_ignored_signals_are_not_inherited(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	struct outcome o = run_sh("kill -PIPE $$; echo survived", (struct child_spec){ 0 });
	assert_int_equal(o.r.signal, SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
}

static void test_fork_failure_is_a_code(void **state)
{
	pid_t pid = fork();
	if (pid == 0) {
		const char *argv[] = { "true", NULL };
		uv_loop_t loop;
		struct err err = { 0 };
		struct rlimit none = { 0, 0 };
		uv_loop_init(&loop);
		if (setgid(65534) < 0 || setuid(65534) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0)
			_exit(77);
		int rc = child_start(NULL, &loop, &(struct child_spec){ .argv = argv }, on_done, NULL, &err);
		uv_run(&loop, UV_RUN_DEFAULT);
		_exit(rc == -EAGAIN && strstr(err.text, "cannot start true") && uv_loop_close(&loop) == 0
			      ? 0
			      : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip_because("only root can become a user without processes");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int open_descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_no_descriptors_is_a_code(void **state)
{
	const char *argv[] = { "true", NULL };
	uv_loop_t loop;
	struct err err = { 0 };
	struct rlimit old, tight;
	uv_loop_init(&loop);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	int next = dup(0), before;
	close(next);
	before = open_descriptors();
	tight.rlim_cur = (rlim_t)next + 3; /* enough for one pipe, not for three */
	setrlimit(RLIMIT_NOFILE, &tight);
	int rc = child_start(NULL, &loop, &(struct child_spec){ .argv = argv }, on_done, NULL, &err);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(rc, -EMFILE);
	assert_non_null(strstr(err.text, "cannot start true: "));
	assert_int_equal(open_descriptors(), before);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_many_at_once(void **state)
{
	enum { N = 20 };
	uv_loop_t loop;
	struct outcome o[N] = { 0 };
	uv_loop_init(&loop);
	for (int i = 0; i < N; i++) {
		char script[32];
		snprintf(script, sizeof(script), "exit %d", i);
		const char *argv[] = { "sh", "-c", script, NULL };
		assert_int_equal(
			child_start(NULL, &loop, &(struct child_spec){ .argv = argv }, on_done, &o[i], NULL),
			0);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	for (int i = 0; i < N; i++) {
		assert_int_equal(o[i].calls, 1);
		assert_int_equal(o[i].r.exit_status, i);
	}
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_missing_binary),
		cmocka_unit_test(test_not_executable),
		cmocka_unit_test(test_empty_argv_is_refused),
		cmocka_unit_test(test_missing_directory),
		cmocka_unit_test(test_directory_and_environment),
		cmocka_unit_test(test_input_larger_than_a_pipe),
		cmocka_unit_test(test_unread_input_does_no_harm),
		cmocka_unit_test(test_stdin_is_empty_by_default),
		cmocka_unit_test(test_output_is_bounded_and_counted),
		cmocka_unit_test(test_timeout_ends_a_willing_child),
		cmocka_unit_test(test_timeout_kills_a_stubborn_child),
		cmocka_unit_test(test_output_before_the_timeout_is_kept),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_grandchild_is_killed),
		cmocka_unit_test(test_escaped_grandchild_does_not_hang),
		cmocka_unit_test(test_late_output_of_a_grandchild_arrives),
		cmocka_unit_test(test_limits_hold),
		cmocka_unit_test(test_cpu_limit_kills),
		cmocka_unit_test(test_no_descriptor_of_ours_leaks),
		cmocka_unit_test(test_ignored_signals_are_not_inherited),
		cmocka_unit_test(test_fork_failure_is_a_code),
		cmocka_unit_test(test_no_descriptors_is_a_code),
		cmocka_unit_test(test_many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
