#include "child_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_GRACE_MS   2000
#define DEFAULT_MAX_OUTPUT ((size_t)1024 * 1024)
/* After the program's own exit, a descendant may hold its output open: so long it may go on writing, and so
 * long again the pipes may take to close once the group was killed. */
#define DRAIN_MS   500
#define READ_BYTES 65536

struct stream {
	uv_pipe_t pipe;
	struct child *c;
	struct buf buf;
	uint64_t cut;
	bool open;
};

struct child {
	uv_loop_t *loop;
	pid_t pid;
	struct stream out, err, report;
	uv_signal_t sigchld;
	uv_timer_t timer;
	int handles; /* not closed yet */
	enum { RUNNING, TERM_SENT, KILL_SENT, DRAINING, DRAIN_KILLED, FINISHED } state;
	int code; /* what becomes result.code */
	bool exited;
	int64_t grace_ms;
	size_t max_output;
	uint64_t start_ns, end_ns;
	int wait_status;
	char *name, *cwd; /* for sentences */
	char *scratch;
	void (*done)(void *arg, const struct child_result *r);
	void *arg;
};

/* --- the end --- */

static void child_free(struct child *c)
{
	buf_fini(&c->out.buf);
	buf_fini(&c->err.buf);
	buf_fini(&c->report.buf);
	free(c->name);
	free(c->cwd);
	free(c->scratch);
	free(c);
}

/* A program that never ran says why on its error stream. */
static void explain_report(struct child *c)
{
	struct child_report r;
	if (c->report.buf.len != sizeof(r))
		return;
	memcpy(&r, c->report.buf.data, sizeof(r));
	c->code = -r.error;
	buf_clear(&c->err.buf);
	if (r.stage == CHILD_STAGE_CWD)
		buf_printf(&c->err.buf, "cannot enter directory %s: %s", c->cwd, err_text(c->code));
	else if (r.stage == CHILD_STAGE_LIMIT)
		buf_printf(&c->err.buf, "cannot set the limits of %s: %s", c->name, err_text(c->code));
	else
		buf_printf(&c->err.buf, "cannot run %s: %s", c->name, err_text(c->code));
}

static void tell(struct child *c)
{
	explain_report(c);
	struct child_result r = {
		.code = c->code,
		.exit_status = WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) : -1,
		.signal = WIFSIGNALED(c->wait_status) ? WTERMSIG(c->wait_status) : 0,
		.out = { c->out.buf.data, c->out.buf.len },
		.err = { c->err.buf.data, c->err.buf.len },
		.out_cut = c->out.cut,
		.err_cut = c->err.cut,
		.elapsed_us = (mono_us)((c->end_ns - c->start_ns) / NS_PER_US),
	};
	c->done(c->arg, &r);
}

static void on_closed(uv_handle_t *handle)
{
	struct child *c = handle->data;
	if (--c->handles > 0)
		return;
	tell(c);
	child_free(c);
}

static void stream_close(struct stream *s)
{
	if (!s->open)
		return;
	s->open = false;
	uv_close((uv_handle_t *)&s->pipe, on_closed);
}

static void signal_group(struct child *c, int sig)
{
	/* Until the child has called setsid there is no group of that number. */
	if (kill(-c->pid, sig) < 0 && errno == ESRCH)
		kill(c->pid, sig);
}

/* The program has exited and its streams are read or given up. What is left of its group goes with it; the
 * zombie is reaped only after that, so that its number cannot belong to somebody else yet. */
static void finish(struct child *c)
{
	if (c->state == FINISHED)
		return;
	c->state = FINISHED;
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &c->wait_status, 0) < 0 && errno == EINTR)
		;
	stream_close(&c->out);
	stream_close(&c->err);
	stream_close(&c->report);
	uv_close((uv_handle_t *)&c->sigchld, on_closed);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void check_finished(struct child *c)
{
	if (c->exited && !c->out.open && !c->err.open && !c->report.open)
		finish(c);
}

/* --- time --- */

static void on_timer(uv_timer_t *t)
{
	struct child *c = t->data;
	switch (c->state) {
	case RUNNING:
		c->code = -ETIMEDOUT;
		c->state = TERM_SENT;
		signal_group(c, SIGTERM);
		uv_timer_start(&c->timer, on_timer, (uint64_t)c->grace_ms, 0);
		break;
	case TERM_SENT:
		c->state = KILL_SENT;
		signal_group(c, SIGKILL);
		break;
	case DRAINING:
		c->state = DRAIN_KILLED;
		signal_group(c, SIGKILL);
		uv_timer_start(&c->timer, on_timer, DRAIN_MS, 0);
		break;
	case DRAIN_KILLED: /* a descendant has left the group */
		finish(c);
		break;
	case KILL_SENT:
	case FINISHED:
		break;
	}
}

