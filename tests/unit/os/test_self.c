#include "support.h"

#include "os/self.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char status_text[] =
	"Name:\tauspex (x) y\nUmask:\t0022\nState:\tS (sleeping)\nVmSize:\t   12345 kB\n"
	"VmRSS:\t    5678 kB\nThreads:\t3\n";

static void test_status_fields(void **state)
{
	assert_int_equal(status_field(VIEW(status_text), VIEW("VmRSS")), 5678 * 1024);
	assert_int_equal(status_field(VIEW(status_text), VIEW("Threads")), 3);
	assert_int_equal(status_field(VIEW(status_text), VIEW("VmSwap")), -1);
}

static void test_status_truncated_and_hostile(void **state)
{
	for (size_t n = 0; n < sizeof(status_text); n++)
		(void)status_field((struct view){ status_text, n }, VIEW("Threads"));
	assert_int_equal(status_field(VIEW("Threads:"), VIEW("Threads")), -1);
	assert_int_equal(status_field(VIEW("Threads:\t-4\n"), VIEW("Threads")), -1);
	assert_int_equal(status_field(VIEW("VmRSS:\t99999999999999999999 kB\n"), VIEW("VmRSS")), -1);
	assert_int_equal(status_field(VIEW("VmRSS:\t9223372036854775807 kB\n"), VIEW("VmRSS")), -1);
	assert_int_equal(status_field(VIEW(""), VIEW("VmRSS")), -1);
}

static void test_smaps(void **state)
{
	static const char text[] =
		"00400000-7ffd [rollup]\nRss:  6000 kB\nPrivate_Clean:  10 kB\nPrivate_Dirty:    2048 kB\n";
	assert_int_equal(smaps_private_dirty(VIEW(text)), 2048 * 1024);
	assert_int_equal(smaps_private_dirty(VIEW("Rss: 1 kB\n")), -1);
}

static void test_stat_state_with_parentheses(void **state)
{
	assert_int_equal(stat_state(VIEW("12 (a ) Z) S 1 2 3")), 'S');
	assert_int_equal(stat_state(VIEW("12 (a) ")), 0);
	assert_int_equal(stat_state(VIEW("12 (a")), 0);
	assert_int_equal(stat_state(VIEW("")), 0);
}

static void test_usage_of_this_process(void **state)
{
	struct self_usage u;
	assert_int_equal(self_usage_read(&u), 0);
	assert_true(u.rss_bytes > 100000);
	assert_true(u.threads >= 1);
	assert_true(u.open_fds >= 3);
}

static void test_probe(void **state)
{
	bool same;
	assert_int_equal(process_probe(getpid(), &same), 0);
	assert_true(same);
	assert_int_equal(process_probe(1, &same), 0);
	assert_false(same);
	assert_int_equal(process_probe(0, &same), -ESRCH);
	assert_int_equal(process_probe(INT64_MAX, &same), -ESRCH);
}

static void test_zombie_is_gone(void **state)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	bool same;
	assert_int_equal(process_probe(pid, &same), -ESRCH);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_fields),
		cmocka_unit_test(test_status_truncated_and_hostile),
		cmocka_unit_test(test_smaps),
		cmocka_unit_test(test_stat_state_with_parentheses),
		cmocka_unit_test(test_usage_of_this_process),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_zombie_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
