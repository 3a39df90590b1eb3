#include "service_fixture.h"

#define RUN(stamp, command)                                                                                  \
	"{\"timestamp\":\"" stamp "\",\"metrics\":{\"command\":\"" command                                   \
	"\",\"command_hash\":\"b5bea41b\","                                                                  \
	"\"final_status\":\"succeeded\",\"total_duration_seconds\":1.5,\"total_attempts\":1,\"successful_"   \
	"attempts\":"                                                                                        \
	"1,\"failed_attempts\":0,\"attempts\":[{\"duration_seconds\":0.25,\"exit_code\":0,\"success\":true}" \
	"],"                                                                                                 \
	"\"timestamp\":1795378345}}"

static int count_of(const char *body)
{
	int n = -1;
	sscanf(body, "{\"count\":%d,", &n);
	return n;
}

static void test_recent_of_nothing(void **state)
{
	assert_string_equal(get(*state, "/api/metrics/recent"), "{\"count\":0,\"metrics\":[]}\n");
}

static void test_recent_is_oldest_first(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	clock_fake_advance(&f->clock, NS_PER_S);
	send_run(f, "b", true);
	clock_fake_advance(&f->clock, NS_PER_S);
	send_run(f, "c", true);
	assert_string_equal(get(f, "/api/metrics/recent?limit=2"),
			    "{\"count\":2,\"metrics\":[" RUN("2026-11-22T20:10:45.265354522Z", "b") "," RUN(
				    "2026-11-22T20:10:46.265354522Z", "c") "]}\n");
	assert_non_null(strstr(buf_str(&f->in), "application/json"));
}

static void test_limits_of_recent(void **state)
{
	static const struct {
		const char *query;
		int want;
	} rows[] = { { "", 10 },
		     { "?limit=", 10 },
		     { "?limit=0", 10 },
		     { "?limit=-1", 10 },
		     { "?limit=abc", 10 },
		     { "?limit=1e9", 10 },
		     { "?limit=3", 3 },
		     { "?limit=12", 12 },
		     { "?limit=999", 15 },
		     { "?limit=1.5", 10 },
		     { "?limit=99999999999999999999", 10 } };
	struct fixture *f = *state;
	char path[128];
	for (int i = 0; i < 15; i++)
		send_run(f, "x", true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "/api/metrics/recent%s", rows[i].query);
		assert_int_equal(count_of(get(f, path)), rows[i].want);
	}
}

static void test_stats_of_the_last_day(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 15; i++)
		send_run(f, "n0", i < 6);
	clock_fake_advance(&f->clock, NS_PER_S);
	assert_string_equal(get(f, "/api/metrics/stats"),
			    "{\"time_range\":{\"start\":\"2026-11-21T20:10:45.265354522Z\",\"end\":\"2026-11-"
			    "22T20:10:45.265354522Z\"},"
			    "\"total_runs\":15,\"successful_runs\":6,\"failed_runs\":9,\"success_rate\":0.4,"
			    "\"average_attempts\":1,"
			    "\"average_duration\":1500000000,\"top_commands\":[{\"command\":\"n0\",\"count\":"
			    "15,\"success_rate\":0.4,"
			    "\"avg_duration\":1500000000}],\"hourly_breakdown\":[{\"hour\":\"2026-11-22T20:"
			    "00:00Z\",\"total_runs\":15,"
			    "\"success_rate\":0.4}]}\n");
}

static void test_stats_of_nothing_has_empty_lists(void **state)
{
	const char *body = get(*state, "/api/metrics/stats");
	assert_non_null(strstr(body,
			       "\"total_runs\":0,\"successful_runs\":0,\"failed_runs\":0,\"success_rate\":0,"
			       "\"average_attempts\":0,"
			       "\"average_duration\":0,\"top_commands\":[],\"hourly_breakdown\":[]}\n"));
}

static void ranges(struct fixture *f, const char *query, const char *range)
{
	char path[256];
	snprintf(path, sizeof(path), "/api/metrics/stats?%s", query);
	const char *body = get(f, path);
	if (!strstr(body, range))
		fail_msg("%s: %s", query, body);
}

static void test_ranges_of_stats(void **state)
{
	struct fixture *f = *state;
	send_run(f, "x", true);
	clock_fake_advance(&f->clock, NS_PER_S);
	ranges(f, "start=2026-11-22T20:00:00Z&end=2026-11-22T21:00:00Z",
	       "{\"start\":\"2026-11-22T20:00:00Z\",\"end\":\"2026-11-22T21:00:00Z\"},\"total_runs\":1,");
	ranges(f, "start=2026-11-22T22:00:00.5%2B02:00",
	       "{\"start\":\"2026-11-22T22:00:00.5+02:00\",\"end\":\"2026-11-22T20:10:45.");
	/* a raw plus is a space: not a time */
	ranges(f, "start=2026-11-22T22:00:00+02:00", "{\"start\":\"2026-11-21T20:10:45.265354522Z\"");
	ranges(f, "start=yesterday&end=",
	       "{\"start\":\"2026-11-21T20:10:45.265354522Z\",\"end\":\"2026-11-22T20:10:45.265354522Z\"}");
	ranges(f, "start=2026-11-22T21:00:00Z&end=2026-11-22T20:00:00Z", "\"total_runs\":0,");
	ranges(f, "start=0001-01-01T00:00:00Z&end=9999-12-31T23:59:59Z",
	       "{\"start\":\"0001-01-01T00:00:00Z\",\"end\":\"9999-12-31T23:59:59Z\"},\"total_runs\":1,");
}

static void test_export_is_a_named_file(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	get(f, "/api/metrics/export");
	const char *head = buf_str(&f->in);
	assert_non_null(strstr(head, "attachment; filename=retry-metrics-2026-11-2"));
	assert_non_null(strstr(head, "application/json"));
	assert_non_null(strstr(head, "[\n  {\n    \"timestamp\": \"2026-11-22T20:10:44.265354522Z\","));
}

static void test_daemon_stats(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	assert_string_equal(get(f, "/api/daemon/stats"),
			    "{\"last_cleanup\":\"2026-11-22T20:10:44.265354522Z\",\"max_age\":\"24h0m0s\","
			    "\"max_size\":100,"
			    "\"total_metrics\":1}\n");
}

static void test_no_route_returns_what_is_too_old(void **state)
{
	struct fixture *f = *state;
	send_run(f, "a", true);
	clock_fake_advance(&f->clock, 24 * 3600 * NS_PER_S);
	assert_string_equal(get(f, "/api/metrics/recent"), "{\"count\":0,\"metrics\":[]}\n");
	assert_non_null(strstr(get(f, "/api/daemon/stats"), "\"total_metrics\":0"));
}

static void test_hostile_command_is_escaped(void **state)
{
	struct fixture *f = *state;
	send_run(f, "<script>alert(1)</script> &", true);
	assert_non_null(strstr(get(f, "/api/metrics/recent"),
			       "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e \\u0026"));
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_recent_of_nothing),
		C(test_recent_is_oldest_first),
		C(test_limits_of_recent),
		C(test_stats_of_the_last_day),
		C(test_stats_of_nothing_has_empty_lists),
		C(test_ranges_of_stats),
		C(test_export_is_a_named_file),
		C(test_daemon_stats),
		C(test_no_route_returns_what_is_too_old),
		C(test_hostile_command_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
