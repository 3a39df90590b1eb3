#include "support.h"

#include "base/json.h"

#include <stdlib.h>

static struct json_doc doc;

static int setup(void **state)
{
	json_doc_init(&doc);
	return 0;
}

static int teardown(void **state)
{
	json_doc_fini(&doc);
	return 0;
}

static void parse(const char *text)
{
	assert_int_equal(json_parse_all(&doc, text, strlen(text), 0, NULL), 0);
}

static void assert_view(struct view v, const char *expected)
{
	assert_int_equal(v.len, strlen(expected));
	assert_memory_equal(v.data, expected, v.len);
}

static const char run[] =
	"{\"command\":\"true\",\"command_hash\":\"b5bea41b\",\"final_status\":\"succeeded\",\"total_"
	"attempts\":2,"
	"\"attempts\":[{\"duration_seconds\":0.007228836,\"exit_code\":1,\"success\":false},"
	"{\"duration_seconds\":0.0061,\"exit_code\":0,\"success\":true}],\"timestamp\":1795378345}";

static void test_tape_layout(void **state)
{
	static const struct {
		enum json_type type;
		uint32_t off, len, end;
	} expected[] = {
		{ JSON_OBJECT, 0, 2, 7 },  { JSON_KEY, 2, 1, 2 },    { JSON_STRING, 6, 1, 3 },
		{ JSON_KEY, 10, 1, 4 },    { JSON_ARRAY, 13, 2, 7 }, { JSON_NUMBER, 14, 1, 6 },
		{ JSON_NUMBER, 16, 1, 7 },
	};
	parse("{\"a\":\"x\",\"b\":[1,2]}");
	assert_int_equal(doc.n, 7);
	for (uint32_t i = 0; i < doc.n; i++) {
		assert_int_equal(doc.nodes[i].type, expected[i].type);
		assert_int_equal(doc.nodes[i].off, expected[i].off);
		assert_int_equal(doc.nodes[i].len, expected[i].len);
		assert_int_equal(doc.nodes[i].end, expected[i].end);
	}
}

static void test_used_stops_behind_the_value(void **state)
{
	size_t used;
	assert_int_equal(json_parse(&doc, " {\"a\":1} \n{}", 12, 0, &used), 0);
	assert_int_equal(used, 8);
	assert_int_equal(json_parse(&doc, "12 ", 3, 0, &used), 0);
	assert_int_equal(used, 2);
}

static void test_walks_members_in_order(void **state)
{
	char keys[16] = "";
	parse("{\"a\":{\"x\":[1,2]},\"b\":[],\"c\":3}");
	for (json_ref k = json_first(&doc, 0); k != JSON_NONE; k = json_next(&doc, 0, k))
		strncat(keys, json_raw(&doc, k).data, 1);
	assert_string_equal(keys, "abc");
}

static void test_walks_array(void **state)
{
	int64_t sum = 0, v;
	parse("[1,[9,9],20,{\"a\":9},300]");
	for (json_ref r = json_first(&doc, 0); r != JSON_NONE; r = json_next(&doc, 0, r))
		if (json_i64(&doc, r, &v) == 0)
			sum += v;
	assert_int_equal(sum, 321);
	assert_int_equal(doc.nodes[0].len, 5);
}

static void test_nothing_to_walk(void **state)
{
	parse("[[],{},1]");
	for (json_ref r = 1; r < 4; r++)
		assert_int_equal(json_first(&doc, r), JSON_NONE);
	assert_int_equal(json_first(&doc, JSON_NONE), JSON_NONE);
	assert_int_equal(json_next(&doc, 0, JSON_NONE), JSON_NONE);
	assert_int_equal(json_next(&doc, 0, 3), JSON_NONE);
}

