#include "support.h"

#include "retry/slots.h"

#include <stdio.h>
#include <stdlib.h>

#define T    INT64_C(1795378320000) /* ms, a whole second */
#define S    INT64_C(1000)
#define MIN  (60 * S)
#define HOUR (60 * MIN)

static int setup(void **state)
{
	*state = slots_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	slots_free(*state);
	return 0;
}

static struct slots_answer ask_full(struct slots *s, uint64_t peer, const char *resource, int64_t limit,
				    int64_t window, wall_ms at, const int64_t *offsets, size_t n, wall_ms now)
{
	struct slots_answer a;
	const struct slots_request r = { .peer = peer,
					 .resource = view_of(resource),
					 .limit = limit,
					 .window_ms = window,
					 .offsets_ms = offsets,
					 .n_offsets = n,
					 .at = at };
	assert_int_equal(slots_ask(s, &r, now, &a), 0);
	assert_true(a.exact);
	assert_true(a.expires_at == a.wait_until + HOUR);
	return a;
}

static struct slots_answer ask(struct slots *s, uint64_t peer, int64_t limit, int64_t window, wall_ms at)
{
	static const int64_t once[] = { 0 };
	return ask_full(s, peer, "r", limit, window, at, once, 1, T);
}

static void put_with(struct slots *s, uint64_t peer, const char *id, wall_ms at, wall_ms expires, wall_ms now)
{
	const struct slots_event e = { .id = view_of(id), .scheduled_at = at, .expires_at = expires };
	assert_int_equal(slots_register(s, peer, VIEW("r"), &e, 1, now), 0);
}

static void put(struct slots *s, uint64_t peer, const char *id, wall_ms at)
{
	put_with(s, peer, id, at, at + HOUR, T);
}

static void test_room_for_two_more_in_the_window(void **state)
{
	static const int64_t offsets[] = { 0, 5 * MIN };
	put(*state, 1, "a", T);
	put(*state, 1, "b", T + 10 * MIN);
	assert_true(ask_full(*state, 2, "r", 5, 30 * MIN, T + 20 * MIN, offsets, 2, T).now);
}

static void test_third_event_of_five_minutes_is_refused(void **state)
{
	put(*state, 1, "b", T + 1 * MIN);
	put(*state, 1, "c", T + 2 * MIN);
	assert_false(ask(*state, 2, 2, 5 * MIN, T + 3 * MIN).now);
}

static void test_new_events_count_with_later_ones(void **state)
{
	static const int64_t offsets[] = { 0, 10 * MIN };
	put(*state, 1, "a", T);
	put(*state, 1, "b", T + 10 * MIN);
	put(*state, 1, "c", T + 20 * MIN);
	assert_false(ask_full(*state, 2, "r", 4, 30 * MIN, T + 5 * MIN, offsets, 2, T).now);
}

static void test_far_enough_from_a_full_window(void **state)
{
	static const int64_t offsets[] = { 0, 10 * MIN };
	put(*state, 1, "a", T);
	put(*state, 1, "b", T + 10 * MIN);
	put(*state, 1, "c", T + 20 * MIN);
	assert_true(ask_full(*state, 2, "r", 4, 30 * MIN, T + 45 * MIN, offsets, 2, T).now);
}

static void test_earliest_slot_is_exact(void **state)
{
	char id[8];
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "%d", i & 7);
		put(*state, 1, id, T + i * MIN);
	}
	struct slots_answer a = ask(*state, 2, 3, 10 * MIN, T + 2 * MIN);
	assert_false(a.now);
	assert_true(a.found);
	assert_true(a.wait_until == T + 12 * MIN);
}

static void test_window_is_half_open(void **state)
{
	put(*state, 1, "a", T + 10 * S);
	assert_true(ask(*state, 2, 1, 5 * S, T + 15 * S).now);
	assert_false(ask(*state, 3, 1, 5 * S, T + 15 * S - 1).now);
}

static void test_future_time_is_taken_as_given(void **state)
{
	struct slots_answer a = ask(*state, 1, 1, 10 * S, T + HOUR);
	assert_true(a.now && a.wait_until == T + HOUR);
}

