#include "support.h"

#include "../../../src/system/process_rules.h"
#include "../../../src/system/process_table.h"

static uint32_t gone_pids[64], n_gone;

static void note_gone(void *arg, struct process *p)
{
	gone_pids[n_gone++ % 64] = (uint32_t)p->pid;
}

static void list(struct process_table *t, const int32_t *pids, uint32_t n, mono_us now)
{
	n_gone = 0;
	assert_int_equal(process_table_list(t, pids, n, n, now, note_gone, NULL), 0);
	assert_int_equal(t->n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(t->rows[i].pid, pids[i]);
}
#define LIST(t, now, ...)                                                                                    \
	list(t, (const int32_t[]){ __VA_ARGS__ }, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), now)

static void test_lists(void **state)
{
	struct process_table t;
	process_table_init(&t);
	LIST(&t, 1, 5, 9, 20);
	assert_int_equal(n_gone, 0);
	t.rows[1].read_at = 77;
	LIST(&t, 2, 1, 5, 7, 9, 10, 30);
	assert_int_equal(n_gone, 1);
	assert_int_equal(gone_pids[0], 20);
	assert_int_equal(process_table_find(&t, 9)->read_at, 77);
	assert_int_equal(process_table_find(&t, 7)->read_at, -1);
	assert_null(process_table_find(&t, 8));
	list(&t, NULL, 0, 3);
	assert_int_equal(n_gone, 6);
	LIST(&t, 4, 3);
	process_table_fini(&t);
}

static void test_who_died_in_between_and_came_back(void **state)
{
	struct process_table t;
	process_table_init(&t);
	LIST(&t, 1, 5, 9, 20);
	process_table_find(&t, 9)->dead = true;
	assert_null(process_table_find(&t, 9));
	LIST(&t, 2, 5, 9, 20);
	assert_int_equal(process_table_find(&t, 9)->seen_at, 2);
	process_table_fini(&t);
}

/* Against a plain set, for many lists. */
static void test_random_lists(void **state)
{
	struct process_table t;
	uint32_t random = 1;
	process_table_init(&t);
	for (int round = 0; round < 500; round++) {
		int32_t pids[200];
		uint32_t n = 0;
		for (int32_t pid = 1; pid <= 200; pid++) {
			random = random * 1103515245 + 12345;
			if ((random >> 16) % 3)
				pids[n++] = pid;
		}
		list(&t, pids, n, round);
	}
	process_table_fini(&t);
}

static void test_a_bound(void **state)
{
	static int32_t pids[PROCESS_TABLE_MAX + 10];
	struct process_table t;
	process_table_init(&t);
	for (int32_t i = 0; i < (int32_t)PROCESS_TABLE_MAX + 10; i++)
		pids[i] = i + 1;
	assert_int_equal(process_table_list(&t, pids, PROCESS_TABLE_MAX + 10, PROCESS_TABLE_MAX + 10, 1,
					    note_gone, NULL),
			 0);
	assert_int_equal(t.n, PROCESS_TABLE_MAX);
	assert_int_equal(t.left_out, 10);
	process_table_fini(&t);
}

static struct process_stat stat_of(uint64_t cpu_us, uint64_t start_us, const char *comm)
{
	struct process_stat s = { .cpu_us = cpu_us, .start_us = start_us, .state = 'S', .rss_bytes = 4096 };
	s.comm_len = (uint8_t)strlen(comm);
	memcpy(s.comm, comm, s.comm_len);
	return s;
}

static void test_readings(void **state)
{
	struct process_table t;
	process_table_init(&t);
	LIST(&t, 0, 5);
	struct process *p = &t.rows[0];
	struct process_stat s = stat_of(1000000, 7, "a");
	assert_int_equal(process_table_note(p, &s, 1000000), PROCESS_NEW);
	assert_true(p->cpu_percent == 0);
	s.cpu_us += 500000;
	assert_int_equal(process_table_note(p, &s, 2000000), PROCESS_SAME);
	assert_true(p->cpu_percent == 50);
	assert_int_equal(process_table_note(p, &s, 2000000), PROCESS_SAME); /* no time went by */
	assert_true(p->cpu_percent == 50);
	s = stat_of(1600000, 7, "b");
	assert_int_equal(process_table_note(p, &s, 3000000), PROCESS_RENAMED);
	assert_true(p->cpu_percent == 10);
	s = stat_of(900000000, 8, "b");
	assert_true(process_is_other(p, &s));
	assert_int_equal(process_table_note(p, &s, 4000000), PROCESS_NEW);
	assert_true(p->cpu_percent == 0 && p->seen_at == 4000000);
	s.cpu_us = UINT64_MAX;
	process_table_note(p, &s, 4000001);
	assert_true(p->cpu_percent == 1e6); /* a broken text stays within bounds */
	process_table_fini(&t);
}

static void test_the_greatest(void **state)
{
	struct process_table t;
	const struct process *top[10];
	process_table_init(&t);
	LIST(&t, 0, 1, 2, 3, 4, 5, 6);
	for (uint32_t i = 0; i < 5; i++) { /* the sixth was never read */
		struct process_stat s = stat_of(0, 1, "x");
		s.rss_bytes = 100 * (i + 1);
		process_table_note(&t.rows[i], &s, 0);
		t.rows[i].cpu_percent = i == 2 ? 90 : i == 4 ? 0 : 10;
	}
	assert_int_equal(process_table_top(&t, PROCESS_BY_CPU, top, 10), 4);
	assert_int_equal(top[0]->pid, 3);
	assert_int_equal(top[1]->pid, 4); /* equal shares: the larger one first */
	assert_int_equal(top[3]->pid, 1);
	assert_int_equal(process_table_top(&t, PROCESS_BY_MEMORY, top, 2), 2);
	assert_int_equal(top[0]->pid, 5);
	assert_int_equal(top[1]->pid, 4);
	assert_int_equal(process_table_top(&t, PROCESS_BY_MEMORY, top, 0), 0);
	process_table_fini(&t);
}

static bool match(const char *entry, const char *comm, const char *base)
{
	const char *items[] = { entry };
	struct option_list track = { items, 1 };
	struct process_rules rules = { .track = &track };
	return process_rules_match(&rules, view_of(comm), view_of(base));
}

static void test_rules(void **state)
{
	assert_true(match("python", "python", ""));
	assert_true(match("python", "python3.11", ""));
	assert_true(match("node", "node20", ""));
	assert_true(match("Node", "NODE", ""));
	assert_true(match("java", "main", "java"));
	assert_true(match("python3", "python3", ""));
	assert_false(match("python", "python-config", ""));
	assert_false(match("python", "ipython", ""));
	assert_false(match("node", "nodejs", "nodeenv"));
	assert_false(match("node", "nod", ""));
	assert_false(match("", "", ""));
	assert_false(match("", "3", ""));
	struct process_rules python = { .python = true };
	assert_true(process_rules_match(&python, VIEW("iPYTHONx"), VIEW("")));
	assert_true(process_rules_match(&python, VIEW("gunicorn"), VIEW("python3.11")));
	assert_false(process_rules_match(&python, VIEW("pytho"), VIEW("ython")));
	assert_false(process_rules_match(&(struct process_rules){ 0 }, VIEW("python"), VIEW("python")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),        cmocka_unit_test(test_who_died_in_between_and_came_back),
		cmocka_unit_test(test_random_lists), cmocka_unit_test(test_a_bound),
		cmocka_unit_test(test_readings),     cmocka_unit_test(test_the_greatest),
		cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
