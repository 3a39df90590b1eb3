#include "support.h"

#include "../../../src/system/upload_minute.h"

#include "base/timefmt.h"

#include <math.h>
#include <stdlib.h>

static wall_ns at(const char *text)
{
	wall_ns t;
	assert_int_equal(time_parse_rfc3339(view_of(text), &t, NULL), 0);
	return t;
}

static struct host_sample sample(const char *time, double cpu, double memory)
{
	return (struct host_sample){ .t = at(time),
				     .have = HOST_CPU | HOST_MEMORY | HOST_LOAD | HOST_NETWORK,
				     .cpu_percent = cpu,
				     .memory_percent = memory,
				     .memory_available_mb = 1000.75,
				     .memory_used_mb = 500.5,
				     .load_1m = 1.5,
				     .load_5m = 0.75,
				     .load_15m = 0.25,
				     .network = { .bytes_sent_per_s = NAN, .bytes_recv_per_s = NAN } };
}

static void add(struct upload_minute *m, struct host_sample s)
{
	assert_true(upload_minute_takes(m, &s));
	upload_minute_add(m, &s);
}

static struct upload_minute *start(struct host_sample first)
{
	struct upload_minute *m = calloc(1, sizeof(*m));
	assert_false(upload_minute_takes(m, &first));
	upload_minute_start(m, &first);
	upload_minute_add(m, &first);
	return m;
}

static void test_the_item(void **state)
{
	struct upload_minute *m = start(sample("2026-11-22T23:59:00.25Z", 0, 40));
	struct host_sample s = sample("2026-11-22T23:59:01.25Z", 90.06, 50);
	s.network.bytes_sent_per_s = 100;
	s.network.bytes_recv_per_s = 300;
	s.memory_available_mb = 900.9;
	s.memory_used_mb = 600.9;
	add(m, s);
	s = sample("2026-11-22T23:59:59.999999999Z", 30, 45);
	s.network.bytes_sent_per_s = 300;
	s.network.bytes_recv_per_s = 500;
	add(m, s);
	struct buf b;
	buf_init(&b);
	upload_minute_write(m, VIEW("web-1"), true, at("2026-11-23T00:00:00.000042Z"), &b);
	assert_string_equal(
		buf_str(&b),
		"{\"hostname_hour\":{\"S\":\"web-1#2026-11-22-23\"},\"minute_timestamp\":{\"N\":"
		"\"1795391940\"},"
		"\"hostname\":{\"S\":\"web-1\"},\"timestamp\":{\"N\":\"1795391940\"},"
		"\"cpu_percent\":{\"N\":\"30.0\"},\"memory_percent\":{\"N\":\"45.0\"},"
		"\"memory_available_mb\":{\"N\":\"1000\"},\"memory_used_mb\":{\"N\":\"500\"},"
		"\"collected_at\":{\"N\":\"1795391999.999999\"},\"created_at\":{\"S\":\"2026-11-23T00:00:00."
		"000042\"},"
		"\"ttl\":{\"N\":\"1797983999\"},\"sample_count\":{\"N\":\"3\"},"
		"\"cpu_percent_avg\":{\"N\":\"40.0\"},\"cpu_percent_max\":{\"N\":\"90.1\"},"
		"\"memory_percent_avg\":{\"N\":\"45.0\"},\"memory_percent_max\":{\"N\":\"50.0\"},"
		"\"memory_available_mb_min\":{\"N\":\"900\"},\"memory_used_mb_max\":{\"N\":\"600\"},"
		"\"load_avg_1m\":{\"N\":\"1.50\"},\"load_avg_5m\":{\"N\":\"0.75\"},\"load_avg_15m\":{\"N\":"
		"\"0.25\"},"
		"\"bytes_sent_per_s\":{\"N\":\"200\"},\"bytes_recv_per_s\":{\"N\":\"400\"},"
		"\"samples\":{\"S\":\"{\\\"t\\\":[0.25,1.25,60.00],\\\"cpu_percent\\\":[0.0,90.1,30.0],"
		"\\\"memory_percent\\\":[40.0,50.0,45.0],\\\"memory_available_mb\\\":[1000,900,1000],"
		"\\\"memory_used_mb\\\":[500,600,500]}\"}}");
	buf_clear(&b);
	upload_minute_write(m, VIEW("web-1"), false, at("2026-11-23T00:00:00Z"), &b);
	assert_null(strstr(buf_str(&b), "samples"));
	assert_non_null(strstr(buf_str(&b), "\"sample_count\":{\"N\":\"3\"}"));
	m->partial = true;
	buf_clear(&b);
	upload_minute_write(m, VIEW("web-1"), true, 0, &b);
	assert_non_null(strstr(buf_str(&b), "\"sample_count\":{\"N\":\"3\"},\"partial\":{\"BOOL\":true},"));
	buf_fini(&b);
	free(m);
}

