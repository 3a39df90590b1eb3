#include "rig.h"

#define DISK "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95}"

static void test_fires_above_and_not_at_the_limit(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 95);
	rig_expect(rig, "");
	rig_run(rig, "app.disk", 95.1, 1);
	rig_expect(rig, "fired app.disk 95.1;");
	rig_run(rig, "app.disk", 99, 3); /* once is enough */
	rig_expect(rig, "");
	rig_run(rig, "app.disk", 95, 1);
	rig_expect(rig, "resolved app.disk 95;");
}

static void test_fires_below(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"low\",\"series\":\"app.free\",\"below\":5}");
	rig_push(rig, "app.free", 5);
	rig_run(rig, "app.free", 4, 1);
	rig_run(rig, "app.free", 6, 1);
	rig_expect(rig, "fired app.free 4;resolved app.free 6;");
}

static void test_for_holds_fire_until_it_has_lasted(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"10s\"}");
	rig_push(rig, "app.disk", 96);
	rig_run(rig, "app.disk", 97, 9);
	rig_expect(rig, "pending app.disk 96;");
	assert_int_equal(rig_alert(rig, "app.disk")->state, ALERT_PENDING);
	rig_run(rig, "app.disk", 97, 1);
	rig_expect(rig, "fired app.disk 97;");
}

static void test_for_fires_between_rare_samples(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"10s\"}");
	rig_push(rig, "app.disk", 96);
	rig_pass(rig, 10);
	rig_expect(rig, "pending app.disk 96;fired app.disk 96;");
}

static void test_a_break_starts_for_anew(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"10s\"}");
	rig_push(rig, "app.disk", 96);
	rig_run(rig, "app.disk", 97, 8);
	rig_run(rig, "app.disk", 90, 1);
	rig_expect(rig, "pending app.disk 96;withdrawn app.disk 90;");
	rig_run(rig, "app.disk", 97, 10);
	rig_expect(rig, ""); /* pending again, but told lately */
	rig_run(rig, "app.disk", 97, 1);
	rig_expect(rig, "fired app.disk 97;");
}

static void test_flapping_within_for_never_fires(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"5s\"}");
	for (int i = 0; i < 100; i++)
		rig_run(rig, "app.disk", i % 2 ? 99 : 1, 1);
	assert_null(strstr(rig->told, "fired"));
	assert_int_equal(strncmp(rig->told, "pending app.disk 99;withdrawn", 29), 0);
	assert_null(strstr(rig->told + 10, "pending")); /* once in ten minutes */
}

static void test_clear_value_is_hysteresis(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"clear\":90}");
	rig_push(rig, "app.disk", 96);
	for (int i = 0; i < 10; i++)
		rig_run(rig, "app.disk", i % 2 ? 96 : 91, 1); /* around the limit, not below the way back */
	rig_expect(rig, "fired app.disk 96;");
	rig_run(rig, "app.disk", 90, 1);
	rig_expect(rig, "resolved app.disk 90;");
}

static void test_clear_duration_wants_to_see_it_last(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"clear\":\"5s\"}");
	rig_push(rig, "app.disk", 96);
	rig_run(rig, "app.disk", 80, 4);
	rig_run(rig, "app.disk", 96, 1); /* too early: begins anew */
	rig_run(rig, "app.disk", 80, 5);
	rig_expect(rig, "fired app.disk 96;");
	rig_run(rig, "app.disk", 80, 1);
	rig_expect(rig, "resolved app.disk 80;");
}

static void test_clear_value_and_duration(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"clear\":{\"at\":90,\"for\":"
		      "\"3s\"}}");
	rig_push(rig, "app.disk", 96);
	rig_run(rig, "app.disk", 92, 20);
	rig_expect(rig, "fired app.disk 96;");
	rig_run(rig, "app.disk", 89, 4);
	rig_expect(rig, "resolved app.disk 89;");
}

static void test_absent_fires_and_a_sample_resolves(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"dead\",\"series\":\"app.beat{*}\",\"absent\":\"30s\"}");
	rig_push(rig, "app.beat{h=a}", 1);
	rig_pass(rig, 29);
	rig_expect(rig, "");
	rig_pass(rig, 1);
	rig_expect(rig, "fired app.beat{h=a} 30;");
	rig_push(rig, "app.beat{h=a}", 1);
	rig_expect(rig, "resolved app.beat{h=a} nan;");
	rig_run(rig, "app.beat{h=a}", 1, 100);
	rig_expect(rig, "");
}

static void test_absent_of_a_series_that_never_came(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"dead\",\"series\":\"app.beat\",\"absent\":\"30s\"}");
	rig_pass(rig, 29);
	rig_expect(rig, "");
	rig_pass(rig, 1);
	rig_expect(rig, "fired app.beat 30;");
	rig_push(rig, "app.beat", 1);
	rig_expect(rig, "resolved app.beat nan;");
}

