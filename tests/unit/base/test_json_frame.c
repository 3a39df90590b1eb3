#include "support.h"

#include "base/json.h"

#include <stdio.h>

static const char *const documents[] = {
	"{}",
	"[]",
	" \n{\"a\":1}",
	"[[[]],[{}]]",
	"{\"a\":\"}]\"}",
	"[\"\\\"]\",\"\\\\\"]",
	"{\"a\\\\\":\"\\u005d\"}",
	"{\"long\":\"0123456789abcdef0123456789abcdef\\\\\\\"0123456789abcdef}\",\"b\":[1,2,{\"c\":[]}]}",
};
#define N_DOCUMENTS (sizeof(documents) / sizeof(documents[0]))

/* Feeds in pieces of `step`; the offset where the frame ends in the whole text, or 0. */
static size_t frame_by(const char *text, size_t len, size_t step)
{
	struct json_frame f = { 0 };
	size_t end = 0;
	for (size_t at = 0; at < len; at += step)
		if (json_frame_feed(&f, text + at, len - at < step ? len - at : step, &end))
			return at + end;
	return 0;
}

static void test_agrees_with_the_parser(void **state)
{
	struct json_doc d;
	json_doc_init(&d);
	for (size_t i = 0; i < N_DOCUMENTS; i++) {
		char text[256];
		size_t used;
		int len = snprintf(text, sizeof(text), "%s {\"next\":1}", documents[i]);
		assert_int_equal(json_parse(&d, text, (size_t)len, 0, &used), 0);
		assert_int_equal(used, strlen(documents[i]));
		for (size_t step = 1; step <= (size_t)len; step++)
			assert_int_equal(frame_by(text, (size_t)len, step), used);
	}
	json_doc_fini(&d);
}

static void test_unfinished_is_not_framed(void **state)
{
	for (size_t i = 0; i < N_DOCUMENTS; i++)
		for (size_t len = 0; len < strlen(documents[i]); len++)
			assert_int_equal(frame_by(documents[i], len, 1), 0);
}

static void test_other_text_ends_at_its_line(void **state)
{
	struct json_frame f = { 0 };
	size_t end = 0;
	assert_false(json_frame_feed(&f, " hello {", 8, &end));
	assert_true(f.not_container);
	assert_true(json_frame_feed(&f, "x}\n{}", 5, &end));
	assert_int_equal(end, 3);
}

static void test_stray_bracket_is_no_container(void **state)
{
	struct json_frame f = { 0 };
	size_t end = 0;
	assert_true(json_frame_feed(&f, "}\n", 2, &end));
	assert_true(f.not_container);
	assert_int_equal(end, 2);
}

static void test_brackets_are_counted_not_matched(void **state)
{
	struct json_frame f = { 0 };
	size_t end = 0;
	assert_true(json_frame_feed(&f, "[}x", 3, &end));
	assert_int_equal(end, 2);
	assert_false(f.not_container);
}

static void test_nothing_fed(void **state)
{
	struct json_frame f = { 0 };
	size_t end = 0;
	assert_false(json_frame_feed(&f, NULL, 0, &end));
	assert_false(json_frame_feed(&f, " \t\r\n", 4, &end));
	assert_false(f.started);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_parser),
		cmocka_unit_test(test_unfinished_is_not_framed),
		cmocka_unit_test(test_other_text_ends_at_its_line),
		cmocka_unit_test(test_stray_bracket_is_no_container),
		cmocka_unit_test(test_brackets_are_counted_not_matched),
		cmocka_unit_test(test_nothing_fed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
