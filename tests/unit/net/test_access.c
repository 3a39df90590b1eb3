#include "support.h"

#include "net/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct clock_fake fake;

static int setup(void **state)
{
	clock_fake_init(&fake, 0);
	*state = access_new(&fake.clock);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	access_free(*state);
	return 0;
}

static int use(struct access *a, const char *key)
{
	return access_configure(a, &key, key ? 1 : 0, NULL, 0, NULL);
}

static void test_no_keys(void **state)
{
	assert_false(access_has_keys(*state));
	assert_false(access_check_key(*state, VIEW("")));
	assert_false(access_check_key(*state, VIEW("anything-at-all")));
}

static void test_key_is_trimmed(void **state)
{
	assert_int_equal(use(*state, "  key-number-1\n"), 0);
	assert_true(access_has_keys(*state));
	assert_true(access_check_key(*state, VIEW("key-number-1")));
	assert_true(access_check_key(*state, VIEW("\tkey-number-1 ")));
	assert_false(access_check_key(*state, VIEW("key-number-")));
	assert_false(access_check_key(*state, VIEW("key-number-12")));
	assert_false(access_check_key(*state, VIEW("KEY-number-1")));
}

static void test_short_key_is_refused(void **state)
{
	struct err err = { 0 };
	const char *keys[] = { "good-enough", "short" };
	assert_int_equal(use(*state, "old-key-12"), 0);
	assert_int_equal(access_configure(*state, keys, 2, NULL, 0, &err), ERR_RANGE);
	assert_non_null(strstr(err.text, "at least 8"));
	assert_null(strstr(err.text, "short")); /* a key does not belong in a message */
	assert_true(access_check_key(*state, VIEW("old-key-12")));
}

static void test_session(void **state)
{
	char token[65], other[65];
	assert_int_equal(use(*state, "key-number-1"), 0);
	assert_int_equal(access_sign_in(*state, VIEW("wrong-key-1"), token), ERR_DENIED);
	assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), token), 0);
	assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), other), 0);
	assert_int_equal(strlen(token), 64);
	assert_string_not_equal(token, other);
	assert_true(access_check_session(*state, view_of(token)));
	access_sign_out(*state, view_of(token));
	assert_false(access_check_session(*state, view_of(token)));
	assert_true(access_check_session(*state, view_of(other)));
	assert_false(access_check_session(*state, VIEW("")));
}

static void test_session_expires_without_use(void **state)
{
	char token[65];
	assert_int_equal(use(*state, "key-number-1"), 0);
	assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), token), 0);
	clock_fake_advance(&fake, 11 * 3600 * NS_PER_S);
	assert_true(access_check_session(*state, view_of(token)));
	clock_fake_advance(&fake, 11 * 3600 * NS_PER_S);
	assert_true(access_check_session(*state, view_of(token)));
	clock_fake_advance(&fake, 12 * 3600 * NS_PER_S);
	assert_false(access_check_session(*state, view_of(token)));
}

static void test_session_goes_with_its_key(void **state)
{
	char token[65];
	const char *keys[] = { "key-number-1", "key-number-2" };
	assert_int_equal(access_configure(*state, keys, 2, NULL, 0, NULL), 0);
	assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), token), 0);
	assert_int_equal(access_configure(*state, keys + 1, 1, NULL, 0, NULL), 0);
	assert_false(access_check_session(*state, view_of(token)));
}

static void test_sessions_are_bounded(void **state)
{
	char first[65], token[65];
	assert_int_equal(use(*state, "key-number-1"), 0);
	assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), first), 0);
	for (int i = 0; i < 64; i++) {
		clock_fake_advance(&fake, NS_PER_S);
		assert_int_equal(access_sign_in(*state, VIEW("key-number-1"), token), 0);
	}
	assert_false(access_check_session(*state, view_of(first)));
	assert_true(access_check_session(*state, view_of(token)));
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_key_file_rotates(void **state)
{
	char path[] = "/tmp/auspex-test-XXXXXX";
	const char *files[] = { path };
	close(mkstemp(path));
	put(path, "\n# ours\nfile-key-1\nfile-key-2\n");
	assert_int_equal(access_configure(*state, NULL, 0, files, 1, NULL), 0);
	assert_true(access_check_key(*state, VIEW("file-key-1")));
	assert_true(access_check_key(*state, VIEW("file-key-2")));
	put(path, "file-key-three\n");
	clock_fake_advance(&fake, NS_PER_S);
	assert_true(access_check_key(*state, VIEW("file-key-three")));
	assert_false(access_check_key(*state, VIEW("file-key-1")));
	unlink(path);
}

static void test_lost_key_file_locks_the_door(void **state)
{
	char path[] = "/tmp/auspex-test-XXXXXX";
	const char *files[] = { path };
	close(mkstemp(path));
	put(path, "file-key-1\n");
	assert_int_equal(access_configure(*state, NULL, 0, files, 1, NULL), 0);
	unlink(path);
	clock_fake_advance(&fake, NS_PER_S);
	assert_false(access_check_key(*state, VIEW("file-key-1")));
	assert_true(access_has_keys(*state));
}

static void test_missing_key_file_may_come_later(void **state)
{
	char path[] = "/tmp/auspex-test-XXXXXX";
	const char *files[] = { path };
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(access_configure(*state, NULL, 0, files, 1, NULL), 0);
	assert_false(access_has_keys(*state));
	put(path, "file-key-1\n");
	clock_fake_advance(&fake, NS_PER_S);
	assert_true(access_has_keys(*state));
	unlink(path);
}

static void test_bad_key_file_names_itself(void **state)
{
	struct err err = { 0 };
	char path[] = "/tmp/auspex-test-XXXXXX";
	const char *files[] = { path };
	close(mkstemp(path));
	put(path, "short\n");
	assert_int_equal(access_configure(*state, NULL, 0, files, 1, &err), ERR_RANGE);
	assert_string_equal(err.place, path);
	unlink(path);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_keys),
		T(test_key_is_trimmed),
		T(test_short_key_is_refused),
		T(test_session),
		T(test_session_expires_without_use),
		T(test_session_goes_with_its_key),
		T(test_sessions_are_bounded),
		T(test_key_file_rotates),
		T(test_lost_key_file_locks_the_door),
		T(test_missing_key_file_may_come_later),
		T(test_bad_key_file_names_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
