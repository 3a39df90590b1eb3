#include "rig.h"

static void fire(struct rig *rig, const char *labels)
{
	char rule[200];
	snprintf(rule, sizeof(rule),
		 "{\"name\":\"disk\",\"series\":\"app.disk{*}\",\"above\":95,\"labels\":%s}", labels);
	rig_rule(rig, rule);
	rig_push(rig, "app.disk{m=/}", 99);
	rig_expect(rig, "fired app.disk{m=/} 99;");
}

static int64_t silence(struct rig *rig, const char *json)
{
	struct yaml_node *root;
	struct alert_silence s;
	struct err err = { 0 };
	int64_t id = 0;
	if (alert_tree_from_json(view_of(json), &rig->arena, &root, &err) < 0 ||
	    alert_silence_read(root, rig->now.wall * NS_PER_MS, &rig->arena, &s, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(alert_engine_silence(rig->engine, &s, &id, &rig->now), 0);
	return id;
}

static int ack(struct rig *rig, int64_t id, wall_ms until)
{
	struct alert_word word = { VIEW("ada"), VIEW("on it"), until };
	return alert_engine_ack(rig->engine, id, &word, &rig->now);
}

static void test_acknowledged_until_resolved(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{}");
	assert_int_equal(ack(rig, rig_alert(rig, "app.disk{m=/}")->id, 0), 0);
	rig_expect(rig, "acked app.disk{m=/} 99;");
	rig_run(rig, "app.disk{m=/}", 98, 1000);
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_ACKNOWLEDGED);
	rig_run(rig, "app.disk{m=/}", 1, 1);
	rig_expect(rig, "resolved app.disk{m=/} 1;");
	rig_run(rig, "app.disk{m=/}", 99, 1); /* a new one: nobody has seen that */
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_FIRING);
}

static void test_acknowledgement_ends(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{}");
	ack(rig, rig_alert(rig, "app.disk{m=/}")->id, rig->now.wall + 5000);
	rig_pass(rig, 4);
	rig_expect(rig, "acked app.disk{m=/} 99;");
	rig_pass(rig, 1);
	rig_expect(rig, "ack-ended app.disk{m=/} 99;");
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_FIRING);
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->ack_who.len, 0);
}

static void test_only_what_fires_is_acknowledged(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{}");
	int64_t id = rig_alert(rig, "app.disk{m=/}")->id;
	rig_run(rig, "app.disk{m=/}", 1, 1);
	assert_int_equal(ack(rig, id, 0), ERR_CLOSED);
	assert_int_equal(ack(rig, id + 1, 0), ERR_UNKNOWN);
}

static void test_silence_covers_and_ends(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{}");
	silence(rig, "{\"match\":{\"name\":\"di*\"},\"until\":\"5s\",\"who\":\"ada\"}");
	rig_expect(rig, "silenced app.disk{m=/} 99;");
	rig_pass(rig, 4);
	rig_expect(rig, "");
	rig_pass(rig, 1);
	rig_expect(rig, "silence-ended app.disk{m=/} 99;");
}

static void test_fires_silently_during_a_window(void **state)
{
	struct rig *rig = *state;
	silence(rig,
		"{\"match\":{\"series\":\"app.*\"},\"until\":\"1h\",\"who\":\"ada\",\"why\":\"new disks\"}");
	fire(rig, "{}");
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_SILENCED);
}

static void test_a_window_that_begins_later(void **state)
{
	struct rig *rig = *state;
	char json[200];
	fire(rig, "{}");
	snprintf(json, sizeof(json),
		 "{\"match\":{\"name\":\"disk\"},\"from\":%lld,\"until\":%lld,\"who\":\"ada\"}",
		 (long long)(rig->now.wall / 1000 + 10), (long long)(rig->now.wall / 1000 + 20));
	silence(rig, json);
	rig_pass(rig, 9);
	rig_expect(rig, "");
	rig_pass(rig, 1);
	rig_expect(rig, "silenced app.disk{m=/} 99;");
	rig_pass(rig, 10);
	rig_expect(rig, "silence-ended app.disk{m=/} 99;");
}

