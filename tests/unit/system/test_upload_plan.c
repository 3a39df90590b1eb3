#include "support.h"

#include "../../../src/system/upload_plan.h"

/* A plan, its time, and what was asked of the service so far: "look0 make0 …" with the lane's number. */
struct world {
	struct upload_plan p;
	mono_us now;
	char asked[1024];
};

static const char *const words[] = { "rest", "look", "make",  "expiry", "put",
				     "find", "add",  "greet", "update", "leave" };

static void start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->now = 1000 * US_PER_S;
	upload_plan_init(&w->p);
}

static void note(struct world *w, const struct upload_step *s)
{
	size_t n = strlen(w->asked);
	snprintf(w->asked + n, sizeof(w->asked) - n, "%s%s%d", n ? " " : "", words[s->action], s->lane);
}

static void answer_with(struct world *w, struct upload_outcome o, double random)
{
	struct upload_step s = upload_plan_next(&w->p, w->now);
	assert_int_not_equal(s.action, UPLOAD_REST);
	note(w, &s);
	upload_plan_done(&w->p, &s, &o, w->now, random);
	if (s.action == UPLOAD_PUT && o.verdict == DYNAMO_OK)
		w->p.has_items = false;
}

static void answer(struct world *w, enum dynamo_verdict v)
{
	answer_with(w, (struct upload_outcome){ .verdict = v }, 0.5);
}

static void answer_table(struct world *w, enum dynamo_form form)
{
	answer_with(w, (struct upload_outcome){ DYNAMO_OK, { true, form }, false }, 0.5);
}

static void answer_find(struct world *w, bool found)
{
	answer_with(w, (struct upload_outcome){ .verdict = DYNAMO_OK, .found = found }, 0.5);
}

/* Rests for at most `us` and says how long it was. */
static mono_us sleep_on(struct world *w)
{
	struct upload_step s = upload_plan_next(&w->p, w->now);
	assert_int_equal(s.action, UPLOAD_REST);
	mono_us slept = s.until - w->now;
	assert_true(s.until != INT64_MAX && slept > 0);
	w->now = s.until;
	return slept;
}

static void expect(struct world *w, const char *asked)
{
	assert_string_equal(w->asked, asked);
	w->asked[0] = '\0';
}

static void expect_idle(struct world *w)
{
	struct upload_step s = upload_plan_next(&w->p, w->now);
	assert_int_equal(s.action, UPLOAD_REST);
	assert_true(s.until == INT64_MAX);
}

/* Both tables are there, the host too. */
static void start_ready(struct world *w)
{
	start(w);
	answer_table(w, DYNAMO_FORM_MINUTES);
	answer_table(w, DYNAMO_FORM_REGISTRY);
	answer_find(w, true);
	answer(w, DYNAMO_OK);
	expect(w, "look0 look1 find1 greet1");
	expect_idle(w);
}

static void test_tables_that_are_there(void **state)
{
	struct world w;
	start_ready(&w);
	w.p.has_items = w.p.update_due = true;
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_OK);
	expect(&w, "put0 update1");
	expect_idle(&w);
}

static void test_missing_tables_are_made(void **state)
{
	struct world w;
	start(&w);
	w.p.has_items = true;
	answer(&w, DYNAMO_ABSENT);
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_ABSENT); /* the other lane goes on meanwhile */
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 make0 look1 make1");
	assert_int_equal(sleep_on(&w), US_PER_S);
	answer(&w, DYNAMO_ABSENT); /* not seen everywhere yet */
	answer_with(&w, (struct upload_outcome){ DYNAMO_OK, { false, DYNAMO_FORM_REGISTRY }, false }, 0);
	sleep_on(&w);
	answer_table(&w, DYNAMO_FORM_MINUTES);
	answer(&w, DYNAMO_INVALID); /* no expiry here */
	answer(&w, DYNAMO_OK);
	answer_table(&w, DYNAMO_FORM_REGISTRY);
	answer_find(&w, false);
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 look1 look0 expiry0 put0 look1 find1 add1");
	expect_idle(&w);
}

