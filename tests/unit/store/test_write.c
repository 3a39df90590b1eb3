#include "rig.h"

static void test_ticket_is_answered_after_the_commit(void **state)
{
	struct rig r;
	rig_start(&r);
	assert_true(store_is_durable(r.store));
	for (int i = 0; i < 100; i++)
		assert_int_equal(rig_run(&r, 1000 + i, "make", i, STORE_MUST), 0);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 100);
	rig_stop(&r);
}

static void test_values_come_back_as_they_went_in(void **state)
{
	struct rig r;
	rig_start(&r);
	struct store_value v[5] = { SV_TEXT(VIEW("gr\xc3\xb6\xc3\x9f"
						 "e")),
				    SV_NULL, SV_INT(INT64_MIN), SV_REAL(1e-300), SV_BLOB(VIEW("")) };
	assert_int_equal(store_append(r.store, &run_kind, INT64_MAX, v, STORE_MUST), 0);
	assert_int_equal(rig_commit(&r), 0);
	struct rig_rows rows;
	struct store_query q = { .kind = &run_kind };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.t[0], INT64_MAX);
	assert_int_equal(rows.attempts[0], INT64_MIN);
	rig_stop(&r);
}

static void test_detail_without_a_ticket_is_committed_within_a_second(void **state)
{
	struct rig r;
	rig_start(&r);
	rig_run(&r, 1, "make", 1, STORE_DETAIL);
	struct store_stats st = { 0 };
	uint64_t t0 = uv_hrtime();
	rig_until(&r, (store_get_stats(r.store, &st), st.records_committed == 1));
	assert_true(uv_hrtime() - t0 < 1500000000u);
	rig_stop(&r);
}

static void test_an_empty_ticket_is_answered(void **state)
{
	struct rig r;
	rig_start(&r);
	assert_int_equal(rig_commit(&r), 0);
	rig_stop(&r);
}

static void test_close_commits_what_is_queued(void **state)
{
	struct rig r;
	rig_start(&r);
	for (int i = 0; i < 10; i++)
		rig_run(&r, i, "make", i, STORE_DETAIL);
	rig_reopen(&r);
	assert_int_equal(rig_count(&r, &run_kind), 10);
	rig_stop(&r);
}

static void test_tickets_after_close_say_so(void **state)
{
	struct rig r;
	struct rig_ticket t = { .ticket = { .done = rig_on_ticket } };
	t.ticket.arg = &t;
	rig_start(&r);
	store_close(r.store, rig_on_closed, &r);
	assert_int_equal(rig_run(&r, 1, "make", 1, STORE_MUST), ERR_CLOSED);
	store_commit(r.store, &t.ticket);
	while (!r.closed)
		uv_run(&r.loop, UV_RUN_ONCE);
	assert_int_equal(t.status, ERR_CLOSED);
	r.store = NULL;
	rig_stop(&r);
}

static void test_ids_ascend_and_are_never_used_twice(void **state)
{
	struct rig r;
	struct store_value all = SV_INT(1);
	rig_start(&r);
	assert_int_equal(store_next_id(r.store, &run_kind), 1);
	for (int i = 0; i < 5; i++)
		rig_run(&r, 100 - i, "make", i, STORE_MUST);
	assert_int_equal(store_delete(r.store, &run_kind, "success", &all), 0);
	assert_int_equal(rig_commit(&r), 0);
	rig_reopen(&r);
	assert_int_equal(rig_count(&r, &run_kind), 0);
	assert_int_equal(store_last_id(r.store, &run_kind), 5);
	assert_int_equal(store_next_id(r.store, &run_kind), 6);
	rig_stop(&r);
}

static void test_update_and_delete_touch_one_record(void **state)
{
	struct rig r;
	rig_start(&r);
	for (int i = 0; i < 3; i++)
		rig_run(&r, i, "make", i, STORE_MUST);
	const char *columns[] = { "attempts", "command" };
	struct store_value v[] = { SV_INT(77), SV_TEXT(VIEW("cc")) }, id = SV_INT(1);
	assert_int_equal(store_update(r.store, &run_kind, 2, columns, v, 2), 0);
	assert_int_equal(store_delete(r.store, &run_kind, NULL, &id), 0);
	assert_int_equal(rig_commit(&r), 0);
	struct rig_rows rows;
	struct store_query q = { .kind = &run_kind };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.attempts[0], 77);
	assert_int_equal(rows.attempts[1], 2);
	rig_stop(&r);
}

