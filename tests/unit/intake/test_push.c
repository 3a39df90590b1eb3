#include "support.h"

#include "intake/push.h"

#include <errno.h>
#include <stdlib.h>

struct fixture {
	struct clock_fake clock;
	struct push *push;
	struct push_op *op; /* waits for its commit */
	struct json_doc doc;
	struct buf reply;
	struct buf released;
	bool ok, durable;
	int done;
	int again; /* how often turns were asked for */
};

static void commit(void *ctx, struct push_op *op)
{
	((struct fixture *)ctx)->op = op;
}

static bool is_durable(void *ctx)
{
	return ((struct fixture *)ctx)->durable;
}

static void again(void *ctx)
{
	((struct fixture *)ctx)->again++;
}

/* Takes numbers. */
static int take_number(void *ctx, const struct push_op *op, const struct json_doc *doc, json_ref item,
		       struct buf *stage, struct err *err)
{
	int64_t n;
	buf_puts(stage, "half ");
	if (json_i64(doc, item, &n) < 0)
		return err_set(err, ERR_TYPE, "", "must be a number");
	buf_int(stage, n);
	buf_putc(stage, ' ');
	return 0;
}

static size_t release(void *ctx, const struct push_op *op, struct view stage)
{
	buf_view(&((struct fixture *)ctx)->released, stage);
	return stage.len;
}

/* A thousand numbers at a time, as "half 1234567 " each. */
static size_t release_some(void *ctx, const struct push_op *op, struct view stage)
{
	size_t n = 13 * (size_t)PUSH_PORTION < stage.len ? 13 * (size_t)PUSH_PORTION : stage.len;
	buf_view(&((struct fixture *)ctx)->released, (struct view){ stage.data, n });
	return n;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct push_durability d = {
		.commit = commit, .ctx = f, .is_durable = is_durable, .again = again
	};
	const struct push_list list = { .name = "runs", .item = take_number, .release = release, .ctx = f };
	const struct push_list more = {
		.name = "more", .item = take_number, .release = release_some, .ctx = f
	};
	f->durable = true;
	clock_fake_init(&f->clock, INT64_C(1795378245) * NS_PER_S);
	json_doc_init(&f->doc);
	buf_init(&f->reply);
	buf_init(&f->released);
	assert_int_equal(push_new(&f->push, &d, &f->clock.clock), 0);
	assert_int_equal(push_add_list(f->push, &list), 0);
	assert_int_equal(push_add_list(f->push, &more), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	push_free(f->push);
	json_doc_fini(&f->doc);
	buf_fini(&f->reply);
	buf_fini(&f->released);
	free(f);
	return 0;
}

static void on_done(void *arg, bool ok, struct view reply)
{
	struct fixture *f = arg;
	f->ok = ok;
	f->done++;
	buf_clear(&f->reply);
	buf_view(&f->reply, reply);
}

static int start(struct fixture *f, const char *text, struct err *err)
{
	size_t used;
	assert_int_equal(json_parse(&f->doc, text, strlen(text), 0, &used), 0);
	const struct push_request req = { .doc = &f->doc, .root = 0, .now = 1, .done = on_done, .arg = f };
	return push_start(f->push, &req, err);
}

static void answers(struct fixture *f, const char *text, int status, const char *want)
{
	struct err err = { 0 };
	assert_int_equal(start(f, text, &err), 0);
	push_committed(f->op, status);
	assert_string_equal(buf_str(&f->reply), want);
	assert_true(f->ok == (status == 0));
}

static void test_empty_push_is_answered(void **state)
{
	answers(*state, "{\"type\":\"push\"}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":0,\"rejected\":0,\"errors\":[]}"
		"\n");
}

static void test_nothing_is_visible_before_the_commit(void **state)
{
	struct fixture *f = *state;
	struct err err;
	struct push_stats s;
	assert_int_equal(start(f, "{\"runs\":[1,2]}", &err), 0);
	assert_int_equal(f->done, 0);
	assert_int_equal(f->released.len, 0);
	push_get_stats(f->push, &s);
	assert_int_equal(s.waiting, 1);
	push_committed(f->op, 0);
	assert_string_equal(buf_str(&f->released), "half 1 half 2 ");
	push_get_stats(f->push, &s);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.accepted, 2);
}

