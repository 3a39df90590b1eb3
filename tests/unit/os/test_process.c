#include "support.h"

#include "base/err.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct process_units units = { 100, 4096 };

/* Captured; the resident set is the 22nd field behind the name. */
#define TAIL                                                                                                 \
	" S 1 4321 4321 0 -1 4194304 5111 12345 6 77 1234 567 8 9 20 0 5 0 98765 1073741824 2560 "           \
	"18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n"

static int parse(const char *text, struct process_stat *out)
{
	return process_stat_parse(view_of(text), &units, out);
}

static void assert_comm(const struct process_stat *s, const char *comm)
{
	assert_int_equal(s->comm_len, strlen(comm));
	assert_memory_equal(s->comm, comm, s->comm_len);
}

static void test_stat(void **state)
{
	struct process_stat s;
	assert_int_equal(parse("4321 (python3)" TAIL, &s), 0);
	assert_int_equal(s.pid, 4321);
	assert_int_equal(s.parent, 1);
	assert_int_equal(s.state, 'S');
	assert_comm(&s, "python3");
	assert_int_equal(s.threads, 5);
	assert_int_equal(s.cpu_us, (1234 + 567) * 10000);
	assert_int_equal(s.start_us, 987650000);
	assert_int_equal(s.vms_bytes, 1073741824);
	assert_int_equal(s.rss_bytes, 2560 * 4096);
	assert_int_equal(s.major_faults, 6);
}

static void test_odd_names(void **state)
{
	static const char *const names[] = { "a b",        ")",    "a) S 1 2", "(",      "",
					     "((sd-pam))", "x\ny", "\xff\xfe", "0 (1) S" };
	char text[512];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct process_stat s;
		snprintf(text, sizeof(text), "7 (%s)" TAIL, names[i]);
		assert_int_equal(parse(text, &s), 0);
		assert_comm(&s, names[i]);
		assert_int_equal(s.state, 'S');
		assert_int_equal(s.threads, 5);
	}
}

static void test_a_long_name_is_cut(void **state)
{
	char text[512];
	struct process_stat s;
	snprintf(text, sizeof(text), "7 (kworker/u64:3-%0100d)" TAIL, 1);
	assert_int_equal(parse(text, &s), 0);
	assert_int_equal(s.comm_len, PROCESS_COMM_MAX);
	assert_int_equal(s.threads, 5);
}

static void test_truncated_stat(void **state)
{
	static const char whole[] = "4321 (a) b)" TAIL;
	const char *rss = strstr(whole, " 2560 ");
	struct process_stat s;
	for (size_t n = 0; n < sizeof(whole); n++) {
		char *copy = malloc(n + 1); /* no byte after it, for the sanitizer */
		memcpy(copy, whole, n);
		int rc = process_stat_parse((struct view){ copy, n }, &units, &s);
		free(copy);
		assert_int_equal(rc, n > (size_t)(rss - whole) + 1 ? 0 : ERR_SYNTAX);
	}
}

static void test_huge_and_negative_numbers(void **state)
{
	struct process_stat s;
	assert_int_equal(parse("1 (a) R -1 0 0 0 -1 0 0 0 0 0 99999999999999999999 5 0 0 20 0 -3 0 "
			       "99999999999999999999 "
			       "99999999999999999999 99999999999999999999\n",
			       &s),
			 0);
	assert_int_equal(s.parent, 0);
	assert_int_equal(s.threads, 0);
	assert_true(s.cpu_us == UINT64_MAX && s.start_us == UINT64_MAX && s.rss_bytes == UINT64_MAX);
	assert_int_equal(parse("0 (a)" TAIL, &s), ERR_SYNTAX);
	assert_int_equal(parse("99999999999 (a)" TAIL, &s), ERR_SYNTAX);
	assert_int_equal(parse("-1 (a)" TAIL, &s), ERR_SYNTAX);
	assert_int_equal(parse("1 (a) RS 1 2", &s), ERR_SYNTAX);
	assert_int_equal(parse("1 (a) R 1 0 0 0 -1 0 0 0 x 0 1 5 0 0 20 0 1 0 1 1 1", &s), ERR_SYNTAX);
}

static void test_statm_and_io(void **state)
{
	uint64_t vms, rss;
	struct process_io io;
	assert_int_equal(process_statm_parse(VIEW("8000 6520 1000 1 0 900 0\n"), &units, &vms, &rss), 0);
	assert_int_equal(vms, 8000 * 4096);
	assert_int_equal(rss, 6520 * 4096);
	assert_int_equal(process_statm_parse(VIEW("8000"), &units, &vms, &rss), ERR_SYNTAX);
	assert_int_equal(process_io_parse(VIEW("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\n"
					       "write_bytes: 8192\ncancelled_write_bytes: 9\n"),
					  &io),
			 0);
	assert_int_equal(io.read_bytes, 4096);
	assert_int_equal(io.written_bytes, 8192);
	assert_int_equal(process_io_parse(VIEW("read_bytes: 4096\nwrite_byt"), &io), ERR_SYNTAX);
	assert_int_equal(process_io_parse(VIEW(""), &io), ERR_SYNTAX);
}

