#include "support.h"

#include "../../../src/retry/run_stream.h"

#include <stdlib.h>

#define T0 INT64_C(1795378244265354522)

static struct book *book_of(int runs, int64_t max)
{
	const struct book_limits limits = { max, INT64_MAX };
	static const struct run_attempt attempt = { 0.5, 1, false };
	struct book *b = book_new(&limits);
	for (int i = 0; i < runs; i++) {
		const struct run run = { .stored_at = T0,
					 .command = VIEW("a & b"),
					 .command_hash = VIEW("01234567"),
					 .final_status = VIEW("failed"),
					 .total_duration_s = 0.5,
					 .total_attempts = i,
					 .attempts = &attempt,
					 .n_attempts = i % 2 ? 0 : 1,
					 .attempts_null = i % 2 };
		assert_int_equal(book_add(b, &run), 0);
	}
	return b;
}

/* Reads a whole answer; returns the largest piece. */
static size_t read_all(struct run_stream *s, struct buf *all)
{
	struct buf piece;
	size_t largest = 0;
	bool more = true;
	buf_init(all);
	buf_init(&piece);
	while (more) {
		buf_clear(&piece);
		more = run_stream_pump(s, &piece);
		largest = piece.len > largest ? piece.len : largest;
		buf_append(all, piece.data, piece.len);
	}
	buf_fini(&piece);
	return largest;
}

static const char golden[] = "[\n"
			     "  {\n"
			     "    \"timestamp\": \"2026-11-22T20:10:44.265354522Z\",\n"
			     "    \"metrics\": {\n"
			     "      \"command\": \"a \\u0026 b\",\n"
			     "      \"command_hash\": \"01234567\",\n"
			     "      \"final_status\": \"failed\",\n"
			     "      \"total_duration_seconds\": 0.5,\n"
			     "      \"total_attempts\": 0,\n"
			     "      \"successful_attempts\": 0,\n"
			     "      \"failed_attempts\": 0,\n"
			     "      \"attempts\": [\n"
			     "        {\n"
			     "          \"duration_seconds\": 0.5,\n"
			     "          \"exit_code\": 1,\n"
			     "          \"success\": false\n"
			     "        }\n"
			     "      ],\n"
			     "      \"timestamp\": 0\n"
			     "    }\n"
			     "  },\n"
			     "  {\n"
			     "    \"timestamp\": \"2026-11-22T20:10:44.265354522Z\",\n"
			     "    \"metrics\": {\n"
			     "      \"command\": \"a \\u0026 b\",\n"
			     "      \"command_hash\": \"01234567\",\n"
			     "      \"final_status\": \"failed\",\n"
			     "      \"total_duration_seconds\": 0.5,\n"
			     "      \"total_attempts\": 1,\n"
			     "      \"successful_attempts\": 0,\n"
			     "      \"failed_attempts\": 0,\n"
			     "      \"attempts\": null,\n"
			     "      \"timestamp\": 0\n"
			     "    }\n"
			     "  }\n"
			     "]";

static void export_is(struct book *b, const char *want)
{
	struct run_stream s;
	struct buf all;
	run_stream_init(&s, b, book_first_seq(b), false);
	read_all(&s, &all);
	assert_string_equal(buf_str(&all), want);
	buf_fini(&all);
	run_stream_fini(&s);
	book_free(b);
}

static void test_export_as_go_indents_it(void **state)
{
	export_is(book_of(2, 100), golden);
}

static void test_export_of_an_empty_book(void **state)
{
	export_is(book_of(0, 100), "[]");
}

static void test_long_export_comes_in_small_pieces(void **state)
{
	struct book *b = book_of(5000, 5000);
	struct run_stream s;
	struct buf all;
	struct json_doc doc;
	struct err err;
	json_doc_init(&doc);
	run_stream_init(&s, b, book_first_seq(b), false);
	assert_true(read_all(&s, &all) < 64 << 10);
	assert_int_equal(json_parse_all(&doc, all.data, all.len, JSON_STRICT, &err), 0);
	assert_int_equal(doc.nodes[0].len, 5000);
	json_doc_fini(&doc);
	buf_fini(&all);
	run_stream_fini(&s);
	book_free(b);
}

static void test_eviction_during_an_export(void **state)
{
	struct book *b = book_of(3000, 3000);
	const struct book_limits few = { 10, INT64_MAX };
	struct run_stream s;
	struct buf all;
	struct json_doc doc;
	struct err err;
	buf_init(&all);
	json_doc_init(&doc);
	run_stream_init(&s, b, book_first_seq(b), false);
	assert_true(run_stream_pump(&s, &all));
	book_set_limits(b, &few, T0);
	assert_false(run_stream_pump(&s, &all));
	assert_int_equal(json_parse_all(&doc, all.data, all.len, JSON_STRICT, &err), 0);
	assert_true(doc.nodes[0].len > 10 && doc.nodes[0].len < 3000);
	json_doc_fini(&doc);
	buf_fini(&all);
	run_stream_fini(&s);
	book_free(b);
}

static void test_recent_form(void **state)
{
	struct book *b = book_of(3, 100);
	struct run_stream s;
	struct buf all;
	run_stream_init(&s, b, book_seek_newest(b, 1), true);
	s.count = 1;
	read_all(&s, &all);
	assert_string_equal(buf_str(&all), "{\"count\":1,\"metrics\":[{\"timestamp\":\"2026-11-22T20:10:44."
					   "265354522Z\",\"metrics\":{\"command\":"
					   "\"a \\u0026 "
					   "b\",\"command_hash\":\"01234567\",\"final_status\":\"failed\","
					   "\"total_duration_seconds\":0.5,"
					   "\"total_attempts\":2,\"successful_attempts\":0,\"failed_"
					   "attempts\":0,\"attempts\":[{\"duration_seconds\":"
					   "0.5,\"exit_code\":1,\"success\":false}],\"timestamp\":0}}]}\n");
	buf_fini(&all);
	run_stream_fini(&s);
	book_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export_as_go_indents_it),
		cmocka_unit_test(test_export_of_an_empty_book),
		cmocka_unit_test(test_long_export_comes_in_small_pieces),
		cmocka_unit_test(test_eviction_during_an_export),
		cmocka_unit_test(test_recent_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
