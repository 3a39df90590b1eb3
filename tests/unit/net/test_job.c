#include "support.h"

#include "net/job.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct state {
	atomic_bool hold; /* the work waits until it is false */
	atomic_bool started;
	bool worked, saw_cancel, cancelled;
	int done;
};

static void work(struct job *j, void *arg)
{
	struct state *s = arg;
	atomic_store(&s->started, true);
	while (atomic_load(&s->hold) && !job_cancelled(j))
		usleep(100);
	s->saw_cancel = job_cancelled(j);
	s->worked = true;
}

static void done(void *arg, bool cancelled)
{
	struct state *s = arg;
	s->cancelled = cancelled;
	s->done++;
}

static void test_work_then_done_once(void **state)
{
	uv_loop_t loop;
	struct state s = { 0 };
	uv_loop_init(&loop);
	assert_int_equal(job_start(NULL, &loop, work, done, &s), 0);
	assert_int_equal(s.done, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(s.worked);
	assert_int_equal(s.done, 1);
	assert_false(s.cancelled);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_cancel_before_start_never_works(void **state)
{
	uv_loop_t loop;
	struct state busy[4] = { 0 }, s = { 0 };
	struct job *j;
	uv_loop_init(&loop);
	for (int i = 0; i < 4; i++) { /* the pool has four threads */
		busy[i].hold = true;
		assert_int_equal(job_start(NULL, &loop, work, done, &busy[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		while (!atomic_load(&busy[i].started))
			usleep(100);
	assert_int_equal(job_start(&j, &loop, work, done, &s), 0);
	job_cancel(j);
	assert_int_equal(s.done, 0); /* not from inside the call */
	for (int i = 0; i < 4; i++)
		busy[i].hold = false;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_false(s.worked);
	assert_int_equal(s.done, 1);
	assert_true(s.cancelled);
	assert_int_equal(busy[3].done, 1);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_running_work_sees_the_cancel(void **state)
{
	uv_loop_t loop;
	struct state s = { .hold = true };
	struct job *j;
	uv_loop_init(&loop);
	assert_int_equal(job_start(&j, &loop, work, done, &s), 0);
	while (!atomic_load(&s.started))
		usleep(100);
	job_cancel(j);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(s.saw_cancel);
	assert_true(s.cancelled);
	assert_int_equal(s.done, 1);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	setenv("UV_THREADPOOL_SIZE", "4", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_then_done_once),
		cmocka_unit_test(test_cancel_before_start_never_works),
		cmocka_unit_test(test_running_work_sees_the_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
