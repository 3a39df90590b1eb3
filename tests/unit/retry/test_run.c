#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "retry/run.h"

#include "../../../src/retry/run_pack.h"

/* The bytes of a real sender. */
static const char captured[] = "{\"command\":\"true\",\"command_hash\":\"b5bea41b\",\"final_status\":"
			       "\"succeeded\",\"total_duration_seconds\":0."
			       "007290392,\"total_attempts\":1,\"successful_attempts\":1,\"failed_attempts\":"
			       "0,\"attempts\":[{\"duration_seconds\":"
			       "0.007228836,\"exit_code\":0,\"success\":true}],\"timestamp\":1795378345}";

struct fixture {
	struct arena arena;
	struct json_doc doc;
	struct run run;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	arena_init(&f->arena, 0);
	json_doc_init(&f->doc);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_fini(&f->arena);
	json_doc_fini(&f->doc);
	free(f);
	return 0;
}

static int decode_masked(struct fixture *f, const char *text, bool mask)
{
	size_t used;
	assert_int_equal(json_parse(&f->doc, text, strlen(text), 0, &used), 0);
	return run_decode(&f->doc, 0, mask, &f->arena, &f->run, &f->err);
}

static int decode(struct fixture *f, const char *text)
{
	return decode_masked(f, text, false);
}

static void assert_view(struct view v, const char *text)
{
	assert_int_equal(v.len, strlen(text));
	assert_memory_equal(v.data, text, v.len);
}

static void assert_written(struct fixture *f, const char *metrics)
{
	struct buf out;
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT | JW_GO_ESCAPE);
	f->run.stored_at = INT64_C(1795378244265354522);
	run_write(&w, &f->run);
	char want[2048];
	snprintf(want, sizeof(want), "{\"timestamp\":\"2026-11-22T20:10:44.265354522Z\",\"metrics\":%s}",
		 metrics);
	assert_string_equal(buf_str(&out), want);
	buf_fini(&out);
}

static void test_captured_document_comes_back_byte_for_byte(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, captured), 0);
	assert_written(f, captured);
}

static void test_fields_of_the_captured_document(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, captured), 0);
	assert_view(f->run.command, "true");
	assert_true(run_succeeded(&f->run));
	assert_int_equal(f->run.n_attempts, 1);
	assert_true(f->run.attempts[0].duration_s == 0.007228836);
	assert_int_equal(f->run.timestamp, 1795378345);
}

static void test_empty_object_is_a_blank_run(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{}"), 0);
	assert_written(
		f,
		"{\"command\":\"\",\"command_hash\":\"\",\"final_status\":\"\",\"total_duration_seconds\":0,"
		"\"total_attempts\":0,\"successful_attempts\":0,\"failed_attempts\":0,\"attempts\":null,"
		"\"timestamp\":0}");
}

static void test_wrong_types_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"timestamp\":1.5}",
		"{\"timestamp\":1e3}",
		"{\"timestamp\":\"1\"}",
		"{\"timestamp\":9223372036854775808}",
		"{\"command\":1}",
		"{\"command\":[]}",
		"{\"command_hash\":{}}",
		"{\"final_status\":true}",
		"{\"total_duration_seconds\":\"1\"}",
		"{\"total_attempts\":false}",
		"{\"attempts\":{}}",
		"{\"attempts\":[1]}",
		"{\"attempts\":[{\"exit_code\":1.5}]}",
		"{\"attempts\":[{\"success\":1}]}",
		"{\"attempts\":[{\"duration_seconds\":\"x\"}]}",
		"null",
		"[]",
		"\"x\"",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode(*state, bad[i]), ERR_TYPE);
}

static void test_refusal_names_the_field(void **state)
{
	struct fixture *f = *state;
	decode(f, "{\"timestamp\":1.5}");
	assert_string_equal(f->err.text, "timestamp: must be a whole number");
	assert_string_equal(f->err.place, "timestamp");
}

static void test_null_leaves_a_field_blank(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
		decode(f, "{\"command\":null,\"timestamp\":null,\"attempts\":null,\"final_status\":null}"),
		0);
	assert_view(f->run.command, "");
	assert_true(f->run.attempts_null);
}

static void test_empty_attempts_are_not_null(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"attempts\":[]}"), 0);
	assert_false(f->run.attempts_null);
	assert_int_equal(f->run.n_attempts, 0);
}

static void test_keys_match_in_any_case_and_the_last_wins(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"command\":\"a\",\"COMMAND\":\"b\",\"Final_Status\":\"succeeded\","
				   "\"unknown\":[1,{}]}"),
			 0);
	assert_view(f->run.command, "b");
	assert_true(run_succeeded(&f->run));
}

