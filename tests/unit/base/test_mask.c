#include "support.h"

#include "base/mask.h"

/* Masks `text`; the text itself when nothing was found. */
static void check(const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out);
	bool found = mask_secrets(view_of(text), &out);
	assert_string_equal(found ? buf_str(&out) : text, expected);
	if (!found)
		assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void check_untouched(const char *text)
{
	struct buf out;
	buf_init(&out);
	bool found = mask_secrets(view_of(text), &out);
	if (found)
		fail_msg("masked: %s -> %s", text, buf_str(&out));
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void test_assignments(void **state)
{
	check("PASSWORD=hunter2 cmd", "PASSWORD=*** cmd");
	check("TOKEN=x cmd", "TOKEN=*** cmd");
	check("env PGPASSWORD=s3 psql -h db", "env PGPASSWORD=*** psql -h db");
	check("AWS_SECRET_ACCESS_KEY=a/b+c= aws s3 ls", "AWS_SECRET_ACCESS_KEY=*** aws s3 ls");
	check("mysql --password=\"a b\" -u root", "mysql --password=\"***\" -u root");
	check("x --db-password='it is' y", "x --db-password='***' y");
	check("java -Dspring.datasource.password=x -jar a.jar",
	      "java -Dspring.datasource.password=*** -jar a.jar");
	check("a api_key=1 b", "a api_key=*** b");
	check("a apiKey=1 b", "a apiKey=*** b");
	check("a access-key=1 b", "a access-key=*** b");
	check("MYSQL_PWD=x mysql", "MYSQL_PWD=*** mysql");
	check("a passwd=x; b", "a passwd=***; b");
	check("password2=x", "password2=***");
	check("credential=x", "credential=***");
	check("http token:=123", "http token:=***");
}

static void test_following_argument(void **state)
{
	check("a --password x b", "a --password *** b");
	check("a --password 'x y' b", "a --password '***' b");
	check("a -token x", "a -token ***");
	check("a --api-key   x b", "a --api-key   *** b");
	check("\"--secret\" \"x\" b", "\"--secret\" \"***\" b");
	check("[\"cmd\",\"--password\",\"x\"]", "[\"cmd\",\"--password\",\"***\"]");
	check("curl -H 'Bearer abcdefgh12' u", "curl -H 'Bearer ***' u");
}

static void test_headers(void **state)
{
	check("curl -H 'Authorization: Bearer x' u", "curl -H 'Authorization: Bearer ***' u");
	check("curl -H Authorization: Bearer x https://h/", "curl -H Authorization: Bearer *** https://h/");
	check("curl -H \"X-Auth-Token: a b c\" u", "curl -H \"X-Auth-Token: ***\" u");
	check("curl -H \"Authorization: Basic dTpw\"", "curl -H \"Authorization: Basic ***\"");
	check("password: x\nuser: y", "password: ***\nuser: y");
}

static void test_json(void **state)
{
	check("{\"password\":\"x\",\"user\":\"y\"}", "{\"password\":\"***\",\"user\":\"y\"}");
	check("{\"password\" : \"a\\\"b\",\"u\":1}", "{\"password\" : \"***\",\"u\":1}");
	check("{\"token\":123,\"u\":1}", "{\"token\":***,\"u\":1}");
	check("-d \"{\\\"token\\\":\\\"x\\\",\\\"u\\\":1}\"",
	      "-d \"{\\\"token\\\":\\\"***\\\",\\\"u\\\":1}\"");
	check("{\"credentials\":{\"password\":\"x\"}}", "{\"credentials\":{\"password\":\"***\"}}");
	check("-d '{\"pwd\": 5}' x", "-d '{\"pwd\": ***}' x");
}

static void test_urls(void **state)
{
	check("git clone https://u:p@host/r", "git clone https://u:***@host/r");
	check("redis://:pw@h:6379/0", "redis://:***@h:6379/0");
	check("psql postgres://u:a:b@c@db/x", "psql postgres://u:***@db/x");
	check("curl 'https://h/?token=abc&x=1#f'", "curl 'https://h/?token=***&x=1#f'");
	check("curl https://h/?x=1&api_key=abc&y=2", "curl https://h/?x=1&api_key=***&y=2");
	check_untouched("curl https://host:8080/a@b");
	check_untouched("ssh://git@host/repo");
	check_untouched("https://u:@host");
}

static void test_shapes(void **state)
{
	check("x AKIAIOSFODNN7EXAMPLE y", "x *** y");
	check("x ASIAIOSFODNN7EXAMPLE", "x ***");
	check("gh ghp_0123456789abcdefghijABCDEFGHIJ012345 z", "gh *** z");
	check("gh github_pat_0123456789abcdef_ABC", "gh ***");
	check("s xoxb-123456789012-abc", "s ***");
	check("j eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_ k", "j *** k");
	check("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a *** b");
	check("a -----BEGIN PRIVATE KEY-----\nMII", "a ***");
	check_untouched("AKIA ghp_x xoxb-1 eyJ eyJab.c");
	check_untouched("-----BEGIN CERTIFICATE-----");
	check_untouched("myAKIAIOSFODNN7EXAMPLE");
}

static void test_several(void **state)
{
	check("A_TOKEN=1 B=2 --password 3 https://u:4@h", "A_TOKEN=*** B=2 --password *** https://u:***@h");
}

static void test_innocent_words(void **state)
{
	check_untouched("tokenizer foo");
	check_untouched("tokenizer=foo");
	check_untouched("run --token-file path");
	check_untouched("run --token-file=path --auth-url=u --password-stdin x");
	check_untouched("gcloud auth login");
	check_untouched("cat secret.txt token password");
	check_untouched("author=me authority: you");
	check_untouched("monkey=1 keyboard=2 key=3");
	check_untouched("docker pull registry/secret:latest");
	check_untouched("docker run -v secret:/run/secret img");
	check_untouched("psql --no-password db");
	check_untouched("PWD=/home/me OLDPWD=/ make");
	check_untouched("cd x; pwd; ls");
	check_untouched("pip install token==1.0 std::auth::x");
	check_untouched("--max-tokens=100");
	check_untouched("a --password --user x");
	check_untouched("the bearer of news");
	check_untouched("password=");
	check_untouched("--password");
	check_untouched("");
}

/* An apostrophe in prose opens no quote. */
static void test_apostrophe(void **state)
{
	check("don't use token: x y's", "don't use token: *** y's");
}

static void test_bytes_are_kept(void **state)
{
	static const char text[] = "\xff\0a token=\x80\xff z\0";
	struct buf out;
	buf_init(&out);
	assert_true(mask_secrets((struct view){ text, sizeof(text) - 1 }, &out));
	assert_int_equal(out.len, 16);
	assert_memory_equal(out.data, "\xff\0a token=*** z\0", 16);
	buf_fini(&out);
}

static void test_appends(void **state)
{
	struct buf out;
	buf_init(&out);
	buf_puts(&out, "> ");
	assert_true(mask_secrets(VIEW("token=x"), &out));
	assert_string_equal(buf_str(&out), "> token=***");
	buf_fini(&out);
}

/* What costs time for every secret must not look at the whole text each time. */
static void test_long_text_is_linear(void **state)
{
	struct buf text, out;
	buf_init(&text);
	buf_init(&out);
	for (int i = 0; i < 200000; i++)
		buf_puts(&text, "'token=a \"pwd\": b ");
	assert_true(mask_secrets((struct view){ text.data, text.len }, &out));
	assert_null(memmem(out.data, out.len, "=a", 2));
	buf_fini(&out);
	buf_fini(&text);
}

static void test_key_names(void **state)
{
	static const char *const secret[] = { "api_key",    "Password",     "x-auth-token",  "AUTH",
					      "accessKey",  "clientSecret", "Authorization", "APIKEY",
					      "secret-key", "db.passwd",    "credentials" };
	static const char *const plain[] = { "",          "key",       "token_file",
					     "auth_user", "tokenizer", "author",
					     "path",      "no-auth",   "password_policy",
					     "keyring",   "secretary", "api" };
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (!mask_key_is_secret(view_of(secret[i])))
			fail_msg("not secret: %s", secret[i]);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (mask_key_is_secret(view_of(plain[i])))
			fail_msg("secret: %s", plain[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assignments), cmocka_unit_test(test_following_argument),
		cmocka_unit_test(test_headers),     cmocka_unit_test(test_json),
		cmocka_unit_test(test_urls),        cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_several),     cmocka_unit_test(test_innocent_words),
		cmocka_unit_test(test_apostrophe),  cmocka_unit_test(test_bytes_are_kept),
		cmocka_unit_test(test_appends),     cmocka_unit_test(test_long_text_is_linear),
		cmocka_unit_test(test_key_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
