/* A store in a fresh directory on a loop of its own, and ways to wait for it. */
#ifndef AUSPEX_TESTS_STORE_RIG_H
#define AUSPEX_TESTS_STORE_RIG_H

#include "support.h"

#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct store_column run_columns[] = {
	{ "command", STORE_TEXT, true },   { "success", STORE_INT, false }, { "attempts", STORE_INT, false },
	{ "duration", STORE_REAL, false }, { "detail", STORE_BLOB, false },
};
static const struct store_kind run_kind = {
	.name = "run", .columns = run_columns, .n_columns = 5, .version = 1
};
static const struct store_column note_columns[] = { { "text", STORE_TEXT, false } };
static const struct store_kind note_kind = {
	.name = "remark", .columns = note_columns, .n_columns = 1, .version = 1
};
static const struct store_kind *const rig_kinds[] = { &run_kind, &note_kind };

struct rig {
	char dir[64];
	uv_loop_t loop;
	struct store *store;
	struct registry *registry;
	struct store_options opt;
	struct clock_fake clock;
	const struct store_kind *const *kinds;
	size_t n_kinds;
	int notices, bad_notices;
	char last_notice[512];
	bool closed;
	struct err err;
};

static void rig_notice(void *arg, bool bad, const char *sentence)
{
	struct rig *r = arg;
	r->notices++;
	r->bad_notices += bad;
	snprintf(r->last_notice, sizeof(r->last_notice), "%s", sentence);
}

static inline int rig_open(struct rig *r)
{
	struct store_notice notice = { rig_notice, r };
	r->closed = false;
	return store_open(&r->store, &r->loop, r->kinds, r->n_kinds, r->registry, &r->opt, NULL,
			  &r->clock.clock, notice, &r->err);
}

static inline void rig_dir(struct rig *r)
{
	*r = (struct rig){ .kinds = rig_kinds, .n_kinds = 2 };
	strcpy(r->dir, "/tmp/auspex-store-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->opt.dir = r->dir;
	r->opt.sample_flush_ms = 50;
	clock_fake_init(&r->clock, INT64_C(1763800000) * NS_PER_S);
	assert_int_equal(uv_loop_init(&r->loop), 0);
	r->registry = registry_new(10000);
}

static inline void rig_start(struct rig *r)
{
	rig_dir(r);
	assert_int_equal(rig_open(r), 0);
}

static void rig_on_closed(void *arg)
{
	((struct rig *)arg)->closed = true;
}

static inline void rig_close(struct rig *r)
{
	if (!r->store)
		return;
	store_close(r->store, rig_on_closed, r);
	while (!r->closed)
		uv_run(&r->loop, UV_RUN_ONCE);
	r->store = NULL;
}

static inline void rig_reopen(struct rig *r)
{
	rig_close(r);
	assert_int_equal(rig_open(r), 0);
}

static inline void rig_stop(struct rig *r)
{
	char command[128];
	rig_close(r);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
	registry_free(r->registry);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
}

struct rig_ticket {
	struct store_ticket ticket;
	bool answered;
	int status;
};
static void rig_on_ticket(struct store_ticket *t, int status)
{
	struct rig_ticket *rt = t->arg;
	rt->answered = true;
	rt->status = status;
}

/* Takes a ticket and waits for its answer. */
static inline int rig_commit(struct rig *r)
{
	struct rig_ticket t = { .ticket = { .done = rig_on_ticket } };
	t.ticket.arg = &t;
	store_commit(r->store, &t.ticket);
	assert_false(t.answered);
	while (!t.answered)
		uv_run(&r->loop, UV_RUN_ONCE);
	return t.status;
}

/* Turns the loop until the condition holds, at most ten seconds. */
#define rig_until(r, condition)                                                                              \
	do {                                                                                                 \
		bool rig_ok = false;                                                                         \
		for (int rig_turn = 0; rig_turn < 10000 && !(rig_ok = (condition)); rig_turn++) {            \
			uv_run(&(r)->loop, UV_RUN_NOWAIT);                                                   \
			usleep(1000);                                                                        \
		}                                                                                            \
		assert_true(rig_ok);                                                                         \
	} while (0)

static inline int rig_run(struct rig *r, wall_ns t, const char *command, int64_t attempts,
			  enum store_weight weight)
{
	struct store_value v[5] = { SV_TEXT(view_of(command)), SV_INT(1), SV_INT(attempts), SV_REAL(0.5),
				    SV_BLOB(VIEW("\x00\x01\xff")) };
	return store_append(r->store, &run_kind, t, v, weight);
}

static inline void rig_file(const struct rig *r, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", r->dir, name);
}

/* Collects the rows of a query. */
struct rig_rows {
	struct store_read read;
	size_t n;
	int64_t ids[200];
	int64_t attempts[200];
	wall_ns t[200];
	bool done;
	int status;
};
static void rig_keep_row(struct rig_rows *rows, const struct store_row *row)
{
	if (rows->n < 200) {
		rows->ids[rows->n] = row->id;
		rows->t[rows->n] = row->t;
		rows->attempts[rows->n] = row->n > 2 ? row->values[2].i : 0;
	}
	rows->n++;
}
static void rig_on_row(struct store_read *read, const struct store_row *row)
{
	rig_keep_row(read->arg, row);
}
static void rig_on_rows(struct store_read *read, int status)
{
	struct rig_rows *rows = read->arg;
	rows->done = true;
	rows->status = status;
}
static inline int rig_query(struct rig *r, const struct store_query *q, struct rig_rows *rows)
{
	*rows = (struct rig_rows){ .read = { .row = rig_on_row, .done = rig_on_rows } };
	rows->read.arg = rows;
	store_query(r->store, q, &rows->read);
	assert_false(rows->done);
	while (!rows->done)
		uv_run(&r->loop, UV_RUN_ONCE);
	return rows->status;
}
struct rig_counted {
	size_t n;
	int64_t last_id;
};
static void rig_on_loaded(void *arg, const struct store_row *row)
{
	struct rig_counted *c = arg;
	c->n++;
	c->last_id = row->id;
}
/* A fast machine writes more than one query may ask for. */
static inline size_t rig_count(struct rig *r, const struct store_kind *kind)
{
	struct rig_counted c = { 0 };
	size_t before;
	do {
		struct store_query q = { .kind = kind, .limit = 100000, .after_id = c.last_id };
		before = c.n;
		assert_int_equal(store_load(r->store, &q, rig_on_loaded, &c), 0);
	} while (c.n - before == 100000);
	return c.n;
}

#endif
