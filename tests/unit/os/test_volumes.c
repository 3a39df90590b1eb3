#include "support.h"

#include "os/volumes.h"

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

static sem_t dead; /* a file system that answers when this is posted */

static int ask(const char *path, struct volume_use *use)
{
	if (strncmp(path, "/dead", 5) == 0)
		sem_wait(&dead);
	if (strcmp(path, "/gone") == 0)
		return -ESTALE;
	*use = (struct volume_use){ 1000, 400, 300, 10, 5 };
	return 0;
}

static int start(void **state)
{
	sem_init(&dead, 0, 0);
	return volumes_new((struct volumes **)state, ask);
}

static int stop(void **state)
{
	volumes_free(*state);
	return 0;
}

static enum volume_state wait_for(struct volumes *v, int slot, enum volume_state wanted)
{
	struct volume_use use;
	enum volume_state is;
	for (int i = 0; (is = volumes_get(v, slot, &use)) != wanted && i < 1000; i++)
		volumes_wait(v, 10);
	return is;
}

static void test_answers(void **state)
{
	struct volumes *v = *state;
	struct volume_use use;
	int good = volumes_take_slot(v), gone = volumes_take_slot(v);
	assert_int_equal(volumes_get(v, good, &use), VOLUME_EMPTY);
	assert_int_equal(volumes_ask(v, good, "/"), 0);
	assert_int_equal(volumes_ask(v, gone, "/gone"), 0);
	assert_int_equal(wait_for(v, good, VOLUME_KNOWN), VOLUME_KNOWN);
	assert_int_equal(wait_for(v, gone, VOLUME_FAILED), VOLUME_FAILED);
	volumes_get(v, good, &use);
	assert_int_equal(use.available, 300);
}

static void test_a_dead_one_holds_up_nobody(void **state)
{
	struct volumes *v = *state;
	struct volume_use use;
	int bad = volumes_take_slot(v), good = volumes_take_slot(v);
	volumes_ask(v, bad, "/dead");
	volumes_ask(v, good, "/");
	assert_int_equal(wait_for(v, good, VOLUME_KNOWN), VOLUME_KNOWN); /* by another thread */
	assert_int_equal(volumes_get(v, bad, &use), VOLUME_ASKED);
	assert_int_equal(wait_for(v, bad, VOLUME_HUNG), VOLUME_HUNG);
	for (int round = 0; round < 5; round++) {
		volumes_ask(v, bad, "/dead"); /* one call outstanding: nothing happens */
		volumes_ask(v, good, "/");
		assert_int_equal(wait_for(v, good, VOLUME_KNOWN), VOLUME_KNOWN);
		assert_int_equal(volumes_get(v, bad, &use), VOLUME_HUNG);
	}
	sem_post(&dead); /* the server is back */
	assert_int_equal(wait_for(v, bad, VOLUME_KNOWN), VOLUME_KNOWN);
	volumes_ask(v, bad, "/");
	assert_int_equal(wait_for(v, bad, VOLUME_KNOWN), VOLUME_KNOWN);
}

static void test_many_dead_ones_are_bounded(void **state)
{
	struct volumes *v = *state;
	int slots[VOLUMES_THREADS + 4];
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		slots[i] = volumes_take_slot(v);
		volumes_ask(v, slots[i], "/dead");
		volumes_wait(v, 1);
	}
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		sem_post(&dead);
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		assert_int_equal(wait_for(v, slots[i], VOLUME_KNOWN), VOLUME_KNOWN);
}

static void test_slots(void **state)
{
	struct volumes *v = *state;
	int bad = volumes_take_slot(v), other, n = 1;
	volumes_ask(v, bad, "/dead");
	while ((other = volumes_take_slot(v)) >= 0)
		n++;
	assert_int_equal(n, VOLUMES_MAX);
	volumes_drop_slot(v, 5);
	assert_int_equal(volumes_take_slot(v), 5);
	char path[VOLUME_PATH_MAX + 1];
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(volumes_ask(v, 5, path), -ENAMETOOLONG);
	sem_post(&dead);
}

static void test_leaving_while_a_call_hangs(void **state)
{
	struct volumes *v;
	assert_int_equal(volumes_new(&v, ask), 0);
	int bad = volumes_take_slot(v);
	volumes_ask(v, bad, "/dead");
	volumes_wait(v, 1);
	volumes_free(v); /* at once; the thread frees what is left */
	sem_post(&dead);
}

static void test_the_real_call(void **state)
{
	struct volumes *v;
	struct volume_use use;
	assert_int_equal(volumes_new(&v, NULL), 0);
	int slot = volumes_take_slot(v);
	volumes_ask(v, slot, "/");
	assert_int_equal(wait_for(v, slot, VOLUME_KNOWN), VOLUME_KNOWN);
	volumes_get(v, slot, &use);
	assert_true(use.total >= use.free && use.free >= use.available);
	volumes_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, start, stop),
		cmocka_unit_test_setup_teardown(test_a_dead_one_holds_up_nobody, start, stop),
		cmocka_unit_test_setup_teardown(test_many_dead_ones_are_bounded, start, stop),
		cmocka_unit_test_setup_teardown(test_slots, start, stop),
		cmocka_unit_test_setup_teardown(test_leaving_while_a_call_hangs, start, stop),
		cmocka_unit_test(test_the_real_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