static void test_past_time_is_judged_from_now(void **state)
{
	static const int64_t once[] = { 0 };
	struct slots_answer a = ask_full(*state, 1, "r", 1, 3 * S, T, once, 1, T + 900);
	assert_true(a.now && a.wait_until == T + 900);
	a = ask_full(*state, 2, "r", 1, 3 * S, T + 3 * S, once, 1, T + 3050);
	assert_false(a.now); /* whole seconds say 3 s, the commands would start 2.15 s apart */
	assert_true(a.wait_until == T + 3900);
}

static void test_probe_is_answered_and_takes_nothing(void **state)
{
	struct slots_answer a =
		ask_full(*state, 1, "test-connection", 1, S, INT64_C(-62135596800000), NULL, 0, T);
	assert_true(a.now && a.found);
	assert_true(a.wait_until == T);
	assert_int_equal(slots_events(*state), 0);
}

static void test_no_is_a_promise_that_holds_the_slot(void **state)
{
	assert_true(ask(*state, 1, 1, 10 * S, T).now);
	assert_true(ask(*state, 2, 1, 10 * S, T).wait_until == T + 10 * S);
	assert_true(ask(*state, 3, 1, 10 * S, T).wait_until == T + 20 * S);
}

static void test_yes_holds_the_slot_without_registration(void **state)
{
	assert_true(ask(*state, 1, 1, 10 * S, T).now);
	assert_false(ask(*state, 2, 1, 10 * S, T + S).now);
}

static void test_registration_replaces_the_reservation(void **state)
{
	assert_true(ask(*state, 1, 2, 10 * S, T).now);
	put(*state, 1, "x", T);
	assert_int_equal(slots_events(*state), 1);
	assert_true(ask(*state, 2, 2, 10 * S, T).now);
}

static void test_stale_registration_keeps_the_reserved_time(void **state)
{
	assert_true(ask(*state, 1, 1, 4 * S, T).now);
	assert_true(ask(*state, 2, 1, 4 * S, T).wait_until == T + 4 * S);
	put(*state, 2, "x", T); /* the time it first asked for */
	assert_true(ask(*state, 3, 1, 4 * S, T).wait_until == T + 8 * S);
}

static void test_reservation_of_a_gone_connection_is_freed(void **state)
{
	assert_true(ask(*state, 1, 1, 10 * S, T).now);
	assert_true(ask(*state, 2, 1, 10 * S, T).wait_until == T + 10 * S);
	slots_peer_gone(*state, 2, T + S);
	assert_int_equal(slots_events(*state), 1);
	assert_true(ask(*state, 3, 1, 10 * S, T).wait_until == T + 10 * S);
}

static void test_reservation_whose_time_came_stays(void **state)
{
	assert_true(ask(*state, 1, 1, 10 * S, T).now);
	slots_peer_gone(*state, 1, T + 1);
	assert_int_equal(slots_events(*state), 1);
}

static void test_registered_events_outlive_the_connection(void **state)
{
	put(*state, 1, "x", T + 5 * S);
	slots_peer_gone(*state, 1, T);
	assert_int_equal(slots_events(*state), 1);
}

static void test_same_id_on_one_connection_counts_once(void **state)
{
	put(*state, 1, "x", T);
	put(*state, 1, "x", T);
	assert_int_equal(slots_events(*state), 1);
}

static void test_same_id_on_two_connections_counts_twice(void **state)
{
	put(*state, 1, "x", T);
	put(*state, 2, "x", T);
	assert_int_equal(slots_events(*state), 2);
}

static void test_event_counts_until_it_left_a_long_window(void **state)
{
	static const int64_t once[] = { 0 };
	assert_true(ask_full(*state, 1, "r", 1, 6 * HOUR, T, once, 1, T).now);
	slots_expire(*state, T + 2 * HOUR);
	struct slots_answer a = ask_full(*state, 2, "r", 1, 6 * HOUR, T + 2 * HOUR, once, 1, T + 2 * HOUR);
	assert_true(a.wait_until == T + 6 * HOUR);
}

static void test_deliberate_expiry_ends_an_event(void **state)
{
	static const int64_t once[] = { 0 };
	put_with(*state, 1, "x", T, T + 30 * S, T);
	assert_false(ask_full(*state, 2, "r", 1, 10 * MIN, T, once, 1, T + 29 * S).now);
	slots_peer_gone(*state, 2, T + 29 * S);
	assert_true(ask_full(*state, 3, "r", 1, 10 * MIN, T, once, 1, T + 30 * S).now);
}

