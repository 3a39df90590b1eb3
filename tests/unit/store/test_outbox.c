#include "rig.h"
#include "store/outbox.h"

static const struct store_kind *const box_kinds[] = { &outbox_kind };

struct box {
	struct rig rig;
	struct outbox *o;
	bool closed;
	int sends;
	int64_t item;
	char body[64];
	bool answer_at_once;
};

static void box_send(void *arg, int64_t item, struct view body)
{
	struct box *b = arg;
	b->sends++;
	b->item = item;
	snprintf(b->body, sizeof(b->body), "%.*s", (int)body.len, body.data);
	if (b->answer_at_once)
		outbox_answer(b->o, item, OUTBOX_SENT, 0, NULL);
}

static void box_add(struct box *b, uint32_t max_items, int64_t max_age_ns)
{
	struct outbox_channel c = { "hook", max_items, max_age_ns, box_send, b, 0 };
	assert_int_equal(outbox_new(&b->o, &b->rig.loop, b->rig.store, &b->rig.clock.clock, NULL), 0);
	assert_int_equal(outbox_add_channel(b->o, &c), 0);
	assert_int_equal(outbox_add_channel(b->o, &c), ERR_DUPLICATE);
}

static void box_start(struct box *b, uint32_t max_items, int64_t max_age_ns)
{
	memset(b, 0, sizeof(*b));
	rig_dir(&b->rig);
	b->rig.kinds = box_kinds;
	b->rig.n_kinds = 1;
	assert_int_equal(rig_open(&b->rig), 0);
	box_add(b, max_items, max_age_ns);
}

static void box_on_closed(void *arg)
{
	((struct box *)arg)->closed = true;
}

static void box_close(struct box *b)
{
	b->closed = false;
	outbox_close(b->o, box_on_closed, b);
	while (!b->closed)
		uv_run(&b->rig.loop, UV_RUN_ONCE);
}

static void box_stop(struct box *b)
{
	box_close(b);
	rig_stop(&b->rig);
}

static void advance(struct box *b, int64_t ns)
{
	clock_fake_advance(&b->rig.clock, ns);
	outbox_poll(b->o);
}

static struct outbox_stats stats_of(struct box *b)
{
	struct outbox_stats st;
	assert_int_equal(outbox_get_stats(b->o, "hook", &st), 0);
	return st;
}

static void test_items_go_in_order_one_at_a_time(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	assert_int_equal(outbox_put(b.o, "hook", VIEW("one")), 0);
	assert_int_equal(outbox_put(b.o, "hook", VIEW("two")), 0);
	assert_int_equal(b.sends, 0);
	rig_until(&b.rig, b.sends == 1);
	assert_string_equal(b.body, "one");
	outbox_poll(b.o);
	assert_int_equal(b.sends, 1);
	outbox_answer(b.o, b.item, OUTBOX_SENT, 0, NULL);
	outbox_poll(b.o);
	assert_string_equal(b.body, "two");
	box_stop(&b);
}

static void test_a_sender_may_answer_at_once(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	b.answer_at_once = true;
	for (int i = 0; i < 50; i++)
		outbox_put(b.o, "hook", VIEW("x"));
	rig_until(&b.rig, stats_of(&b).sent == 50);
	assert_int_equal(stats_of(&b).waiting, 0);
	box_stop(&b);
}

static void test_failures_back_off_up_to_five_minutes(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	outbox_put(b.o, "hook", VIEW("x"));
	outbox_poll(b.o);
	int64_t expect = NS_PER_S;
	for (int i = 1; i < 12; i++) {
		assert_int_equal(b.sends, i);
		outbox_answer(b.o, b.item, OUTBOX_RETRY, 0, "down");
		advance(&b, expect - NS_PER_MS);
		assert_int_equal(b.sends, i);
		advance(&b, NS_PER_MS);
		expect = expect * 2 < 300 * NS_PER_S ? expect * 2 : 300 * NS_PER_S;
	}
	assert_int_equal(stats_of(&b).retried, 11);
	assert_string_equal(stats_of(&b).last_error, "down");
	box_stop(&b);
}

static void test_the_senders_wish_is_honoured(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	outbox_put(b.o, "hook", VIEW("x"));
	outbox_poll(b.o);
	outbox_answer(b.o, b.item, OUTBOX_RETRY, 40 * NS_PER_S, "429");
	advance(&b, 39 * NS_PER_S);
	assert_int_equal(b.sends, 1);
	advance(&b, NS_PER_S);
	assert_int_equal(b.sends, 2);
	box_stop(&b);
}

static void test_a_rejected_item_is_dropped_and_counted(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	outbox_put(b.o, "hook", VIEW("x"));
	outbox_poll(b.o);
	outbox_answer(b.o, b.item, OUTBOX_REJECTED, 0, "400");
	assert_int_equal(stats_of(&b).rejected, 1);
	assert_int_equal(stats_of(&b).waiting, 0);
	assert_int_equal(rig_commit(&b.rig), 0);
	assert_int_equal(rig_count(&b.rig, &outbox_kind), 0);
	box_stop(&b);
}

static void test_items_survive_a_restart_in_order(void **state)
{
	struct box b;
	box_start(&b, 0, 0);
	outbox_put(b.o, "hook", VIEW("one"));
	outbox_put(b.o, "hook", VIEW("two"));
	outbox_poll(b.o); /* "one" is under way when the process ends */
	box_close(&b);
	rig_reopen(&b.rig);
	b.sends = 0;
	box_add(&b, 0, 0);
	assert_int_equal(stats_of(&b).waiting, 2);
	outbox_poll(b.o);
	assert_string_equal(b.body, "one");
	outbox_answer(b.o, b.item, OUTBOX_SENT, 0, NULL);
	outbox_poll(b.o);
	assert_string_equal(b.body, "two");
	box_stop(&b);
}

