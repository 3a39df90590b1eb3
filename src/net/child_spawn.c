#include "base/arena.h"
#include "child_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

/* Where a program without a slash is looked for when there is no PATH. */
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

/* Everything the forked half needs, prepared before: between fork and exec only async-signal-safe calls are
 * allowed. */
struct plan {
	const struct child_spec *spec;
	char *const *env;
	const char **candidates; /* full paths to try, NULL-terminated */
	int in, out, err, report;
};

/* --- in the child --- */

static _Noreturn void report_and_exit(const struct plan *p, enum child_stage stage, int error)
{
	struct child_report r = { stage, error };
	ssize_t n = write(p->report, &r, sizeof(r));
	_exit(n == (ssize_t)sizeof(r) ? 127 : 126);
}

static int limit(int what, int64_t value)
{
	if (value <= 0)
		return 0;
	struct rlimit rl;
	if (getrlimit(what, &rl) < 0)
		return -1;
	rlim_t v = (rlim_t)value;
	if (rl.rlim_max != RLIM_INFINITY && v > rl.rlim_max)
		v = rl.rlim_max; /* stricter than asked for is fine */
	rl.rlim_cur = rl.rlim_max = v;
	return setrlimit(what, &rl);
}

static int set_limits(const struct child_spec *s)
{
	const struct rlimit no_core = { 0, 0 };
	setrlimit(RLIMIT_CORE, &no_core);
	if (limit(RLIMIT_CPU, s->max_cpu_s) < 0 || limit(RLIMIT_NOFILE, s->max_files) < 0)
		return -1;
#ifdef __APPLE__ /* RLIMIT_AS is not enforced there and setting it may fail */
	return 0;
#else
	return limit(RLIMIT_AS, s->max_memory_bytes);
#endif
}

/* Our handlers and ignored signals are not the program's. */
static void reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child_side(const struct plan *p)
{
	setsid();
	if (dup2(p->in, 0) < 0 || dup2(p->out, 1) < 0 || dup2(p->err, 2) < 0)
		report_and_exit(p, CHILD_STAGE_EXEC, errno);
#ifdef SYS_close_range /* a library's descriptor may lack close-on-exec; 4 = CLOSE_RANGE_CLOEXEC */
	syscall(SYS_close_range, 3u, UINT_MAX, 4u);
#endif
	if (p->spec->cwd && chdir(p->spec->cwd) < 0)
		report_and_exit(p, CHILD_STAGE_CWD, errno);
	if (set_limits(p->spec) < 0)
		report_and_exit(p, CHILD_STAGE_LIMIT, errno);
	reset_signals();
	int error = ENOENT;
	for (const char **c = p->candidates; *c; c++) {
		execve(*c, (char *const *)p->spec->argv, p->env);
		if (errno != ENOENT && errno != ENOTDIR && error != EACCES)
			error = errno;
	}
	report_and_exit(p, CHILD_STAGE_EXEC, error);
}

/* --- in the daemon --- */

static const char *find_path(char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return DEFAULT_PATH;
}

static int list_candidates(struct plan *p, struct arena *a)
{
	const char *name = p->spec->argv[0], *path = find_path(p->env);
	size_t n = 1;
	for (const char *s = path; *s; s++)
		n += *s == ':';
	p->candidates = arena_zalloc(a, (n + 1) * sizeof(*p->candidates));
	if (!p->candidates)
		return -ENOMEM;
	if (strchr(name, '/')) {
		p->candidates[0] = name;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int len = (int)strcspn(path, ":");
		p->candidates[i] = arena_printf(a, "%.*s/%s", len ? len : 1, len ? path : ".", name);
		if (!p->candidates[i])
			return -ENOMEM;
		path += len + (path[len] == ':');
	}
	return 0;
}

/* Descriptors 0-2 are about to be replaced in the child, so none of ours may be among them. */
static int lift(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int error = errno;
	close(fd);
	errno = error;
	return up;
}

/* The reading end, which is the daemon's, does not block. */
static int make_pipe(int *rd, int *wr)
{
	int fds[2];
#ifdef __linux__
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
#else
	if (pipe(fds) < 0)
		return -errno;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#endif
	*rd = lift(fds[0]);
	*wr = lift(fds[1]);
	if (*rd < 0 || *wr < 0)
		return -errno;
	fcntl(*rd, F_SETFL, O_NONBLOCK);
	return 0;
}

static int write_all(int fd, struct view v)
{
	while (v.len) {
		ssize_t n = write(fd, v.data, v.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		v.data += n;
		v.len -= (size_t)n;
	}
	return (int)lseek(fd, 0, SEEK_SET);
}

/* stdin: a file in memory that holds all of the input, so that nothing has to be fed and no SIGPIPE can come
 * of it. */
static int open_input(struct view input)
{
	int fd;
	if (!input.len)
		return lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
#ifdef __linux__
	fd = memfd_create("auspex-input", MFD_CLOEXEC);
#else
	char name[] = "/tmp/auspex-input.XXXXXX";
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
#endif
	fd = lift(fd);
	if (fd >= 0 && write_all(fd, input) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Signals stay blocked from before fork until the child has dropped our handlers, which would write into our
 * loop. */
static pid_t fork_quietly(const struct plan *p)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid_t pid = fork();
	if (pid == 0)
		child_side(p);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}

int child_spawn(struct child_process *out, const struct child_spec *spec, struct err *err)
{
	int rc;
	struct arena a;
	struct plan p = { .spec = spec, .in = -1, .out = -1, .err = -1, .report = -1 };
	*out = (struct child_process){ -1, -1, -1, -1 };
	arena_init(&a, 0);
	p.env = spec->env ? (char *const *)spec->env : environ;
	rc = list_candidates(&p, &a);
	if (rc < 0)
		goto done;
	p.in = open_input(spec->input);
	rc = p.in < 0 ? -errno : 0;
	if (rc < 0 || (rc = make_pipe(&out->out_fd, &p.out)) < 0 ||
	    (rc = make_pipe(&out->err_fd, &p.err)) < 0 || (rc = make_pipe(&out->report_fd, &p.report)) < 0)
		goto done;
	out->pid = fork_quietly(&p);
	rc = out->pid < 0 ? -errno : 0;
done:
	close_if(p.in);
	close_if(p.out);
	close_if(p.err);
	close_if(p.report);
	if (rc < 0) {
		close_if(out->out_fd);
		close_if(out->err_fd);
		close_if(out->report_fd);
		err_set(err, rc, NULL, "cannot start %s: %s", spec->argv[0], err_text(rc));
	}
	arena_fini(&a);
	return rc;
}