static void test_escaped_keys_match(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"comm\\u0061nd\":\"x\"}"), 0);
	assert_view(f->run.command, "x");
}

static void test_durations_are_clamped(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"total_duration_seconds\":-3,\"attempts\":[{\"duration_seconds\":1e300,"
				   "\"exit_code\":-1}]}"),
			 0);
	assert_true(f->run.total_duration_s == 0);
	assert_true(f->run.attempts[0].duration_s == 9223372036.854775807);
	assert_int_equal(f->run.attempts[0].exit_code, -1);
}

static void test_missing_hash_is_computed_from_the_command(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"command\":\"true\"}"), 0);
	assert_view(f->run.command_hash, "b5bea41b");
}

static void test_secret_is_masked_and_the_hash_is_of_the_original(void **state)
{
	struct fixture *f = *state;
	char plain[9];
	assert_int_equal(decode_masked(f, "{\"command\":\"login --password hunter22\"}", false), 0);
	memcpy(plain, f->run.command_hash.data, 8);
	plain[8] = 0;
	assert_int_equal(decode_masked(f, "{\"command\":\"login --password hunter22\"}", true), 0);
	assert_view(f->run.command, "login --password ***");
	assert_view(f->run.command_hash, plain);
}

static void test_go_escapes_are_read_and_written(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(decode(f, "{\"command\":\"a \\u003c b \\u0026\\u0026 c\"}"), 0);
	assert_view(f->run.command, "a < b && c");
	struct buf out;
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT | JW_GO_ESCAPE);
	run_write(&w, &f->run);
	assert_non_null(strstr(buf_str(&out), "a \\u003c b \\u0026\\u0026 c"));
	buf_fini(&out);
}

static void test_plain_attempts_keep_their_text(void **state)
{
	struct fixture *f = *state;
	decode(f, captured);
	assert_view(f->run.attempts_text,
		    "[{\"duration_seconds\":0.007228836,\"exit_code\":0,\"success\":true}]");
	decode(f, "{\"attempts\":[{\"exit_code\":1,\"note\":\"x\",\"success\":true}]}");
	assert_null(f->run.attempts_text.data);
}

static void test_packed_run_comes_back(void **state)
{
	struct fixture *f = *state;
	unsigned char bytes[512];
	struct run back;
	decode(f, "{\"command\":\"x\",\"command_hash\":\"12345678\",\"final_status\":\"odd\",\"total_"
		  "duration_seconds\":1.25,"
		  "\"total_attempts\":-7,\"successful_attempts\":9223372036854775807,\"failed_attempts\":-"
		  "9223372036854775808,"
		  "\"timestamp\":-62135596800,\"attempts\":[{\"duration_seconds\":0.5,\"exit_code\":-1,"
		  "\"success\":true},"
		  "{\"exit_code\":2147483647}]}");
	f->run.uid = 1000;
	f->run.pid = -1;
	assert_true(run_pack_bound(&f->run) <= sizeof(bytes));
	assert_true(run_pack(&f->run, bytes) <= run_pack_bound(&f->run));
	assert_int_equal(run_unpack(bytes, &f->arena, &back), 0);
	assert_view(back.command_hash, "12345678");
	assert_view(back.final_status, "odd");
	assert_true(back.total_duration_s == 1.25);
	assert_int_equal(back.total_attempts, -7);
	assert_true(back.successful_attempts == INT64_MAX && back.failed_attempts == INT64_MIN);
	assert_int_equal(back.timestamp, -62135596800);
	assert_int_equal(back.uid, 1000);
	assert_int_equal(back.pid, -1);
	assert_int_equal(back.n_attempts, 2);
	assert_int_equal(back.attempts[0].exit_code, -1);
	assert_true(back.attempts[0].success);
	assert_int_equal(back.attempts[1].exit_code, INT32_MAX);
	assert_false(back.attempts[1].success);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_captured_document_comes_back_byte_for_byte),
		T(test_fields_of_the_captured_document),
		T(test_empty_object_is_a_blank_run),
		T(test_wrong_types_are_refused),
		T(test_refusal_names_the_field),
		T(test_null_leaves_a_field_blank),
		T(test_empty_attempts_are_not_null),
		T(test_keys_match_in_any_case_and_the_last_wins),
		T(test_escaped_keys_match),
		T(test_durations_are_clamped),
		T(test_missing_hash_is_computed_from_the_command),
		T(test_secret_is_masked_and_the_hash_is_of_the_original),
		T(test_go_escapes_are_read_and_written),
		T(test_plain_attempts_keep_their_text),
		T(test_packed_run_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