static void test_rate_of_a_counter(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"errors\",\"series\":\"app.errors\",\"rate\":10}");
	rig_push(rig, "app.errors", 1000);
	rig_run(rig, "app.errors", 1010, 1);
	rig_expect(rig, "");
	rig_run(rig, "app.errors", 1025, 1);
	rig_expect(rig, "fired app.errors 15;");
	rig_run(rig, "app.errors", 1030, 1);
	rig_expect(rig, "resolved app.errors 5;");
}

static void test_rate_over_a_reset_is_no_negative_and_no_jump(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"errors\",\"series\":\"app.errors\",\"rate\":10}");
	rig_push(rig, "app.errors", 100000);
	rig_run(rig, "app.errors", 3, 1); /* restarted from zero: three since */
	rig_run(rig, "app.errors", 5, 1);
	rig_expect(rig, "");
}

static void test_rate_over_a_window(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"errors\",\"series\":\"app.errors\",\"rate\":10,\"window\":\"10s\"}");
	rig_push(rig, "app.errors", 0);
	rig_run(rig, "app.errors", 90, 9); /* a burst within the window */
	rig_run(rig, "app.errors", 100, 1);
	rig_expect(rig, "");
	rig_run(rig, "app.errors", 300, 10);
	rig_expect(rig, "fired app.errors 20;");
}

static void test_rate_below(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"idle\",\"series\":\"app.done\",\"rate\":{\"below\":1}}");
	rig_push(rig, "app.done", 5);
	rig_run(rig, "app.done", 5, 1);
	rig_expect(rig, "fired app.done 0;");
}

static void test_new_series_are_matched_as_they_appear(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk{*}\",\"above\":95}");
	rig_push(rig, "app.disk{m=/}", 99);
	rig_push(rig, "app.disk{m=/home}", 50);
	rig_push(rig, "app.disks", 99);
	rig_expect(rig, "fired app.disk{m=/} 99;");
	rig_run(rig, "app.disk{m=/var}", 98, 1);
	rig_expect(rig, "fired app.disk{m=/var} 98;");
	uint32_t matches, active;
	alert_engine_rule_counts(rig->engine, VIEW("disk"), &matches, &active);
	assert_int_equal(matches, 3);
	assert_int_equal(active, 2);
}

static void test_a_new_rule_judges_the_newest_value(void **state)
{
	struct rig *rig = *state;
	rig_push(rig, "app.disk", 97);
	rig_rule(rig, DISK);
	rig_expect(rig, "fired app.disk 97;");
}

static void test_late_samples_judge_nothing(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 10);
	rig_at(rig, "app.disk", rig->now.wall - 1, 99);
	rig_at(rig, "app.disk", rig->now.wall, 99);
	rig_expect(rig, "");
	rig_push(rig, "app.other", 1);
	rig_rule(rig, "{\"name\":\"o\",\"series\":\"app.other\",\"above\":95}");
	rig_at(rig, "app.new", rig->now.wall - 3600 * 1000, 99); /* an upload of yesterday's */
	rig_rule(rig, "{\"name\":\"n\",\"series\":\"app.new\",\"above\":95}");
	rig_expect(rig, "");
}

static void test_clock_set_back_a_year(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"10s\"}");
	rig_push(rig, "app.disk", 99);
	rig_run(rig, "app.disk", 99, 5);
	rig->now.wall -= 365 * MS_PER_DAY;
	rig_run(rig, "app.disk", 99, 4);
	rig_expect(rig, "pending app.disk 99;");
	rig_run(rig, "app.disk", 99, 1); /* ten seconds are ten seconds */
	rig_expect(rig, "fired app.disk 99;");
	rig_run(rig, "app.disk", 9, 1);
	rig_expect(rig, "resolved app.disk 9;");
}

static void test_clock_set_ahead_a_year(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"10s\"}");
	rig_rule(rig, "{\"name\":\"dead\",\"series\":\"app.disk\",\"absent\":\"30s\"}");
	rig_push(rig, "app.disk", 99);
	rig->now.wall += 365 * MS_PER_DAY;
	rig_run(rig, "app.disk", 99, 9);
	rig_expect(rig, "pending app.disk 99;");
	rig_run(rig, "app.disk", 99, 1);
	rig_expect(rig, "fired app.disk 99;");
}

static void test_not_measured_is_no_value(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 99);
	rig_run(rig, "app.disk", __builtin_nan(""), 3);
	rig_expect(rig, "fired app.disk 99;");
}

static void test_changing_a_rule_ends_its_alerts(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 99);
	rig_rule(rig, DISK); /* the same: nothing happens */
	rig_expect(rig, "fired app.disk 99;");
	rig_rule(rig, "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":98}");
	rig_expect(rig, "resolved app.disk 99;fired app.disk 99;");
	assert_int_equal(alert_engine_drop_rule(rig->engine, VIEW("disk"), "gone", &rig->now), 0);
	rig_expect(rig, "resolved app.disk 99;");
	assert_true(view_eq(alert_engine_newest_resolved(rig->engine)->reason, VIEW("gone")));
	rig_run(rig, "app.disk", 99, 2);
	rig_expect(rig, "");
	assert_int_equal(alert_engine_drop_rule(rig->engine, VIEW("disk"), "gone", &rig->now), ERR_UNKNOWN);
}

