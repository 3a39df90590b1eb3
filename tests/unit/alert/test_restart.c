/* A second engine takes over what the first one told its keeper. */
#include "rig.h"

static struct alert *restart(struct rig *rig, const char *rule, int down_s)
{
	struct alert_engine *old = rig->engine;
	struct alert *stored = NULL, *out = NULL;
	for (uint32_t i = 0; i < alert_engine_watched(old); i++)
		stored = stored ? stored : alert_engine_active_at(old, i);
	stored = stored ? stored : alert_engine_newest_resolved(old);
	assert_non_null(stored);
	rig->told[0] = 0;
	rig->now.wall += down_s * 1000;
	rig->now.mono = 1000; /* the machine was started anew as well */
	rig_engine(rig);
	if (rule)
		rig_rule(rig, rule);
	int rc = alert_engine_restore(rig->engine, stored, &rig->now, &out);
	assert_int_equal(rc, rule ? 0 : ERR_UNKNOWN);
	alert_engine_free(old);
	rig->told[0] = 0;
	return out;
}

#define SLOW "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95,\"for\":\"60s\"}"
#define FAST "{\"name\":\"disk\",\"series\":\"app.disk\",\"above\":95}"

static void test_pending_goes_on_where_it_was(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, SLOW);
	rig_push(rig, "app.disk", 99);
	rig_run(rig, "app.disk", 99, 30);
	struct alert *a = restart(rig, SLOW, 5);
	assert_int_equal(a->state, ALERT_PENDING);
	rig_run(rig, "app.disk", 98, 24);
	rig_expect(rig, "");
	rig_run(rig, "app.disk", 98, 1);
	rig_expect(rig, "fired app.disk 98;");
}

static void test_pending_needs_a_sample_to_fire(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, SLOW);
	rig_push(rig, "app.disk", 99);
	restart(rig, SLOW, 3600);
	rig_pass(rig, 599);
	rig_expect(rig, "");
	rig_pass(rig, 1); /* nobody confirms it: forgotten */
	rig_expect(rig, "withdrawn app.disk 99;");
}

static void test_pending_that_is_over_goes(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, SLOW);
	rig_push(rig, "app.disk", 99);
	restart(rig, SLOW, 3600);
	rig_push(rig, "app.disk", 1);
	rig_expect(rig, "withdrawn app.disk 1;");
}

static void test_firing_is_not_told_twice_and_resolves(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, FAST);
	rig_push(rig, "app.disk", 99);
	int64_t id = rig_alert(rig, "app.disk")->id, since = rig_alert(rig, "app.disk")->since;
	struct alert *a = restart(rig, FAST, 60);
	assert_int_equal(a->id, id);
	assert_int_equal(a->since, since);
	rig_run(rig, "app.disk", 99, 10);
	rig_expect(rig, "");
	rig_run(rig, "app.disk", 1, 1);
	rig_expect(rig, "resolved app.disk 1;");
	rig_run(rig, "app.disk", 99, 1);
	assert_int_equal(rig_alert(rig, "app.disk")->id, id + 1);
}

static void test_acknowledgement_stays_until_its_end(void **state)
{
	struct rig *rig = *state;
	struct alert_word word = { VIEW("ada"), VIEW("on it"), rig->now.wall + 100000 };
	rig_rule(rig, FAST);
	rig_push(rig, "app.disk", 99);
	assert_int_equal(alert_engine_ack(rig->engine, 1, &word, &rig->now), 0);
	struct alert *a = restart(rig, FAST, 60);
	assert_int_equal(a->state, ALERT_ACKNOWLEDGED);
	assert_true(view_eq(a->ack_why, VIEW("on it")));
	rig_pass(rig, 39);
	rig_expect(rig, "");
	rig_pass(rig, 1);
	rig_expect(rig, "ack-ended app.disk 99;");
}

static void test_silenced_speaks_when_the_silence_has_gone(void **state)
{
	struct rig *rig = *state;
	struct alert_silence silence = { .name = VIEW("disk"),
					 .from = rig->now.wall,
					 .until = rig->now.wall + 1000 };
	rig_rule(rig, FAST);
	alert_engine_silence(rig->engine, &silence, NULL, &rig->now);
	rig_push(rig, "app.disk", 99);
	assert_int_equal(restart(rig, FAST, 60)->state, ALERT_FIRING);
}

static void test_resolved_is_remembered(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, FAST);
	rig_push(rig, "app.disk", 99);
	rig_run(rig, "app.disk", 1, 1);
	struct alert *a = restart(rig, FAST, 60);
	assert_int_equal(a->state, ALERT_RESOLVED);
	assert_ptr_equal(alert_engine_find(rig->engine, 1), a);
}

static void test_without_its_rule_it_does_not_come_back(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, FAST);
	rig_push(rig, "app.disk", 99);
	assert_null(restart(rig, NULL, 60));
}

static void test_absent_waits_for_series_the_history_knows(void **state)
{
	struct rig *rig = *state;
	rig_rule(rig, "{\"name\":\"dead\",\"series\":\"app.*\",\"absent\":\"30s\"}");
	assert_int_equal(alert_engine_expect(rig->engine, VIEW("app.beat"), &rig->now), 0);
	assert_int_equal(alert_engine_expect(rig->engine, VIEW("other"), &rig->now), 0);
	rig_pass(rig, 30);
	rig_expect(rig, "fired app.beat 30;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_pending_goes_on_where_it_was),
		RIG_TEST(test_pending_needs_a_sample_to_fire),
		RIG_TEST(test_pending_that_is_over_goes),
		RIG_TEST(test_firing_is_not_told_twice_and_resolves),
		RIG_TEST(test_acknowledgement_stays_until_its_end),
		RIG_TEST(test_silenced_speaks_when_the_silence_has_gone),
		RIG_TEST(test_resolved_is_remembered),
		RIG_TEST(test_without_its_rule_it_does_not_come_back),
		RIG_TEST(test_absent_waits_for_series_the_history_knows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