static void test_bad_item_is_rejected_alone(void **state)
{
	struct fixture *f = *state;
	answers(f, "{\"runs\":[1,\"x\",3]}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":2,\"rejected\":1,\"errors\":[{"
		"\"list\":\"runs\",\"index\":1,"
		"\"error\":\"must be a number\"}]}\n");
	assert_string_equal(buf_str(&f->released), "half 1 half 3 ");
}

static void test_lists_of_absent_services(void **state)
{
	answers(*state, "{\"records\":[{}],\"test_runs\":[{}]}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":0,\"rejected\":2,\"errors\":[{"
		"\"list\":\"records\",\"index\":0,"
		"\"error\":\"records are taken by the fleet service, which this build does not "
		"have\"},{\"list\":\"test_runs\",\"index\":0,"
		"\"error\":\"test runs are taken by the change service, which this build does not "
		"have\"}]}\n");
}

static void test_unknown_key_is_ignored(void **state)
{
	answers(*state, "{\"colour\":[1],\"runs\":null}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":0,\"rejected\":0,\"errors\":[]}"
		"\n");
}

static void test_list_must_be_an_array(void **state)
{
	answers(*state, "{\"runs\":{}}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":0,\"rejected\":1,\"errors\":[{"
		"\"list\":\"runs\",\"index\":-1,"
		"\"error\":\"the list must be a JSON array\"}]}\n");
}

static void test_failed_commit_keeps_nothing(void **state)
{
	struct fixture *f = *state;
	answers(f, "{\"runs\":[1,\"x\"]}", -ENOSPC,
		"{\"type\":\"push_response\",\"status\":\"error\",\"accepted\":0,\"rejected\":2,\"errors\":[{"
		"\"list\":\"\",\"index\":-1,"
		"\"error\":\"the history could not be written (No space left on device); nothing of this "
		"push was kept, send it again\"}]}\n");
	assert_int_equal(f->released.len, 0);
}

static void test_memory_only_says_so(void **state)
{
	struct fixture *f = *state;
	f->durable = false;
	answers(f, "{\"runs\":[1]}", 0,
		"{\"type\":\"push_response\",\"status\":\"ok\",\"accepted\":1,\"rejected\":0,\"errors\":[],"
		"\"durable\":false}\n");
}

static void test_at_most_a_hundred_errors(void **state)
{
	struct fixture *f = *state;
	struct json_doc reply;
	struct buf text;
	struct err err;
	buf_init(&text);
	buf_puts(&text, "{\"runs\":[");
	for (int i = 0; i < 300; i++)
		buf_puts(&text, i ? ",{}" : "{}");
	buf_puts(&text, "]}");
	assert_int_equal(start(f, buf_str(&text), &err), 0);
	push_committed(f->op, 0);
	json_doc_init(&reply);
	assert_int_equal(json_parse_all(&reply, f->reply.data, f->reply.len, JSON_STRICT, &err), 0);
	assert_int_equal(reply.nodes[json_get(&reply, 0, VIEW("errors"))].len, 100);
	assert_non_null(strstr(buf_str(&f->reply), "\"rejected\":300"));
	json_doc_fini(&reply);
	buf_fini(&text);
}

static void test_root_must_be_an_object(void **state)
{
	struct err err;
	assert_int_equal(start(*state, "[1]", &err), ERR_TYPE);
	assert_string_equal(err.text, "a push must be a JSON object");
}

static void test_waiting_pushes_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct push_op *ops[200];
	struct buf text;
	struct err err;
	int n = 0, rc = 0;
	buf_init(&text);
	buf_puts(&text, "{\"runs\":[1");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, ",1234567890");
	buf_puts(&text, "]}");
	for (; n < 200 && (rc = start(f, buf_str(&text), &err)) == 0; n++)
		ops[n] = f->op;
	assert_int_equal(rc, ERR_FULL);
	assert_true(n > 5 && n < 80);
	while (n)
		push_committed(ops[--n], -EIO);
	assert_int_equal(start(f, "{}", &err), 0);
	push_committed(f->op, 0);
	buf_fini(&text);
}

