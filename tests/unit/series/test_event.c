#include "support.h"

#include "base/err.h"
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
	struct event_filter f = { .since = 1000, .until = 1001 };

	assert_true(event_filter_match(&f, &event));
	f.until = 1000;
	assert_false(event_filter_match(&f, &event));
	f = (struct event_filter){ .since = 1001 };
	assert_false(event_filter_match(&f, &event));
}

static void test_filter_by_kind_and_subject(void **state)
{
	struct event_filter f = { .kinds = EVENT_BIT(EVENT_ALERT) | EVENT_BIT(EVENT_STOP) };

	assert_true(event_filter_match(&f, &event));
	f.kinds = EVENT_BIT(EVENT_NOTE);
	assert_false(event_filter_match(&f, &event));
	f.kinds = 0;
	f.subject = VIEW("app.*");
	assert_true(event_filter_match(&f, &event));
	f.subject = VIEW("app.queue");
	assert_false(event_filter_match(&f, &event));
}

static void test_filter_by_severity(void **state)
{
	struct event_filter f = { .severity = SEVERITY_WARNING };

	assert_true(event_filter_match(&f, &event));
	f.severity = SEVERITY_CRITICAL;
	assert_false(event_filter_match(&f, &event));
}

static void test_sets_of_kinds(void **state)
{
	uint32_t kinds = 0;
	struct view bad;

	assert_int_equal(event_kinds_parse(VIEW("alert"), &kinds, &bad), 0);
	assert_int_equal(kinds, EVENT_BIT(EVENT_ALERT));
	assert_int_equal(event_kinds_parse(VIEW("start,stop"), &kinds, &bad), 0);
	assert_int_equal(kinds, EVENT_BIT(EVENT_START) | EVENT_BIT(EVENT_STOP));
	assert_int_equal(event_kinds_parse(VIEW("-run_failed,note"), &kinds, &bad), 0);
	assert_int_equal(kinds, ~(EVENT_BIT(EVENT_RUN_FAILED) | EVENT_BIT(EVENT_NOTE)));
	for (size_t i = 0; i < 4; i++) {
		struct view text = view_of((const char *[]){ "", "-", "start,,stop", "start,nonsense" }[i]);
		assert_int_equal(event_kinds_parse(text, &kinds, &bad), ERR_UNKNOWN);
	}
	assert_int_equal(bad.len, strlen("nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_go_both_ways),
		cmocka_unit_test(test_filter_by_time),
		cmocka_unit_test(test_filter_by_kind_and_subject),
		cmocka_unit_test(test_filter_by_severity),
		cmocka_unit_test(test_sets_of_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
