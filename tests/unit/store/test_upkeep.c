#include "rig.h"

#include <fcntl.h>
#include <sys/stat.h>

static void fill(struct rig *r, int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(rig_run(r, i, "make -j8 all install check distcheck clean", i, STORE_MUST),
				 0);
		if (i % 10000 == 9999)
			assert_int_equal(rig_commit(r), 0);
	}
	assert_int_equal(rig_commit(r), 0);
}

static void test_the_file_stays_within_its_bound(void **state)
{
	struct rig r;
	char path[128];
	struct stat st;
	rig_dir(&r);
	r.opt.max_bytes = 1 << 20;
	struct store_kind kept_kind = note_kind;
	const struct store_kind *const kinds[] = { &run_kind, &kept_kind };
	kept_kind.kept = true;
	r.kinds = kinds;
	assert_int_equal(rig_open(&r), 0);
	struct store_value note = SV_TEXT(VIEW("older than all of them, and it stays"));
	assert_int_equal(store_append(r.store, &kept_kind, -1, &note, STORE_MUST), 0);
	fill(&r, 30000);
	store_chores_now(r.store);
	rig_commit(&r);
	rig_until(&r, rig_count(&r, &run_kind) < 20000);
	struct rig_rows rows;
	struct store_query q = { .kind = &run_kind, .newest_first = true, .limit = 1 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.t[0], 29999);
	assert_int_equal(rig_count(&r, &kept_kind), 1);
	rig_close(&r);
	rig_file(&r, "history.db", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 3 << 20);
	rig_stop(&r);
}

/* Too large for the check before the start: found afterwards, and the store goes on with a fresh file. */
static void test_damage_in_a_large_file_is_found_after_the_start(void **state)
{
	struct rig r;
	char path[128], junk[4096];
	struct stat st;
	rig_start(&r);
	fill(&r, 100000);
	rig_close(&r);
	rig_file(&r, "history.db", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 8 << 20);
	memset(junk, 0xa5, sizeof(junk));
	int fd = open(path, O_WRONLY);
	for (off_t page = 1000; page < 1010; page++)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096), sizeof(junk));
	close(fd);
	assert_int_equal(rig_open(&r), 0);
	rig_until(&r, r.bad_notices == 1);
	assert_non_null(strstr(r.last_notice, "damaged"));
	rig_run(&r, 1, "after", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 1);
	assert_true(store_next_id(r.store, &run_kind) > 100000);
	rig_stop(&r);
}

static void test_durability_may_change_while_running(void **state)
{
	struct rig r;
	rig_start(&r);
	r.opt.durability = STORE_POWER;
	store_reconfigure(r.store, &r.opt);
	rig_run(&r, 1, "make", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	rig_run(&r, 2, "make", 2, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	rig_reopen(&r);
	assert_int_equal(rig_count(&r, &run_kind), 2);
	rig_stop(&r);
}

/* 128 MB in one go: the log is copied into the file beside the writer and begins anew again and again. */
static void test_the_log_stays_small_in_a_busy_spell(void **state)
{
	enum { ROUNDS = 128, ROWS = 128 };
	static char large[8192];
	struct rig r;
	struct store_stats st;
	struct stat file;
	char path[400];
	memset(large, 'x', sizeof(large) - 1);
	rig_start(&r);
	rig_file(&r, "history.db-wal", path, sizeof(path));
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ROWS; i++)
			assert_int_equal(rig_run(&r, round * ROWS + i, large, i, STORE_MUST), 0);
		assert_int_equal(rig_commit(&r), 0);
		assert_int_equal(stat(path, &file), 0);
		assert_true(file.st_size < 72 << 20);
	}
	store_get_stats(r.store, &st);
	assert_int_equal(st.records_committed, ROUNDS * ROWS);
	rig_reopen(&r);
	assert_int_equal(rig_count(&r, &run_kind), ROUNDS * ROWS);
	rig_stop(&r);
}

static void test_statistics_add_up(void **state)
{
	struct rig r;
	struct store_stats st;
	rig_start(&r);
	fill(&r, 100);
	store_get_stats(r.store, &st);
	assert_int_equal(st.state, STORE_OK);
	assert_string_equal(st.state_text, "ok");
	assert_int_equal(st.records_committed, 100);
	assert_true(st.commits >= 1 && st.commit_max_us >= st.commit_last_us && st.commit_avg_us > 0);
	assert_true(st.file_bytes > 0);
	assert_int_equal(st.queue_bytes, 0);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_stays_within_its_bound),
		cmocka_unit_test(test_damage_in_a_large_file_is_found_after_the_start),
		cmocka_unit_test(test_durability_may_change_while_running),
		cmocka_unit_test(test_the_log_stays_small_in_a_busy_spell),
		cmocka_unit_test(test_statistics_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