static void note_exit(struct child *c)
{
	siginfo_t info = { 0 };
	if (c->exited || waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return;
	c->exited = true;
	c->end_ns = uv_hrtime();
	if (c->state != FINISHED) {
		c->state = DRAINING;
		uv_timer_start(&c->timer, on_timer, DRAIN_MS, 0);
	}
	check_finished(c);
}

static void on_sigchld(uv_signal_t *s, int signum)
{
	(void)signum;
	note_exit(s->data);
}

/* --- output --- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct child *c = handle->data;
	(void)suggested;
	*buf = uv_buf_init(c->scratch, READ_BYTES);
}

static struct stream *stream_of(uv_stream_t *handle)
{
	struct child *c = handle->data;
	return (uv_stream_t *)&c->out.pipe == handle   ? &c->out
	       : (uv_stream_t *)&c->err.pipe == handle ? &c->err
						       : &c->report;
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
	struct stream *s = stream_of(handle);
	if (n < 0) {
		stream_close(s);
		check_finished(s->c);
		return;
	}
	size_t room = s->c->max_output > s->buf.len ? s->c->max_output - s->buf.len : 0;
	size_t take = (size_t)n < room ? (size_t)n : room;
	if (take)
		buf_append(&s->buf, buf->base, take);
	if (s->buf.failed)
		take = 0;
	s->cut += (uint64_t)n - take;
}

static int stream_start(struct stream *s, struct child *c, int fd)
{
	s->c = c;
	uv_pipe_init(c->loop, &s->pipe, 0);
	s->pipe.data = c;
	s->open = true;
	c->handles++;
	int rc = uv_pipe_open(&s->pipe, fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read);
}

/* --- start --- */

static int make(struct child **out, uv_loop_t *loop, const struct child_spec *spec)
{
	struct child *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->grace_ms = spec->grace_ms > 0 ? spec->grace_ms : DEFAULT_GRACE_MS;
	c->max_output = spec->max_output ? spec->max_output : DEFAULT_MAX_OUTPUT;
	buf_init(&c->out.buf);
	buf_init(&c->err.buf);
	buf_init(&c->report.buf);
	c->name = strdup(spec->argv[0]);
	c->cwd = strdup(spec->cwd ? spec->cwd : "");
	c->scratch = malloc(READ_BYTES);
	if (!c->name || !c->cwd || !c->scratch) {
		child_free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

/* The process runs: from here on every trouble ends in `done`. */
static void follow(struct child *c, const struct child_process *proc, int64_t timeout_ms)
{
	c->pid = proc->pid;
	c->start_ns = uv_hrtime();
	int rc = stream_start(&c->out, c, proc->out_fd);
	int rc2 = stream_start(&c->err, c, proc->err_fd);
	int rc3 = stream_start(&c->report, c, proc->report_fd);
	c->code = rc < 0 ? rc : rc2 < 0 ? rc2 : rc3 < 0 ? rc3 : 0;
	if (c->code < 0) {
		stream_close(&c->out);
		stream_close(&c->err);
		stream_close(&c->report);
		signal_group(c, SIGKILL);
		c->state = KILL_SENT;
	} else if (timeout_ms > 0) {
		uv_update_time(c->loop); /* fork took its time */
		uv_timer_start(&c->timer, on_timer, (uint64_t)timeout_ms, 0);
	}
}

static void on_discarded(uv_handle_t *handle)
{
	struct child *c = handle->data;
	if (--c->handles == 0)
		child_free(c);
}

int child_start(struct child **out, uv_loop_t *loop, const struct child_spec *spec,
		void (*done)(void *arg, const struct child_result *r), void *arg, struct err *err)
{
	if (!spec->argv || !spec->argv[0] || !spec->argv[0][0])
		return err_set(err, -EINVAL, NULL, "no program to run: argv is empty");
	struct child *c = NULL;
	struct child_process proc;
	int rc = make(&c, loop, spec);
	if (rc < 0)
		return err_set(err, rc, NULL, "cannot start %s: %s", spec->argv[0], err_text(rc));
	c->done = done;
	c->arg = arg;
	uv_timer_init(loop, &c->timer);
	uv_signal_init(loop, &c->sigchld);
	c->timer.data = c->sigchld.data = c;
	c->handles = 2;
	rc = uv_signal_start(&c->sigchld, on_sigchld, SIGCHLD); /* before fork, or a quick end is missed */
	if (rc < 0)
		err_set(err, rc, NULL, "cannot watch %s: %s", spec->argv[0], err_text(rc));
	else
		rc = child_spawn(&proc, spec, err);
	if (rc < 0) {
		uv_close((uv_handle_t *)&c->timer, on_discarded);
		uv_close((uv_handle_t *)&c->sigchld, on_discarded);
		return rc;
	}
	follow(c, &proc, spec->timeout_ms);
	if (out)
		*out = c;
	return 0;
}

void child_cancel(struct child *c)
{
	if (c->state != RUNNING)
		return;
	c->code = ERR_CANCELLED;
	c->state = TERM_SENT;
	signal_group(c, SIGTERM);
	uv_timer_start(&c->timer, on_timer, (uint64_t)c->grace_ms, 0);
}

int child_pid(const struct child *c)
{
	return (int)c->pid;
}
