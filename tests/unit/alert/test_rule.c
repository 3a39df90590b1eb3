#include "rig.h"

static void round_trip(struct rig *rig, const char *json, const char *written)
{
	struct alert_rule rule = rig_read(rig, json);
	struct buf out;
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_obj(&w, NULL);
	alert_rule_write(&w, &rule);
	jw_end(&w);
	assert_string_equal(buf_str(&out), written);
	struct alert_rule again = rig_read(rig, buf_str(&out));
	assert_true(alert_rule_same(&rule, &again));
	buf_fini(&out);
}

static void test_reads_what_it_writes(void **state)
{
	struct rig *rig = *state;
	round_trip(rig,
		   "{\"name\":\"disk full\",\"series\":\"a.b{y=2, "
		   "x=1}\",\"above\":95,\"for\":\"5m\",\"clear\":90,\"severity\":\"critical\",\"labels\":{"
		   "\"team\":\"x\"}}",
		   "{\"name\":\"disk "
		   "full\",\"series\":\"a.b{x=1,y=2}\",\"above\":95,\"for\":\"5m\",\"clear\":90,"
		   "\"severity\":\"critical\",\"labels\":{\"team\":\"x\"}}");
	round_trip(rig, "{\"name\":\"n\",\"series\":\"a.*\",\"below\":-1.5,\"for\":30,\"clear\":\"1m\"}",
		   "{\"name\":\"n\",\"series\":\"a.*\",\"below\":-1.5,\"for\":\"30s\",\"clear\":\"1m\","
		   "\"severity\":\"warning\"}");
	round_trip(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":5,\"clear\":{\"at\":4,\"for\":\"1m\"}}",
		   "{\"name\":\"n\",\"series\":\"a\",\"above\":5,\"clear\":{\"at\":4,\"for\":\"1m\"},"
		   "\"severity\":\"warning\"}");
	round_trip(rig, "{\"name\":\"n\",\"series\":\"a\",\"absent\":\"2m\"}",
		   "{\"name\":\"n\",\"series\":\"a\",\"absent\":\"2m\",\"severity\":\"warning\"}");
	round_trip(rig, "{\"name\":\"n\",\"series\":\"a\",\"rate\":{\"below\":2},\"window\":60}",
		   "{\"name\":\"n\",\"series\":\"a\",\"rate\":{\"below\":2},\"window\":\"1m\",\"severity\":"
		   "\"warning\"}");
	round_trip(rig,
		   "{\"name\":\"n\",\"event\":\"run_failed\",\"subject\":\"make *\",\"severity\":\"info\"}",
		   "{\"name\":\"n\",\"event\":\"run_failed\",\"subject\":\"make "
		   "*\",\"min_severity\":\"info\",\"clear\":\"15m\",\"severity\":\"info\"}");
}

static void bad(struct rig *rig, const char *json, const char *told)
{
	struct yaml_node *root;
	struct alert_rule rule;
	struct err err = { 0 };
	int rc = alert_tree_from_json(view_of(json), &rig->arena, &root, &err);
	if (rc == 0)
		rc = alert_rule_read(NULL, root, &rig->arena, &rule, &err);
	assert_true(rc < 0);
	if (!strstr(err.text, told))
		fail_msg("%s: \"%s\" is not in \"%s\"", json, told, err.text);
}

static void test_mistakes_are_named(void **state)
{
	struct rig *rig = *state;
	bad(rig, "", "no JSON object");
	bad(rig, "[]", "one JSON object");
	bad(rig, "{\"name\":\"n\",}", "no JSON object");
	bad(rig, "{}", "name: missing");
	bad(rig, "{\"name\":\"\"}", "name: write 1 to 100");
	bad(rig, "{\"name\":7,\"seris\":\"x\"}", "unknown key seris: did you mean series?");
	bad(rig, "{\"name\":\"n\"}", "series: missing");
	bad(rig, "{\"name\":\"n\",\"series\":\"a b\",\"above\":1}", "series: ");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\"}", "exactly one of above");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"below\":2}", "exactly one of above");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":\"high\"}", "above: write a number");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":[1]}", "above: write a number");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"for\":\"soon\"}", "for: write a duration");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"for\":-1}", "for: write a duration between");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"clear\":2}", "clear: the value must lie");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"below\":1,\"clear\":0}", "clear: the value must lie");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"absent\":0}", "absent: write a duration");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"absent\":\"1m\",\"clear\":{\"at\":1}}",
	    "no value to get back to");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"rate\":{}}", "rate: write a number");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"window\":\"1m\"}",
	    "window: is for rate only");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"severity\":\"bad\"}",
	    "severity: write info");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"labels\":[]}", "labels: write an object");
	bad(rig, "{\"name\":\"n\",\"event\":\"nothing\"}", "event: unknown kind");
	bad(rig, "{\"name\":\"n\",\"event\":\"stop\",\"above\":1}", "above: is not for event rules");
	bad(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":1,\"subject\":\"x\"}",
	    "subject: is for event rules only");
	bad(rig, "{\"name\":\"n\",\"name\":\"m\"}", "no JSON object");
}

static struct alert_rules rules;

static int read_yaml(struct rig *rig, const char *text, struct err *err)
{
	struct yaml_node *root;
	assert_int_equal(yaml_parse(view_of(text), "f.yml", &rig->arena, &root, err), 0);
	return alert_rules_read("f.yml", yaml_get(root, "alerts"), &rig->arena, &rules, err);
}

static void test_yaml_has_the_same_keys(void **state)
{
	struct rig *rig = *state;
	struct err err = { 0 };
	assert_int_equal(read_yaml(rig,
				   "alerts:\n  - name: disk full\n    series: app.disk{*}\n    above: 95\n   "
				   " for: 5m\n    labels: {team: x}\n"
				   "  - {name: b, event: stop}\n",
				   &err),
			 0);
	assert_int_equal(rules.n, 2);
	assert_true(rules.items[0].from_file);
	assert_int_equal(rules.items[0].for_us, 300 * US_PER_S);
	assert_int_equal(read_yaml(rig, "x: 1\n", &err), 0);
	assert_int_equal(rules.n, 0);
}

static void test_yaml_mistakes_have_a_place(void **state)
{
	struct rig *rig = *state;
	struct err err = { 0 };
	assert_int_equal(read_yaml(rig, "alerts:\n  - name: a\n    series: x\n    abov: 3\n", &err),
			 ERR_UNKNOWN);
	assert_string_equal(err.place, "f.yml:4:11");
	assert_non_null(strstr(err.text, "did you mean above?"));
	assert_true(read_yaml(rig, "alerts:\n  - {name: a, event: stop}\n  - {name: a, event: start}\n",
			      &err) == ERR_DUPLICATE);
	assert_true(read_yaml(rig, "alerts: {name: a}\n", &err) == ERR_TYPE);
	assert_true(read_yaml(rig, "alerts: [a]\n", &err) == ERR_TYPE);
}

static void test_describes_itself(void **state)
{
	struct rig *rig = *state;
	struct alert_rule rule =
		rig_read(rig, "{\"name\":\"n\",\"series\":\"a\",\"above\":95,\"for\":\"5m\"}");
	struct buf out;
	buf_init(&out);
	alert_rule_describe(&rule, &out);
	assert_string_equal(buf_str(&out), "above 95 for 5m");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_reads_what_it_writes),   RIG_TEST(test_mistakes_are_named),
		RIG_TEST(test_yaml_has_the_same_keys), RIG_TEST(test_yaml_mistakes_have_a_place),
		RIG_TEST(test_describes_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