static void test_unknown_kinds_and_columns_are_refused(void **state)
{
	struct rig r;
	static const struct store_kind stranger = { .name = "stranger", .version = 1 };
	const char *column = "nope";
	struct store_value v = SV_INT(1);
	rig_start(&r);
	assert_int_equal(store_append(r.store, &stranger, 1, NULL, STORE_MUST), ERR_UNKNOWN);
	assert_int_equal(store_delete(r.store, &run_kind, "nope", &v), ERR_UNKNOWN);
	assert_int_equal(store_update(r.store, &run_kind, 1, &column, &v, 1), ERR_UNKNOWN);
	rig_stop(&r);
}

static void test_a_full_queue_drops_detail_and_refuses_must(void **state)
{
	struct rig r;
	rig_dir(&r);
	r.opt.queue_bytes = 4096;
	assert_int_equal(rig_open(&r), 0);
	uint64_t detail = 0, must = 0;
	for (int i = 0; i < 100; i++)
		detail += rig_run(&r, i, "make", i, STORE_DETAIL) == ERR_FULL;
	for (int i = 0; i < 100; i++)
		must += rig_run(&r, i, "make", i, STORE_MUST) == ERR_FULL;
	struct store_stats st;
	store_get_stats(r.store, &st);
	assert_true(detail > 0 && must > 0 && must < 100);
	assert_int_equal(st.detail_dropped_queue, detail);
	assert_int_equal(st.must_refused, must);
	assert_true(st.queue_bytes <= 2 * st.queue_limit);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_count(&r, &run_kind), 200 - detail - must);
	rig_stop(&r);
}

static void test_without_a_directory_everything_succeeds_and_nothing_is_kept(void **state)
{
	struct rig r;
	struct store_stats st;
	struct rig_rows rows;
	struct store_query q = { .kind = &run_kind };
	rig_dir(&r);
	r.opt.dir = NULL;
	assert_int_equal(rig_open(&r), 0);
	assert_false(store_is_durable(r.store));
	assert_int_equal(rig_run(&r, 1, "make", 1, STORE_MUST), 0);
	assert_int_equal(rig_commit(&r), 0);
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 0);
	store_get_stats(r.store, &st);
	assert_int_equal(st.state, STORE_NONE);
	rig_stop(&r);
}

static void test_trim_by_age_and_by_count(void **state)
{
	struct rig r;
	rig_start(&r);
	for (int i = 0; i < 9000; i++)
		assert_int_equal(rig_run(&r, i, "make", i, STORE_MUST), 0);
	assert_int_equal(rig_commit(&r), 0);
	store_trim(r.store, &run_kind, 1000, -1);
	rig_commit(&r);
	rig_until(&r, rig_count(&r, &run_kind) == 8000);
	store_trim(r.store, &run_kind, 0, 10);
	rig_commit(&r);
	rig_until(&r, rig_count(&r, &run_kind) == 10);
	struct rig_rows rows;
	struct store_query q = { .kind = &run_kind };
	rig_query(&r, &q, &rows);
	assert_int_equal(rows.t[0], 8990);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticket_is_answered_after_the_commit),
		cmocka_unit_test(test_values_come_back_as_they_went_in),
		cmocka_unit_test(test_detail_without_a_ticket_is_committed_within_a_second),
		cmocka_unit_test(test_an_empty_ticket_is_answered),
		cmocka_unit_test(test_close_commits_what_is_queued),
		cmocka_unit_test(test_tickets_after_close_say_so),
		cmocka_unit_test(test_ids_ascend_and_are_never_used_twice),
		cmocka_unit_test(test_update_and_delete_touch_one_record),
		cmocka_unit_test(test_unknown_kinds_and_columns_are_refused),
		cmocka_unit_test(test_a_full_queue_drops_detail_and_refuses_must),
		cmocka_unit_test(test_without_a_directory_everything_succeeds_and_nothing_is_kept),
		cmocka_unit_test(test_trim_by_age_and_by_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
