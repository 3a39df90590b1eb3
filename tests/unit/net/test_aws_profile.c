#include "support.h"

#include "net/aws_profile.h"

static const char credentials[] = "# mine\n"
				  "[default]\n"
				  "aws_access_key_id = AKIADEFAULT\n"
				  "aws_secret_access_key = se=cret/+: # and more\n"
				  "\n"
				  "[build]\r\n"
				  "AWS_Access_Key_Id=AKIABUILD\r\n"
				  "aws_session_token : token\r\n"
				  "; aws_secret_access_key = no\r\n"
				  "[profile odd]\n"
				  "aws_access_key_id = AKIAODD\n";

static const char config[] = "\xef\xbb\xbf[default]\n"
			     "region = eu-central-1\n"
			     "s3 =\n"
			     "  region = nested\n"
			     "  max_concurrent_requests = 20\n"
			     "[profile build]\n"
			     "region = eu-west-1\n"
			     "region = us-east-2\n"
			     "[profile \"two words\"]\n"
			     "region = ap-south-1\n"
			     "[plain]\n"
			     "region = never\n"
			     "rubbish\n"
			     "[not closed\n"
			     "region = still plain";

static void check(const char *text, enum aws_file kind, const char *profile, const char *key,
		  const char *expected)
{
	struct view v = aws_profile_get(view_of(text), kind, profile, key);
	if (!expected) {
		assert_null(v.data);
		return;
	}
	char got[128];
	snprintf(got, sizeof(got), "%.*s", (int)v.len, v.data);
	assert_string_equal(got, expected);
}

static void test_credentials_file(void **state)
{
	check(credentials, AWS_FILE_CREDENTIALS, "default", "aws_access_key_id", "AKIADEFAULT");
	check(credentials, AWS_FILE_CREDENTIALS, "default", "aws_secret_access_key", "se=cret/+: # and more");
	check(credentials, AWS_FILE_CREDENTIALS, "build", "aws_access_key_id", "AKIABUILD");
	check(credentials, AWS_FILE_CREDENTIALS, "build", "aws_session_token", "token");
	check(credentials, AWS_FILE_CREDENTIALS, "build", "aws_secret_access_key", NULL);
	check(credentials, AWS_FILE_CREDENTIALS, "odd", "aws_access_key_id", NULL);
	check(credentials, AWS_FILE_CREDENTIALS, "nobody", "aws_access_key_id", NULL);
}

static void test_config_file_says_profile(void **state)
{
	check(config, AWS_FILE_CONFIG, "default", "region", "eu-central-1");
	check(config, AWS_FILE_CONFIG, "default", "s3", "");
	check(config, AWS_FILE_CONFIG, "default", "max_concurrent_requests", NULL);
	check(config, AWS_FILE_CONFIG, "build", "region", "us-east-2");
	check(config, AWS_FILE_CONFIG, "two words", "region", "ap-south-1");
	check(config, AWS_FILE_CONFIG, "plain", "region", NULL);
}

static void test_existence(void **state)
{
	assert_true(aws_profile_exists(view_of(credentials), AWS_FILE_CREDENTIALS, "build"));
	assert_false(aws_profile_exists(view_of(credentials), AWS_FILE_CREDENTIALS, "nobody"));
	assert_true(aws_profile_exists(view_of(config), AWS_FILE_CONFIG, "two words"));
	assert_false(aws_profile_exists(view_of(config), AWS_FILE_CONFIG, "plain"));
	assert_false(aws_profile_exists((struct view){ NULL, 0 }, AWS_FILE_CONFIG, "default"));
}

static void test_odd_texts(void **state)
{
	check("", AWS_FILE_CREDENTIALS, "default", "x", NULL);
	check("[", AWS_FILE_CREDENTIALS, "default", "x", NULL);
	check("x = before any section", AWS_FILE_CREDENTIALS, "default", "x", NULL);
	check("[default]\nx", AWS_FILE_CREDENTIALS, "default", "x", NULL);
	check("[default]\nx=", AWS_FILE_CREDENTIALS, "default", "x", "");
	check("[default]\n=x", AWS_FILE_CREDENTIALS, "default", "", "x");
	check("[profile]\nx=1\n[profile ]\nx=2\n[profilex]\nx=3", AWS_FILE_CONFIG, "x", "x", NULL);
	check("[ profile\tx ]\nx=1", AWS_FILE_CONFIG, "x", "x", "1");
	check("[profile default]\nx=1", AWS_FILE_CONFIG, "default", "x", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_file),
		cmocka_unit_test(test_config_file_says_profile),
		cmocka_unit_test(test_existence),
		cmocka_unit_test(test_odd_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
