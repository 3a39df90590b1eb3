#include "support.h"

#include "base/json.h"
#include "base/json_write.h"

#include <float.h>
#include <math.h>

static struct buf out;

static int setup(void **state)
{
	buf_init(&out);
	return 0;
}

static int teardown(void **state)
{
	buf_fini(&out);
	return 0;
}

static void write_sample(unsigned style)
{
	struct jw w = jw_init(&out, style);
	jw_obj(&w, NULL);
	jw_cstr(&w, "status", "healthy");
	jw_arr(&w, "items");
	jw_i64(&w, NULL, 1);
	jw_obj(&w, NULL);
	jw_bool(&w, "ok", true);
	jw_null(&w, "none");
	jw_end(&w);
	jw_arr(&w, NULL);
	jw_end(&w);
	jw_end(&w);
	jw_obj(&w, "empty");
	jw_end(&w);
	jw_double(&w, "rate", 0.25);
	jw_end(&w);
}

static void test_compact(void **state)
{
	write_sample(JW_COMPACT);
	assert_string_equal(buf_str(&out),
			    "{\"status\":\"healthy\",\"items\":[1,{\"ok\":true,\"none\":null},[]],"
			    "\"empty\":{},\"rate\":0.25}");
}

/* What Python's json.dumps(…, indent=4) prints for the same value. */
static void test_four_spaces(void **state)
{
	write_sample(JW_INDENT4);
	assert_string_equal(buf_str(&out), "{\n"
					   "    \"status\": \"healthy\",\n"
					   "    \"items\": [\n"
					   "        1,\n"
					   "        {\n"
					   "            \"ok\": true,\n"
					   "            \"none\": null\n"
					   "        },\n"
					   "        []\n"
					   "    ],\n"
					   "    \"empty\": {},\n"
					   "    \"rate\": 0.25\n"
					   "}");
}

/* What Go's json.MarshalIndent(…, "", "  ") prints. */
static void test_two_spaces(void **state)
{
	write_sample(JW_INDENT2 | JW_GO_ESCAPE);
	assert_string_equal(buf_str(&out), "{\n"
					   "  \"status\": \"healthy\",\n"
					   "  \"items\": [\n"
					   "    1,\n"
					   "    {\n"
					   "      \"ok\": true,\n"
					   "      \"none\": null\n"
					   "    },\n"
					   "    []\n"
					   "  ],\n"
					   "  \"empty\": {},\n"
					   "  \"rate\": 0.25\n"
					   "}");
}

static void test_scalars_at_the_top(void **state)
{
	struct jw w = jw_init(&out, JW_INDENT4);
	jw_cstr(&w, NULL, NULL);
	assert_string_equal(buf_str(&out), "null");
}

static void test_numbers(void **state)
{
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_arr(&w, NULL);
	jw_i64(&w, NULL, INT64_MIN);
	jw_i64(&w, NULL, INT64_MAX);
	jw_u64(&w, NULL, UINT64_MAX);
	jw_u64(&w, NULL, 0);
	jw_double(&w, NULL, 0.1);
	jw_double(&w, NULL, 1e-7);
	jw_double(&w, NULL, 1e21);
	jw_double(&w, NULL, 100);
	jw_fixed(&w, NULL, 2.0 / 3, 2);
	jw_fixed(&w, NULL, -1, 1);
	jw_fixed(&w, NULL, 2.4, 0);
	jw_end(&w);
	assert_string_equal(buf_str(&out),
			    "[-9223372036854775808,9223372036854775807,18446744073709551615,0,0.1,1e-7,"
			    "1e+21,100,0.67,-1.0,2]");
}

static void test_not_finite_is_null(void **state)
{
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_arr(&w, NULL);
	jw_double(&w, NULL, NAN);
	jw_double(&w, NULL, -INFINITY);
	jw_fixed(&w, NULL, INFINITY, 2);
	jw_end(&w);
	assert_string_equal(buf_str(&out), "[null,null,null]");
}

static void test_fixed_of_the_largest(void **state)
{
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_fixed(&w, NULL, -DBL_MAX, 1000);
	assert_int_equal(out.len, 1 + 309 + 1 + 100);
}

static void test_dynamic_keys(void **state)
{
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_key(&w, VIEW("a\"b"));
	jw_arr(&w, NULL);
	jw_i64(&w, NULL, 1);
	jw_i64(&w, NULL, 2);
	jw_end(&w);
	jw_key(&w, VIEW(""));
	jw_bool(&w, NULL, false);
	jw_i64(&w, "c", 3);
	jw_end(&w);
	assert_string_equal(buf_str(&out), "{\"a\\\"b\":[1,2],\"\":false,\"c\":3}");
}

static void test_raw_is_taken_as_it_is(void **state)
{
	struct jw w = jw_init(&out, JW_INDENT2);
	jw_obj(&w, NULL);
	jw_raw(&w, "a", VIEW("{\"b\":1}"));
	jw_end(&w);
	assert_string_equal(buf_str(&out), "{\n  \"a\": {\"b\":1}\n}");
}

