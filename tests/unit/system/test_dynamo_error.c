#include "support.h"

#include "../../../src/system/dynamo_error.h"

#include <errno.h>

#define URL "https://dynamodb.eu-central-1.amazonaws.com/"

static struct dynamo_fault read_answer(struct http_answer a)
{
	struct dynamo_fault f;
	dynamo_fault_read(&f, &a, "PutItem", URL);
	return f;
}

static struct dynamo_fault refused(int status, const char *body)
{
	return read_answer((struct http_answer){ .status = status, .body = view_of(body) });
}

static void check(int status, const char *body, enum dynamo_verdict verdict, const char *text)
{
	struct dynamo_fault f = refused(status, body);
	if (f.verdict != verdict)
		fail_msg("%s: %s, not %s", body, dynamo_verdict_name(f.verdict),
			 dynamo_verdict_name(verdict));
	assert_string_equal(f.text, text);
}

static void test_success(void **state)
{
	check(200, "{}", DYNAMO_OK, "");
	check(200, "{\"UnprocessedItems\":{}}", DYNAMO_OK, "");
}

static void test_codes_without_their_name_space(void **state)
{
	check(400,
	      "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\",\"message\":\"no "
	      "table\"}",
	      DYNAMO_ABSENT, "ResourceNotFoundException: no table (PutItem)");
	check(400,
	      "{\"__type\":\"com.amazon.coral.service#UnrecognizedClientException\",\"message\":\"bad "
	      "token\"}",
	      DYNAMO_CREDENTIALS, "UnrecognizedClientException: bad token (PutItem)");
	check(400, "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"Message\":\"odd\"}",
	      DYNAMO_INVALID, "ValidationException: odd (PutItem)");
	check(400, "{\"__type\":\"ConditionalCheckFailedException\"}", DYNAMO_CONDITION,
	      "ConditionalCheckFailedException:  (PutItem)");
}

static void test_denied_in_the_words_of_the_guide(void **state)
{
	check(400,
	      "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"User: arn:x is "
	      "not authorized\"}",
	      DYNAMO_DENIED,
	      "AccessDenied: User is not authorized to perform: dynamodb:PutItem (AccessDeniedException: "
	      "User: arn:x is not "
	      "authorized)");
}

static void test_what_passes(void **state)
{
	static const char *const throttled[] = { "ThrottlingException",
						 "ProvisionedThroughputExceededException",
						 "RequestLimitExceeded", "LimitExceededException" };
	char body[128];
	for (size_t i = 0; i < sizeof(throttled) / sizeof(throttled[0]); i++) {
		snprintf(body, sizeof(body), "{\"__type\":\"x#%s\",\"message\":\"m\"}", throttled[i]);
		assert_int_equal(refused(400, body).verdict, DYNAMO_THROTTLED);
	}
	assert_int_equal(refused(500, "{\"__type\":\"x#InternalServerError\"}").verdict, DYNAMO_SERVER);
	assert_int_equal(refused(503, "{\"__type\":\"x#Whatever\"}").verdict, DYNAMO_SERVER);
	assert_int_equal(refused(503, "<html>").verdict, DYNAMO_SERVER);
	assert_int_equal(refused(400, "{\"__type\":\"x#Whatever\"}").verdict, DYNAMO_INVALID);
	for (int v = 0; v < DYNAMO_VERDICTS; v++)
		assert_int_equal(dynamo_verdict_passes(v), v == DYNAMO_THROTTLED || v == DYNAMO_NETWORK ||
								   v == DYNAMO_SERVER || v == DYNAMO_SKEWED);
}

static void test_a_wrong_clock_is_told_from_a_wrong_secret(void **state)
{
	assert_int_equal(
		refused(400, "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"Signature expired: "
			     "20261122T000000Z is now earlier than\"}")
			.verdict,
		DYNAMO_SKEWED);
	assert_int_equal(refused(400, "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"Signature "
				      "not yet current\"}")
				 .verdict,
			 DYNAMO_SKEWED);
	assert_int_equal(
		refused(400,
			"{\"__type\":\"x#InvalidSignatureException\",\"message\":\"The request signature we "
			"calculated does not match\"}")
			.verdict,
		DYNAMO_CREDENTIALS);
	assert_int_equal(refused(400, "{\"__type\":\"x#RequestExpired\"}").verdict, DYNAMO_SKEWED);
}

static void test_who_is_not_dynamodb(void **state)
{
	check(200, "<html>please sign in</html>", DYNAMO_NETWORK,
	      "HTTP status 200 without an answer of DynamoDB's (endpoint URL: \"" URL "\")");
	check(302, "", DYNAMO_NETWORK,
	      "HTTP status 302 without an answer of DynamoDB's (endpoint URL: \"" URL "\")");
	check(403, "{\"error\":\"proxy\"}", DYNAMO_NETWORK,
	      "HTTP status 403 without an answer of DynamoDB's (endpoint URL: \"" URL "\")");
	check(200, "{\"Table\":{\"TableNa", DYNAMO_NETWORK,
	      "HTTP status 200 without an answer of DynamoDB's (endpoint URL: \"" URL "\")");
	check(200, "[1]", DYNAMO_NETWORK,
	      "HTTP status 200 without an answer of DynamoDB's (endpoint URL: \"" URL "\")");
}

static void test_faults_of_the_way(void **state)
{
	struct dynamo_fault f =
		read_answer((struct http_answer){ .code = -ECONNREFUSED, .error = "Connection refused" });
	assert_int_equal(f.verdict, DYNAMO_NETWORK);
	assert_string_equal(f.text, "EndpointConnectionError: Could not connect to the endpoint URL: \"" URL
				    "\" (Connection refused)");
	f = read_answer((struct http_answer){ .code = -EHOSTUNREACH, .error = "Could not resolve host" });
	assert_non_null(strstr(f.text, "Could not connect to the endpoint URL: \"" URL "\""));
	f = read_answer((struct http_answer){ .code = -ETIMEDOUT, .error = "x" });
	assert_string_equal(f.text, "ReadTimeoutError: Read timeout on endpoint URL: \"" URL "\"");
	f = read_answer((struct http_answer){ .code = -EPROTO, .error = "SSL certificate problem" });
	assert_non_null(strstr(f.text, "SSL certificate problem"));
	f = read_answer((struct http_answer){ .code = ERR_UNSUPPORTED, .error = "libcurl cannot be loaded" });
	assert_string_equal(f.text, "libcurl cannot be loaded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_codes_without_their_name_space),
		cmocka_unit_test(test_denied_in_the_words_of_the_guide),
		cmocka_unit_test(test_what_passes),
		cmocka_unit_test(test_a_wrong_clock_is_told_from_a_wrong_secret),
		cmocka_unit_test(test_who_is_not_dynamodb),
		cmocka_unit_test(test_faults_of_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
