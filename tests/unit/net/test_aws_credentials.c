#include "http_script.h"

#include "net/aws_credentials.h"

#include <errno.h>
#include <sys/stat.h>

#define ENV_MAX 16

/* A home of its own, an environment of its own, a server that plays container and metadata service. */
struct world {
	uv_loop_t loop;
	struct clock_fake clock;
	struct script_server server;
	struct http_client *http;
	struct aws_provider *provider;
	char home[64];
	char lines[ENV_MAX][256];
	const char *env[ENV_MAX + 1];
	size_t n_env;
	/* what the server says */
	const char *token, *roles, *document;
	int status;
	char asked[2048];
	/* what was told */
	int told, code;
	char id[64], secret[64], session[64], source[32], error[512];
	bool closed;
};

static void set_env(struct world *w, const char *name, const char *value)
{
	assert_true(w->n_env < ENV_MAX);
	snprintf(w->lines[w->n_env], sizeof(w->lines[0]), "%s=%s", name, value);
	w->env[w->n_env] = w->lines[w->n_env];
	w->n_env++;
}

static void answer(void *arg, const struct script_request *r, struct buf *out)
{
	struct world *w = arg;
	size_t n = strlen(w->asked);
	snprintf(w->asked + n, sizeof(w->asked) - n, "%s %s [%s%s]\n", r->method, r->path,
		 script_header(r, "X-aws-ec2-metadata-token"), script_header(r, "Authorization"));
	const char *body = w->document;
	if (strcmp(r->path, "/latest/api/token") == 0)
		body = w->token;
	else if (strcmp(r->path, "/latest/meta-data/iam/security-credentials/") == 0)
		body = w->roles;
	if (body)
		script_reply(out, w->status, "", body);
}

static void setup(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->status = 200;
	uv_loop_init(&w->loop);
	clock_fake_init(&w->clock, 1800000000 * NS_PER_S);
	script_start(&w->server, &w->loop, 0, answer, w);
	w->http = http_client_new(&w->loop);
	snprintf(w->home, sizeof(w->home), "/tmp/auspex-aws-XXXXXX");
	assert_non_null(mkdtemp(w->home));
	set_env(w, "HOME", w->home);
	set_env(w, "PATH", "/usr/bin:/bin");
}

