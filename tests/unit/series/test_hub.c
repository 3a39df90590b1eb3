#include "support.h"

#include "base/err.h"
#include "series/hub.h"

#include <stdio.h>

struct log {
	struct hub *hub;
	int handle, wakes, n;
	int publish; /* events to publish from the callback */
	char text[2000];
};

static void on_wake(void *arg)
{
	((struct log *)arg)->wakes++;
}

static void write_item(void *arg, const struct hub_item *item)
{
	struct log *log = arg;
	size_t len = strlen(log->text), room = sizeof(log->text) - len;

	log->n++;
	if (item->type == HUB_TICK)
		snprintf(log->text + len, room, "tick %u@%d %g/%u;", item->u.tick.group, (int)item->u.tick.t,
			 item->u.tick.values[item->u.tick.n - 1], item->u.tick.series[item->u.tick.n - 1]);
	else if (item->type == HUB_EVENT)
		snprintf(log->text + len, room, "event %.*s;", (int)item->u.event.title.len,
			 item->u.event.title.data);
	else
		snprintf(log->text + len, room, "fleet %.*s %.*s;", (int)item->u.fleet.server.len,
			 item->u.fleet.server.data, (int)item->u.fleet.json.len, item->u.fleet.json.data);
}

static int publish_event(struct hub *h, const char *title)
{
	const struct event e = { .kind = EVENT_NOTE, .title = view_of(title) };

	return hub_event(h, &e);
}

static void test_carries_all_three(void **state)
{
	struct log log = { 0 };
	struct hub *h = hub_new(4096, on_wake, &log);
	series_id ids[3] = { 7, 8, 9 };
	double values[3] = { 1, 2, 3.5 };
	const struct tick tick = { .group = 2, .t = 100, .n = 3, .series = ids, .values = values };
	const struct fleet_record record = { 5, VIEW("srv"), VIEW("{}") };

	hub_subscribe(h, HUB_TICK | HUB_EVENT | HUB_FLEET, write_item, &log);
	assert_int_equal(hub_tick(h, &tick), 0);
	assert_int_equal(publish_event(h, "hello"), 0);
	assert_int_equal(hub_fleet(h, &record), 0);
	values[2] = 0; /* it was copied */
	assert_int_equal(log.wakes, 1);
	assert_string_equal(log.text, ""); /* nobody is called before the drain */
	assert_int_equal(hub_drain(h), 3);
	assert_string_equal(log.text, "tick 2@100 3.5/9;event hello;fleet srv {};");
	assert_int_equal(hub_queued_bytes(h), 0);
	hub_free(h);
}

static void test_types_select(void **state)
{
	struct log log = { 0 };
	struct hub *h = hub_new(4096, NULL, NULL);

	hub_subscribe(h, HUB_TICK | HUB_FLEET, write_item, &log);
	publish_event(h, "x");
	assert_int_equal(hub_drain(h), 1);
	assert_int_equal(log.n, 0);
	hub_free(h);
}

static void test_full_drops_the_newest_and_counts(void **state)
{
	struct log log = { 0 };
	struct hub *h = hub_new(256, NULL, NULL);

	hub_subscribe(h, HUB_EVENT, write_item, &log);
	assert_int_equal(publish_event(h, "first"), 0);
	assert_int_equal(publish_event(h, "second"), 0);
	while (publish_event(h, "more") == 0)
		;
	assert_int_equal(publish_event(h, "late"), ERR_FULL);
	assert_int_equal(hub_dropped(h, HUB_EVENT), 2);
	assert_int_equal(hub_dropped(h, HUB_TICK), 0);
	hub_drain(h);
	assert_non_null(strstr(log.text, "event first;event second;event more;"));
	assert_null(strstr(log.text, "late"));
	assert_int_equal(publish_event(h, "again"), 0);
	hub_free(h);
}

static void test_giant_is_refused(void **state)
{
	struct hub *h = hub_new(256, NULL, NULL);
	const struct fleet_record record = { 0, VIEW("s"), { "x", SIZE_MAX } };
	const struct tick tick = { .n = UINT32_MAX };

	assert_int_equal(hub_fleet(h, &record), ERR_FULL);
	assert_int_equal(hub_tick(h, &tick), ERR_FULL);
	assert_int_equal(hub_dropped(h, HUB_FLEET), 1);
	hub_free(h);
}

static void echo(void *arg, const struct hub_item *item)
{
	struct log *log = arg;

	write_item(arg, item);
	assert_int_equal(hub_drain(log->hub), 0); /* nobody is re-entered */
	if (log->publish-- > 0)
		publish_event(log->hub, "echo");
}

