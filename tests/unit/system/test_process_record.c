#include "support.h"

#include "../../../src/system/process_record.h"

#include "base/err.h"

#include <math.h>

static void test_round_trip(void **state)
{
	const struct process_record all[] = {
		{ 1, 1, 0, 0, 1, 'S' },
		{ 0, 4194304, 99.9, 123456u * 1024, 300, 'R' },
		{ INT64_MAX, INT32_MAX, 1e6, (UINT64_MAX / 1024) * 1024, UINT32_MAX, 'Z' },
	};
	struct buf bytes;
	struct process_record r;
	buf_init(&bytes);
	for (size_t i = 0; i < 3; i++)
		process_record_put(&bytes, &all[i]);
	struct view rest = { bytes.data, bytes.len };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(process_record_take(&rest, &r), 1);
		assert_true(r.seen == all[i].seen && r.pid == all[i].pid && r.rss_bytes == all[i].rss_bytes);
		assert_true(fabs(r.cpu_percent - all[i].cpu_percent) < 0.051);
		assert_true(r.threads == all[i].threads && r.state == all[i].state);
	}
	assert_int_equal(process_record_take(&rest, &r), 0);
	buf_fini(&bytes);
}

static void test_small(void **state)
{
	struct buf bytes;
	buf_init(&bytes);
	process_record_put(&bytes, &(struct process_record){ 123456, 31337, 12.3, 250u << 20, 8, 'S' });
	assert_true(bytes.len <= 14);
	buf_fini(&bytes);
}

static void test_damaged(void **state)
{
	struct buf bytes;
	struct process_record r;
	buf_init(&bytes);
	process_record_put(&bytes, &(struct process_record){ 123456, 31337, 12.3, 250u << 20, 8, 'S' });
	for (size_t n = 1; n < bytes.len; n++) {
		struct view cut = { bytes.data, n };
		assert_int_equal(process_record_take(&cut, &r), ERR_CORRUPT);
	}
	struct view endless = VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	assert_int_equal(process_record_take(&endless, &r), ERR_CORRUPT);
	struct view large = VIEW("\1\xff\xff\xff\xff\x7f\1\1\1S"); /* no process has that number */
	assert_int_equal(process_record_take(&large, &r), ERR_CORRUPT);
	buf_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
