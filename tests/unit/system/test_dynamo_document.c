#include "support.h"

#include "../../../src/system/dynamo_document.h"
#include "../../../src/system/dynamo_value.h"
#include "../../../src/system/upload_registry.h"

#include "base/timefmt.h"

#include <math.h>

static wall_ns at(const char *text)
{
	wall_ns t;
	assert_int_equal(time_parse_rfc3339(view_of(text), &t, NULL), 0);
	return t;
}

static void check(struct buf *b, const char *expected)
{
	assert_string_equal(buf_str(b), expected);
	buf_clear(b);
}

static void test_values(void **state)
{
	struct buf b;
	buf_init(&b);
	struct jw w = jw_init(&b, JW_COMPACT);
	jw_obj(&w, NULL);
	dynamo_put_text(&w, "s", VIEW("a\"b"));
	dynamo_put_int(&w, "i", -5);
	dynamo_put_number(&w, "f", 12.45, 1);
	dynamo_put_number(&w, "nan", NAN, 1);
	dynamo_put_number(&w, "inf", INFINITY, 0);
	dynamo_put_number(&w, "huge", 1e300, 0);
	dynamo_put_bool(&w, "b", true);
	dynamo_put_seconds(&w, "t", at("2026-11-22T20:10:10.000327Z"));
	dynamo_put_iso(&w, "iso", at("2026-11-22T20:10:10.958327123Z"));
	dynamo_put_iso(&w, "whole", at("2026-11-22T20:10:10Z"));
	jw_end(&w);
	check(&b,
	      "{\"s\":{\"S\":\"a\\\"b\"},\"i\":{\"N\":\"-5\"},\"f\":{\"N\":\"12.4\"},\"nan\":{\"N\":\"0.0\"},"
	      "\"inf\":{\"N\":\"0\"},\"huge\":{\"N\":\"1000000000000000\"},\"b\":{\"BOOL\":true},"
	      "\"t\":{\"N\":\"1795378210.000327\"},\"iso\":{\"S\":\"2026-11-22T20:10:10.958327\"},"
	      "\"whole\":{\"S\":\"2026-11-22T20:10:10.000000\"}}");
	buf_fini(&b);
}

static void test_tables(void **state)
{
	struct buf b;
	buf_init(&b);
	dynamo_write_describe(&b, "t");
	check(&b, "{\"TableName\":\"t\"}");
	dynamo_write_ttl(&b, "t");
	check(&b, "{\"TableName\":\"t\",\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":"
		  "\"ttl\"}}");
	dynamo_write_create(&b, "kode-kronical-system", DYNAMO_FORM_MINUTES);
	check(&b, "{\"TableName\":\"kode-kronical-system\",\"KeySchema\":["
		  "{\"AttributeName\":\"hostname_hour\",\"KeyType\":\"HASH\"},"
		  "{\"AttributeName\":\"minute_timestamp\",\"KeyType\":\"RANGE\"}],\"AttributeDefinitions\":["
		  "{\"AttributeName\":\"hostname_hour\",\"AttributeType\":\"S\"},"
		  "{\"AttributeName\":\"minute_timestamp\",\"AttributeType\":\"N\"}],"
		  "\"BillingMode\":\"PAY_PER_REQUEST\",\"Tags\":[{\"Key\":\"Application\",\"Value\":\"kode-"
		  "kronical\"},"
		  "{\"Key\":\"Version\",\"Value\":\"v2-optimized\"}]}");
	dynamo_write_create(&b, "r", DYNAMO_FORM_REGISTRY);
	check(&b,
	      "{\"TableName\":\"r\",\"KeySchema\":[{\"AttributeName\":\"hostname\",\"KeyType\":\"HASH\"}],"
	      "\"AttributeDefinitions\":[{\"AttributeName\":\"hostname\",\"AttributeType\":\"S\"}],"
	      "\"BillingMode\":\"PAY_PER_REQUEST\",\"Tags\":[{\"Key\":\"Application\",\"Value\":\"kode-"
	      "kronical\"}]}");
	buf_fini(&b);
}

