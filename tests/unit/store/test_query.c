#include "rig.h"

static void fill(struct rig *r, int n)
{
	rig_start(r);
	for (int i = 0; i < n; i++)
		assert_int_equal(rig_run(r, 1000 + i, i % 3 ? "make" : "cc", i, STORE_MUST), 0);
	assert_int_equal(rig_commit(r), 0);
}

static void test_ascending_and_newest_first(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 10);
	struct store_query q = { .kind = &run_kind, .limit = 3 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.ids[2], 3);
	q.newest_first = true;
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.ids[0], 10);
	assert_int_equal(rows.ids[2], 8);
	rig_stop(&r);
}

static void test_time_is_half_open(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 10);
	struct store_query q = { .kind = &run_kind, .since = 1002, .until = 1005 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.t[0], 1002);
	assert_int_equal(rows.t[2], 1004);
	q.newest_first = true;
	q.limit = 1;
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.t[0], 1004);
	rig_stop(&r);
}

static void test_paging_by_id_meets_every_row_once(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 100);
	struct store_query q = { .kind = &run_kind, .since = 1010, .until = 1090, .limit = 7 };
	int64_t seen = 0;
	do {
		assert_int_equal(rig_query(&r, &q, &rows), 0);
		seen += (int64_t)rows.n;
		q.after_id = rows.n ? rows.ids[rows.n - 1] : 0;
	} while (rows.n);
	assert_int_equal(seen, 80);
	rig_stop(&r);
}

static void test_equality_with_and_without_an_index(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 30);
	struct store_query q = { .kind = &run_kind,
				 .equals = { { "command", SV_TEXT(VIEW("cc")) } },
				 .n_equals = 1 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 10);
	q.equals[1] = (struct store_equals){ "attempts", SV_INT(9) };
	q.n_equals = 2;
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 1);
	q.equals[1].column = "id";
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 0);
	q.since = 1010;
	q.n_equals = 1;
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 6);
	rig_stop(&r);
}

static void test_bad_queries_are_answered_later_with_a_code(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 1);
	struct store_query q = { .kind = &run_kind, .equals = { { "nope", SV_INT(1) } }, .n_equals = 1 };
	assert_int_equal(rig_query(&r, &q, &rows), ERR_UNKNOWN);
	q = (struct store_query){ .kind = &run_kind, .limit = 100001 };
	assert_int_equal(rig_query(&r, &q, &rows), ERR_RANGE);
	rig_stop(&r);
}

/* More than the chunks that may wait: the reader has to wait for the loop. */
static void test_a_long_answer_comes_in_pieces(void **state)
{
	struct rig r;
	struct rig_rows rows;
	fill(&r, 20000);
	struct store_query q = { .kind = &run_kind, .limit = 100000 };
	assert_int_equal(rig_query(&r, &q, &rows), 0);
	assert_int_equal(rows.n, 20000);
	rig_stop(&r);
}

static void test_a_cancelled_read_ends_early_and_says_so(void **state)
{
	struct rig r;
	struct rig_rows rows = { .read = { .row = rig_on_row, .done = rig_on_rows } };
	fill(&r, 20000);
	rows.read.arg = &rows;
	struct store_query q = { .kind = &run_kind, .limit = 100000 };
	store_query(r.store, &q, &rows.read);
	while (rows.n == 0)
		uv_run(&r.loop, UV_RUN_ONCE);
	store_read_cancel(r.store, &rows.read);
	size_t n = rows.n;
	while (!rows.done)
		uv_run(&r.loop, UV_RUN_ONCE);
	assert_int_equal(rows.status, ERR_CANCELLED);
	assert_int_equal(rows.n, n);
	rig_stop(&r);
}

static void test_close_ends_a_read_under_way(void **state)
{
	struct rig r;
	struct rig_rows rows = { .read = { .row = rig_on_row, .done = rig_on_rows } };
	fill(&r, 20000);
	rows.read.arg = &rows;
	struct store_query q = { .kind = &run_kind, .limit = 100000 };
	store_query(r.store, &q, &rows.read);
	rig_close(&r);
	assert_true(rows.done);
	rig_stop(&r);
}

static void test_loading_ten_thousand_rows_is_quick(void **state)
{
	struct rig r;
	fill(&r, 10000);
	uint64_t t0 = uv_hrtime();
	assert_int_equal(rig_count(&r, &run_kind), 10000);
	print_message("10 000 rows loaded in %.1f ms\n", (double)(uv_hrtime() - t0) / 1e6);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascending_and_newest_first),
		cmocka_unit_test(test_time_is_half_open),
		cmocka_unit_test(test_paging_by_id_meets_every_row_once),
		cmocka_unit_test(test_equality_with_and_without_an_index),
		cmocka_unit_test(test_bad_queries_are_answered_later_with_a_code),
		cmocka_unit_test(test_a_long_answer_comes_in_pieces),
		cmocka_unit_test(test_a_cancelled_read_ends_early_and_says_so),
		cmocka_unit_test(test_close_ends_a_read_under_way),
		cmocka_unit_test(test_loading_ten_thousand_rows_is_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
