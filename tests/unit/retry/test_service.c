#include "service_fixture.h"

static int setup_volatile(void **state)
{
	return setup_with(state, false, true);
}

static int setup_without_disk(void **state)
{
	return setup_with(state, true, false);
}

static struct run run_at(struct fixture *f, uint64_t i, struct arena *arena)
{
	const struct book *b = retry_book(f->retry);
	struct run run;
	assert_int_equal(book_get(b, book_first_seq(b) + i, arena, &run), 0);
	return run;
}

static void test_run_is_held_with_its_sender(void **state)
{
	struct fixture *f = *state;
	struct arena arena;
	arena_init(&arena, 0);
	send_run(f, "true", true);
	until_runs(f, 1);
	struct run run = run_at(f, 0, &arena);
	assert_true(view_eq(run.command, VIEW("true")));
	assert_true(run.stored_at == START_NS);
	assert_int_equal(run.uid, getuid());
	arena_fini(&arena);
}

static void test_runs_survive_a_restart_in_order(void **state)
{
	struct fixture *f = *state;
	struct arena arena;
	char name[16];
	arena_init(&arena, 0);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		clock_fake_advance(&f->clock, NS_PER_S);
		send_run(f, name, i % 2);
	}
	restart(f);
	until_runs(f, 30);
	for (int i = 0; i < 30; i++) {
		struct run run = run_at(f, (uint64_t)i, &arena);
		snprintf(name, sizeof(name), "c%d", i);
		assert_true(view_eq(run.command, view_of(name)));
		assert_true(run.stored_at == START_NS + (i + 1) * NS_PER_S);
		assert_int_equal(run.n_attempts, 1);
		assert_true(run.attempts[0].duration_s == 0.25 && run.attempts[0].success == i % 2);
		assert_int_equal(run.timestamp, 1795378345);
		assert_int_equal(run.uid, getuid());
	}
	arena_fini(&arena);
}

static void test_restart_loads_at_most_the_limit(void **state)
{
	struct fixture *f = *state;
	struct arena arena;
	arena_init(&arena, 0);
	for (int i = 0; i < 20; i++)
		send_run(f, i < 15 ? "old" : "new", true);
	f->opt.max_runs = 5;
	restart(f);
	until_runs(f, 5);
	assert_true(view_eq(run_at(f, 0, &arena).command, VIEW("new")));
	arena_fini(&arena);
}

static void test_restart_loads_nothing_too_old(void **state)
{
	struct fixture *f = *state;
	send_run(f, "old", true);
	clock_fake_advance(&f->clock, 12 * 3600 * NS_PER_S);
	send_run(f, "young", true);
	clock_fake_advance(&f->clock, 12 * 3600 * NS_PER_S);
	restart(f);
	until_runs(f, 1);
}

static void test_null_attempts_stay_null(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(fd, "{\"command\":\"a\",\"attempts\":null}{\"command\":\"b\",\"attempts\":[]}{\"command\":\"c\","
		"\"attempts\":[{\"x\":1}]}");
	close(fd);
	until_runs(f, 3);
	restart(f);
	until_runs(f, 3);
	const char *body = get(f, "/api/metrics/recent");
	assert_non_null(strstr(body, "\"attempts\":null"));
	assert_non_null(strstr(body, "\"attempts\":[]"));
	assert_non_null(
		strstr(body, "\"attempts\":[{\"duration_seconds\":0,\"exit_code\":0,\"success\":false}]"));
}

static void test_memory_only_forgets(void **state)
{
	struct fixture *f = *state;
	send_run(f, "x", true);
	until_runs(f, 1);
	restart(f);
	until_runs(f, 0);
}

static void test_secrets_are_masked_everywhere(void **state)
{
	struct fixture *f = *state;
	send_run(f, "login --password hunter22", true);
	send_run(f, "login --password hunter22", true);
	restart(f);
	until_runs(f, 2);
	assert_null(strstr(get(f, "/api/metrics/export"), "hunter22"));
}

