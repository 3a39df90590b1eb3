#include "support.h"

#include "base/log.h"
#include "base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char dir[64], path[96];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/auspex-log-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/log", f->dir);
	*state = f;
	return 0;
}

static void name(const struct fixture *f, unsigned number, char *out)
{
	snprintf(out, 128, number ? "%s.%u" : "%s", f->path, number);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];
	chmod(f->dir, 0700);
	for (unsigned i = 0; i < 5; i++) {
		name(f, i, path);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/away", f->dir);
	unlink(path);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* -1: there is none. */
static long size_of(const struct fixture *f, unsigned number)
{
	char path[128];
	struct stat st;
	name(f, number, path);
	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void put(struct log_file *file, size_t len)
{
	char text[256];
	memset(text, 'x', len);
	assert_int_equal(write(log_file_room(file, len), text, len), len);
	log_file_wrote(file, len);
}

static void test_grows_to_its_bound_and_not_beyond(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	assert_int_equal(log_file_open(&file, f->path, 100, 2), 0);
	put(file, 60);
	put(file, 40);
	assert_int_equal(size_of(f, 0), 100);
	assert_int_equal(size_of(f, 1), -1);
	put(file, 1);
	assert_int_equal(size_of(f, 0), 1);
	assert_int_equal(size_of(f, 1), 100);
	log_file_close(file);
}

static void test_keeps_so_many_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	assert_int_equal(log_file_open(&file, f->path, 100, 2), 0);
	for (size_t i = 1; i <= 5; i++)
		put(file, 90 + i);
	assert_int_equal(size_of(f, 0), 95);
	assert_int_equal(size_of(f, 1), 94);
	assert_int_equal(size_of(f, 2), 93);
	assert_int_equal(size_of(f, 3), -1);
	log_file_close(file);
}

static void test_counts_what_was_there_before(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(log_file_open(&file, f->path, 100, 1), 0);
		put(file, 60);
		log_file_close(file);
	}
	assert_int_equal(size_of(f, 0), 60);
	assert_int_equal(size_of(f, 1), 60);
}

static void test_a_line_larger_than_the_bound_is_written_alone(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	assert_int_equal(log_file_open(&file, f->path, 100, 1), 0);
	put(file, 200);
	assert_int_equal(size_of(f, 0), 200);
	put(file, 10);
	assert_int_equal(size_of(f, 0), 10);
	assert_int_equal(size_of(f, 1), 200);
	log_file_close(file);
}

static void test_without_bound_it_only_grows(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	assert_int_equal(log_file_open(&file, f->path, 0, 2), 0);
	for (int i = 0; i < 50; i++)
		put(file, 200);
	assert_int_equal(size_of(f, 0), 10000);
	log_file_close(file);
}

static void test_without_old_files_it_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	assert_int_equal(log_file_open(&file, f->path, 100, 0), 0);
	put(file, 90);
	put(file, 20);
	assert_int_equal(size_of(f, 0), 20);
	assert_int_equal(size_of(f, 1), -1);
	log_file_close(file);
}

static void test_where_renaming_is_refused_the_bound_holds(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	char path[128];
	name(f, 1, path);
	assert_int_equal(mkdir(path, 0700), 0); /* no file can take this name */
	assert_int_equal(log_file_open(&file, f->path, 100, 1), 0);
	put(file, 90);
	put(file, 20);
	assert_int_equal(size_of(f, 0), 20);
	log_file_close(file);
	rmdir(path);
}

static void test_reopens_for_whoever_moved_it_away(void **state)
{
	struct fixture *f = *state;
	struct log_file *file;
	char away[128];
	snprintf(away, sizeof(away), "%s/away", f->dir);
	assert_int_equal(log_file_open(&file, f->path, 0, 0), 0);
	put(file, 10);
	assert_int_equal(rename(f->path, away), 0);
	put(file, 10);
	assert_int_equal(size_of(f, 0), -1);
	assert_int_equal(log_file_reopen(file), 0);
	put(file, 5);
	assert_int_equal(size_of(f, 0), 5);
	log_file_close(file);
}

static void test_a_path_that_cannot_be_is_an_error(void **state)
{
	struct log_file *file;
	assert_int_equal(log_file_open(&file, "/nonexistent/log", 0, 0), -ENOENT);
}

static void test_the_log_writes_whole_lines_across_files(void **state)
{
	struct fixture *f = *state;
	struct log *log = log_new(-1, LOG_INFO, LOG_JSON, clock_system());
	assert_int_equal(log_open_file(log, f->path, 1000, 2), 0);
	for (int i = 0; i < 100; i++)
		LOG(log, LOG_INFO, "test", "a line", LF_I("number", i));
	assert_int_equal(log_reopen(log), 0);
	assert_int_equal(log_dropped(log), 0);
	log_free(log);
	for (unsigned i = 0; i < 3; i++) {
		char path[128], text[1001] = "";
		name(f, i, path);
		int fd = open(path, O_RDONLY);
		ssize_t n = read(fd, text, 1000);
		close(fd);
		assert_in_range(n, 1, 1000);
		assert_int_equal(text[0], '{');
		assert_string_equal(text + n - 2, "}\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		T(grows_to_its_bound_and_not_beyond),
		T(keeps_so_many_and_no_more),
		T(counts_what_was_there_before),
		T(a_line_larger_than_the_bound_is_written_alone),
		T(without_bound_it_only_grows),
		T(without_old_files_it_begins_anew),
		T(where_renaming_is_refused_the_bound_holds),
		T(reopens_for_whoever_moved_it_away),
		T(a_path_that_cannot_be_is_an_error),
		T(the_log_writes_whole_lines_across_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
