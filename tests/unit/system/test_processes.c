#include "host.h"

#include "../../../src/system/process_scan.h"

#include "system/process.h"

static const char *const names[] = { "processes", NULL };

/* Ticks of CPU time and start as the kernel counts them: hundredths of a second. */
static void write_process(const struct host *h, int pid, const char *comm, unsigned cpu, unsigned start)
{
	char path[64], text[512];
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 %u 0 0 0 20 0 3 0 %u 104857600 2560 1 2 3\n", pid, comm, cpu,
		 start);
	host_write(h, path, text);
}

static void write_arguments(const struct host *h, int pid, const char *bytes, size_t n)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/proc/%d/cmdline", h->root, pid);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}
#define ARGUMENTS(h, pid, literal) write_arguments(h, pid, literal, sizeof(literal) - 1)

static void remove_process(const struct host *h, int pid)
{
	char command[256];
	snprintf(command, sizeof(command), "rm -r '%s/proc/%d'", h->root, pid);
	assert_int_equal(system(command), 0);
}

static int start(void **state)
{
	struct host *h = malloc(sizeof(*h));
	host_start(h, names);
	host_write(h, "proc/stat", "cpu 1 1 1 1\nbtime 1795870000\n");
	host_write(h, "proc/self", "not a number");
	host_write(h, "proc/12x/stat", "no process either");
	write_process(h, 1, "init", 100, 1);
	write_process(h, 500, "python3", 1000, 5000);
	ARGUMENTS(h, 500, "/usr/bin/python3\0load.py\0");
	host_ready(h);
	*state = h;
	return 0;
}

static int stop(void **state)
{
	host_stop(*state);
	free(*state);
	return 0;
}

static const struct host_process *tracked(const struct host_sample *s, int32_t pid)
{
	for (uint32_t i = 0; i < s->n_processes; i++)
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	return NULL;
}

static bool view_is(struct view v, const char *text)
{
	return view_eq(v, view_of(text));
}

static void test_a_tracked_process(void **state)
{
	struct host *h = *state;
	const struct host_sample *s = host_sample(h, 1000);
	assert_true(s->have & HOST_PROCESSES);
	assert_int_equal(s->n_processes, 1);
	const struct host_process *p = &s->processes[0];
	assert_int_equal(p->pid, 500);
	assert_true(view_is(p->name, "python3"));
	assert_true(view_is(p->cmdline, "/usr/bin/python3 load.py"));
	assert_true(p->cpu_percent == 0);
	assert_int_equal(p->rss_bytes, 2560 * sysconf(_SC_PAGESIZE));
	assert_int_equal(p->vms_bytes, 104857600);
	assert_int_equal(p->threads, 3);
	assert_int_equal(p->state, 'S');
	assert_true(fabs(p->create_time - (1795870000 + 5000.0 / (double)sysconf(_SC_CLK_TCK))) < 1e-6);
}

static void test_cpu_time_is_of_one_core(void **state)
{
	struct host *h = *state;
	long tick = sysconf(_SC_CLK_TCK);
	host_sample(h, 1000);
	write_process(h, 500, "python3", 1000 + (unsigned)tick * 3, 5000);
	assert_true(fabs(tracked(host_sample(h, 2000), 500)->cpu_percent - 150) < 1e-9);
	write_process(h, 500, "python3", 1000, 5000); /* fell: impossible, and no negative share */
	assert_true(tracked(host_sample(h, 1000), 500)->cpu_percent == 0);
}

static void test_a_number_that_comes_back_is_another_process(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	write_process(h, 500, "python3", 900000, 777777);
	ARGUMENTS(h, 500, "python3\0other.py\0");
	const struct host_sample *s = host_sample(h, 1000);
	assert_true(tracked(s, 500)->cpu_percent == 0);
	assert_true(view_is(tracked(s, 500)->cmdline, "python3 other.py"));
	assert_int_equal(s->scan->n_changes, 1);
	assert_true(s->scan->changes[0].gone);
}

static void test_who_has_gone_is_not_in_the_next_sample(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	remove_process(h, 500);
	const struct host_sample *s = host_sample(h, 100);
	assert_int_equal(s->n_processes, 0);
	assert_int_equal(s->scan->n_changes, 1);
	assert_true(s->scan->changes[0].gone);
	assert_memory_equal(s->scan->changes[0].name, "python3", 7);
	assert_int_equal(host_sample(h, 1000)->scan->n_changes, 0);
}

static void test_who_comes_is_found_within_a_second(void **state)
{
	struct host *h = *state;
	assert_int_equal(host_sample(h, 1000)->scan->n_changes, 0); /* who was there before is no news */
	write_process(h, 600, "python3.11", 5, 9000);
	const struct host_sample *s = host_sample(h, 1000);
	assert_non_null(tracked(s, 600));
	assert_int_equal(s->scan->n_changes, 0);
	assert_int_equal(host_sample(h, 9900)->scan->n_changes, 0); /* one that lasts is news */
	s = host_sample(h, 100);
	assert_int_equal(s->scan->n_changes, 1);
	assert_int_equal(s->scan->changes[0].pid, 600);
	assert_false(s->scan->changes[0].gone);
	assert_int_equal(host_sample(h, 100)->scan->n_changes, 0);
}

