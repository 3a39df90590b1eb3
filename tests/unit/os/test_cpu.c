#include "support.h"

#include "base/err.h"
#include "os/cpu.h"

static const char text[] = "cpu  39103 4395 7832 44782 830 7 214 941 11 3\n"
			   "cpu0 18848 2405 3947 22781 470 3 78 488 5 1\n"
			   "cpu2 20255 1990 3885 22001 360 4 136 453 6 2\n"
			   "intr 567300 0 0 1 16 97\n"
			   "ctxt 1019312\n"
			   "btime 1795870000\n"
			   "processes 29953\n"
			   "procs_running 3\n"
			   "procs_blocked 1\n"
			   "softirq 123456 0 1 2\n";

static void test_whole(void **state)
{
	struct cpu_stat s;
	struct cpu_core cores[4];
	assert_int_equal(cpu_stat_parse(VIEW(text), &s, cores, 4), 0);
	assert_int_equal(s.all.ticks[CPU_USER], 39103);
	assert_int_equal(s.all.ticks[CPU_GUEST_NICE], 3);
	assert_int_equal(s.n_cores, 2);
	assert_int_equal(cores[1].number, 2); /* cpu1 is switched off */
	assert_int_equal(cores[1].times.ticks[CPU_STEAL], 453);
	assert_int_equal(s.interrupts, 567300);
	assert_int_equal(s.switches, 1019312);
	assert_int_equal(s.boot_time, 1795870000);
	assert_int_equal(s.forks, 29953);
	assert_int_equal(s.running, 3);
	assert_int_equal(s.blocked, 1);
	assert_int_equal(s.softirqs, 123456);
}

static void test_more_cores_than_room(void **state)
{
	struct cpu_stat s;
	struct cpu_core one;
	assert_int_equal(cpu_stat_parse(VIEW(text), &s, &one, 1), 0);
	assert_int_equal(s.n_cores, 2);
	assert_int_equal(one.number, 0);
	assert_int_equal(cpu_stat_parse(VIEW(text), &s, NULL, 0), 0);
}

static void test_every_truncation_is_harmless(void **state)
{
	struct cpu_stat s;
	struct cpu_core cores[4];
	for (size_t n = 0; n < sizeof(text); n++)
		(void)cpu_stat_parse((struct view){ text, n }, &s, cores, 4);
	assert_int_equal(cpu_stat_parse((struct view){ text, 12 }, &s, cores, 4), ERR_SYNTAX);
}

static void test_old_kernels_give_four_columns(void **state)
{
	struct cpu_stat s;
	assert_int_equal(cpu_stat_parse(VIEW("cpu 1 2 3 4\n"), &s, NULL, 0), 0);
	assert_int_equal(s.all.ticks[CPU_IDLE], 4);
	assert_int_equal(s.all.ticks[CPU_STEAL], 0);
	assert_int_equal(cpu_stat_parse(VIEW("cpu 1 2 3\n"), &s, NULL, 0), ERR_SYNTAX);
}

static void test_hostile(void **state)
{
	struct cpu_stat s;
	struct cpu_core cores[2];
	assert_int_equal(cpu_stat_parse(VIEW(""), &s, cores, 2), ERR_SYNTAX);
	assert_int_equal(cpu_stat_parse(VIEW("cpu"), &s, cores, 2), ERR_SYNTAX);
	assert_int_equal(cpu_stat_parse(VIEW("cpux 1 2 3 4\ncpu -1 2 3 4\n"), &s, cores, 2), ERR_SYNTAX);
	assert_int_equal(cpu_stat_parse(VIEW("cpu 99999999999999999999999 0 0 1\ncpu99999999999 1 2 3 4\n"),
					&s, cores, 2),
			 0);
	assert_true(s.all.ticks[CPU_USER] == UINT64_MAX);
	assert_int_equal(s.n_cores, 0);
}

static void test_share(void **state)
{
	struct cpu_times a = { { 100, 0, 100, 700, 100 } }, b = { { 130, 0, 110, 750, 110 } };
	struct cpu_share s = cpu_share_between(&a, &b);
	assert_true(s.known);
	assert_float_equal(s.busy, 40, 1e-9); /* (30 + 10) of 100: neither idle nor iowait */
	assert_float_equal(s.mode[CPU_IOWAIT], 10, 1e-9);
}

static void test_share_counts_guests_once(void **state)
{
	struct cpu_times a = { { 0 } }, b = { { 0 } };
	b.ticks[CPU_USER] = 60; /* 50 of them for a guest */
	b.ticks[CPU_GUEST] = 50;
	b.ticks[CPU_IDLE] = 40;
	assert_float_equal(cpu_share_between(&a, &b).busy, 60, 1e-9);
}

static void test_share_of_falling_columns_and_of_nothing(void **state)
{
	struct cpu_times a = { { 100, 0, 0, 1000, 500 } }, b = { { 150, 0, 0, 1050, 400 } };
	struct cpu_share s = cpu_share_between(&a, &b);
	assert_float_equal(s.mode[CPU_IOWAIT], 0, 1e-9);
	assert_float_equal(s.busy, 50, 1e-9);
	s = cpu_share_between(&a, &a);
	assert_false(s.known);
	assert_float_equal(s.busy, 0, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_more_cores_than_room),
		cmocka_unit_test(test_every_truncation_is_harmless),
		cmocka_unit_test(test_old_kernels_give_four_columns),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_share_counts_guests_once),
		cmocka_unit_test(test_share_of_falling_columns_and_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
