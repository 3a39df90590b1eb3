#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static void make_history(struct rig *r, int n)
{
	rig_start(r);
	for (int i = 0; i < n; i++)
		assert_int_equal(rig_run(r, i, "make", i, STORE_MUST), 0);
	assert_int_equal(rig_commit(r), 0);
	rig_close(r);
}

static void overwrite(const struct rig *r, const char *name, off_t at, size_t n)
{
	char path[128], junk[4096];
	memset(junk, 0xa5, sizeof(junk));
	rig_file(r, name, path, sizeof(path));
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, n, at), n);
	close(fd);
}

static size_t files_with(const struct rig *r, const char *prefix)
{
	size_t n = 0;
	DIR *d = opendir(r->dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void assert_begun_anew(struct rig *r)
{
	assert_int_equal(rig_open(r), 0);
	assert_int_equal(files_with(r, "history.db.damaged-"), 1);
	assert_int_equal(rig_count(r, &run_kind), 0);
	rig_until(r, r->bad_notices == 1);
	assert_non_null(strstr(r->last_notice, "damaged"));
	rig_run(r, 1, "fresh", 1, STORE_MUST);
	assert_int_equal(rig_commit(r), 0);
	rig_stop(r);
}

static void test_a_damaged_header_is_moved_aside(void **state)
{
	struct rig r;
	make_history(&r, 100);
	overwrite(&r, "history.db", 0, 100);
	assert_begun_anew(&r);
}

static void test_a_file_cut_to_nothing_beside_its_log_is_moved_aside_with_it(void **state)
{
	struct rig r;
	char db[128], log[128];
	make_history(&r, 100);
	rig_file(&r, "history.db", db, sizeof(db));
	rig_file(&r, "history.db-wal", log, sizeof(log));
	assert_int_equal(rename(db, log), 0); /* some content */
	close(open(db, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(files_with(&r, "history.db.damaged-"), 2);
	rig_until(&r, r.bad_notices == 1);
	assert_non_null(strstr(r.last_notice, "its beginning is missing"));
	rig_stop(&r);
}

static void test_a_damaged_page_is_moved_aside(void **state)
{
	struct rig r;
	make_history(&r, 5000);
	for (off_t page = 20; page < 40; page++)
		overwrite(&r, "history.db", page * 4096, 4096);
	assert_begun_anew(&r);
}

static void test_a_file_that_is_no_database_is_moved_aside(void **state)
{
	struct rig r;
	char path[128];
	rig_dir(&r);
	rig_file(&r, "history.db", path, sizeof(path));
	FILE *f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is a text file\n", f);
	fclose(f);
	assert_begun_anew(&r);
}

static void test_an_empty_file_is_a_fresh_one(void **state)
{
	struct rig r;
	char path[128];
	rig_dir(&r);
	rig_file(&r, "history.db", path, sizeof(path));
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(files_with(&r, "history.db.damaged-"), 0);
	rig_stop(&r);
}

/* The log of a killed process, cut in the middle of a frame. */
static void test_a_truncated_log_costs_only_its_end(void **state)
{
	struct rig r;
	char path[128], command[300];
	struct stat st;
	rig_start(&r);
	for (int i = 0; i < 20; i++) {
		rig_run(&r, i, "make", i, STORE_MUST);
		assert_int_equal(rig_commit(&r), 0);
	}
	snprintf(command, sizeof(command), "mkdir %s/k && cp %s/history.db %s/history.db-wal %s/k/", r.dir,
		 r.dir, r.dir, r.dir);
	assert_int_equal(system(command), 0);
	rig_close(&r);
	snprintf(command, sizeof(command), "rm -f %s/history.db* && mv %s/k/* %s/", r.dir, r.dir, r.dir);
	assert_int_equal(system(command), 0);
	rig_file(&r, "history.db-wal", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 5000), 0);
	assert_int_equal(rig_open(&r), 0);
	size_t n = rig_count(&r, &run_kind);
	assert_true(n > 10 && n < 20);
	assert_int_equal(files_with(&r, "history.db.damaged-"), 0);
	rig_stop(&r);
}

static const struct store_column v2_columns[] = {
	{ "command", STORE_TEXT, true },   { "success", STORE_INT, false }, { "attempts", STORE_INT, false },
	{ "duration", STORE_REAL, false }, { "detail", STORE_BLOB, false }, { "host", STORE_TEXT, false },
};
static const struct store_migration v2_steps[] = { { 2, "host", "host" }, { 2, NULL, "attempts" } };
static const struct store_kind v2_kind = { .name = "run",
					   .columns = v2_columns,
					   .n_columns = 6,
					   .version = 2,
					   .migrations = v2_steps,
					   .n_migrations = 2 };
static const struct store_kind *const v2_kinds[] = { &v2_kind, &note_kind };

static void test_a_migration_adds_and_keeps_a_copy(void **state)
{
	struct rig r;
	make_history(&r, 10);
	r.kinds = v2_kinds;
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(files_with(&r, "history.db.before-"), 1);
	struct store_value v[6] = { SV_TEXT(VIEW("cc")),   SV_INT(1), SV_INT(2), SV_NULL, SV_NULL,
				    SV_TEXT(VIEW("web-1")) };
	assert_int_equal(store_append(r.store, &v2_kind, 5, v, STORE_MUST), 0);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &v2_kind), 11);
	struct rig_rows rows;
	struct store_query q = { .kind = &v2_kind,
				 .equals = { { "host", SV_TEXT(VIEW("web-1")) } },
				 .n_equals = 1 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 1);
	rig_reopen(&r); /* once only */
	assert_int_equal(files_with(&r, "history.db.before-"), 1);
	rig_stop(&r);
}

static void test_a_kind_of_a_newer_program_is_refused(void **state)
{
	struct rig r;
	rig_dir(&r);
	r.kinds = v2_kinds;
	assert_int_equal(rig_open(&r), 0);
	rig_close(&r);
	r.kinds = rig_kinds;
	assert_int_equal(rig_open(&r), ERR_VERSION);
	assert_non_null(strstr(r.err.text, "newer"));
	rig_stop(&r);
}

static void test_a_schema_of_a_newer_program_is_refused_untouched(void **state)
{
	struct rig r;
	char command[200];
	make_history(&r, 3);
	snprintf(command, sizeof(command), "sqlite3 %s/history.db 'pragma user_version=99'", r.dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(rig_open(&r), ERR_VERSION);
	snprintf(command, sizeof(command), "sqlite3 %s/history.db 'pragma user_version=1'", r.dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(rig_open(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 3);
	rig_stop(&r);
}

static void test_bad_kinds_are_refused(void **state)
{
	static const struct store_column bad_column[] = { { "drop table", STORE_INT, false } };
	static const struct store_kind bad[] = {
		{ .name = "Run", .version = 1 },
		{ .name = "series", .version = 1 },
		{ .name = "x", .columns = bad_column, .n_columns = 1, .version = 1 },
		{ .name = "x", .version = 0 },
	};
	struct rig r;
	rig_dir(&r);
	for (size_t i = 0; i < 4; i++) {
		const struct store_kind *const kinds[] = { &bad[i] };
		r.kinds = kinds;
		r.n_kinds = 1;
		assert_true(rig_open(&r) < 0);
		assert_true(r.err.text[0]);
	}
	rig_stop(&r);
}

static void test_a_directory_that_is_not_there_is_named(void **state)
{
	struct rig r;
	rig_dir(&r);
	r.opt.dir = "/tmp/auspex-no-such-directory";
	assert_true(rig_open(&r) < 0);
	assert_non_null(strstr(r.err.place, "auspex-no-such-directory"));
	rig_stop(&r);
}

struct backup_wait {
	struct store_backup b;
	bool done;
	int status;
};
static void on_backup(struct store_backup *b, int status, const char *sentence)
{
	struct backup_wait *w = b->arg;
	w->done = true;
	w->status = status;
	assert_true(sentence[0]);
}
static int backup(struct rig *r, const char *to)
{
	struct backup_wait w = { .b = { .path = to, .done = on_backup } };
	w.b.arg = &w;
	store_backup_start(r->store, &w.b);
	assert_false(w.done);
	while (!w.done)
		uv_run(&r->loop, UV_RUN_ONCE);
	return w.status;
}

static int bad_findings;
static void on_finding(void *arg, bool ok, const char *sentence)
{
	bad_findings += !ok;
}

static void test_a_backup_is_complete_and_never_overwrites(void **state)
{
	struct rig r;
	char to[128], command[300];
	rig_start(&r);
	for (int i = 0; i < 1000; i++)
		rig_run(&r, i, "make", i, STORE_MUST);
	rig_commit(&r);
	rig_file(&r, "copy.db", to, sizeof(to));
	assert_int_equal(backup(&r, to), 0);
	assert_int_equal(backup(&r, to), -EEXIST);
	snprintf(command, sizeof(command), "test $(sqlite3 %s 'select count(*) from run') = 1000", to);
	assert_int_equal(system(command), 0);
	bad_findings = 0;
	assert_int_equal(store_doctor(to, on_finding, NULL), 0);
	assert_int_equal(bad_findings, 0);
	rig_stop(&r);
}

static void test_the_doctor_finds_damage_and_absence(void **state)
{
	struct rig r;
	char path[128];
	make_history(&r, 5000);
	rig_file(&r, "history.db", path, sizeof(path));
	for (off_t page = 20; page < 40; page++)
		overwrite(&r, "history.db", page * 4096, 4096);
	assert_true(store_doctor(path, on_finding, NULL) > 0);
	rig_file(&r, "nothing.db", path, sizeof(path));
	assert_true(store_doctor(path, on_finding, NULL) > 0);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_damaged_header_is_moved_aside),
		cmocka_unit_test(test_a_file_cut_to_nothing_beside_its_log_is_moved_aside_with_it),
		cmocka_unit_test(test_a_damaged_page_is_moved_aside),
		cmocka_unit_test(test_a_file_that_is_no_database_is_moved_aside),
		cmocka_unit_test(test_an_empty_file_is_a_fresh_one),
		cmocka_unit_test(test_a_truncated_log_costs_only_its_end),
		cmocka_unit_test(test_a_migration_adds_and_keeps_a_copy),
		cmocka_unit_test(test_a_kind_of_a_newer_program_is_refused),
		cmocka_unit_test(test_a_schema_of_a_newer_program_is_refused_untouched),
		cmocka_unit_test(test_bad_kinds_are_refused),
		cmocka_unit_test(test_a_directory_that_is_not_there_is_named),
		cmocka_unit_test(test_a_backup_is_complete_and_never_overwrites),
		cmocka_unit_test(test_the_doctor_finds_damage_and_absence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