static void test_a_table_that_another_is_making_gets_no_expiry_of_ours(void **state)
{
	struct world w;
	start(&w);
	answer(&w, DYNAMO_ABSENT);
	answer(&w, DYNAMO_IN_USE);
	w.now += US_PER_S;
	answer_table(&w, DYNAMO_FORM_MINUTES);
	assert_false(w.p.expiry_due);
}

static void test_pauses_double_up_to_five_minutes(void **state)
{
	struct world w;
	start(&w);
	w.p.lanes[UPLOAD_REGISTRY].not_before = INT64_MAX; /* out of the way */
	mono_us expected = UPLOAD_REST_MIN_US;
	for (int i = 0; i < 14; i++) {
		answer_with(&w,
			    (struct upload_outcome){ .verdict = i % 2 ? DYNAMO_NETWORK : DYNAMO_THROTTLED },
			    0);
		assert_int_equal(sleep_on(&w), expected / 2);
		expected = expected * 2 < UPLOAD_REST_MAX_US ? expected * 2 : UPLOAD_REST_MAX_US;
	}
	answer_with(&w, (struct upload_outcome){ .verdict = DYNAMO_SERVER }, 0.999);
	assert_in_range(sleep_on(&w), UPLOAD_REST_MAX_US - US_PER_S, UPLOAD_REST_MAX_US);
	answer_table(&w, DYNAMO_FORM_MINUTES);
	w.p.has_items = true;
	answer(&w, DYNAMO_OK);
	w.p.has_items = true;
	answer_with(&w, (struct upload_outcome){ .verdict = DYNAMO_SERVER }, 0);
	assert_int_equal(sleep_on(&w), UPLOAD_REST_MIN_US / 2); /* a success in between */
}

static void test_what_people_must_mend_is_tried_seldom(void **state)
{
	static const enum dynamo_verdict verdicts[] = { DYNAMO_CREDENTIALS, DYNAMO_INVALID };
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		start(&w);
		w.p.lanes[UPLOAD_REGISTRY].not_before = INT64_MAX;
		answer_with(&w, (struct upload_outcome){ .verdict = verdicts[i] }, 0);
		assert_int_equal(sleep_on(&w), UPLOAD_REST_SLOW_US / 2);
	}
	struct world w;
	start_ready(&w);
	w.p.has_items = true;
	answer_with(&w, (struct upload_outcome){ .verdict = DYNAMO_DENIED }, 0);
	assert_int_equal(sleep_on(&w), UPLOAD_REST_SLOW_US / 2);
}

static void test_trouble_with_the_registry_holds_no_minute_up(void **state)
{
	struct world w;
	start(&w);
	answer_table(&w, DYNAMO_FORM_MINUTES);
	answer(&w, DYNAMO_THROTTLED);
	w.p.has_items = true;
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 look1 put0");
	w.now += US_PER_S;
	answer_table(&w, DYNAMO_FORM_FOREIGN);
	w.p.has_items = true;
	answer(&w, DYNAMO_OK);
	expect(&w, "look1 put0");
	assert_int_equal(w.p.lanes[UPLOAD_REGISTRY].phase, PHASE_FOREIGN);
	assert_true(sleep_on(&w) >= UPLOAD_REST_SLOW_US / 2);
	answer_table(&w, DYNAMO_FORM_REGISTRY); /* somebody has mended it */
	expect(&w, "look1");
}

static void test_without_update_item_whole_items_are_written(void **state)
{
	struct world w;
	start(&w);
	answer_table(&w, DYNAMO_FORM_MINUTES);
	answer_table(&w, DYNAMO_FORM_REGISTRY);
	answer_find(&w, true);
	answer(&w, DYNAMO_DENIED);
	assert_true(w.p.whole);
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 look1 find1 greet1 greet1");
	w.p.update_due = true;
	answer(&w, DYNAMO_DENIED); /* not that either */
	sleep_on(&w);
	answer(&w, DYNAMO_OK);
	expect(&w, "update1 update1");
}