static void test_a_series_that_fell_silent_does_not_fire_for_ever(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 99);
	rig_pass(rig, 24 * 3600 - 1);
	rig_expect(rig, "fired app.disk 99;");
	rig_pass(rig, 1);
	rig_expect(rig, "resolved app.disk 99;");
}

static void test_events_fire_and_resolve_by_time(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"builds\",\"event\":\"run_failed\",\"subject\":\"make "
		      "*\",\"min_severity\":\"warning\",\"clear\":\"10s\"}");
	rig_event(rig, EVENT_RUN_FAILED, SEVERITY_WARNING, "cc");
	rig_event(rig, EVENT_RUN_FAILED, SEVERITY_INFO, "make all");
	rig_event(rig, EVENT_STOP, SEVERITY_CRITICAL, "make all");
	rig_expect(rig, "");
	rig_event(rig, EVENT_RUN_FAILED, SEVERITY_CRITICAL, "make all");
	assert_true(view_eq(rig_alert(rig, "make all")->reason, VIEW("it happened")));
	rig_pass(rig, 9);
	rig_event(rig, EVENT_RUN_FAILED, SEVERITY_WARNING, "make all");
	rig_pass(rig, 9);
	rig_expect(rig, "fired make all 1;");
	rig_pass(rig, 1);
	rig_expect(rig, "resolved make all 2;");
}

static void test_instances_are_bounded(void **state)
{
	struct rig *rig = *state;
	alert_engine_free(rig->engine);
	rig->limits = (struct alert_limits){ .rules = 2, .instances = 3 };
	rig_engine(rig);
	rig_rule(rig, "{\"name\":\"all\",\"series\":\"*\",\"above\":1}");
	for (int i = 0; i < 10; i++) {
		char key[20];
		snprintf(key, sizeof(key), "s%d", i);
		rig_push(rig, key, 0);
	}
	assert_int_equal(alert_engine_refused(rig->engine), 7);
	rig_rule(rig, "{\"name\":\"b\",\"series\":\"x\",\"above\":1}");
	struct alert_rule third = rig_read(rig, "{\"name\":\"c\",\"series\":\"x\",\"above\":1}");
	assert_int_equal(alert_engine_set_rule(rig->engine, &third, &rig->now), ERR_FULL);
}

static void test_resolved_ones_are_remembered_for_a_day(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, DISK);
	rig_push(rig, "app.disk", 99);
	rig_run(rig, "app.disk", 1, 1);
	int64_t id = alert_engine_newest_resolved(rig->engine)->id;
	rig->told[0] = 0;
	rig_pass(rig, 24 * 3600);
	assert_non_null(alert_engine_find(rig->engine, id));
	rig_pass(rig, 1);
	rig_expect(rig, "forgotten app.disk 1;");
	assert_null(alert_engine_find(rig->engine, id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_fires_above_and_not_at_the_limit),
		RIG_TEST(test_fires_below),
		RIG_TEST(test_for_holds_fire_until_it_has_lasted),
		RIG_TEST(test_for_fires_between_rare_samples),
		RIG_TEST(test_a_break_starts_for_anew),
		RIG_TEST(test_flapping_within_for_never_fires),
		RIG_TEST(test_clear_value_is_hysteresis),
		RIG_TEST(test_clear_duration_wants_to_see_it_last),
		RIG_TEST(test_clear_value_and_duration),
		RIG_TEST(test_absent_fires_and_a_sample_resolves),
		RIG_TEST(test_absent_of_a_series_that_never_came),
		RIG_TEST(test_rate_of_a_counter),
		RIG_TEST(test_rate_over_a_reset_is_no_negative_and_no_jump),
		RIG_TEST(test_rate_over_a_window),
		RIG_TEST(test_rate_below),
		RIG_TEST(test_new_series_are_matched_as_they_appear),
		RIG_TEST(test_a_new_rule_judges_the_newest_value),
		RIG_TEST(test_late_samples_judge_nothing),
		RIG_TEST(test_clock_set_back_a_year),
		RIG_TEST(test_clock_set_ahead_a_year),
		RIG_TEST(test_not_measured_is_no_value),
		RIG_TEST(test_changing_a_rule_ends_its_alerts),
		RIG_TEST(test_a_series_that_fell_silent_does_not_fire_for_ever),
		RIG_TEST(test_events_fire_and_resolve_by_time),
		RIG_TEST(test_instances_are_bounded),
		RIG_TEST(test_resolved_ones_are_remembered_for_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