static void test_past_the_bound_the_oldest_leaves(void **state)
{
	struct box b;
	box_start(&b, 3, 0);
	for (int i = 0; i < 5; i++) {
		char text[12];
		snprintf(text, sizeof(text), "%d", i);
		outbox_put(b.o, "hook", view_of(text));
	}
	assert_int_equal(stats_of(&b).dropped, 2);
	assert_int_equal(stats_of(&b).waiting, 3);
	outbox_poll(b.o);
	assert_string_equal(b.body, "2");
	box_stop(&b);
}

static void test_what_is_too_old_leaves(void **state)
{
	struct box b;
	box_start(&b, 0, 60 * NS_PER_S);
	outbox_put(b.o, "hook", VIEW("x"));
	clock_fake_advance(&b.rig.clock, 61 * NS_PER_S);
	outbox_poll(b.o);
	assert_int_equal(b.sends, 0);
	assert_int_equal(stats_of(&b).dropped, 1);
	box_stop(&b);
}

/* A channel that takes three at a time. */
struct trio {
	struct box box;
	int64_t items[16];
	char bodies[128];
	int n;
};

static void trio_send(void *arg, int64_t item, struct view body)
{
	struct trio *t = arg;
	t->items[t->n++] = item;
	strncat(t->bodies, body.data, body.len);
}

static void trio_start(struct trio *t)
{
	struct outbox_channel c = { "trio", 0, 0, trio_send, t, 3 };
	memset(t, 0, sizeof(*t));
	box_start(&t->box, 0, 0);
	assert_int_equal(outbox_add_channel(t->box.o, &c), 0);
	for (const char *s = "abcde"; *s; s++)
		assert_int_equal(outbox_put(t->box.o, "trio", (struct view){ s, 1 }), 0);
}

static void test_several_are_under_way_at_a_time(void **state)
{
	struct trio t;
	trio_start(&t);
	outbox_poll(t.box.o);
	assert_string_equal(t.bodies, "abc");
	outbox_answer(t.box.o, t.items[1], OUTBOX_SENT, 0, NULL);
	outbox_poll(t.box.o);
	assert_string_equal(t.bodies, "abcd");
	outbox_answer(t.box.o, t.items[0], OUTBOX_SENT, 0, NULL);
	outbox_answer(t.box.o, t.items[0], OUTBOX_SENT, 0, NULL); /* unknown by now */
	outbox_answer(t.box.o, t.items[2], OUTBOX_SENT, 0, NULL);
	outbox_poll(t.box.o);
	assert_string_equal(t.bodies, "abcde");
	struct outbox_stats st;
	assert_int_equal(outbox_get_stats(t.box.o, "trio", &st), 0);
	assert_int_equal(st.sent, 3);
	assert_int_equal(st.waiting, 2);
	box_stop(&t.box);
}

static void test_failed_ones_of_several_come_again_in_order(void **state)
{
	struct trio t;
	trio_start(&t);
	outbox_poll(t.box.o);
	outbox_answer(t.box.o, t.items[2], OUTBOX_RETRY, 0, NULL);
	outbox_answer(t.box.o, t.items[0], OUTBOX_RETRY, 0, NULL);
	outbox_poll(t.box.o);
	assert_string_equal(t.bodies, "abc");
	advance(&t.box, 5 * NS_PER_S);
	assert_string_equal(t.bodies, "abcac");
	box_stop(&t.box);
}

static void test_items_of_a_removed_channel_wait_for_its_return(void **state)
{
	struct trio t;
	trio_start(&t);
	outbox_poll(t.box.o);
	outbox_remove_channel(t.box.o, "trio");
	outbox_remove_channel(t.box.o, "nobody");
	outbox_poll(t.box.o);
	outbox_answer(t.box.o, t.items[0], OUTBOX_SENT, 0, NULL);
	assert_int_equal(outbox_put(t.box.o, "trio", VIEW("x")), ERR_UNKNOWN);
	struct outbox_channel c = { "trio", 0, 0, trio_send, &t, 16 };
	assert_int_equal(outbox_add_channel(t.box.o, &c), 0);
	t.bodies[0] = '\0';
	outbox_poll(t.box.o);
	assert_string_equal(t.bodies, "abcde");
	box_stop(&t.box);
}

static void test_unknown_channels_are_refused(void **state)
{
	struct box b;
	struct outbox_stats st;
	box_start(&b, 0, 0);
	assert_int_equal(outbox_put(b.o, "nobody", VIEW("x")), ERR_UNKNOWN);
	assert_int_equal(outbox_get_stats(b.o, "nobody", &st), ERR_UNKNOWN);
	outbox_answer(b.o, 999, OUTBOX_SENT, 0, NULL);
	box_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_go_in_order_one_at_a_time),
		cmocka_unit_test(test_a_sender_may_answer_at_once),
		cmocka_unit_test(test_failures_back_off_up_to_five_minutes),
		cmocka_unit_test(test_the_senders_wish_is_honoured),
		cmocka_unit_test(test_a_rejected_item_is_dropped_and_counted),
		cmocka_unit_test(test_items_survive_a_restart_in_order),
		cmocka_unit_test(test_past_the_bound_the_oldest_leaves),
		cmocka_unit_test(test_what_is_too_old_leaves),
		cmocka_unit_test(test_several_are_under_way_at_a_time),
		cmocka_unit_test(test_failed_ones_of_several_come_again_in_order),
		cmocka_unit_test(test_items_of_a_removed_channel_wait_for_its_return),
		cmocka_unit_test(test_unknown_channels_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
