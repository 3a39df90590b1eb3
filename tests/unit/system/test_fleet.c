#include "host.h"

#include "../../../src/system/fleet.h"
#include "base/json.h"

static struct host_sample sample_at(int64_t seconds, double idle)
{
	return (struct host_sample){ .number = 1,
				     .t = (INT64_C(1795878000) + seconds) * NS_PER_S,
				     .mono = 1000000 + seconds * US_PER_S,
				     .have = HOST_CPU | HOST_MEMORY | HOST_LOAD | HOST_NETWORK,
				     .cpu_user = 90 - idle,
				     .cpu_system = 5,
				     .cpu_iowait = 5,
				     .cpu_idle = idle,
				     .cpu_java = NAN,
				     .memory_percent = 40,
				     .swap_percent = 0,
				     .disk_percent = 71.5,
				     .disk_bytes_per_s = 2e6,
				     .close_wait_front = 3,
				     .close_wait_back = -1,
				     .load_1m = 1.25,
				     .boot_time = 1795878000 - 10 * 86400,
				     .network = { .bytes_recv_per_s = 1e6, .bytes_sent_per_s = NAN } };
}

static double number(struct json_doc *doc, const char *key)
{
	double v = NAN;
	json_double(doc, json_get(doc, 0, view_of(key)), &v);
	return v;
}

static void test_a_row_every_five_seconds(void **state)
{
	struct fleet_row r = { 0 };
	unsigned rows = 0;
	for (int i = 0; i <= 60; i++) {
		struct host_sample s = sample_at(i, 50);
		rows += fleet_row_add(&r, &s);
	}
	assert_int_equal(rows, 12);
	struct host_sample late = sample_at(93, 50), next = sample_at(95, 50);
	assert_true(fleet_row_add(&r, &late)); /* one for all that was missed */
	assert_true(fleet_row_add(&r, &next)); /* and the schedule is as before */
}

static void test_what_it_says(void **state)
{
	struct fleet_row r = { 0 };
	struct buf out;
	struct json_doc doc;
	struct err err;
	buf_init(&out);
	json_doc_init(&doc);
	struct host_sample s = sample_at(0, 40);
	fleet_row_add(&r, &s);
	s = sample_at(5, 60);
	s.have |= HOST_PROCESSES;
	s.cpu_java = 12.5;
	assert_true(fleet_row_add(&r, &s));
	fleet_row_write(&r, &s, VIEW("web\"1"), &out);
	assert_int_equal(json_parse_all(&doc, out.data, out.len, JSON_STRICT, &err), 0);
	assert_float_equal(number(&doc, "cpu_idle_pct"), 50, 1e-9); /* the mean */
	assert_float_equal(number(&doc, "cpu_user_pct"), 40, 1e-9);
	assert_float_equal(number(&doc, "java_cpu_pct"), 12.5, 1e-9);
	assert_float_equal(number(&doc, "mem_used_pct"), 40, 1e-9);
	assert_float_equal(number(&doc, "disk_usage_pct"), 71.5, 1e-9);
	assert_float_equal(number(&doc, "net_in_mb_s"), 1, 1e-9);
	assert_float_equal(number(&doc, "net_out_mb_s"), 0, 1e-9); /* never measured */
	assert_float_equal(number(&doc, "front_close_wait"), 3, 1e-9);
	assert_float_equal(number(&doc, "back_close_wait"), 0, 1e-9);
	assert_float_equal(number(&doc, "uptime_days"), 10, 1e-9);
	assert_non_null(strstr(buf_str(&out), "\"status\":\"healthy\""));
	assert_non_null(strstr(buf_str(&out), "\"server_name\":\"web\\\"1\""));
	json_doc_fini(&doc);
	buf_fini(&out);
}

static void assert_status(double idle, double memory, const char *wanted)
{
	struct fleet_row r = { 0 };
	struct buf out;
	buf_init(&out);
	struct host_sample s = sample_at(0, idle);
	s.memory_percent = memory;
	s.cpu_iowait = 0;
	fleet_row_add(&r, &s);
	fleet_row_write(&r, &s, VIEW("x"), &out);
	assert_non_null(strstr(buf_str(&out), wanted));
	buf_fini(&out);
}