static void test_what_lies_in_the_minute(void **state)
{
	struct upload_minute *m = start(sample("2026-11-22T20:10:59.9Z", 0, 0));
	struct host_sample s = sample("2026-11-22T20:10:00Z", 0, 0);
	assert_true(upload_minute_takes(m, &s));
	s = sample("2026-11-22T20:11:00Z", 0, 0);
	assert_false(upload_minute_takes(m, &s));
	s = sample("2026-11-22T20:09:59.999Z", 0, 0); /* the clock was set back */
	assert_false(upload_minute_takes(m, &s));
	free(m);
	m = start(sample("1969-12-31T23:59:59.5Z", 0, 0)); /* or it was never set */
	assert_int_equal(m->start_s, -60);
	free(m);
}

static void test_parts_that_are_missing(void **state)
{
	struct host_sample s = sample("2026-11-22T20:10:00Z", 77, 77);
	s.have = 0;
	struct upload_minute *m = start(s);
	struct buf b;
	buf_init(&b);
	upload_minute_write(m, VIEW("h"), true, s.t, &b);
	assert_non_null(strstr(buf_str(&b), "\"cpu_percent\":{\"N\":\"0.0\"}"));
	assert_null(strstr(buf_str(&b), "load_avg"));
	assert_null(strstr(buf_str(&b), "bytes_"));
	buf_fini(&b);
	free(m);
}

static void test_a_crowded_minute_is_bounded(void **state)
{
	struct upload_minute *m = start(sample("2026-11-22T20:10:00Z", 1, 1));
	for (int i = 1; i < 2 * UPLOAD_MINUTE_KEEP; i++)
		add(m, sample("2026-11-22T20:10:30Z", 100, 100));
	assert_int_equal(m->n, 2 * UPLOAD_MINUTE_KEEP);
	struct buf b;
	buf_init(&b);
	upload_minute_write(m, VIEW("h"), true, m->last_t, &b);
	assert_true(b.len < 20000);
	assert_non_null(strstr(buf_str(&b), "\"sample_count\":{\"N\":\"1200\"}"));
	buf_fini(&b);
	free(m);
}

static void test_a_minute_at_one_hertz_is_small(void **state)
{
	struct upload_minute *m = start(sample("2026-11-22T20:10:00.123Z", 12.5, 40.1));
	for (int i = 1; i < 60; i++) {
		struct host_sample s = sample("2026-11-22T20:10:00.123Z", 100.0 / 60 * i, 40.1);
		s.t += i * NS_PER_S;
		s.memory_available_mb = s.memory_used_mb = 12345;
		add(m, s);
	}
	struct buf b;
	buf_init(&b);
	upload_minute_write(m, VIEW("host.example.com"), true, m->last_t, &b);
	assert_in_range(b.len, 1500, 3072); /* three write units at most */
	buf_fini(&b);
	free(m);
}

static void check_host(const char *raw, const char *expected)
{
	char out[UPLOAD_HOST_MAX];
	upload_host_name(view_of(raw), out);
	assert_string_equal(out, expected);
}

static void test_host_names(void **state)
{
	char longer[400];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	check_host(" Web-1.Example.com \n", "Web-1.Example.com");
	check_host("a\tb\x7f"
		   "c\xc2\x85",
		   "abc");
	check_host("caf\xc3\xa9", "caf\xc3\xa9");
	check_host("", "unknown");
	check_host("\x01\x02", "unknown");
	char out[UPLOAD_HOST_MAX];
	upload_host_name(view_of(longer), out);
	assert_int_equal(strlen(out), 253);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_item),
		cmocka_unit_test(test_what_lies_in_the_minute),
		cmocka_unit_test(test_parts_that_are_missing),
		cmocka_unit_test(test_a_crowded_minute_is_bounded),
		cmocka_unit_test(test_a_minute_at_one_hertz_is_small),
		cmocka_unit_test(test_host_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
