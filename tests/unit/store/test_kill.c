/* kill -9 at any moment loses nothing that was acknowledged. */
#include "rig.h"

#include <signal.h>
#include <sys/wait.h>

#define ROUNDS 20

struct writer_child {
	struct rig *r;
	struct store_ticket ticket;
	int64_t last_id;
	int out;
	int round;
};

static void append_some(struct writer_child *c)
{
	for (int i = 0; i < 1 + (int)(c->last_id % 7); i++) {
		c->last_id = store_next_id(c->r->store, &run_kind);
		rig_run(c->r, c->last_id, "make", c->last_id, i % 2 ? STORE_DETAIL : STORE_MUST);
	}
	store_commit(c->r->store, &c->ticket);
}

static void on_committed(struct store_ticket *t, int status)
{
	struct writer_child *c = t->arg;
	if (status == 0 && write(c->out, &c->last_id, sizeof(c->last_id)) != sizeof(c->last_id))
		_exit(2);
	append_some(c);
}

static void run_child(struct rig *r, int out)
{
	struct writer_child c = { .r = r, .out = out, .ticket = { .done = on_committed } };
	c.ticket.arg = &c;
	if (rig_open(r) < 0)
		_exit(3);
	append_some(&c);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	_exit(0);
}

static int64_t last_acknowledged(int fd)
{
	int64_t id = 0, next;
	while (read(fd, &next, sizeof(next)) == sizeof(next))
		id = next;
	return id;
}

static void test_nothing_acknowledged_is_lost(void **state)
{
	struct rig r;
	int64_t acknowledged = 0;
	rig_dir(&r);
	for (int round = 0; round < ROUNDS; round++) {
		int p[2];
		assert_int_equal(pipe(p), 0);
		pid_t pid = fork();
		if (pid == 0) {
			close(p[0]);
			uv_loop_fork(&r.loop);
			run_child(&r, p[1]);
		}
		close(p[1]);
		usleep(15000 + (unsigned)(round * 7919 % 60) * 1000);
		kill(pid, SIGKILL);
		int status;
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		int64_t id = last_acknowledged(p[0]);
		acknowledged = id > acknowledged ? id : acknowledged;
		close(p[0]);
		assert_int_equal(rig_open(&r), 0);
		assert_int_equal(r.bad_notices, 0);
		assert_true((int64_t)rig_count(&r, &run_kind) >= acknowledged);
		assert_true(store_last_id(r.store, &run_kind) >= acknowledged);
		rig_close(&r);
	}
	print_message("%lld records acknowledged over %d kills\n", (long long)acknowledged, ROUNDS);
	assert_true(acknowledged > 0);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nothing_acknowledged_is_lost) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