static void test_status(void **state)
{
	assert_status(99, 10, "\"idle\"");
	assert_status(50, 10, "\"healthy\"");
	assert_status(10, 10, "\"heavy_load\"");
	assert_status(50, 99, "\"critical_issue\"");
}

static void test_the_first_sample_knows_no_shares(void **state)
{
	struct fleet_row r = { 0 };
	struct host_sample s = sample_at(0, NAN);
	s.cpu_user = s.cpu_system = s.cpu_iowait = NAN;
	fleet_row_add(&r, &s);
	s.mono += FLEET_EVERY_US;
	assert_false(fleet_row_add(&r, &s)); /* nothing to say yet */
}

struct listener {
	struct host h;
	uv_loop_t loop;
	struct system *system;
	unsigned rows;
	wall_ms last;
	double java, user;
	bool closed;
};

static void on_row(void *arg, const struct hub_item *item)
{
	struct listener *l = arg;
	struct json_doc doc;
	struct err err;
	json_doc_init(&doc);
	l->rows++;
	assert_true(l->last == 0 || item->u.fleet.t - l->last == 5000);
	l->last = item->u.fleet.t;
	assert_true(item->u.fleet.server.len > 0);
	assert_int_equal(
		json_parse_all(&doc, item->u.fleet.json.data, item->u.fleet.json.len, JSON_STRICT, &err), 0);
	l->java = number(&doc, "java_cpu_pct");
	l->user = number(&doc, "cpu_user_pct");
	json_doc_fini(&doc);
}

static void on_closed(void *arg)
{
	((struct listener *)arg)->closed = true;
}

/* One core's worth of time in four seconds of two cores; half of it is Java's. */
static void write_moment(const struct host *h, int i)
{
	char text[512];
	unsigned busy = (unsigned)(i * 50), java = (unsigned)(i * 25);
	snprintf(text, sizeof(text), "cpu %u 0 0 %u 0 0 0 0\ncpu0 %u 0 0 %u 0 0 0 0\ncpu1 0 0 0 %d 0 0 0 0\n",
		 100 + busy, 100 + i * 200 - busy, 100 + busy, i * 100 - busy, 100 + i * 100);
	host_write(h, "proc/stat", text);
	snprintf(text, sizeof(text),
		 "77 (java) S 1 1 1 0 -1 0 0 0 0 0 %u 0 0 0 20 0 3 0 9 104857600 2560 1 2 3\n", java);
	host_write(h, "proc/77/stat", text);
}

/* A reload that changes the interval takes a sample at once: so nobody waits for seconds. */
static void test_rows_reach_a_subscriber_of_the_hub(void **state)
{
	static const char *const names[] = { "cpu", "processes", NULL };
	struct listener *l = calloc(1, sizeof(*l));
	struct err err;
	host_start(&l->h, names);
	assert_true(hub_subscribe(l->h.hub, HUB_FLEET, on_row, l) >= 0);
	assert_int_equal(uv_loop_init(&l->loop), 0);
	struct system_deps deps = { &l->loop, &l->h.clock.clock, NULL, l->h.hub, l->h.registry };
	struct system_options two[2] = { l->h.opt, l->h.opt };
	two[1].interval_ns *= 2;
	write_moment(&l->h, 0);
	assert_int_equal(system_new(&l->system, &deps, &two[0], &err), 0);
	uv_run(&l->loop, UV_RUN_NOWAIT);
	for (int i = 1; i <= 20; i++) {
		clock_fake_advance(&l->h.clock, NS_PER_S);
		write_moment(&l->h, i);
		system_reconfigure(l->system, &two[i % 2]);
		uv_run(&l->loop, UV_RUN_NOWAIT);
		hub_drain(l->h.hub);
	}
	assert_int_equal(l->rows, 4);
	assert_float_equal(l->user, 25, 0.01);
	assert_float_equal(l->java, 12.5, 0.01);
	system_close(l->system, on_closed, l);
	while (!l->closed)
		uv_run(&l->loop, UV_RUN_NOWAIT);
	assert_int_equal(uv_loop_close(&l->loop), 0);
	l->h.sampler = NULL;
	host_stop(&l->h);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row_every_five_seconds),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_the_first_sample_knows_no_shares),
		cmocka_unit_test(test_rows_reach_a_subscriber_of_the_hub),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