static void test_who_ends_at_once_is_no_news(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	write_process(h, 600, "python3", 5, 9000);
	assert_non_null(tracked(host_sample(h, 1000), 600));
	remove_process(h, 600);
	assert_int_equal(host_sample(h, 1000)->scan->n_changes, 0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(host_sample(h, 1000)->scan->n_changes, 0);
}

static void test_who_becomes_another_program(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	write_process(h, 600, "bash", 5, 9000);
	assert_null(tracked(host_sample(h, 1000), 600));
	write_process(h, 600, "python3", 6, 9000);
	assert_non_null(tracked(host_sample(h, 1000), 600));
	write_process(h, 600, "bash", 7, 9000);
	assert_null(tracked(host_sample(h, 1000), 600));
}

static void test_the_whole_name(void **state)
{
	struct host *h = *state;
	write_process(h, 700, "python3-config-", 1, 1); /* 15 bytes: the kernel cut it */
	ARGUMENTS(h, 700, "/opt/python3-config-server\0--token=abcdef0123456789\0");
	write_process(h, 701, "a) S python (b", 1, 1);
	write_process(h, 702, "\xff python", 1, 1);
	h->opt.mask_secrets = true;
	const struct host_sample *s = host_sample(h, 1000);
	assert_true(view_is(tracked(s, 700)->name, "python3-config-server"));
	assert_true(view_is(tracked(s, 700)->cmdline, "/opt/python3-config-server --token=***"));
	assert_true(view_is(tracked(s, 701)->name, "a) S python (b"));
	assert_true(view_is(tracked(s, 702)->name, "\xff python"));
	assert_int_equal(tracked(s, 701)->cmdline.len, 0);
}

static void test_rules_change_while_it_runs(void **state)
{
	struct host *h = *state;
	static const char *items[] = { "init" };
	struct system_options other;
	host_sample(h, 1000);
	other = h->opt;
	other.track_processes = (struct option_list){ items, 1 };
	other.auto_track_python = false;
	sampler_reconfigure(h->sampler, &other);
	host_sample(h, 1000);
	const struct host_sample *s = NULL;
	for (int i = 0; i < 5; i++)
		s = host_sample(h, 1000); /* those that are not tracked are read in turn */
	assert_non_null(tracked(s, 1));
	assert_null(tracked(s, 500));
}

static void test_series_of_names(void **state)
{
	struct host *h = *state;
	write_process(h, 501, "python3", 0, 6000);
	host_sample(h, 1000);
	write_process(h, 501, "python3", (unsigned)sysconf(_SC_CLK_TCK), 6000);
	host_sample(h, 1000);
	assert_true(host_value(h, "system.process.count{process=python3}") == 2);
	assert_true(host_value(h, "system.process.cpu{process=python3}") == 100);
	assert_true(host_value(h, "system.process.rss{process=python3}") ==
		    2 * 2560.0 * (double)sysconf(_SC_PAGESIZE));
	assert_true(host_value(h, "system.processes{state=sleeping}") == 3);
	assert_true(host_value(h, "system.threads") == 9);
	remove_process(h, 500);
	remove_process(h, 501);
	host_sample(h, 1000);
	assert_true(isnan(host_value(h, "system.process.count{process=python3}")));
}

static void test_hostile_texts_harm_nobody(void **state)
{
	struct host *h = *state;
	host_write(h, "proc/800/stat", "800 (python");
	host_write(h, "proc/801/stat", "");
	host_write(h, "proc/802/stat",
		   "802 (python) R -1 0 0 0 -1 0 0 0 0 0 99999999999999999999 5 0 0 20 0 -3 0 9 "
		   "99999999999999999999 "
		   "99999999999999999999\n");
	host_write(h, "proc/803/nothing", "");
	const struct host_sample *s = host_sample(h, 1000);
	assert_non_null(tracked(s, 500));
	assert_null(tracked(s, 800));
	assert_non_null(tracked(s, 802));
	host_write(h, "proc/802/stat", "802 (python) R 1 0 0 0 -1 0 0 0 0 0 1 5 0 0 20 0 1 0 9 1 1\n");
	assert_true(tracked(host_sample(h, 1000), 802)->cpu_percent == 0);
}

static void test_tracked_ones_are_bounded(void **state)
{
	struct host *h = *state;
	for (int i = 0; i < PROCESS_TRACKED + 20; i++)
		write_process(h, 1000 + i, "python3", 1, (unsigned)i);
	host_sample(h, 1000);
	const struct host_sample *s = host_sample(h, 1000);
	assert_int_equal(s->n_processes, PROCESS_TRACKED);
	assert_int_equal(s->scan->tracked_left_out, 21);
	assert_true(s->scan->n_changes <= PROCESS_CHANGES);
}

static void test_the_others_are_read_in_turn(void **state)
{
	struct host *h = *state;
	for (int i = 0; i < 100; i++)
		write_process(h, 2000 + i, "worker", 1, 1);
	for (int i = 0; i < 5; i++)
		host_sample(h, 1000);
	for (int i = 0; i < 100; i++) {
		uint32_t read = 0;
		host_sample(h, 1000);
		for (uint32_t k = 0; k < sampler_last(h->sampler)->scan->table.n; k++)
			read += sampler_last(h->sampler)->scan->table.rows[k].read_at ==
				sampler_last(h->sampler)->mono;
		assert_in_range(read, 20, 25); /* a fifth of them, and the tracked one */
	}
	const struct process_table *t = &sampler_last(h->sampler)->scan->table;
	for (uint32_t k = 0; k < t->n; k++)
		assert_true(sampler_last(h->sampler)->mono - t->rows[k].read_at <= 5 * US_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_tracked_process),
		TEST(test_cpu_time_is_of_one_core),
		TEST(test_a_number_that_comes_back_is_another_process),
		TEST(test_who_has_gone_is_not_in_the_next_sample),
		TEST(test_who_comes_is_found_within_a_second),
		TEST(test_who_ends_at_once_is_no_news),
		TEST(test_who_becomes_another_program),
		TEST(test_the_whole_name),
		TEST(test_rules_change_while_it_runs),
		TEST(test_series_of_names),
		TEST(test_hostile_texts_harm_nobody),
		TEST(test_tracked_ones_are_bounded),
		TEST(test_the_others_are_read_in_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
