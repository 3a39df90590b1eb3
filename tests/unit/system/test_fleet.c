#include "support.h"

#include "../../../src/system/fleet.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>

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
	assert_true(fleet_row_add(&r, &s));
	fleet_row_write(&r, &s, VIEW("web\"1"), &out);
	assert_int_equal(json_parse_all(&doc, out.data, out.len, JSON_STRICT, &err), 0);
	assert_float_equal(number(&doc, "cpu_idle_pct"), 50, 1e-9); /* the mean */
	assert_float_equal(number(&doc, "cpu_user_pct"), 40, 1e-9);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row_every_five_seconds),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_the_first_sample_knows_no_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
