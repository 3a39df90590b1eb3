#include "support.h"

#include "base/err.h"
#include "os/memory.h"

static const char text[] =
	"MemTotal:       24684084 kB\nMemFree:        21226348 kB\nMemAvailable:   23852712 kB\n"
	"Buffers:           82832 kB\nCached:          2681156 kB\nSwapCached:            0 kB\n"
	"SwapTotal:       1048572 kB\nSwapFree:        1048000 kB\nSReclaimable:     150000 kB\n"
	"VmallocTotal:   34359738367 kB\nHugePages_Total:       4\nHugepagesize:       2048 kB\n";

static void test_whole(void **state)
{
	struct memory_stat m;
	assert_int_equal(memory_parse(VIEW(text), &m), 0);
	assert_int_equal(m.row[MEMORY_TOTAL], INT64_C(24684084) * 1024);
	assert_int_equal(m.row[MEMORY_SWAP_FREE], INT64_C(1048000) * 1024);
	assert_int_equal(m.row[MEMORY_HUGE_TOTAL], 4);
	assert_int_equal(m.row[MEMORY_HUGE_SIZE], 2048 * 1024);
	assert_true(m.row[MEMORY_DIRTY] == MEMORY_ABSENT);
}

static void test_use(void **state)
{
	struct memory_stat m;
	memory_parse(VIEW(text), &m);
	struct memory_use u = memory_use_of(&m);
	assert_int_equal(u.available, INT64_C(23852712) * 1024);
	assert_int_equal(u.used, INT64_C(543748) * 1024); /* total - free - buffers - cached - slab */
	assert_float_equal(u.percent, 100.0 * (24684084 - 23852712) / 24684084, 1e-9);
}

static void test_use_without_the_word_of_the_kernel(void **state)
{
	struct memory_stat m;
	memory_parse(VIEW("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n"), &m);
	assert_int_equal(memory_use_of(&m).available, 400 * 1024);
	memory_parse(VIEW("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 5000 kB\n"), &m);
	assert_int_equal(memory_use_of(&m).available, 100 * 1024); /* more than there is */
	memory_parse(VIEW("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 500 kB\nCached: 900 kB\n"), &m);
	assert_int_equal(memory_use_of(&m).used, 900 * 1024); /* the parts are more than the whole */
}

static void test_hostile(void **state)
{
	struct memory_stat m;
	for (size_t n = 0; n < sizeof(text); n++)
		(void)memory_parse((struct view){ text, n }, &m);
	assert_int_equal(memory_parse(VIEW(""), &m), ERR_SYNTAX);
	assert_int_equal(memory_parse(VIEW("MemTotal: kB\nMemFree: 1 kB\n"), &m), ERR_SYNTAX);
	assert_int_equal(memory_parse(VIEW("MemTotal: -5 kB\nMemFree: 1 kB\n"), &m), ERR_SYNTAX);
	assert_int_equal(
		memory_parse(VIEW(":\nMemTotal\nMemTotal: 99999999999999999999 kB\nMemFree: 1 kB\n"), &m),
		ERR_SYNTAX);
	assert_int_equal(memory_parse(VIEW("MemTotal: 0 kB\nMemFree: 0 kB\n"), &m), 0);
	assert_float_equal(memory_use_of(&m).percent, 0, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_use_without_the_word_of_the_kernel),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
