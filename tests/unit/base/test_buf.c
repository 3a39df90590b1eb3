#include "support.h"

#include "base/buf.h"
#include "base/err.h"

#include <errno.h>

/* Under a sanitizer a size that cannot be had must fail as it does elsewhere. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_empty_reads_as_empty_string(void **state)
{
	struct buf b;
	buf_init(&b);
	assert_string_equal(buf_str(&b), "");
	buf_append(&b, NULL, 0);
	buf_view(&b, (struct view){ NULL, 0 });
	assert_int_equal(b.len, 0);
	assert_false(b.failed);
	buf_fini(&b);
}

static void test_appends_in_order(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_puts(&b, "a");
	buf_putc(&b, '-');
	buf_int(&b, -42);
	buf_printf(&b, " %s", "x");
	assert_string_equal(buf_str(&b), "a--42 x");
	buf_fini(&b);
}

static void test_grows_byte_by_byte(void **state)
{
	struct buf b;
	buf_init(&b);
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 100000);
	assert_int_equal(strlen(buf_str(&b)), 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_fini(&b);
}

static void test_printf_longer_than_room(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_printf(&b, "%0500d|", 7);
	buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 501);
	assert_int_equal(b.data[499], '7');
	buf_fini(&b);
}

static void test_limit_is_exact_and_sticky(void **state)
{
	struct buf b;
	buf_init(&b);
	b.limit = 5;
	buf_puts(&b, "abc");
	buf_puts(&b, "de");
	assert_false(b.failed);
	assert_int_equal(b.len, 5);
	buf_putc(&b, 'f');
	assert_true(b.failed);
	assert_int_equal(b.len, 5);
	buf_puts(&b, "");
	assert_true(b.failed);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
	buf_puts(&b, "ok");
	assert_string_equal(buf_str(&b), "ok");
	buf_fini(&b);
}

static void test_limit_holds_for_a_full_buffer(void **state)
{
	struct buf b;
	buf_init(&b);
	b.limit = 100;
	for (int i = 0; i < 200; i++)
		buf_putc(&b, 'x');
	assert_true(b.failed);
	assert_int_equal(b.len, 100);
	buf_fini(&b);
}

static void test_reserve_reports(void **state)
{
	struct buf b;
	buf_init(&b);
	b.limit = 10;
	assert_int_equal(buf_reserve(&b, 10), 0);
	assert_int_equal(buf_reserve(&b, 11), ERR_FULL);
	assert_int_equal(buf_reserve(&b, 1), -ENOMEM); /* sticky */
	buf_fini(&b);
	buf_init(&b);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_FULL);
	buf_clear(&b);
	assert_int_equal(buf_reserve(&b, SIZE_MAX / 4), -ENOMEM);
	buf_fini(&b);
}

static void test_failed_memory_keeps_content(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_puts(&b, "kept");
	buf_reserve(&b, SIZE_MAX / 4);
	buf_puts(&b, "more");
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "kept", 4);
	buf_fini(&b);
}

static void test_consume(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_puts(&b, "hello");
	buf_consume(&b, 0);
	buf_consume(&b, 2);
	assert_string_equal(buf_str(&b), "llo");
	buf_consume(&b, 99);
	assert_string_equal(buf_str(&b), "");
	buf_fini(&b);
}

static void test_shrink(void **state)
{
	struct buf b;
	buf_init(&b);
	buf_printf(&b, "%05000d", 1);
	buf_shrink(&b, 100); /* holds content: nothing happens */
	assert_int_equal(b.len, 5000);
	buf_clear(&b);
	buf_shrink(&b, 100);
	assert_int_equal(b.cap, 100);
	buf_shrink(&b, 0);
	assert_null(b.data);
	buf_puts(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	buf_fini(&b);
}

static void test_view_helpers(void **state)
{
	assert_true(view_eq(VIEW("a"), view_of("a")));
	assert_true(view_eq((struct view){ NULL, 0 }, VIEW("")));
	assert_false(view_eq(VIEW("a"), VIEW("A")));
	assert_int_equal(view_of(NULL).len, 0);
	assert_true(view_ieq(VIEW("aZ[9"), VIEW("Az[9")));
	assert_false(view_ieq(VIEW("["), VIEW("{"))); /* differ by the case bit alone */
	assert_false(view_ieq(VIEW("ab"), VIEW("abc")));
	assert_true(view_eq(view_trim(VIEW(" \t\r\n a b \v\f")), VIEW("a b")));
	assert_int_equal(view_trim(VIEW("  ")).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_reads_as_empty_string),
		cmocka_unit_test(test_appends_in_order),
		cmocka_unit_test(test_grows_byte_by_byte),
		cmocka_unit_test(test_printf_longer_than_room),
		cmocka_unit_test(test_limit_is_exact_and_sticky),
		cmocka_unit_test(test_limit_holds_for_a_full_buffer),
		cmocka_unit_test(test_reserve_reports),
		cmocka_unit_test(test_failed_memory_keeps_content),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_view_helpers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