static void write_file(struct world *w, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/.aws", w->home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s", w->home, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void on_told(void *arg, const struct aws_credentials *c, const struct err *err)
{
	struct world *w = arg;
	w->told++;
	w->code = err ? err->code : 0;
	snprintf(w->error, sizeof(w->error), "%s", err ? err->text : "");
	snprintf(w->id, sizeof(w->id), "%s", c ? c->key.id : "");
	snprintf(w->secret, sizeof(w->secret), "%s", c ? c->key.secret : "");
	snprintf(w->session, sizeof(w->session), "%s", c && c->key.token ? c->key.token : "");
	snprintf(w->source, sizeof(w->source), "%s", c ? c->source : "");
}

static void provide(struct world *w, const char *profile)
{
	struct aws_provider_options options = { w->env, profile };
	assert_int_equal(aws_provider_new(&w->provider, &w->loop, w->http, &options, &w->clock.clock), 0);
}

static void ask(struct world *w)
{
	int before = w->told;
	assert_int_equal(aws_provider_get(w->provider, on_told, w), 0);
	assert_int_equal(w->told, before);
	script_until(&w->loop, w->told > before);
	assert_int_equal(w->told, before + 1);
}

static void on_closed(void *arg)
{
	((struct world *)arg)->closed = true;
}

static void close_provider(struct world *w)
{
	w->closed = false;
	aws_provider_close(w->provider, on_closed, w);
	script_until(&w->loop, w->closed);
}

static void teardown(struct world *w)
{
	char command[128];
	if (!w->closed)
		close_provider(w);
	http_client_close(w->http, NULL, NULL);
	script_stop(&w->server);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	snprintf(command, sizeof(command), "rm -r '%s'", w->home);
	assert_int_equal(system(command), 0);
}

static void expect(const struct world *w, const char *id, const char *secret, const char *session,
		   const char *source)
{
	assert_string_equal(w->error, "");
	assert_string_equal(w->id, id);
	assert_string_equal(w->secret, secret);
	assert_string_equal(w->session, session);
	assert_string_equal(w->source, source);
}

static void use_metadata(struct world *w)
{
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", w->server.port);
	set_env(w, "AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
	w->token = "TOKEN==";
	w->roles = "uploader\nother";
	w->document =
		"{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s1\",\"Token\":\"t1\","
		"\"Expiration\":\"2027-01-15T14:00:00Z\"}"; /* the fake clock begins at 08:00 */
}

#define BOTH_FILES(w)                                                                                        \
	do {                                                                                                 \
		write_file(w, ".aws/credentials",                                                            \
			   "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n"                    \
			   "[build]\naws_access_key_id=BUILD\naws_secret_access_key=b\n"                     \
			   "aws_session_token=bt\n");                                                        \
		write_file(w, ".aws/config",                                                                 \
			   "[default]\nregion=eu-north-1\n[profile ops]\nregion=sa-east-1\n"                 \
			   "aws_access_key_id=OPS\naws_secret_access_key=o\n");                              \
	} while (0)

/* --- order ------------------------------------------------------------------------------------------------------------ */

static void test_environment_comes_first(void **state)
{
	struct world w;
	setup(&w);
	BOTH_FILES(&w);
	set_env(&w, "AWS_ACCESS_KEY_ID", "ENV");
	set_env(&w, "AWS_SECRET_ACCESS_KEY", "se");
	set_env(&w, "AWS_SESSION_TOKEN", "te");
	provide(&w, "");
	ask(&w);
	expect(&w, "ENV", "se", "te", "env");
	teardown(&w);
}

static void test_a_named_profile_beats_the_environment(void **state)
{
	struct world w;
	setup(&w);
	BOTH_FILES(&w);
	set_env(&w, "AWS_ACCESS_KEY_ID", "ENV");
	set_env(&w, "AWS_SECRET_ACCESS_KEY", "se");
	set_env(&w, "AWS_PROFILE", "ops");
	provide(&w, "build");
	ask(&w);
	expect(&w, "BUILD", "b", "bt", "shared-credentials-file");
	teardown(&w);
}

static void test_profile_of_the_environment(void **state)
{
	struct world w;
	setup(&w);
	BOTH_FILES(&w);
	set_env(&w, "AWS_PROFILE", "ops");
	provide(&w, NULL);
	ask(&w);
	expect(&w, "OPS", "o", "", "config-file");
	teardown(&w);
}

static void test_files_elsewhere(void **state)
{
	struct world w;
	char path[128];
	setup(&w);
	BOTH_FILES(&w);
	write_file(&w, "elsewhere", "[default]\naws_access_key_id=ELSE\naws_secret_access_key=e\n");
	snprintf(path, sizeof(path), "%s/elsewhere", w.home);
	set_env(&w, "AWS_SHARED_CREDENTIALS_FILE", path);
	provide(&w, NULL);
	ask(&w);
	expect(&w, "ELSE", "e", "", "shared-credentials-file");
	teardown(&w);
}

static void test_a_process_of_the_profile(void **state)
{
	struct world w;
	setup(&w);
	write_file(&w, ".aws/config",
		   "[profile p]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"P\",'"
		   "'\"SecretAccessKey\":\"ps\",\"SessionToken\":\"pt\"}'\n");
	provide(&w, "p");
	ask(&w);
	expect(&w, "P", "ps", "pt", "custom-process");
	teardown(&w);
}

static void test_a_process_that_fails_is_told(void **state)
{
	struct world w;
	setup(&w);
	write_file(&w, ".aws/config", "[default]\ncredential_process = echo no luck >&2; exit 3\n");
	provide(&w, NULL);
	ask(&w);
	assert_int_equal(w.code, ERR_DENIED);
	assert_string_equal(
		w.error, "CredentialRetrievalError: Error when retrieving credentials from custom-process: "
			 "it ended with status 3: no luck");
	teardown(&w);
}

/* --- endpoints ------------------------------------------------------------------------------------------------------- */

static void test_metadata_service(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	provide(&w, NULL);
	ask(&w);
	expect(&w, "ASIA1", "s1", "t1", "iam-role");
	assert_string_equal(w.asked, "PUT /latest/api/token []\n"
				     "GET /latest/meta-data/iam/security-credentials/ [TOKEN==]\n"
				     "GET /latest/meta-data/iam/security-credentials/uploader [TOKEN==]\n");
	teardown(&w);
}

static void test_fetched_anew_before_they_expire(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	provide(&w, NULL);
	ask(&w);
	clock_fake_advance(&w.clock, 5 * 3600 * NS_PER_S);
	ask(&w);
	assert_int_equal(w.server.requests, 3);           /* kept */
	clock_fake_advance(&w.clock, 51 * 60 * NS_PER_S); /* nine minutes are left */
	w.document = "{\"AccessKeyId\":\"ASIA2\",\"SecretAccessKey\":\"s2\",\"Expiration\":\"2027-01-15T20:"
		     "00:00Z\"}";
	ask(&w);
	expect(&w, "ASIA2", "s2", "", "iam-role");
	teardown(&w);
}

static void test_old_ones_serve_while_the_service_fails(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	provide(&w, NULL);
	ask(&w);
	w.status = 500;
	clock_fake_advance(&w.clock, 355 * 60 * NS_PER_S); /* five minutes are left */
	ask(&w);
	expect(&w, "ASIA1", "s1", "t1", "iam-role");
	clock_fake_advance(&w.clock, 6 * 60 * NS_PER_S);
	ask(&w);
	assert_string_equal(w.error, "NoCredentialsError: Unable to locate credentials");
	teardown(&w);
}

static void test_no_role_and_no_service(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	w.roles = "";
	provide(&w, NULL);
	ask(&w);
	assert_int_equal(w.code, ERR_MISSING);
	assert_string_equal(w.error, "NoCredentialsError: Unable to locate credentials");
	w.token = NULL; /* says nothing: one second */
	ask(&w);
	assert_string_equal(w.error, "NoCredentialsError: Unable to locate credentials");
	teardown(&w);
}

static void test_metadata_can_be_disabled(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	set_env(&w, "AWS_EC2_METADATA_DISABLED", "True");
	provide(&w, NULL);
	ask(&w);
	assert_string_equal(w.error, "NoCredentialsError: Unable to locate credentials");
	assert_int_equal(w.server.requests, 0);
	teardown(&w);
}

static void test_container(void **state)
{
	struct world w;
	char url[64], path[128];
	setup(&w);
	use_metadata(&w);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/creds?x=1", w.server.port);
	write_file(&w, "token", "from a file\n");
	snprintf(path, sizeof(path), "%s/token", w.home);
	set_env(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
	set_env(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "from the environment");
	provide(&w, NULL);
	ask(&w);
	expect(&w, "ASIA1", "s1", "t1", "container-role");
	set_env(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
	aws_provider_forget(w.provider);
	ask(&w);
	assert_string_equal(w.asked, "GET /creds?x=1 [from the environment]\nGET /creds?x=1 [from a file]\n");
	teardown(&w);
}

static void check_foreign(const char *url)
{
	struct world w;
	setup(&w);
	set_env(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
	provide(&w, NULL);
	ask(&w);
	if (!strstr(w.error, "is neither https nor on this machine"))
		fail_msg("%s: %s", url, w.error);
	teardown(&w);
}

static void test_a_container_endpoint_elsewhere_is_not_asked_in_clear(void **state)
{
	check_foreign("http://192.0.2.1/creds");
	check_foreign("http://127.0.0.1.example.com/creds");
	check_foreign("http://localhost@example.com/creds");
	check_foreign("file:///etc/passwd");
}

static void test_a_bad_document_is_told(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	provide(&w, NULL);
	w.document = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no\"}";
	ask(&w);
	assert_string_equal(w.error,
			    "CredentialRetrievalError: Error when retrieving credentials from iam-role: "
			    "AssumeRoleUnauthorizedAccess: no");
	w.document = "[]";
	ask(&w);
	assert_non_null(strstr(w.error, "iam-role: the answer is no JSON object"));
	w.document = "{\"AccessKeyId\":\"A\"}";
	ask(&w);
	assert_non_null(strstr(w.error, "iam-role: the answer has no SecretAccessKey"));
	w.document = "{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"s\"}";
	ask(&w);
	assert_non_null(strstr(w.error, "iam-role: the answer has no AccessKeyId"));
	w.document = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}";
	ask(&w);
	assert_non_null(strstr(w.error, "no time: \"soon\""));
	teardown(&w);
}

/* --- faults -------------------------------------------------------------------------------------------------------- */

static void check_error(const char *credentials, const char *config, const char *profile, int code,
			const char *text)
{
	struct world w;
	setup(&w);
	set_env(&w, "AWS_EC2_METADATA_DISABLED", "true");
	write_file(&w, ".aws/credentials", credentials);
	write_file(&w, ".aws/config", config);
	provide(&w, profile);
	ask(&w);
	assert_string_equal(w.error, text);
	assert_int_equal(w.code, code);
	teardown(&w);
}

static void test_faults_of_the_files_are_told(void **state)
{
	check_error("", "", NULL, ERR_MISSING, "NoCredentialsError: Unable to locate credentials");
	check_error("[other]", "", NULL, ERR_MISSING, "NoCredentialsError: Unable to locate credentials");
	check_error("", "", "nobody", ERR_UNKNOWN,
		    "ProfileNotFound: The config profile (nobody) could not be found");
	check_error("[default]\naws_access_key_id=A", "", NULL, ERR_MISSING,
		    "PartialCredentialsError: Partial credentials found in shared-credentials-file, missing: "
		    "aws_secret_access_key");
	check_error("", "[profile p]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=default", "p",
		    ERR_UNSUPPORTED,
		    "the AWS profile \"p\" has role_arn, which is not supported: give it keys or a "
		    "credential_process");
}

static void test_files_are_read_again_after_a_refusal(void **state)
{
	struct world w;
	setup(&w);
	BOTH_FILES(&w);
	provide(&w, NULL);
	ask(&w);
	write_file(&w, ".aws/credentials", "[default]\naws_access_key_id=NEW\naws_secret_access_key=n\n");
	ask(&w);
	expect(&w, "FILE", "s", "", "shared-credentials-file");
	aws_provider_forget(w.provider);
	ask(&w);
	expect(&w, "NEW", "n", "", "shared-credentials-file");
	teardown(&w);
}

/* --- waiting and closing --------------------------------------------------------------------------------------------- */

static void test_many_wait_for_one_search(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	provide(&w, NULL);
	for (int i = 0; i < 5; i++)
		assert_int_equal(aws_provider_get(w.provider, on_told, &w), 0);
	script_until(&w.loop, w.told == 5);
	assert_int_equal(w.server.requests, 3);
	expect(&w, "ASIA1", "s1", "t1", "iam-role");
	teardown(&w);
}

static void test_closing_ends_a_search(void **state)
{
	struct world w;
	setup(&w);
	use_metadata(&w);
	w.token = NULL; /* silence */
	provide(&w, NULL);
	assert_int_equal(aws_provider_get(w.provider, on_told, &w), 0);
	script_until(&w.loop, w.server.requests == 1);
	close_provider(&w);
	assert_int_equal(w.told, 1);
	assert_int_equal(w.code, ERR_CANCELLED);
	teardown(&w);
}

static void test_closing_ends_a_process(void **state)
{
	struct world w;
	setup(&w);
	write_file(&w, ".aws/config", "[default]\ncredential_process = exec sleep 600\n");
	provide(&w, NULL);
	assert_int_equal(aws_provider_get(w.provider, on_told, &w), 0);
	uv_run(&w.loop, UV_RUN_NOWAIT);
	close_provider(&w);
	assert_int_equal(w.code, ERR_CANCELLED);
	teardown(&w);
}

/* --- the region --------------------------------------------------------------------------------------------------------- */

static void check_region(struct world *w, const char *configured, const char *profile, const char *expected)
{
	struct aws_provider_options options = { w->env, profile };
	char region[AWS_REGION_SIZE];
	struct err err = { 0 };
	assert_int_equal(aws_region(&options, configured, region, &err), 0);
	assert_string_equal(region, expected);
}

static void test_region(void **state)
{
	struct world w;
	struct err err = { 0 };
	char region[AWS_REGION_SIZE];
	setup(&w);
	provide(&w, NULL);
	check_region(&w, NULL, NULL, "us-east-1");
	BOTH_FILES(&w);
	check_region(&w, "", NULL, "eu-north-1");
	check_region(&w, "", "ops", "sa-east-1");
	set_env(&w, "AWS_DEFAULT_REGION", "ap-south-1");
	check_region(&w, "", "ops", "ap-south-1");
	set_env(&w, "AWS_REGION", "ap-east-1");
	check_region(&w, "", "ops", "ap-east-1");
	check_region(&w, "cn-north-1", "ops", "cn-north-1");
	struct aws_provider_options options = { w.env, NULL };
	assert_int_equal(aws_region(&options, "us-east-1.evil.example/", region, &err), ERR_SYNTAX);
	assert_non_null(strstr(err.text, "us-east-1.evil.example/"));
	teardown(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_comes_first),
		cmocka_unit_test(test_a_named_profile_beats_the_environment),
		cmocka_unit_test(test_profile_of_the_environment),
		cmocka_unit_test(test_files_elsewhere),
		cmocka_unit_test(test_a_process_of_the_profile),
		cmocka_unit_test(test_a_process_that_fails_is_told),
		cmocka_unit_test(test_metadata_service),
		cmocka_unit_test(test_fetched_anew_before_they_expire),
		cmocka_unit_test(test_old_ones_serve_while_the_service_fails),
		cmocka_unit_test(test_no_role_and_no_service),
		cmocka_unit_test(test_metadata_can_be_disabled),
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_a_container_endpoint_elsewhere_is_not_asked_in_clear),
		cmocka_unit_test(test_a_bad_document_is_told),
		cmocka_unit_test(test_faults_of_the_files_are_told),
		cmocka_unit_test(test_files_are_read_again_after_a_refusal),
		cmocka_unit_test(test_many_wait_for_one_search),
		cmocka_unit_test(test_closing_ends_a_search),
		cmocka_unit_test(test_closing_ends_a_process),
		cmocka_unit_test(test_region),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