static void test_published_while_draining_comes_in_the_same_drain(void **state)
{
	struct log log = { .publish = 2 };
	struct hub *h = log.hub = hub_new(4096, on_wake, &log);

	hub_subscribe(h, HUB_EVENT, echo, &log);
	publish_event(h, "one");
	assert_int_equal(hub_drain(h), 3);
	assert_string_equal(log.text, "event one;event echo;event echo;");
	assert_int_equal(log.wakes, 1);
	hub_free(h);
}

static void forever(void *arg, const struct hub_item *item)
{
	struct log *log = arg;

	log->n++;
	publish_event(log->hub, "again");
}

static void test_endless_echo_is_bounded(void **state)
{
	struct log log = { 0 };
	struct hub *h = log.hub = hub_new(4096, on_wake, &log);

	hub_subscribe(h, HUB_EVENT, forever, &log);
	publish_event(h, "one");
	assert_int_equal(hub_drain(h), 1025);
	assert_int_equal(log.wakes, 2); /* asks for the next drain */
	assert_true(hub_queued_bytes(h) > 0);
	hub_free(h);
}

static void leave(void *arg, const struct hub_item *item)
{
	struct log *log = arg;

	hub_unsubscribe(log->hub, log->handle);
}

static void test_leaving_during_a_drain(void **state)
{
	struct log log = { 0 }, other = { 0 };
	struct hub *h = log.hub = hub_new(4096, NULL, NULL);

	hub_subscribe(h, HUB_EVENT, leave, &log);
	log.handle = hub_subscribe(h, HUB_EVENT, write_item, &log);
	hub_subscribe(h, HUB_EVENT, write_item, &other);
	publish_event(h, "a");
	publish_event(h, "b");
	hub_drain(h);
	assert_int_equal(log.n, 0);
	assert_int_equal(other.n, 2);
	hub_free(h);
}

static void join(void *arg, const struct hub_item *item)
{
	struct log *log = arg;

	for (int i = 0; i < 20 && !log->publish; i++) /* the array of subscribers moves under the walk */
		hub_subscribe(log->hub, HUB_EVENT, write_item, log);
	log->publish = 1;
}

static void test_joining_during_a_drain(void **state)
{
	struct log log = { 0 };
	struct hub *h = log.hub = hub_new(4096, NULL, NULL);

	hub_subscribe(h, HUB_EVENT, join, &log);
	publish_event(h, "a");
	publish_event(h, "b");
	hub_drain(h);
	assert_int_equal(log.n, 20); /* b only */
	hub_free(h);
}

static void check_order(void *arg, const struct hub_item *item)
{
	struct log *log = arg;
	char expected[64];

	snprintf(expected, sizeof(expected), "%d:", log->n++);
	assert_memory_equal(item->u.event.title.data, expected, strlen(expected));
}

/* Publishes two items of odd sizes for each it gets, as long as it may: the writer chases the reader round
 * the ring. */
static void chase(void *arg, const struct hub_item *item)
{
	struct log *log = arg;
	char title[400];

	check_order(arg, item);
	for (int i = 0; i < 2 && log->publish > 0; i++, log->publish--) {
		snprintf(title, sizeof(title), "%d:%*d", log->handle, log->publish * 31 % 300 + 1, i);
		log->handle += publish_event(log->hub, title) == 0; /* the number of items sent */
	}
}

static void test_wraps_in_order(void **state)
{
	struct log log = { .publish = 20000 };
	struct hub *h = log.hub = hub_new(1000, NULL, NULL);

	hub_subscribe(h, HUB_EVENT, chase, &log);
	publish_event(h, "0:");
	log.handle = 1;
	while (hub_drain(h) > 0)
		;
	assert_int_equal(log.publish, 0);
	assert_int_equal(log.n, log.handle);
	assert_int_equal(hub_dropped(h, HUB_EVENT), 20001 - log.handle);
	assert_true(log.handle > 5000);
	assert_int_equal(hub_queued_bytes(h), 0);
	hub_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carries_all_three),
		cmocka_unit_test(test_types_select),
		cmocka_unit_test(test_full_drops_the_newest_and_counts),
		cmocka_unit_test(test_giant_is_refused),
		cmocka_unit_test(test_published_while_draining_comes_in_the_same_drain),
		cmocka_unit_test(test_endless_echo_is_bounded),
		cmocka_unit_test(test_leaving_during_a_drain),
		cmocka_unit_test(test_joining_during_a_drain),
		cmocka_unit_test(test_wraps_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
