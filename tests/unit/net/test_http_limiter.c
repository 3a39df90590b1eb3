#include "support.h"

#include "../../../src/net/http_limit.h"

static void test_window(void **state)
{
	struct http_limiter l = { 0 };
	mono_us t = 5 * US_PER_S;
	for (int i = 0; i < 10; i++)
		assert_int_equal(http_limiter_count(&l, 7, 10, t), 0);
	assert_int_equal(http_limiter_count(&l, 7, 10, t), 60);
	assert_int_equal(http_limiter_count(&l, 7, 10, t + 59 * US_PER_S), 1);
	assert_int_equal(http_limiter_count(&l, 8, 10, t), 0);
	assert_int_equal(http_limiter_count(&l, 7, 10, t + 60 * US_PER_S), 0);
	http_limiter_fini(&l);
}

static void test_flood_of_clients(void **state)
{
	struct http_limiter l = { 0 };
	for (uint64_t i = 1; i < 100000; i++)
		assert_int_equal(http_limiter_count(&l, i * 0x9e3779b97f4a7c15u, 1, (mono_us)i), 0);
	/* the newest are still known */
	assert_int_equal(http_limiter_count(&l, 99999 * 0x9e3779b97f4a7c15u, 1, 100000), 60);
	http_limiter_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_flood_of_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
