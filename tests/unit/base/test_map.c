#include "support.h"

#include "base/map.h"

#include <stdio.h>

#define MANY 20000

static char keys[MANY][16];

static int fill_keys(void **state)
{
	for (int i = 0; i < MANY; i++)
		snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
	return 0;
}

static void test_put_get_replace(void **state)
{
	struct map m;
	uint64_t v = 0;
	map_init(&m);
	assert_false(map_get(&m, VIEW("a"), &v));
	assert_int_equal(map_put(&m, VIEW("a"), 1), 0);
	assert_int_equal(map_put(&m, VIEW("b"), 2), 0);
	assert_int_equal(map_put(&m, VIEW("a"), 3), 0);
	assert_int_equal(m.count, 2);
	assert_true(map_get(&m, VIEW("a"), &v));
	assert_int_equal(v, 3);
	assert_true(map_get(&m, VIEW("b"), NULL));
	assert_false(map_get(&m, VIEW("ab"), &v));
	map_fini(&m);
}

/* The old key's bytes may go away after a replacement. */
static void test_replace_takes_the_new_bytes(void **state)
{
	struct map m;
	char first[] = "k", second[] = "k";
	uint64_t v;
	map_init(&m);
	map_put(&m, view_of(first), 1);
	map_put(&m, view_of(second), 2);
	first[0] = 'x';
	assert_true(map_get(&m, VIEW("k"), &v));
	assert_int_equal(v, 2);
	map_fini(&m);
}

static void test_empty_and_binary_keys(void **state)
{
	struct map m;
	uint64_t v;
	map_init(&m);
	map_put(&m, (struct view){ NULL, 0 }, 1);
	map_put(&m, VIEW("a\0b"), 2);
	map_put(&m, VIEW("a\0c"), 3);
	assert_true(map_get(&m, VIEW(""), &v) && v == 1);
	assert_true(map_get(&m, VIEW("a\0b"), &v) && v == 2);
	assert_true(map_get(&m, VIEW("a\0c"), &v) && v == 3);
	assert_true(map_del(&m, VIEW("")));
	assert_int_equal(m.count, 2);
	map_fini(&m);
}

static void test_many(void **state)
{
	struct map m;
	uint64_t v;
	map_init(&m);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(map_put(&m, view_of(keys[i]), (uint64_t)i), 0);
	assert_int_equal(m.count, MANY);
	for (int i = 0; i < MANY; i++)
		assert_true(map_get(&m, view_of(keys[i]), &v) && v == (uint64_t)i);
	for (int i = 0; i < MANY; i += 2)
		assert_true(map_del(&m, view_of(keys[i])));
	assert_false(map_del(&m, view_of(keys[0])));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(map_get(&m, view_of(keys[i]), NULL), i % 2);
	assert_int_equal(m.count, MANY / 2);
	map_fini(&m);
}

/* Coming and going for ever must neither grow the table nor fill it with tombstones. */
static void test_churn_stays_small(void **state)
{
	struct map m;
	map_init(&m);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < MANY; i++) {
			map_put(&m, view_of(keys[i]), 1);
			if (i >= 10)
				map_del(&m, view_of(keys[i - 10]));
		}
		for (int i = MANY - 10; i < MANY; i++)
			assert_true(map_del(&m, view_of(keys[i])));
	}
	assert_int_equal(m.count, 0);
	assert_true(m.cap <= 64);
	map_fini(&m);
}

static void test_shrinks_after_a_flood(void **state)
{
	struct map m;
	map_init(&m);
	for (int i = 0; i < MANY; i++)
		map_put(&m, view_of(keys[i]), 1);
	uint32_t flood = m.cap;
	for (int i = 1; i < MANY; i++)
		map_del(&m, view_of(keys[i]));
	assert_int_equal(m.cap, flood);
	map_put(&m, view_of(keys[1]), 1);
	assert_true(m.cap <= 16);
	assert_true(map_get(&m, view_of(keys[0]), NULL));
	map_fini(&m);
}

static void test_iteration_sees_each_once_and_may_delete(void **state)
{
	struct map m;
	static unsigned char seen[MANY];
	uint32_t pos = 0;
	struct view key;
	uint64_t v;
	map_init(&m);
	for (int i = 0; i < MANY; i++)
		map_put(&m, view_of(keys[i]), (uint64_t)i);
	while (map_next(&m, &pos, &key, &v)) {
		assert_true(view_eq(key, view_of(keys[v])));
		assert_int_equal(seen[v]++, 0);
		assert_true(map_del(&m, key));
	}
	assert_int_equal(m.count, 0);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 1);
	map_fini(&m);
}

static void test_clear(void **state)
{
	struct map m;
	uint32_t pos = 0;
	map_init(&m);
	map_clear(&m);
	map_put(&m, VIEW("a"), 1);
	map_clear(&m);
	assert_false(map_get(&m, VIEW("a"), NULL));
	assert_false(map_next(&m, &pos, NULL, NULL));
	assert_int_equal(map_put(&m, VIEW("a"), 1), 0);
	map_fini(&m);
}

static void test_hash_is_stable_and_spreads(void **state)
{
	unsigned buckets[64] = { 0 };
	assert_int_equal(hash_bytes("abc", 3), hash_bytes("abc", 3));
	assert_int_not_equal(hash_bytes("abc", 3), hash_bytes("abd", 3));
	assert_int_not_equal(hash_bytes("a", 1), hash_bytes("a\0", 2));
	assert_int_equal(hash_bytes(NULL, 0), hash_bytes("", 0));
	for (int i = 0; i < MANY; i++)
		buckets[hash_bytes(keys[i], strlen(keys[i])) % 64]++;
	for (int i = 0; i < 64; i++)
		assert_in_range(buckets[i], MANY / 64 / 2, MANY / 64 * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_get_replace),
		cmocka_unit_test(test_replace_takes_the_new_bytes),
		cmocka_unit_test(test_empty_and_binary_keys),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_churn_stays_small),
		cmocka_unit_test(test_shrinks_after_a_flood),
		cmocka_unit_test(test_iteration_sees_each_once_and_may_delete),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_hash_is_stable_and_spreads),
	};
	return cmocka_run_group_tests(tests, fill_keys, NULL);
}
