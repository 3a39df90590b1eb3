#include "support.h"

#include "net/aws_sign.h"

#include "base/err.h"
#include "base/timefmt.h"

/* The key and the time of AWS's "Signature Version 4 test suite"; service "service". */
static const struct aws_key suite_key = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL };
#define SUITE_TIME "2015-08-30T12:36:00Z"
/* Those of the examples in the S3 API reference, "Authenticating requests". */
static const struct aws_key s3_key = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
				       NULL };
#define S3_TIME "2013-05-24T00:00:00Z"

static wall_ns at(const char *text)
{
	wall_ns t;
	assert_int_equal(time_parse_rfc3339(view_of(text), &t, NULL), 0);
	return t;
}

static const char *line_of(const struct aws_signed *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->lines[i], name, strlen(name)) == 0 && s->lines[i][strlen(name)] == ':')
			return s->lines[i] + strlen(name) + 2;
	return NULL;
}

static void check(const struct aws_request *r, const struct aws_key *key, const char *time, const char *names,
		  const char *signature)
{
	struct aws_signed s;
	char end[1024];
	aws_signed_init(&s);
	assert_int_equal(aws_sign(r, key, at(time), &s), 0);
	const char *authorization = line_of(&s, "Authorization");
	assert_non_null(authorization);
	snprintf(end, sizeof(end), ", SignedHeaders=%s, Signature=%s", names, signature);
	if (!strstr(authorization, end))
		fail_msg("%s\nis not\n%s", authorization, end);
	aws_signed_fini(&s);
}

/* A request of the suite: nothing but a method, a path, a query and a body. */
static void check_plain(const char *method, const char *path, const char *query, const char *signature)
{
	struct aws_request r = { .method = method,
				 .host = VIEW("example.amazonaws.com"),
				 .path = view_of(path),
				 .query = view_of(query),
				 .region = "us-east-1",
				 .service = "service" };
	check(&r, &suite_key, SUITE_TIME, "host;x-amz-date", signature);
}