static void test_btime(void **state)
{
	assert_int_equal(process_btime_parse(VIEW("cpu 1 2\nintr 5\nbtime 1795378200\nx 1\n")), 1795378200);
	assert_int_equal(process_btime_parse(VIEW("cpu 1 2\n")), -1);
	assert_int_equal(process_btime_parse(VIEW("btime -4\n")), -1);
}

static void assert_view(struct view v, const char *text)
{
	assert_int_equal(v.len, strlen(text));
	if (v.len)
		assert_memory_equal(v.data, text, v.len);
}

static void test_names(void **state)
{
	assert_view(process_base_name(VIEW("/usr/bin/python3.11\0-m\0a/b\0")), "python3.11");
	assert_view(process_base_name(VIEW("sleep")), "sleep");
	assert_view(process_base_name(VIEW("")), "");
	assert_view(process_base_name(VIEW("/bin/\0x")), "");
	/* Only a name of exactly 15 bytes may have been cut, and only a longer one that begins so is the whole. */
	assert_view(process_name(VIEW("gnome-terminal-"), VIEW("/usr/libexec/gnome-terminal-server\0")),
		    "gnome-terminal-server");
	assert_view(process_name(VIEW("gnome-terminal-"), VIEW("/usr/bin/gnome-term\0")), "gnome-terminal-");
	assert_view(process_name(VIEW("gnome-terminal"), VIEW("gnome-terminal-server\0")), "gnome-terminal");
	assert_view(process_name(VIEW("gnome-terminal-"), VIEW("gnome-terminal-\0")), "gnome-terminal-");
	assert_view(process_name(VIEW("gnome-terminal-"), VIEW("")), "gnome-terminal-");
}

static void test_arguments_are_joined(void **state)
{
	char out[32];
	assert_int_equal(process_join_arguments(VIEW("python3\0load.py\0\0x\0"), out, sizeof(out)), 18);
	assert_memory_equal(out, "python3 load.py  x", 18);
	assert_int_equal(process_join_arguments(VIEW("\0\0\0"), out, sizeof(out)), 0);
	assert_int_equal(process_join_arguments(VIEW("abcdef\0"), out, 3), 3);
	assert_int_equal(process_join_arguments(VIEW(""), out, 3), 0);
}

static void test_state_words(void **state)
{
	static const char letters[] = "RSDTtZXxKWIP";
	for (const char *p = letters; *p; p++)
		assert_string_not_equal(process_state_word(*p), "unknown");
	assert_string_equal(process_state_word('D'), "disk-sleep");
	assert_string_equal(process_state_word(0), "unknown");
}

static void test_ourselves(void **state)
{
	struct process_source *s;
	struct process_stat me;
	struct process_io io;
	struct view arguments;
	int32_t pids[4096];
	uint32_t n, total;
	char text[4096];
	int64_t uid;
	bool found = false;
	assert_int_equal(process_source_open(&s, "/proc"), 0);
	assert_int_equal(process_list(s, pids, 4096, &n, &total), 0);
	for (uint32_t i = 0; i < n; i++) {
		found = found || pids[i] == getpid();
		assert_true(i == 0 || pids[i - 1] < pids[i]);
	}
	assert_true(found);
	assert_int_equal(process_read(s, getpid(), &me, &uid), 0);
	assert_int_equal(me.pid, getpid());
	assert_int_equal(me.parent, getppid());
	assert_int_equal(uid, geteuid());
	assert_true(me.rss_bytes > 100000 && me.threads >= 1 && me.start_us > 0);
	assert_int_equal(process_read_arguments(s, getpid(), text, sizeof(text), &arguments), 0);
	assert_true(arguments.len > 0);
	assert_int_equal(process_read_io(s, getpid(), &io), 0);
	int64_t before = process_count_fds(s, getpid());
	int more = dup(0);
	assert_int_equal(process_count_fds(s, getpid()), before + 1);
	close(more);
	assert_true(process_boot_s(s) > 1e9);
	assert_int_equal(process_list(s, pids, 1, &n, &total), 0);
	assert_int_equal(n, 1);
	assert_true(total > 1);
	process_source_close(s);
}

static void test_one_that_has_gone(void **state)
{
	struct process_source *s;
	struct process_stat stat;
	struct view arguments;
	char text[64];
	assert_int_equal(process_source_open(&s, "/proc"), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(process_read(s, pid, &stat, NULL), -ESRCH);
	assert_int_equal(process_read_arguments(s, pid, text, sizeof(text), &arguments), -ESRCH);
	assert_int_equal(arguments.len, 0);
	assert_int_equal(process_count_fds(s, pid), -ESRCH);
	process_source_close(s);
}

static void test_a_folder_that_is_none(void **state)
{
	struct process_source *s = NULL;
	assert_int_equal(process_source_open(&s, "/nowhere/at/all"), -ENOENT);
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_a_long_name_is_cut),
		cmocka_unit_test(test_truncated_stat),
		cmocka_unit_test(test_huge_and_negative_numbers),
		cmocka_unit_test(test_statm_and_io),
		cmocka_unit_test(test_btime),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_arguments_are_joined),
		cmocka_unit_test(test_state_words),
		cmocka_unit_test(test_ourselves),
		cmocka_unit_test(test_one_that_has_gone),
		cmocka_unit_test(test_a_folder_that_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
