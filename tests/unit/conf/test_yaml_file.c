#include "support.h"

#include "conf/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct room {
	char dir[64], path[128];
	struct arena arena;
	struct err err;
	struct yaml_node *root;
};

static int setup(void **state)
{
	struct room *r = calloc(1, sizeof(*r));
	strcpy(r->dir, "/tmp/auspex-yaml-XXXXXX");
	if (!mkdtemp(r->dir))
		return -1;
	snprintf(r->path, sizeof(r->path), "%s/a.yml", r->dir);
	arena_init(&r->arena, 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct room *r = *state;
	unlink(r->path);
	rmdir(r->path);
	rmdir(r->dir);
	arena_fini(&r->arena);
	free(r);
	return 0;
}

static void write_file(const char *path, const char *text, size_t times)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < times; i++)
		fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int load(struct room *r)
{
	return yaml_load_file(r->path, &r->arena, &r->root, &r->err);
}

static void test_reads(void **state)
{
	struct room *r = *state;
	write_file(r->path, "a: 1\n", 1);
	assert_int_equal(load(r), 0);
	assert_string_equal(yaml_get(r->root, "a")->text.data, "1");
}

static void test_empty_file(void **state)
{
	struct room *r = *state;
	write_file(r->path, "", 1);
	assert_int_equal(load(r), 0);
	assert_int_equal(r->root->type, YAML_MAP);
}

static void test_place_begins_with_the_path(void **state)
{
	struct room *r = *state;
	write_file(r->path, "a: 1\na: 2\n", 1);
	assert_int_equal(load(r), ERR_DUPLICATE);
	assert_memory_equal(r->err.place, r->path, strlen(r->path));
	assert_string_equal(r->err.place + strlen(r->path), ":2:1");
}

static void test_missing(void **state)
{
	struct room *r = *state;
	assert_int_equal(load(r), -ENOENT);
	assert_string_equal(r->err.place, r->path);
	assert_string_equal(r->err.text, "cannot open the file: No such file or directory");
}

static void test_unreadable(void **state)
{
	struct room *r = *state;
	bool root = geteuid() == 0; /* root reads everything: be somebody else for the moment */
	write_file(r->path, "a: 1\n", 1);
	chmod(r->path, 0);
	chmod(r->dir, 0711);
	if (root && seteuid(65534) < 0)
		skip_because("cannot become another user here");
	int rc = load(r);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(rc, -EACCES);
	assert_string_equal(r->err.text, "cannot open the file: Permission denied");
}

static void test_directory(void **state)
{
	struct room *r = *state;
	mkdir(r->path, 0700);
	assert_int_equal(load(r), ERR_TYPE);
	assert_string_equal(r->err.text, "not a regular file but a directory; name a YAML file");
}

static void test_fifo_does_not_hang(void **state)
{
	struct room *r = *state;
	assert_int_equal(mkfifo(r->path, 0600), 0);
	assert_int_equal(load(r), ERR_TYPE);
}

static void test_too_large(void **state)
{
	struct room *r = *state;
	write_file(r->path, "#234567\n", (YAML_MAX_BYTES >> 3) + 1);
	assert_int_equal(load(r), ERR_FULL);
	assert_string_equal(r->err.text, "the file is larger than 4 MiB; split it");
	assert_int_equal(truncate(r->path, YAML_MAX_BYTES), 0);
	assert_int_equal(load(r), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_reads),      T(test_empty_file), T(test_place_begins_with_the_path), T(test_missing),
		T(test_unreadable), T(test_directory),  T(test_fifo_does_not_hang),         T(test_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
