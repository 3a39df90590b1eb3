#include "support.h"

#include "series/event.h"

static const struct event event = {
	.t = 1000,
	.kind = EVENT_ALERT,
	.severity = SEVERITY_WARNING,
	.subject = { "app.queue{q=mail}", 17 },
};

static void test_names_go_both_ways(void **state)
{
	for (int k = 0; k < EVENT_KINDS; k++)
		assert_int_equal(event_kind_find(view_of(event_kind_name((enum event_kind)k))), k);
	assert_string_equal(event_kind_name(EVENT_TIER), "tier_escalation");
	assert_int_equal(event_kind_find(VIEW("nonsense")), -1);
	assert_int_equal(event_severity_find(VIEW("critical")), SEVERITY_CRITICAL);
	assert_int_equal(event_severity_find(VIEW("")), -1);
	assert_string_equal(event_kind_name((enum event_kind)999), "unknown");
}

static void test_filter_by_time(void **state)
{
	struct event_filter f = { .since = 1000, .until = 1001, .kind = -1 };

	assert_true(event_filter_match(&f, &event));
	f.until = 1000;
	assert_false(event_filter_match(&f, &event));
	f = (struct event_filter){ .since = 1001, .kind = -1 };
	assert_false(event_filter_match(&f, &event));
}

static void test_filter_by_kind_and_subject(void **state)
{
	struct event_filter f = { .kind = EVENT_ALERT };

	assert_true(event_filter_match(&f, &event));
	f.kind = EVENT_NOTE;
	assert_false(event_filter_match(&f, &event));
	f.kind = -1;
	f.subject = VIEW("app.*");
	assert_true(event_filter_match(&f, &event));
	f.subject = VIEW("app.queue");
	assert_false(event_filter_match(&f, &event));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_go_both_ways),
		cmocka_unit_test(test_filter_by_time),
		cmocka_unit_test(test_filter_by_kind_and_subject),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
