#include "app/launch.h"

#include "app/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the detached child tells its parent through the pipe: 'R' ready, or the sentence of its failure. */
struct report {
	int fd; /* -1: nobody waits */
};

static void report_ready(void *arg)
{
	struct report *r = arg;
	if (r->fd < 0)
		return;
	if (write(r->fd, "R", 1) != 1)
		return; /* the parent has gone; nothing is owed to it */
	close(r->fd);
	r->fd = -1;
}

static void report_failure(struct report *r, const char *prefix, const struct err *err)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s%s\n", prefix ? prefix : "", err->text);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	ssize_t done = write(r->fd >= 0 ? r->fd : STDERR_FILENO, line, (size_t)n);
	(void)done; /* nobody is left to tell */
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static int run_here(const struct launch *l, struct report *report)
{
	struct plan plan;
	struct err err = { 0 };
	plan_init(&plan);
	int rc = l->source->make(l->source, &plan, &err);
	if (rc < 0) {
		char text[sizeof(err.text)];
		memcpy(text, err.text, sizeof(text));
		if (err.place[0])
			snprintf(err.text, sizeof(err.text), "%.200s: %.300s", err.place, text);
		report_failure(report, l->load_prefix, &err);
	} else {
		rc = daemon_run(&plan, l->source, report_ready, report, &err);
		if (rc < 0)
			report_failure(report, rc == -EALREADY ? "" : l->start_prefix, &err);
	}
	plan_fini(&plan);
	return rc < 0 ? 1 : 0;
}

/* The parent's half: waits for the child's word and repeats it. */
static int await_child(int fd, pid_t child)
{
	char text[1024];
	size_t used = 0;
	ssize_t n;
	while (used < sizeof(text) - 1 && (n = read(fd, text + used, sizeof(text) - 1 - used)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		used += (size_t)n;
		if (text[0] == 'R')
			break;
	}
	close(fd);
	if (used && text[0] == 'R') {
		printf("Daemon started with PID %ld\n", (long)child);
		return 0;
	}
	text[used] = 0;
	fputs(used ? text : "Error starting daemon: it ended without saying why\n", stderr);
	waitpid(child, NULL, 0);
	return 1;
}

/* The child's half: a session of its own, no terminal, none of the caller's descriptors. */
static int become_background(int keep_fd)
{
	if (setsid() < 0)
		return -errno;
	int null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	long most = sysconf(_SC_OPEN_MAX);
	for (int fd = 3; fd < (most > 0 && most < 4096 ? most : 4096); fd++)
		if (fd != keep_fd)
			close(fd);
	return 0;
}

int launch_daemon(const struct launch *l)
{
	struct report report = { -1 };
	if (!l->detach)
		return run_here(l, &report);

	int pipes[2];
	if (pipe(pipes) < 0) {
		fprintf(stderr, "%s%s\n", l->start_prefix, strerror(errno));
		return 1;
	}
	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		fprintf(stderr, "%scannot fork: %s\n", l->start_prefix, strerror(errno));
		close(pipes[0]);
		close(pipes[1]);
		return 1;
	}
	if (child > 0) {
		close(pipes[1]);
		return await_child(pipes[0], child);
	}
	close(pipes[0]);
	report.fd = pipes[1];
	fcntl(report.fd, F_SETFD, FD_CLOEXEC);
	int rc = become_background(report.fd);
	if (rc < 0) {
		struct err err;
		err_set(&err, rc, NULL, "cannot go to the background: %s", err_text(rc));
		report_failure(&report, l->start_prefix, &err);
		_exit(1);
	}
	exit(run_here(l, &report));
}