static void test_more_offsets_than_the_limit_never_fit(void **state)
{
	static const int64_t offsets[] = { 0, S, 2 * S };
	struct slots_answer a = ask_full(*state, 1, "r", 2, 10 * S, T, offsets, 3, T);
	assert_false(a.now);
	assert_false(a.found);
	assert_true(a.wait_until == T + 24 * HOUR);
	assert_int_equal(slots_events(*state), 0);
}

static void test_limit_of_zero_never_fits(void **state)
{
	assert_false(ask(*state, 1, 0, 10 * S, T).found);
	assert_false(ask(*state, 1, -5, 10 * S, T).found);
}

static void test_window_of_zero_always_fits(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_true(ask(*state, 1, 1, 0, T).now);
}

static void test_resources_are_independent(void **state)
{
	static const int64_t once[] = { 0 };
	assert_true(ask_full(*state, 1, "a", 1, HOUR, T, once, 1, T).now);
	assert_true(ask_full(*state, 1, "b", 1, HOUR, T, once, 1, T).now);
	assert_int_equal(slots_resources(*state), 2);
}

static void test_broken_limit_of_old_events_does_not_bind_others(void **state)
{
	for (int i = 0; i < 5; i++)
		assert_true(ask(*state, 1, 5, 10 * S, T).now);
	assert_true(ask(*state, 2, 1, 10 * S, T + 10 * S)
			    .now); /* five in one window before it, by a laxer limit */
}

static void test_extreme_numbers_do_not_overflow(void **state)
{
	static const int64_t offsets[] = { INT64_MIN, 0, INT64_MAX };
	struct slots_answer a = ask_full(*state, 1, "r", INT64_MAX, INT64_MAX, INT64_MAX, offsets, 3, T);
	assert_true(a.now);
}

static void test_too_many_offsets_are_refused(void **state)
{
	static int64_t offsets[1001];
	struct slots_answer a;
	const struct slots_request r = { .peer = 1,
					 .resource = VIEW("r"),
					 .limit = 9999,
					 .window_ms = S,
					 .offsets_ms = offsets,
					 .n_offsets = 1001,
					 .at = T };
	assert_int_equal(slots_ask(*state, &r, T, &a), ERR_FULL);
}

static void test_everything_expired_is_forgotten(void **state)
{
	ask(*state, 1, 1, 10 * S, T);
	slots_peer_gone(*state, 1, T + S);
	slots_expire(*state, T + 2 * HOUR);
	assert_int_equal(slots_events(*state), 0);
	assert_int_equal(slots_resources(*state), 0);
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_room_for_two_more_in_the_window),
		C(test_third_event_of_five_minutes_is_refused),
		C(test_new_events_count_with_later_ones),
		C(test_far_enough_from_a_full_window),
		C(test_earliest_slot_is_exact),
		C(test_window_is_half_open),
		C(test_future_time_is_taken_as_given),
		C(test_past_time_is_judged_from_now),
		C(test_probe_is_answered_and_takes_nothing),
		C(test_no_is_a_promise_that_holds_the_slot),
		C(test_yes_holds_the_slot_without_registration),
		C(test_registration_replaces_the_reservation),
		C(test_stale_registration_keeps_the_reserved_time),
		C(test_reservation_of_a_gone_connection_is_freed),
		C(test_reservation_whose_time_came_stays),
		C(test_registered_events_outlive_the_connection),
		C(test_same_id_on_one_connection_counts_once),
		C(test_same_id_on_two_connections_counts_twice),
		C(test_event_counts_until_it_left_a_long_window),
		C(test_deliberate_expiry_ends_an_event),
		C(test_more_offsets_than_the_limit_never_fit),
		C(test_limit_of_zero_never_fits),
		C(test_window_of_zero_always_fits),
		C(test_resources_are_independent),
		C(test_broken_limit_of_old_events_does_not_bind_others),
		C(test_extreme_numbers_do_not_overflow),
		C(test_too_many_offsets_are_refused),
		C(test_everything_expired_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