static void test_items(void **state)
{
	struct buf b;
	struct view items[] = { VIEW("{\"a\":{\"N\":\"1\"}}"), VIEW("{\"a\":{\"N\":\"2\"}}") };
	buf_init(&b);
	dynamo_write_put(&b, "t", items[0]);
	check(&b, "{\"TableName\":\"t\",\"Item\":{\"a\":{\"N\":\"1\"}}}");
	dynamo_write_put_fuller(&b, "t", items[0], 60);
	check(&b, "{\"TableName\":\"t\",\"Item\":{\"a\":{\"N\":\"1\"}},"
		  "\"ConditionExpression\":\"attribute_not_exists(sample_count) OR sample_count <= :n\","
		  "\"ExpressionAttributeValues\":{\":n\":{\"N\":\"60\"}}}");
	dynamo_write_batch(&b, "t", items, 2);
	check(&b, "{\"RequestItems\":{\"t\":[{\"PutRequest\":{\"Item\":{\"a\":{\"N\":\"1\"}}}},"
		  "{\"PutRequest\":{\"Item\":{\"a\":{\"N\":\"2\"}}}}]}}");
	dynamo_write_get(&b, "r", VIEW("web-1"));
	check(&b, "{\"TableName\":\"r\",\"Key\":{\"hostname\":{\"S\":\"web-1\"}}}");
	buf_fini(&b);
}

static void test_registry(void **state)
{
	struct upload_system s = { .host = VIEW("web-1"),
				   .platform = VIEW("Linux"),
				   .now = at("2026-11-22T20:10:10.5Z"),
				   .cpu_percent = 12.34,
				   .memory_percent = 50,
				   .online = true };
	struct buf b;
	buf_init(&b);
	upload_registry_write_all(&b, "r", &s);
	check(&b,
	      "{\"TableName\":\"r\",\"Item\":{\"hostname\":{\"S\":\"web-1\"},\"platform\":{\"S\":\"Linux\"},"
	      "\"first_seen\":{\"N\":\"1795378210.500000\"},\"last_seen\":{\"N\":\"1795378210.500000\"},"
	      "\"last_update\":{\"S\":\"2026-11-22T20:10:10.500000\"},\"active\":{\"BOOL\":true},"
	      "\"status\":{\"S\":\"online\"},\"cpu_percent\":{\"N\":\"12.3\"},\"memory_percent\":{\"N\":\"50."
	      "0\"}}}");
	s.first_seen = 1700000000.25;
	upload_registry_write_all(&b, "r", &s);
	assert_non_null(strstr(buf_str(&b), "\"first_seen\":{\"N\":\"1700000000.250000\"}"));
	buf_clear(&b);
	s.online = false;
	upload_registry_write_end(&b, "r", &s);
	check(&b, "{\"TableName\":\"r\",\"Key\":{\"hostname\":{\"S\":\"web-1\"}},"
		  "\"UpdateExpression\":\"SET #status = :status, last_update = :last_update\","
		  "\"ExpressionAttributeNames\":{\"#status\":\"status\"},"
		  "\"ExpressionAttributeValues\":{\":status\":{\"S\":\"offline\"},"
		  "\":last_update\":{\"S\":\"2026-11-22T20:10:10.500000\"}}}");
	s.online = true;
	upload_registry_write_minute(&b, "r", &s);
	assert_non_null(strstr(buf_str(&b), "first_seen = if_not_exists(first_seen, :last_seen)\""));
	buf_fini(&b);
}

static void check_table(const char *keys, const char *types, enum dynamo_form form)
{
	char text[512];
	struct dynamo_table_state t;
	snprintf(text, sizeof(text),
		 "{\"Table\":{\"TableStatus\":\"ACTIVE\",\"KeySchema\":[%s],\"AttributeDefinitions\":[%s]}}",
		 keys, types);
	assert_int_equal(dynamo_read_table(view_of(text), &t), 0);
	assert_true(t.active);
	if (t.form != form)
		fail_msg("%s %s: form %d, not %d", keys, types, t.form, form);
}

#define K(name, part) "{\"AttributeName\":\"" name "\",\"KeyType\":\"" part "\"}"
#define T(name, type) "{\"AttributeName\":\"" name "\",\"AttributeType\":\"" type "\"}"

static void test_forms_of_tables(void **state)
{
	check_table(K("minute_timestamp", "RANGE") "," K("hostname_hour", "HASH"),
		    T("hostname_hour", "S") "," T("minute_timestamp", "N"), DYNAMO_FORM_MINUTES);
	check_table(K("hostname_hour", "HASH") "," K("minute_timestamp", "RANGE"),
		    T("hostname_hour", "S") "," T("minute_timestamp", "S"), DYNAMO_FORM_FOREIGN);
	check_table(K("hostname", "HASH"), T("hostname", "S"), DYNAMO_FORM_REGISTRY);
	check_table(K("id", "HASH"), T("id", "N"), DYNAMO_FORM_ID_NUMBER);
	check_table(K("id", "HASH"), T("id", "S"), DYNAMO_FORM_ID_TEXT);
	check_table(K("id", "HASH"), T("id", "B"), DYNAMO_FORM_FOREIGN);
	check_table(K("id", "HASH") "," K("t", "RANGE"), T("id", "N") "," T("t", "N"), DYNAMO_FORM_FOREIGN);
	check_table("", "", DYNAMO_FORM_FOREIGN);
	struct dynamo_table_state t;
	assert_int_equal(dynamo_read_table(VIEW("{\"Table\":{\"TableStatus\":\"CREATING\"}}"), &t), 0);
	assert_false(t.active);
	assert_int_equal(dynamo_read_table(VIEW("{\"Table\":{\"TableStatus\":\"UPDATING\"}}"), &t), 0);
	assert_true(t.active);
	assert_int_equal(dynamo_read_table(VIEW("{}"), &t), ERR_SYNTAX);
	assert_int_equal(dynamo_read_table(VIEW("no"), &t), ERR_SYNTAX);
}