static void test_get_takes_the_last_duplicate(void **state)
{
	int64_t v = 0;
	parse("{\"a\":1,\"b\":{\"a\":7},\"a\":2}");
	assert_int_equal(json_i64(&doc, json_get(&doc, 0, VIEW("a")), &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(json_get(&doc, 0, VIEW("c")), JSON_NONE);
	assert_int_equal(json_get(&doc, 2, VIEW("a")), JSON_NONE); /* a number holds no keys */
	assert_int_equal(json_get(&doc, JSON_NONE, VIEW("a")), JSON_NONE);
}

static void test_get_reads_escaped_keys(void **state)
{
	parse("{\"\\u0061b\":1,\"\\ud83d\\ude00\":2,\"a\\nb\":3}");
	assert_int_equal(json_get(&doc, 0, VIEW("ab")), 2);
	assert_int_equal(json_get(&doc, 0, VIEW("\xF0\x9F\x98\x80")), 4);
	assert_int_equal(json_get(&doc, 0, VIEW("a\nb")), 6);
	assert_int_equal(json_get(&doc, 0, VIEW("abc")), JSON_NONE);
	assert_int_equal(json_get(&doc, 0, VIEW("a")), JSON_NONE);
}

static void test_get_fold_ignores_ascii_case(void **state)
{
	parse("{\"Command\":1,\"COMMAND\":2,\"\\u0043ommand\":3,\"x\":4}");
	assert_int_equal(json_get_fold(&doc, 0, VIEW("command")), 6);
	assert_int_equal(json_get(&doc, 0, VIEW("COMMAND")), 4);
	assert_int_equal(json_get(&doc, 0, VIEW("command")), JSON_NONE);
}

static void test_raw_text(void **state)
{
	parse(" { \"a\" : [ 1 , { \"b\\n\" : [ ] } ] , \"c\" : { \"d\" : [ [ \"]}\" ] ] } } ");
	assert_view(json_raw(&doc, 2), "[ 1 , { \"b\\n\" : [ ] } ]");
	assert_view(json_raw(&doc, 4), "{ \"b\\n\" : [ ] }");
	assert_view(json_raw(&doc, 5), "b\\n");
	assert_view(json_raw(&doc, 6), "[ ]");
	assert_view(json_raw(&doc, json_get(&doc, 0, VIEW("c"))), "{ \"d\" : [ [ \"]}\" ] ] }");
	assert_view(json_raw(&doc, 0),
		    "{ \"a\" : [ 1 , { \"b\\n\" : [ ] } ] , \"c\" : { \"d\" : [ [ \"]}\" ] ] } }");
	assert_null(json_raw(&doc, JSON_NONE).data);
}

static void test_every_cut_of_a_run_needs_more(void **state)
{
	for (size_t len = 0; len < sizeof(run) - 1; len++) {
		char *copy = malloc(len + 1); /* the sanitizer guards its end */
		memcpy(copy, run, len);
		copy = realloc(copy, len ? len : 1);
		assert_int_equal(json_parse(&doc, copy, len, 0, NULL), ERR_MORE);
		assert_int_equal(doc.error_off, len);
		assert_int_equal(json_parse(&doc, copy, len, JSON_STRICT, NULL), ERR_MORE);
		free(copy);
	}
	assert_int_equal(json_parse(&doc, run, sizeof(run) - 1, JSON_STRICT, NULL), 0);
}

static void test_depth_limit_is_exact(void **state)
{
	char text[200];
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_int_equal(json_parse(&doc, text, 130, 0, NULL), ERR_DEPTH);
	assert_int_equal(doc.error_off, 64);
	assert_int_equal(json_parse(&doc, text + 1, 128, 0, NULL), 0);
	assert_int_equal(doc.n, 64);
}

static void test_deep_nesting_does_not_crash(void **state)
{
	size_t n = 100000;
	char *text = malloc(2 * n);
	memset(text, '[', n);
	assert_int_equal(json_parse(&doc, text, n, 0, NULL), ERR_DEPTH);
	doc.max_depth = UINT32_MAX;
	assert_int_equal(json_parse(&doc, text, n, JSON_STRICT, NULL), ERR_MORE);
	memset(text + n, ']', n);
	assert_int_equal(json_parse(&doc, text, 2 * n, JSON_STRICT, NULL), 0);
	assert_int_equal(doc.nodes[n / 2].end, n);
	free(text);
}

static void test_node_limit_is_exact(void **state)
{
	doc.max_nodes = 4;
	assert_int_equal(json_parse(&doc, "[1,2,3]", 7, 0, NULL), 0);
	assert_int_equal(json_parse(&doc, "[1,2,3,4]", 9, 0, NULL), ERR_FULL);
	assert_int_equal(json_parse(&doc, "{\"a\":{\"b\":1}}", 13, 0, NULL), ERR_FULL);
}

static void test_nodes_are_reused(void **state)
{
	parse(run);
	struct json_node *nodes = doc.nodes;
	for (int i = 0; i < 100; i++)
		parse(run);
	assert_ptr_equal(doc.nodes, nodes);
}

static void test_failed_parse_can_be_walked(void **state)
{
	assert_int_equal(json_parse(&doc, "{\"a\":[1,2,x", 11, 0, NULL), ERR_SYNTAX);
	assert_int_equal(doc.error_off, 10);
	json_ref list = json_get(&doc, 0, VIEW("a"));
	assert_int_equal(doc.nodes[list].len, 2);
	assert_int_equal(json_next(&doc, list, list + 2), JSON_NONE);
	assert_int_equal(json_parse(&doc, "{\"a\"", 4, 0, NULL), ERR_MORE);
	assert_int_equal(json_get(&doc, 0, VIEW("a")), JSON_NONE);
}

static void test_place_and_sentence(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
		{ "{\"a\":1 \"b\"}", "1:8", "expected ',' or '}' after a value" },
		{ "[1\n2]", "2:1", "expected ',' or ']' after a value" },
		{ "{\n  \"\xC3\xA4\" 1}", "2:7", "expected ':' after a key" },
		{ "{\"a\":1,}", "1:8", "expected a key in double quotes" },
		{ "[1,]", "1:4", "expected a value" },
		{ "[01]", "1:3", "a number must not begin with 0" },
		{ "[1.x]", "1:4", "expected a digit" },
		{ "[\"\\q\"]", "1:4", "unknown escape in a string" },
		{ "[\"a", "1:4", "the text ends inside a string" },
		{ "{\"a\":1", "1:7", "the text ends inside an object" },
		{ "", "1:1", "the text ends where a value is expected" },
		{ "{}\n}", "2:1", "unexpected text after the value" },
		{ "[\n\"\t\"]", "2:2", "control characters in a string must be escaped" },
		{ "{\"a\":1,\n \"a\":2}", "2:2", "the key stands twice in its object" },
		{ "[\"a\xFF\"]", "1:4", "invalid UTF-8" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err;
		assert_true(json_parse_all(&doc, rows[i].text, strlen(rows[i].text), JSON_STRICT, &err) < 0);
		assert_string_equal(err.text, rows[i].sentence);
		assert_string_equal(err.place, rows[i].place);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_tape_layout),
		TEST(test_used_stops_behind_the_value),
		TEST(test_walks_members_in_order),
		TEST(test_walks_array),
		TEST(test_nothing_to_walk),
		TEST(test_get_takes_the_last_duplicate),
		TEST(test_get_reads_escaped_keys),
		TEST(test_get_fold_ignores_ascii_case),
		TEST(test_raw_text),
		TEST(test_every_cut_of_a_run_needs_more),
		TEST(test_depth_limit_is_exact),
		TEST(test_deep_nesting_does_not_crash),
		TEST(test_node_limit_is_exact),
		TEST(test_nodes_are_reused),
		TEST(test_failed_parse_can_be_walked),
		TEST(test_place_and_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