/* {"more":[1000000,1000001,…],"runs":[7]}, a document of the push's own. */
static int start_long(struct fixture *f, int numbers, struct err *err)
{
	struct push_document own;
	size_t used;
	buf_init(&own.text);
	json_doc_init(&own.doc);
	buf_puts(&own.text, "{\"more\":[");
	for (int i = 0; i < numbers; i++)
		buf_printf(&own.text, "%s%d", i ? "," : "", 1000000 + i);
	buf_puts(&own.text, "],\"runs\":[7]}");
	assert_int_equal(json_parse(&own.doc, own.text.data, own.text.len, 0, &used), 0);
	const struct push_request req = { .doc = &own.doc, .now = 1, .done = on_done, .arg = f, .own = &own };
	int rc = push_start(f->push, &req, err);
	json_doc_fini(&own.doc);
	buf_fini(&own.text);
	return rc;
}

static int turns(struct fixture *f)
{
	int n = 1;
	while (push_turn(f->push))
		n++;
	return n;
}

static void test_a_long_push_is_taken_and_released_in_portions(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_int_equal(start_long(f, 10 * PUSH_PORTION, &err), 0);
	assert_int_equal(f->again, 1);
	assert_null(f->op);
	assert_in_range(turns(f), 9, 12);
	assert_non_null(f->op);
	assert_int_equal(f->released.len, 0);
	push_committed(f->op, 0);
	assert_int_equal(f->again, 2);
	assert_int_equal(f->done, 0); /* what is answered is visible */
	assert_in_range(turns(f), 9, 12);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->released.len, 13 * 10 * PUSH_PORTION + 7);
	assert_memory_equal(f->released.data, "half 7 half 1000000 half 1000001 ", 33);
	assert_non_null(strstr(buf_str(&f->reply), "\"accepted\":10001,\"rejected\":0"));
}

static void test_long_pushes_take_turns(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_int_equal(start_long(f, 20 * PUSH_PORTION, &err), 0);
	assert_int_equal(start_long(f, 3 * PUSH_PORTION, &err), 0);
	int n = 0;
	while (!f->op && push_turn(f->push))
		n++;
	assert_in_range(n, 4, 8); /* the shorter one did not wait for the longer */
	struct push_op *shorter = f->op;
	turns(f);
	push_committed(f->op, -EIO);
	assert_false(f->ok);
	push_committed(shorter, 0);
	turns(f);
	assert_true(f->ok);
}

static void test_a_long_push_under_way_at_the_stop_is_answered(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_int_equal(start_long(f, 3 * PUSH_PORTION, &err), 0);
	push_stop(f->push);
	assert_int_equal(f->done, 1);
	assert_false(f->ok);
	assert_non_null(strstr(buf_str(&f->reply), "\"status\":\"error\",\"accepted\":0"));
	assert_false(push_turn(f->push));
	assert_int_equal(start_long(f, 1, &err), ERR_CLOSED);
	assert_int_equal(start(f, "{}", &err), ERR_CLOSED);
}

static void test_a_commit_after_the_stop_is_answered_at_once(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_int_equal(start_long(f, 3 * PUSH_PORTION, &err), 0);
	turns(f);
	push_stop(f->push);
	push_committed(f->op, 0);
	assert_int_equal(f->done, 1);
	assert_true(f->ok);
}

#define C(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		C(test_empty_push_is_answered),
		C(test_nothing_is_visible_before_the_commit),
		C(test_bad_item_is_rejected_alone),
		C(test_lists_of_absent_services),
		C(test_unknown_key_is_ignored),
		C(test_list_must_be_an_array),
		C(test_failed_commit_keeps_nothing),
		C(test_memory_only_says_so),
		C(test_at_most_a_hundred_errors),
		C(test_root_must_be_an_object),
		C(test_waiting_pushes_are_bounded),
		C(test_a_long_push_is_taken_and_released_in_portions),
		C(test_long_pushes_take_turns),
		C(test_a_long_push_under_way_at_the_stop_is_answered),
		C(test_a_commit_after_the_stop_is_answered_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