static void test_without_describe_table_it_goes_on(void **state)
{
	struct world w;
	start(&w);
	w.p.has_items = true;
	answer(&w, DYNAMO_DENIED);
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_DENIED);
	answer(&w, DYNAMO_DENIED);
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 put0 look1 find1 greet1");
}

static void test_a_table_that_vanishes_is_made_again(void **state)
{
	struct world w;
	start_ready(&w);
	w.p.has_items = true;
	answer(&w, DYNAMO_ABSENT);
	assert_in_range(sleep_on(&w), UPLOAD_REST_MIN_US / 2, UPLOAD_REST_MIN_US);
	answer_table(&w, DYNAMO_FORM_MINUTES); /* says it is there, and is wrong */
	answer(&w, DYNAMO_ABSENT);
	assert_in_range(sleep_on(&w), UPLOAD_REST_MIN_US, 2 * UPLOAD_REST_MIN_US);
	answer(&w, DYNAMO_ABSENT);
	answer(&w, DYNAMO_OK);
	sleep_on(&w);
	answer_table(&w, DYNAMO_FORM_MINUTES);
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_OK);
	expect(&w, "put0 look0 put0 look0 make0 look0 expiry0 put0");
}

static void test_a_registry_that_vanishes_knows_nobody(void **state)
{
	struct world w;
	start_ready(&w);
	w.p.update_due = true;
	answer(&w, DYNAMO_ABSENT);
	sleep_on(&w);
	answer(&w, DYNAMO_ABSENT);
	answer(&w, DYNAMO_OK);
	sleep_on(&w);
	answer_table(&w, DYNAMO_FORM_REGISTRY);
	answer_find(&w, false);
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_OK);
	expect(&w, "update1 look1 make1 look1 find1 add1 update1");
	expect_idle(&w);
}

static void test_legacy_tables_are_known(void **state)
{
	struct world w;
	start(&w);
	w.p.has_items = true;
	answer_table(&w, DYNAMO_FORM_ID_TEXT);
	assert_int_equal(w.p.lanes[UPLOAD_MINUTES].form, DYNAMO_FORM_ID_TEXT);
	answer(&w, DYNAMO_OK);
	expect(&w, "look0 put0");
}

static void test_leaving(void **state)
{
	struct world w;
	start_ready(&w);
	w.p.leaving = w.p.has_items = w.p.update_due = true;
	assert_false(upload_plan_finished(&w.p, w.now));
	answer(&w, DYNAMO_OK);
	answer(&w, DYNAMO_OK);
	expect(&w, "put0 leave1");
	assert_true(upload_plan_finished(&w.p, w.now));
	expect_idle(&w);
}

static void test_leaving_in_trouble_waits_for_nothing(void **state)
{
	struct world w;
	start_ready(&w);
	w.p.has_items = w.p.update_due = true;
	answer(&w, DYNAMO_NETWORK);
	answer(&w, DYNAMO_NETWORK);
	w.p.leaving = true;
	assert_true(upload_plan_finished(&w.p, w.now));
	start(&w); /* nothing was known yet */
	w.p.leaving = w.p.has_items = true;
	assert_true(upload_plan_finished(&w.p, w.now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_that_are_there),
		cmocka_unit_test(test_missing_tables_are_made),
		cmocka_unit_test(test_a_table_that_another_is_making_gets_no_expiry_of_ours),
		cmocka_unit_test(test_pauses_double_up_to_five_minutes),
		cmocka_unit_test(test_what_people_must_mend_is_tried_seldom),
		cmocka_unit_test(test_trouble_with_the_registry_holds_no_minute_up),
		cmocka_unit_test(test_without_update_item_whole_items_are_written),
		cmocka_unit_test(test_without_describe_table_it_goes_on),
		cmocka_unit_test(test_a_table_that_vanishes_is_made_again),
		cmocka_unit_test(test_a_registry_that_vanishes_knows_nobody),
		cmocka_unit_test(test_legacy_tables_are_known),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_leaving_in_trouble_waits_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