static void test_suite_plain(void **state)
{
	check_plain("GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	check_plain("GET", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	check_plain("POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void test_suite_paths_are_encoded(void **state)
{
	check_plain("GET", "/\xe1\x88\xb4", "",
		    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
	check_plain("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "",
		    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
	check_plain("GET", "/example space/", "",
		    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
}

static void test_suite_queries_are_sorted(void **state)
{
	check_plain("GET", "/", "Param1=value1",
		    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
	check_plain("GET", "/", "Param2=value2&Param1=value1",
		    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
	check_plain("GET", "/", "Param1=value2&Param1=value1",
		    "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694");
}

static struct aws_request suite_with(const struct aws_header *headers, size_t n)
{
	return (struct aws_request){ .method = "GET",
				     .host = VIEW("example.amazonaws.com"),
				     .path = VIEW("/"),
				     .headers = headers,
				     .n_headers = n,
				     .region = "us-east-1",
				     .service = "service" };
}

static void test_suite_header_values_are_trimmed(void **state)
{
	struct aws_header h[] = { { "My-Header1", VIEW(" value1") },
				  { "My-Header2", VIEW(" \"a   b   c\" ") } };
	struct aws_request r = suite_with(h, 2);
	check(&r, &suite_key, SUITE_TIME, "host;my-header1;my-header2;x-amz-date",
	      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

static void test_suite_repeated_headers_are_joined(void **state)
{
	struct aws_header h[] = { { "My-Header1", VIEW("value2") },
				  { "My-Header1", VIEW("value2") },
				  { "My-Header1", VIEW("value1") } };
	struct aws_request r = suite_with(h, 3);
	check(&r, &suite_key, SUITE_TIME, "host;my-header1;x-amz-date",
	      "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
}

static void test_suite_body(void **state)
{
	struct aws_header h[] = { { "Content-Type", VIEW("application/x-www-form-urlencoded") } };
	struct aws_request r = suite_with(h, 1);
	r.method = "POST";
	r.body = VIEW("Param1=value1");
	check(&r, &suite_key, SUITE_TIME, "content-type;host;x-amz-date",
	      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

/* "Signing an AWS request", general reference. */
static void test_reference_iam(void **state)
{
	struct aws_header h[] = { { "Content-Type",
				    VIEW("application/x-www-form-urlencoded; charset=utf-8") } };
	struct aws_request r = suite_with(h, 1);
	r.host = VIEW("iam.amazonaws.com");
	r.query = VIEW("Action=ListUsers&Version=2010-05-08");
	r.service = "iam";
	check(&r, &suite_key, SUITE_TIME, "content-type;host;x-amz-date",
	      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static struct aws_request s3_request(const char *path, const char *query)
{
	return (struct aws_request){ .method = "GET",
				     .host = VIEW("examplebucket.s3.amazonaws.com"),
				     .path = view_of(path),
				     .query = view_of(query),
				     .region = "us-east-1",
				     .service = "s3",
				     .flags = AWS_SIGN_BODY_HASH | AWS_SIGN_PATH_AS_SENT };
}

static void test_s3_reference_reads(void **state)
{
	struct aws_header range[] = { { "Range", VIEW("bytes=0-9") } };
	struct aws_request r = s3_request("/test.txt", "");
	r.headers = range;
	r.n_headers = 1;
	check(&r, &s3_key, S3_TIME, "host;range;x-amz-content-sha256;x-amz-date",
	      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	r = s3_request("/", "lifecycle");
	check(&r, &s3_key, S3_TIME, "host;x-amz-content-sha256;x-amz-date",
	      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	r = s3_request("/", "prefix=J&max-keys=2");
	check(&r, &s3_key, S3_TIME, "host;x-amz-content-sha256;x-amz-date",
	      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void test_s3_reference_put(void **state)
{
	struct aws_header h[] = { { "Date", VIEW("Fri, 24 May 2013 00:00:00 GMT") },
				  { "x-amz-storage-class", VIEW("REDUCED_REDUNDANCY") } };
	struct aws_request r = s3_request("/test%24file.text", "");
	r.method = "PUT";
	r.headers = h;
	r.n_headers = 2;
	r.body = VIEW("Welcome to Amazon S3.");
	check(&r, &s3_key, S3_TIME, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void test_lines_are_what_is_sent(void **state)
{
	struct aws_key key = { "AKIDEXAMPLE", "secret", "token/+=" };
	struct aws_header h[] = { { "X-Amz-Target", VIEW("DynamoDB_20120810.PutItem") } };
	struct aws_request r = suite_with(h, 1);
	struct aws_signed s;
	aws_signed_init(&s);
	for (int round = 0; round < 2; round++) { /* what it held is replaced */
		assert_int_equal(aws_sign(&r, &key, at("2026-11-22T20:10:44.9Z"), &s), 0);
		assert_int_equal(s.n, 5);
		assert_string_equal(s.lines[0], "Host: example.amazonaws.com");
		assert_string_equal(s.lines[1], "X-Amz-Target: DynamoDB_20120810.PutItem");
		assert_string_equal(s.lines[2], "X-Amz-Date: 20261122T201044Z");
		assert_string_equal(s.lines[3], "X-Amz-Security-Token: token/+=");
		assert_non_null(strstr(s.lines[4], "Credential=AKIDEXAMPLE/20261122/us-east-1/service/"
						   "aws4_request, SignedHeaders=host;x-amz-date;"
						   "x-amz-security-token;x-amz-target, Signature="));
	}
	aws_signed_fini(&s);
}

static void test_canonical_request(void **state)
{
	struct aws_request r = suite_with(NULL, 0);
	struct buf b;
	buf_init(&b);
	assert_int_equal(aws_sign_canonical(&r, &suite_key, at(SUITE_TIME), &b), 0);
	assert_string_equal(buf_str(&b),
			    "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
			    "host;x-amz-date\n"
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	buf_fini(&b);
}

static void test_what_is_missing_is_refused(void **state)
{
	struct aws_header many[AWS_SIGN_MAX_HEADERS + 1];
	struct aws_request r = suite_with(many, AWS_SIGN_MAX_HEADERS + 1);
	struct aws_key empty = { "", "secret", NULL }, half = { "id", NULL, NULL };
	struct aws_signed s;
	aws_signed_init(&s);
	for (size_t i = 0; i < AWS_SIGN_MAX_HEADERS + 1; i++)
		many[i] = (struct aws_header){ "X", VIEW("") };
	assert_int_equal(aws_sign(&r, &suite_key, 0, &s), ERR_FULL);
	r.n_headers--;
	assert_int_equal(aws_sign(&r, &suite_key, 0, &s), 0);
	assert_int_equal(aws_sign(&r, &empty, 0, &s), ERR_MISSING);
	assert_int_equal(aws_sign(&r, &half, 0, &s), ERR_MISSING);
	r.region = "";
	assert_int_equal(aws_sign(&r, &suite_key, 0, &s), ERR_MISSING);
	assert_int_equal(s.n, 0);
	aws_signed_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite_plain),
		cmocka_unit_test(test_suite_paths_are_encoded),
		cmocka_unit_test(test_suite_queries_are_sorted),
		cmocka_unit_test(test_suite_header_values_are_trimmed),
		cmocka_unit_test(test_suite_repeated_headers_are_joined),
		cmocka_unit_test(test_suite_body),
		cmocka_unit_test(test_reference_iam),
		cmocka_unit_test(test_s3_reference_reads),
		cmocka_unit_test(test_s3_reference_put),
		cmocka_unit_test(test_lines_are_what_is_sent),
		cmocka_unit_test(test_canonical_request),
		cmocka_unit_test(test_what_is_missing_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