static void test_labels_of_rule_and_series(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{\"team\":\"storage\"}");
	silence(rig, "{\"match\":{\"labels\":{\"team\":\"web\"}},\"until\":\"1h\",\"who\":\"ada\"}");
	silence(rig, "{\"match\":{\"labels\":{\"team\":\"stor*\",\"m\":\"/"
		     "home\"}},\"until\":\"1h\",\"who\":\"ada\"}");
	rig_expect(rig, "");
	silence(rig,
		"{\"match\":{\"labels\":{\"team\":\"stor*\",\"m\":\"/\"}},\"until\":\"1h\",\"who\":\"ada\"}");
	rig_expect(rig, "silenced app.disk{m=/} 99;");
}

static void test_lifted_silence_shows_the_acknowledgement(void **state)
{
	struct rig *rig = *state;
	fire(rig, "{}");
	ack(rig, rig_alert(rig, "app.disk{m=/}")->id, 0);
	int64_t id = silence(rig, "{\"match\":{\"name\":\"disk\"},\"until\":\"1h\",\"who\":\"ada\"}");
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_SILENCED);
	assert_int_equal(alert_engine_unsilence(rig->engine, id, &rig->now), 0);
	assert_int_equal(rig_alert(rig, "app.disk{m=/}")->state, ALERT_ACKNOWLEDGED);
	assert_int_equal(alert_engine_unsilence(rig->engine, id, &rig->now), ERR_UNKNOWN);
}

static void test_silences_are_bounded_and_leave(void **state)
{
	struct rig *rig = *state;
	for (int i = 0; i < ALERT_SILENCES_MAX; i++)
		silence(rig, "{\"match\":{\"name\":\"x\"},\"until\":\"5s\",\"who\":\"ada\"}");
	struct alert_silence more = *alert_engine_silence_at(rig->engine, 0);
	assert_int_equal(alert_engine_silence(rig->engine, &more, NULL, &rig->now), ERR_FULL);
	rig_pass(rig, 3605);
	assert_null(alert_engine_silence_at(rig->engine, 0));
}

static void bad(struct rig *rig, const char *json, const char *told)
{
	struct yaml_node *root;
	struct alert_silence s;
	struct err err = { 0 };
	assert_int_equal(alert_tree_from_json(view_of(json), &rig->arena, &root, &err), 0);
	assert_true(alert_silence_read(root, rig->now.wall * NS_PER_MS, &rig->arena, &s, &err) < 0);
	if (!strstr(err.text, told))
		fail_msg("%s: \"%s\" is not in \"%s\"", json, told, err.text);
}

static void test_mistakes_are_named(void **state)
{
	struct rig *rig = *state;
	bad(rig, "{\"match\":{\"name\":\"x\"},\"until\":\"5s\"}", "who: missing");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"who\":\"a\"}", "until: missing");
	bad(rig, "{\"match\":{},\"until\":\"5s\",\"who\":\"a\"}", "match: say what");
	bad(rig, "{\"until\":\"5s\",\"who\":\"a\"}", "match: say what");
	bad(rig, "{\"match\":{\"nam\":\"x\"},\"until\":\"5s\",\"who\":\"a\"}", "did you mean name?");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"until\":\"soon\",\"who\":\"a\"}",
	    "until: \"soon\" is no time");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"until\":\"-5s\",\"who\":\"a\"}", "lies in the past");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"from\":\"2h\",\"until\":\"1h\",\"who\":\"a\"}",
	    "must come after from");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"until\":\"5s\",\"who\":\"a\\u0007\"}", "who: write 1 to 100");
	bad(rig, "{\"match\":{\"name\":\"x\"},\"until\":[],\"who\":\"a\"}", "until:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_acknowledged_until_resolved),
		RIG_TEST(test_acknowledgement_ends),
		RIG_TEST(test_only_what_fires_is_acknowledged),
		RIG_TEST(test_silence_covers_and_ends),
		RIG_TEST(test_fires_silently_during_a_window),
		RIG_TEST(test_a_window_that_begins_later),
		RIG_TEST(test_labels_of_rule_and_series),
		RIG_TEST(test_lifted_silence_shows_the_acknowledgement),
		RIG_TEST(test_silences_are_bounded_and_leave),
		RIG_TEST(test_mistakes_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
