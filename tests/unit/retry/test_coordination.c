#include "support.h"

#include "../../../src/retry/coordination.h"

#include <stdio.h>
#include <stdlib.h>

#define NOW INT64_C(1795378325250) /* 2026-11-22T20:12:05.25Z */

struct fixture {
	struct slots *slots;
	struct arena arena;
	struct json_doc doc;
	struct buf reply;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->slots = slots_new();
	arena_init(&f->arena, 0);
	json_doc_init(&f->doc);
	buf_init(&f->reply);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	slots_free(f->slots);
	arena_fini(&f->arena);
	json_doc_fini(&f->doc);
	buf_fini(&f->reply);
	free(f);
	return 0;
}

typedef int handler(const struct coordination *c, struct err *err);

static const char *send(struct fixture *f, uint64_t peer, handler *h, const char *text, int *rc)
{
	size_t used;
	assert_int_equal(json_parse(&f->doc, text, strlen(text), 0, &used), 0);
	arena_reset(&f->arena);
	buf_clear(&f->reply);
	const struct coordination c = { f->slots, &f->arena, &f->doc, 0, peer, NOW, &f->reply };
	*rc = h(&c, &f->err);
	return buf_str(&f->reply);
}

static void expect(struct fixture *f, handler *h, const char *text, const char *want)
{
	int rc;
	assert_string_equal(send(f, 1, h, text, &rc), want);
	assert_int_equal(rc, 0);
}

static void expect_error(struct fixture *f, handler *h, const char *text, const char *error)
{
	char want[256];
	int rc;
	snprintf(want, sizeof(want), "{\"error\":\"%s\",\"type\":\"error\"}\n", error);
	assert_string_equal(send(f, 1, h, text, &rc), want);
	assert_true(rc < 0);
}

#define SCHEDULED(at, until)                                                                                 \
	"{\"can_schedule\":true,\"expires_at\":\"" until                                                     \
	"\",\"message\":\"request scheduled\",\"reason\":\"request scheduled\","                             \
	"\"scheduled_at\":\"" at "\",\"status\":\"ok\",\"type\":\"schedule_response\",\"wait_until\":\"" at  \
	"\"}\n"
#define NOW_TEXT    "2026-11-22T20:12:05.25Z"
#define NOW_EXPIRES "2026-11-22T21:12:05.25Z"

static void test_handshake(void **state)
{
	static const char want[] =
		"{\"message\":\"handshake successful\",\"status\":\"ok\",\"type\":\"handshake_response\"}\n";
	expect(*state, coordination_handshake,
	       "{\"client\":\"patience-cli\",\"type\":\"handshake\",\"version\":\"1.0\"}", want);
	expect(*state, coordination_handshake, "{\"type\":\"handshake\",\"version\":\"\"}", want);
	expect(*state, coordination_handshake, "{\"type\":\"handshake\"}", want);
}

static void test_handshake_of_another_version(void **state)
{
	expect_error(*state, coordination_handshake, "{\"type\":\"handshake\",\"version\":\"2.0\"}",
		     "unsupported protocol version: 2.0");
}

static void test_handshake_with_wrong_types(void **state)
{
	expect_error(*state, coordination_handshake, "{\"version\":1}", "invalid handshake request format");
	expect_error(*state, coordination_handshake, "{\"client\":[]}", "invalid handshake request format");
}

static void test_captured_probe(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_schedule,
	       "{\"rate_limit\":1,\"request_time\":-62135596800,\"resource_id\":\"test-connection\",\"retry_"
	       "offsets\":[],"
	       "\"type\":\"schedule_request\",\"window_ms\":1000}",
	       SCHEDULED(NOW_TEXT, NOW_EXPIRES));
	assert_int_equal(slots_events(f->slots), 0);
}

static void test_captured_schedule_request(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_schedule,
	       "{\"rate_limit\":5,\"request_time\":1795378325,\"resource_id\":\"cmd-echo\",\"retry_offsets\":"
	       "[0,1000,2000],"
	       "\"type\":\"schedule_request\",\"window_ms\":10000}",
	       SCHEDULED(NOW_TEXT, NOW_EXPIRES));
	assert_int_equal(slots_events(f->slots), 3);
}

static void test_documented_form(void **state)
{
	expect(*state, coordination_schedule,
	       "{\"type\":\"schedule_request\",\"resource_id\":\"api\",\"rate_limit\":10,\"window\":\"1h\","
	       "\"retry_offsets\":[0,\"10m\"],"
	       "\"request_time\":\"2026-11-23T10:00:00Z\"}",
	       SCHEDULED("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"));
}

static void test_typed_form_has_no_limit(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_schedule,
	       "{\"type\":\"schedule_request\",\"command\":[\"echo\",\"x\"],\"requested_at\":\"2026-11-23T10:"
	       "00:00.5+02:00\"}",
	       SCHEDULED("2026-11-23T08:00:00.5Z", "2026-11-23T09:00:00.5Z"));
	assert_int_equal(slots_events(f->slots), 0);
}

static void test_refusal_promises_a_time(void **state)
{
	struct fixture *f = *state;
	static const char ask[] =
		"{\"rate_limit\":1,\"request_time\":1795380000,\"resource_id\":\"r\",\"retry_offsets\":[0],"
		"\"type\":\"schedule_request\",\"window_ms\":10000}";
	int rc;
	send(f, 1, coordination_schedule, ask, &rc);
	assert_string_equal(send(f, 2, coordination_schedule, ask, &rc),
			    "{\"can_schedule\":false,\"expires_at\":\"2026-11-22T21:40:10Z\",\"message\":"
			    "\"rate limit reached, slot "
			    "reserved\",\"reason\":\"rate limit reached, slot "
			    "reserved\",\"scheduled_at\":\"2026-11-22T20:40:10Z\","
			    "\"status\":\"ok\",\"type\":\"schedule_response\",\"wait_until\":\"2026-11-22T20:"
			    "40:10Z\"}\n");
	assert_int_equal(rc, 0);
}

