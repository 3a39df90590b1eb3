#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

static enum store_state state_of(struct rig *r)
{
	struct store_stats st;
	store_get_stats(r->store, &st);
	return st.state;
}

/* A small tmpfs over the rig's directory; false when we may not mount. */
static bool mount_small(struct rig *r, const char *options)
{
	if (geteuid() != 0 || mount("tmpfs", r->dir, "tmpfs", 0, options) < 0) {
		print_message("skipped: needs root and mount(2): %s\n", strerror(errno));
		return false;
	}
	return true;
}

static void fill_disk(const struct rig *r)
{
	char path[128], block[4096] = { 1 };
	rig_file(r, "ballast", path, sizeof(path));
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void free_disk(const struct rig *r)
{
	char path[128];
	rig_file(r, "ballast", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
}

static void big_run(struct rig *r, int i)
{
	static char text[20000];
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(rig_run(r, i, text, i, STORE_MUST), 0);
}

static void test_a_full_disk_is_told_and_recovers_by_itself(void **state)
{
	struct rig r;
	struct store_stats st;
	rig_dir(&r);
	if (!mount_small(&r, "size=2m")) {
		rig_stop(&r);
		skip_because("a small tmpfs cannot be mounted here: root and mount rights are needed");
	}
	assert_int_equal(rig_open(&r), 0);
	rig_run(&r, 1, "kept", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	fill_disk(&r);
	int acknowledged = 0, rc = 0;
	for (int i = 0; i < 200 && rc == 0; i++) {
		big_run(&r, i);
		rc = rig_commit(&r);
		acknowledged += rc == 0;
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(state_of(&r), STORE_DISK_FULL);
	for (int i = 0; i < 10; i++)
		rig_run(&r, 1, "detail", 1, STORE_DETAIL);
	big_run(&r, 1);
	assert_int_equal(rig_commit(&r), -ENOSPC);
	store_get_stats(r.store, &st);
	assert_int_equal(st.detail_dropped_fault, 10);
	assert_true(st.must_lost >= 2 && st.last_error[0]);
	free_disk(&r);
	uint64_t t0 = uv_hrtime();
	rig_until(&r, state_of(&r) == STORE_OK);
	assert_true(uv_hrtime() - t0 < 1500000000u);
	rig_run(&r, 2, "after", 2, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 2 + acknowledged);
	rig_close(&r);
	umount(r.dir);
	rig_stop(&r);
}

static void test_a_disk_full_at_start_does_not_stop_the_start(void **state)
{
	struct rig r;
	rig_dir(&r);
	if (!mount_small(&r, "size=1m")) {
		rig_stop(&r);
		skip_because("a small tmpfs cannot be mounted here: root and mount rights are needed");
	}
	assert_int_equal(rig_open(&r), 0);
	for (int i = 0; i < 3; i++)
		rig_run(&r, i, "before", i, STORE_MUST);
	rig_close(&r);
	fill_disk(&r);
	assert_int_equal(rig_open(&r), 0);
	rig_run(&r, 1, "refused", 1, STORE_MUST);
	int rc = rig_commit(&r);
	free_disk(&r);
	if (rc < 0)
		rig_until(&r, state_of(&r) == STORE_OK);
	assert_true(rc == 0 || rc == -ENOSPC);
	rig_until(&r, (rig_run(&r, 9, "after", 9, STORE_MUST), rig_commit(&r) == 0));
	assert_true(store_next_id(r.store, &run_kind) > 4);
	assert_true(rig_count(&r, &run_kind) >= 4);
	rig_close(&r);
	umount(r.dir);
	rig_stop(&r);
}

static void test_a_read_only_directory_is_told_and_recovers(void **state)
{
	struct rig r;
	rig_dir(&r);
	if (!mount_small(&r, "size=2m,ro")) {
		rig_stop(&r);
		skip_because("a small tmpfs cannot be mounted here: root and mount rights are needed");
	}
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(state_of(&r), STORE_READ_ONLY);
	rig_run(&r, 1, "x", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), -EROFS);
	assert_int_equal(mount("tmpfs", r.dir, "tmpfs", MS_REMOUNT, "size=2m"), 0);
	rig_until(&r, state_of(&r) == STORE_OK);
	rig_run(&r, 1, "x", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 1);
	rig_close(&r);
	umount(r.dir);
	rig_stop(&r);
}

static void test_a_disk_that_turns_read_only_keeps_what_was_acknowledged(void **state)
{
	struct rig r;
	rig_dir(&r);
	if (!mount_small(&r, "size=4m")) {
		rig_stop(&r);
		skip_because("a small tmpfs cannot be mounted here: root and mount rights are needed");
	}
	assert_int_equal(rig_open(&r), 0);
	rig_run(&r, 1, "x", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	rig_close(&r);
	assert_int_equal(mount("tmpfs", r.dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"), 0);
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(rig_commit(&r), 0);
	rig_run(&r, 1, "y", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), -EROFS);
	assert_int_equal(mount("tmpfs", r.dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
	rig_until(&r, state_of(&r) == STORE_OK);
	rig_until(&r, (rig_run(&r, 9, "after", 9, STORE_MUST), rig_commit(&r) == 0));
	assert_int_equal(rig_count(&r, &run_kind), 2);
	rig_close(&r);
	umount(r.dir);
	rig_stop(&r);
}

static void test_a_second_store_is_kept_out(void **state)
{
	struct rig r;
	struct store *second;
	char pid[32];
	rig_start(&r);
	int rc = store_open(&second, &r.loop, rig_kinds, 2, r.registry, &r.opt, NULL, &r.clock.clock,
			    (struct store_notice){ 0 }, &r.err);
	assert_int_equal(rc, ERR_LOCKED);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	assert_non_null(strstr(r.err.text, pid));
	rig_stop(&r);
}

static void test_a_deleted_file_is_begun_anew(void **state)
{
	struct rig r;
	char path[128], command[200];
	rig_start(&r);
	rig_run(&r, 1, "lost", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	rig_file(&r, "history.db", path, sizeof(path));
	snprintf(command, sizeof(command), "rm -f %s*", path);
	assert_int_equal(system(command), 0);
	rig_run(&r, 2, "kept", 2, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 1);
	rig_until(&r, r.bad_notices == 1);
	assert_non_null(strstr(r.last_notice, "removed"));
	rig_stop(&r);
}

static void test_a_deleted_directory_is_made_again(void **state)
{
	struct rig r;
	char command[200];
	rig_start(&r);
	rig_run(&r, 1, "lost", 1, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	snprintf(command, sizeof(command), "rm -rf %s", r.dir);
	assert_int_equal(system(command), 0);
	rig_run(&r, 2, "kept", 2, STORE_MUST);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 1);
	rig_stop(&r);
}

static void test_a_file_put_in_its_place_is_adopted(void **state)
{
	struct rig r;
	char path[80], command[400];
	rig_start(&r);
	for (int i = 0; i < 50; i++)
		rig_run(&r, i, "old", i, STORE_MUST);
	rig_reopen(&r);
	rig_file(&r, "history.db", path, sizeof(path));
	snprintf(command, sizeof(command),
		 "cp %s %s.copy && sqlite3 %s.copy \"insert into run(id,t) values(900,1)\"", path, path,
		 path);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm -f %s-wal %s-shm; mv %s.copy %s", path, path, path, path);
	assert_int_equal(system(command), 0);
	rig_until(&r, (rig_run(&r, 1, "new", 1, STORE_MUST), rig_commit(&r) == 0));
	assert_true(store_next_id(r.store, &run_kind) > 901);
	assert_int_equal(rig_count(&r, &run_kind), 52);
	rig_stop(&r);
}

static void test_a_lost_must_record_fails_the_ticket_that_follows(void **state)
{
	struct rig r;
	rig_dir(&r);
	if (!mount_small(&r, "size=2m")) {
		rig_stop(&r);
		skip_because("a small tmpfs cannot be mounted here: root and mount rights are needed");
	}
	assert_int_equal(rig_open(&r), 0);
	rig_commit(&r);
	fill_disk(&r);
	for (int i = 0; i < 20; i++) /* past the bytes that wake the writer: a batch without a ticket */
		big_run(&r, i);
	struct store_stats st;
	rig_until(&r, (store_get_stats(r.store, &st), st.must_lost >= 13));
	free_disk(&r);
	assert_int_equal(rig_commit(&r), -ENOSPC);
	rig_until(&r, state_of(&r) == STORE_OK);
	assert_int_equal(rig_commit(&r), 0);
	rig_close(&r);
	umount(r.dir);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_disk_is_told_and_recovers_by_itself),
		cmocka_unit_test(test_a_disk_full_at_start_does_not_stop_the_start),
		cmocka_unit_test(test_a_read_only_directory_is_told_and_recovers),
		cmocka_unit_test(test_a_disk_that_turns_read_only_keeps_what_was_acknowledged),
		cmocka_unit_test(test_a_second_store_is_kept_out),
		cmocka_unit_test(test_a_deleted_file_is_begun_anew),
		cmocka_unit_test(test_a_deleted_directory_is_made_again),
		cmocka_unit_test(test_a_file_put_in_its_place_is_adopted),
		cmocka_unit_test(test_a_lost_must_record_fails_the_ticket_that_follows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
