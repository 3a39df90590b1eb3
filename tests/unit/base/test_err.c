#include "support.h"

#include "base/err.h"

#include <errno.h>

static void test_names_and_texts(void **state)
{
	assert_string_equal(err_name(ERR_SYNTAX), "SYNTAX");
	assert_string_equal(err_name(-ENOENT), "ENOENT");
	assert_string_equal(err_name(-99999), "UNKNOWN_CODE");
	assert_string_equal(err_text(ERR_FULL), "a bounded buffer, queue or table is full");
	assert_string_equal(err_text(-ENOENT), "No such file or directory");
}

static void test_set_truncates(void **state)
{
	struct err err;
	char long_text[2000];
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	assert_int_equal(err_set(&err, ERR_TYPE, "a:1:2", "%s", long_text), ERR_TYPE);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.place, "a:1:2");
	assert_int_equal(err_set(NULL, -ENOMEM, NULL, "ignored"), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_texts),
		cmocka_unit_test(test_set_truncates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