static void test_impossible_request_says_why(void **state)
{
	struct fixture *f = *state;
	int rc;
	const char *reply = send(
		f, 1, coordination_schedule,
		"{\"rate_limit\":1,\"request_time\":1795380000,\"resource_id\":\"r\",\"retry_offsets\":[0,1],"
		"\"window_ms\":10000}",
		&rc);
	assert_non_null(strstr(reply, "\"can_schedule\":false"));
	assert_non_null(strstr(reply, "\"reason\":\"no slot within 24h: 2 scheduled times cannot be placed "
				      "with at most 1 in any 10s"));
	assert_non_null(strstr(reply, "\"wait_until\":\"2026-11-23T20:40:00Z\""));
}

static void test_wrong_types_in_schedule_request(void **state)
{
	static const char *const bad[] = {
		"{\"rate_limit\":\"5\"}",
		"{\"rate_limit\":1,\"window_ms\":\"1h\"}",
		"{\"rate_limit\":1,\"window\":\"soon\"}",
		"{\"rate_limit\":1,\"window\":[]}",
		"{\"resource_id\":7}",
		"{\"retry_offsets\":{}}",
		"{\"retry_offsets\":[true]}",
		"{\"request_time\":\"yesterday\"}",
		"{\"request_time\":{}}",
		"{\"command\":[1]}",
		"{\"command\":7}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(*state, coordination_schedule, bad[i], "invalid schedule request format");
}

#define REGISTERED                                                                                           \
	"{\"message\":\"requests registered "                                                                \
	"successfully\",\"status\":\"ok\",\"success\":true,\"type\":\"register_response\"}\n"

static void test_captured_register_request(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_register,
	       "{\"requests\":[{\"expires_at\":1795381925,\"id\":\"cmd-echo-1795378325-0\",\"resource_id\":"
	       "\"cmd-echo\","
	       "\"scheduled_at\":1795378325},{\"expires_at\":1795381926,\"id\":\"cmd-echo-1795378325-1\","
	       "\"resource_id\":\"cmd-echo\","
	       "\"scheduled_at\":1795378326}],\"type\":\"register_request\"}",
	       REGISTERED);
	assert_int_equal(slots_events(f->slots), 2);
}

static void test_register_with_times_as_text(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_register,
	       "{\"requests\":[{\"expires_at\":\"2026-11-22T21:30:00Z\",\"id\":\"a\",\"resource_id\":\"x\","
	       "\"scheduled_at\":"
	       "\"2026-11-22T20:30:00Z\"},{\"id\":\"b\",\"resource_id\":\"y\",\"scheduled_at\":\"2026-11-"
	       "22T20:30:00Z\"}]}",
	       REGISTERED);
	assert_int_equal(slots_resources(f->slots), 2);
}

static void test_typed_register_request(void **state)
{
	struct fixture *f = *state;
	expect(f, coordination_register,
	       "{\"resource_id\":\"x\",\"requests\":[{\"requested_at\":\"2026-11-22T20:30:00Z\",\"command\":["
	       "\"a\"]},"
	       "{\"requested_at\":\"2026-11-22T20:30:00Z\",\"command\":[\"a\"]}]}",
	       REGISTERED);
	assert_int_equal(slots_events(f->slots), 2);
}

static void test_register_without_requests(void **state)
{
	expect(*state, coordination_register, "{}", REGISTERED);
	expect(*state, coordination_register, "{\"requests\":[]}", REGISTERED);
	expect(*state, coordination_register, "{\"requests\":null}", REGISTERED);
}

static void test_wrong_types_in_register_request(void **state)
{
	static const char *const bad[] = {
		"{\"requests\":{}}",
		"{\"requests\":[1]}",
		"{\"requests\":[null]}",
		"{\"requests\":[{\"id\":1}]}",
		"{\"requests\":[{\"scheduled_at\":true}]}",
		"{\"requests\":[{\"expires_at\":\"x\"}]}",
		"{\"resource_id\":1}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(*state, coordination_register, bad[i], "invalid register request format");
}

static void test_any_text_as_resource(void **state)
{
	struct fixture *f = *state;
	int rc;
	send(f, 1, coordination_schedule,
	     "{\"rate_limit\":1,\"resource_id\":\"http-\\u0000\\\"<x>\",\"retry_offsets\":[0],\"window_ms\":"
	     "10}",
	     &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(slots_resources(f->slots), 1);
}

static void test_missing_offsets_mean_one_run(void **state)
{
	struct fixture *f = *state;
	int rc;
	send(f, 1, coordination_schedule, "{\"rate_limit\":1,\"resource_id\":\"r\",\"window_ms\":1000}", &rc);
	assert_int_equal(slots_events(f->slots), 1);
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_handshake),
		C(test_handshake_of_another_version),
		C(test_handshake_with_wrong_types),
		C(test_captured_probe),
		C(test_captured_schedule_request),
		C(test_documented_form),
		C(test_typed_form_has_no_limit),
		C(test_refusal_promises_a_time),
		C(test_impossible_request_says_why),
		C(test_wrong_types_in_schedule_request),
		C(test_captured_register_request),
		C(test_register_with_times_as_text),
		C(test_typed_register_request),
		C(test_register_without_requests),
		C(test_wrong_types_in_register_request),
		C(test_any_text_as_resource),
		C(test_missing_offsets_mean_one_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
