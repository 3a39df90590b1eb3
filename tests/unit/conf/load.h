/* A load of both sample tables, and its memory. */
#ifndef AUSPEX_TESTS_CONF_LOAD_H
#define AUSPEX_TESTS_CONF_LOAD_H

#include "support.h"

#include "sample.h"

#include <stdlib.h>

struct load {
	struct arena arena;
	struct buf out;
	struct err err;
	struct sample_options values;
	struct sample_log log;
	struct option_section sections[2];
};

static int load_setup(void **state)
{
	struct load *l = calloc(1, sizeof(*l));
	setenv("HOME", "/home/ann", 1);
	arena_init(&l->arena, 0);
	buf_init(&l->out);
	l->sections[0] = (struct option_section){ &sample_log_table, &l->log };
	l->sections[1] = (struct option_section){ &sample_table, &l->values };
	assert_int_equal(option_defaults(l->sections, 2, &l->arena, &l->err), 0);
	*state = l;
	return 0;
}

static int load_teardown(void **state)
{
	struct load *l = *state;
	buf_fini(&l->out);
	arena_fini(&l->arena);
	free(l);
	return 0;
}

#define LOAD_TEST(f) cmocka_unit_test_setup_teardown(f, load_setup, load_teardown)

#endif
