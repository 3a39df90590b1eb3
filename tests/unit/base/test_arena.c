#include "support.h"

#include "base/arena.h"

static void test_allocations_are_apart_and_aligned(void **state)
{
	struct arena a;
	arena_init(&a, 64);
	char *p[100];
	for (int i = 0; i < 100; i++) {
		p[i] = arena_alloc(&a, (size_t)i);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], i, (size_t)i);
	}
	for (int i = 0; i < 100; i++)
		for (int k = 0; k < i; k++)
			assert_int_equal(p[i][k], i);
	arena_fini(&a);
}

static void test_strings(void **state)
{
	struct arena a;
	arena_init(&a, 0);
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_int_equal(strlen(arena_printf(&a, "%0999d", 1)), 999);
	arena_fini(&a);
}

static void test_zalloc_clears_reused_memory(void **state)
{
	struct arena a;
	arena_init(&a, 0);
	memset(arena_alloc(&a, 200), 0xff, 200);
	arena_reset(&a);
	const char *p = arena_zalloc(&a, 200);
	for (int i = 0; i < 200; i++)
		assert_int_equal(p[i], 0);
	arena_fini(&a);
}

static void test_steady_state_allocates_nothing(void **state)
{
	struct arena a;
	arena_init(&a, 64);
	size_t total = 0;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 1000; i++)
			assert_non_null(arena_alloc(&a, 100));
		if (round == 2) /* by then one chunk holds it all */
			total = a.total;
		if (round > 2)
			assert_int_equal(a.total, total);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void test_limit(void **state)
{
	struct arena a;
	arena_init(&a, 64);
	a.limit = 1000;
	size_t got = 0;
	while (arena_alloc(&a, 16))
		got += 16;
	assert_in_range(got, 900, 1000);
	assert_in_range(a.total, 900, 1000);
	assert_null(arena_strdup(&a, "x"));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 16));
	arena_fini(&a);
}

static void test_huge_sizes_fail(void **state)
{
	struct arena a;
	arena_init(&a, 0);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX / 2));
	assert_null(arena_strndup(&a, "x", SIZE_MAX));
	assert_non_null(arena_alloc(&a, 1));
	arena_fini(&a);
}

static void test_usable_after_fini(void **state)
{
	struct arena a;
	arena_init(&a, 0);
	arena_alloc(&a, 1);
	arena_fini(&a);
	assert_int_equal(a.total, 0);
	assert_non_null(arena_alloc(&a, 1));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations_are_apart_and_aligned),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_zalloc_clears_reused_memory),
		cmocka_unit_test(test_steady_state_allocates_nothing),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_huge_sizes_fail),
		cmocka_unit_test(test_usable_after_fini),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