static void test_the_host_in_the_registry(void **state)
{
	bool found;
	double seen;
	assert_int_equal(dynamo_read_system(VIEW("{}"), &found, &seen), 0);
	assert_false(found);
	assert_int_equal(dynamo_read_system(VIEW("{\"Item\":{\"first_seen\":{\"N\":\"1700000000.25\"}}}"),
					    &found, &seen),
			 0);
	assert_true(found);
	assert_float_equal(seen, 1700000000.25, 1e-6);
	assert_int_equal(dynamo_read_system(VIEW("{\"Item\":{\"first_seen\":{\"S\":\"x\"}}}"), &found, &seen),
			 0);
	assert_true(found);
	assert_float_equal(seen, 0, 0);
	assert_int_equal(dynamo_read_system(VIEW("{"), &found, &seen), ERR_SYNTAX);
}

static void on_left(void *arg, size_t index)
{
	*(unsigned *)arg |= 1u << index;
}

#define ITEM(hour, minute)                                                                                   \
	"{\"hostname_hour\":{\"S\":\"" hour "\"},\"minute_timestamp\":{\"N\":\"" minute                      \
	"\"},\"x\":{\"S\":\"y\"}}"

static void test_unprocessed_items(void **state)
{
	struct view items[] = { VIEW(ITEM("h", "60")), VIEW(ITEM("h", "120")), VIEW(ITEM("g", "60")),
				VIEW("{\"id\":{\"N\":\"7\"}}") };
	unsigned left = 0;
	assert_int_equal(dynamo_read_unprocessed(VIEW("{\"UnprocessedItems\":{}}"), items, 4, on_left, &left),
			 0);
	assert_int_equal(dynamo_read_unprocessed(VIEW("{}"), items, 4, on_left, &left), 0);
	assert_int_equal(left, 0);
	/* in the service's own order of attributes */
	const char *body =
		"{\"UnprocessedItems\":{\"t\":[{\"PutRequest\":{\"Item\":{\"minute_timestamp\":{\"N\":"
		"\"120\"},"
		"\"hostname_hour\":{\"S\":\"h\"}}}},{\"PutRequest\":{\"Item\":{\"id\":{\"N\":\"7\"}}}}]}}";
	assert_int_equal(dynamo_read_unprocessed(view_of(body), items, 4, on_left, &left), 0);
	assert_int_equal(left, 2 | 8);
	assert_int_equal(dynamo_read_unprocessed(view_of(body), items, 1, on_left, &left), ERR_SYNTAX);
	assert_int_equal(dynamo_read_unprocessed(VIEW("{\"UnprocessedItems\":{\"t\":[{}]}}"), items, 4,
						 on_left, &left),
			 ERR_SYNTAX);
	assert_int_equal(dynamo_read_unprocessed(VIEW("half"), items, 4, on_left, &left), ERR_SYNTAX);
}

static void test_keys_of_minutes(void **state)
{
	struct dynamo_minute_key k;
	assert_int_equal(dynamo_read_minute_key(VIEW(ITEM("h", "60")), &k), 0);
	assert_string_equal(k.hour, "h");
	assert_int_equal(k.minute, 60);
	assert_int_equal(k.samples, 0);
	assert_int_equal(dynamo_read_minute_key(VIEW("{\"hostname_hour\":{\"S\":\"h\"}}"), &k), ERR_SYNTAX);
	assert_int_equal(dynamo_read_minute_key(VIEW("{}"), &k), ERR_SYNTAX);
	assert_int_equal(dynamo_read_minute_key(VIEW(""), &k), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_forms_of_tables),
		cmocka_unit_test(test_the_host_in_the_registry),
		cmocka_unit_test(test_unprocessed_items),
		cmocka_unit_test(test_keys_of_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