static void test_push_is_answered_after_the_commit_and_survives(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(fd, "{\"type\":\"push\",\"runs\":[{\"command\":\"a\",\"final_status\":\"succeeded\"},{"
		"\"command\":5},{\"command\":\"b\"}]}\n");
	assert_string_equal(hear(f, fd), "{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":2,"
					 "\"rejected\":1,\"errors\":[{\"list\":\"runs\","
					 "\"index\":1,\"error\":\"command: must be a string\"}]}\n");
	until_runs(f, 2);
	close(fd);
	restart(f);
	until_runs(f, 2);
}

static void test_push_without_disk_says_so(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	say(fd, "{\"type\":\"push\",\"runs\":[{\"command\":\"a\"}]}\n");
	assert_string_equal(
		hear(f, fd),
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":1,\"rejected\":0,\"errors\":[],"
		"\"durable\":false}\n");
	until_runs(f, 1);
	close(fd);
}

static void test_coordination_over_the_socket(void **state)
{
	static const char ask[] =
		"{\"rate_limit\":1,\"request_time\":1795380000,\"resource_id\":\"r\",\"retry_offsets\":[0],"
		"\"type\":\"schedule_request\",\"window_ms\":10000}\n";
	struct fixture *f = *state;
	int a = dial(f), b = dial(f), c = dial(f);
	say(a, "{\"client\":\"patience-cli\",\"type\":\"handshake\",\"version\":\"1.0\"}\n");
	assert_string_equal(
		hear(f, a),
		"{\"message\":\"handshake successful\",\"status\":\"ok\",\"type\":\"handshake_response\"}\n");
	say(a, ask);
	assert_non_null(strstr(hear(f, a), "\"can_schedule\":true"));
	say(b, ask);
	assert_non_null(strstr(hear(f, b), "\"wait_until\":\"2026-11-22T20:40:10Z\""));
	close(b); /* its slot is free again */
	turn(f);
	say(c, ask);
	assert_non_null(strstr(hear(f, c), "\"wait_until\":\"2026-11-22T20:40:10Z\""));
	close(a);
	close(c);
}

/* Lets the service's own second pass. */
static void pass_second(struct fixture *f)
{
	uint64_t ticks = f->ticks;
	for (int i = 0; i < 300 && f->ticks == ticks; i++) {
		poll(NULL, 0, 10);
		turn(f);
		hub_drain(f->hub);
	}
	assert_true(f->ticks > ticks);
}

static void test_failures_become_one_event_a_command(void **state)
{
	struct fixture *f = *state;
	pass_second(f);
	buf_clear(&f->events);
	for (int i = 0; i < 3; i++)
		send_run(f, "make test", false);
	send_run(f, "make", true);
	send_run(f, "false", false);
	pass_second(f);
	assert_string_equal(buf_str(&f->events), "3 runs of 'make test' failed\n1 run of 'false' failed\n");
}

static void test_figures_become_samples(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	send_run(f, "b", false);
	pass_second(f);
	assert_true(f->last[0] == 2 && f->last[1] == 1 && f->last[2] == 2 && f->last[3] == 3 &&
		    f->last[4] == 2);
	assert_true(registry_find(f->registry, VIEW("retry.failed_runs")) != SERIES_NONE);
}

static void test_idle_service_forgets_old_runs(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	until_runs(f, 1);
	clock_fake_advance(&f->clock, 24 * 3600 * NS_PER_S);
	pass_second(f);
	until_runs(f, 0);
}

static void test_reload_applies_limits_at_once(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 10; i++)
		send_run(f, "x", true);
	until_runs(f, 10);
	f->opt.max_runs = 4;
	retry_reconfigure(f->retry, &f->opt, true);
	until_runs(f, 4);
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_run_is_held_with_its_sender),
		C(test_runs_survive_a_restart_in_order),
		C(test_restart_loads_at_most_the_limit),
		C(test_restart_loads_nothing_too_old),
		C(test_null_attempts_stay_null),
		cmocka_unit_test_setup_teardown(test_memory_only_forgets, setup_volatile, teardown),
		C(test_secrets_are_masked_everywhere),
		C(test_push_is_answered_after_the_commit_and_survives),
		cmocka_unit_test_setup_teardown(test_push_without_disk_says_so, setup_without_disk, teardown),
		C(test_coordination_over_the_socket),
		C(test_failures_become_one_event_a_command),
		C(test_figures_become_samples),
		C(test_idle_service_forgets_old_runs),
		C(test_reload_applies_limits_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