static void test_deepest_nesting(void **state)
{
	struct jw w = jw_init(&out, JW_INDENT4);
	for (int i = 0; i < JW_MAX_DEPTH; i++)
		jw_arr(&w, NULL);
	jw_i64(&w, NULL, 1);
	for (int i = 0; i < JW_MAX_DEPTH; i++)
		jw_end(&w);
	struct json_doc d;
	json_doc_init(&d);
	assert_int_equal(json_parse_all(&d, out.data, out.len, JSON_STRICT, NULL), 0);
	assert_int_equal(d.n, JW_MAX_DEPTH + 1);
	json_doc_fini(&d);
	const char *one = strchr(buf_str(&out), '1');
	size_t spaces = 0;
	while (one[-1 - (ptrdiff_t)spaces] == ' ')
		spaces++;
	assert_int_equal(spaces, 4 * JW_MAX_DEPTH);
}

static void assert_escaped(struct view text, unsigned style, const char *expected)
{
	buf_clear(&out);
	json_append_string(&out, text, style);
	assert_string_equal(buf_str(&out), expected);
}

static void test_escapes(void **state)
{
	assert_escaped(VIEW(""), 0, "\"\"");
	assert_escaped((struct view){ NULL, 0 }, JW_GO_ESCAPE, "\"\"");
	assert_escaped(VIEW("\"\\/\b\f\n\r\t"), 0, "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	assert_escaped(VIEW("\0\x01\x0B\x1F\x7F"), 0, "\"\\u0000\\u0001\\u000b\\u001f\x7F\"");
	assert_escaped(VIEW("<a href='x'>&</a>"), 0, "\"<a href='x'>&</a>\"");
	assert_escaped(VIEW("0123456789abcdef0123456789abcde\nx"), 0,
		       "\"0123456789abcdef0123456789abcde\\nx\"");
	assert_escaped(VIEW("\xC3\xA4\xFF\xE2\x80\xA8\n"), 0, "\"\xC3\xA4\xEF\xBF\xBD\xE2\x80\xA8\\n\"");
}

static void test_go_escapes(void **state)
{
	assert_escaped(VIEW("<a>&\"\\\b\f\n\r\t\x01\x7F/=;"), JW_GO_ESCAPE,
		       "\"\\u003ca\\u003e\\u0026\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F/=;\"");
	assert_escaped(VIEW("\xE2\x80\xA8x\xE2\x80\xA9\xE2\x80\xAA"), JW_GO_ESCAPE,
		       "\"\\u2028x\\u2029\xE2\x80\xAA\"");
	assert_escaped(VIEW("\xC3\xA4\xE2\x80\xA8\xC3\xA4\xFF<"), JW_GO_ESCAPE,
		       "\"\xC3\xA4\\u2028\xC3\xA4\xEF\xBF\xBD\\u003c\"");
	assert_escaped(VIEW("\xF0\x9F\xE2\x80\xA8\xE2\x80"), JW_GO_ESCAPE,
		       "\"\xEF\xBF\xBD\xEF\xBF\xBD\\u2028\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Every byte at every place of a block reads back as itself. */
static void test_every_byte_round_trips(void **state)
{
	static const unsigned styles[] = { JW_COMPACT, JW_COMPACT | JW_GO_ESCAPE };
	struct json_doc d;
	struct arena arena;
	json_doc_init(&d);
	arena_init(&arena, 0);
	for (int c = 0; c < 0x80; c++) {
		for (size_t at = 0; at < 40; at++) {
			char text[40];
			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			buf_clear(&out);
			json_append_string(&out, (struct view){ text, sizeof(text) }, styles[at & 1]);
			assert_int_equal(json_parse_all(&d, out.data, out.len, JSON_STRICT, NULL), 0);
			struct view back = json_string(&d, 0, &arena);
			assert_int_equal(back.len, sizeof(text));
			assert_memory_equal(back.data, text, sizeof(text));
			arena_reset(&arena);
		}
	}
	json_doc_fini(&d);
	arena_fini(&arena);
}

static void test_full_buffer_stays_failed(void **state)
{
	out.limit = 20;
	write_sample(JW_INDENT4);
	assert_true(out.failed);
	assert_true(out.len <= 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_compact),
		TEST(test_four_spaces),
		TEST(test_two_spaces),
		TEST(test_scalars_at_the_top),
		TEST(test_numbers),
		TEST(test_not_finite_is_null),
		TEST(test_fixed_of_the_largest),
		TEST(test_dynamic_keys),
		TEST(test_raw_is_taken_as_it_is),
		TEST(test_deepest_nesting),
		TEST(test_escapes),
		TEST(test_go_escapes),
		TEST(test_every_byte_round_trips),
		TEST(test_full_buffer_stays_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
