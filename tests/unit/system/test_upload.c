/* The whole upload against a DynamoDB of ours in the same loop: sampled minutes in, requests out. */
#include "http_script.h"

#include "../../../src/system/upload_impl.h"

#include "base/digest.h"
#include "base/timefmt.h"

#include "../store/rig.h"

#include <errno.h>

static const struct store_kind *const world_kinds[] = { &outbox_kind };

struct world {
	struct rig rig;
	struct clock clock; /* the wall of the rig's, the machine's own pace */
	struct script_server server;
	int port;
	struct outbox *outbox;
	struct hub *hub;
	struct upload *upload;
	struct upload_options opt;
	char url[64], host[32];
	const char *env[8];
	bool closed, box_closed;
	/* what the service has */
	bool minutes, registry, host_known;
	const char *key; /* of the minutes table */
	int making;      /* DescribeTable answers CREATING that often */
	/* what it is told to do wrong: on an operation, so many times */
	const char *bad_op, *bad_body, *bad_headers;
	int bad_times, bad_status;
	const char *unprocessed; /* answer of the next BatchWriteItem */
	/* what it saw */
	char ops[4096];
	char last[65536]; /* the last body of PutItem or BatchWriteItem in the minutes table */
	char registry_body[4096];
	char dates[4][20];
	char authorization[512];
	int n_dates;
	char events[4096];
};

#define MINUTES_KEYS                                                                                         \
	"\"KeySchema\":[{\"AttributeName\":\"hostname_hour\",\"KeyType\":\"HASH\"},"                         \
	"{\"AttributeName\":\"minute_timestamp\",\"KeyType\":\"RANGE\"}],\"AttributeDefinitions\":["         \
	"{\"AttributeName\":\"hostname_hour\",\"AttributeType\":\"S\"},"                                     \
	"{\"AttributeName\":\"minute_timestamp\",\"AttributeType\":\"N\"}]"
#define REGISTRY_KEYS                                                                                        \
	"\"KeySchema\":[{\"AttributeName\":\"hostname\",\"KeyType\":\"HASH\"}],"                             \
	"\"AttributeDefinitions\":[{\"AttributeName\":\"hostname\",\"AttributeType\":\"S\"}]"
#define ID_KEYS                                                                                              \
	"\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"                                   \
	"\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"N\"}]"
#define NO_TABLE "{\"__type\":\"x#ResourceNotFoundException\",\"message\":\"no table\"}"

static wall_ns world_wall(void *arg)
{
	return clock_wall_ns(&((struct world *)arg)->rig.clock.clock);
}

static mono_us world_mono(void *arg)
{
	return clock_mono_us(clock_system());
}

/* --- the service ------------------------------------------------------------------------------------------------------- */

static void note_op(struct world *w, const char *op, bool registry)
{
	size_t n = strlen(w->ops);
	snprintf(w->ops + n, sizeof(w->ops) - n, "%s%s%s", n ? " " : "", op, registry ? "/r" : "");
}

static void say_table(struct world *w, bool registry, struct buf *out)
{
	char text[1024];
	if (!(registry ? w->registry : w->minutes)) {
		script_reply(out, 400, "", NO_TABLE);
		return;
	}
	snprintf(text, sizeof(text), "{\"Table\":{\"TableStatus\":\"%s\",%s}}",
		 w->making > 0 ? "CREATING" : "ACTIVE", registry ? REGISTRY_KEYS : w->key);
	w->making -= w->making > 0;
	script_reply(out, 200, "", text);
}

static void keep_body(struct world *w, const struct script_request *r, bool registry)
{
	char *to = registry ? w->registry_body : w->last;
	size_t size = registry ? sizeof(w->registry_body) : sizeof(w->last);
	snprintf(to, size, "%.*s", (int)r->body.len, r->body.data);
}

static void serve(struct world *w, const char *op, const struct script_request *r, bool registry,
		  struct buf *out)
{
	if (strcmp(op, "DescribeTable") == 0) {
		say_table(w, registry, out);
		return;
	}
	if (strcmp(op, "CreateTable") == 0)
		*(registry ? &w->registry : &w->minutes) = true;
	else if (!(registry ? w->registry : w->minutes))
		script_reply(out, 400, "", NO_TABLE);
	if (out->len)
		return;
	if (strcmp(op, "PutItem") == 0 || strcmp(op, "BatchWriteItem") == 0 || strcmp(op, "UpdateItem") == 0)
		keep_body(w, r, registry);
	if (strcmp(op, "GetItem") == 0 && w->host_known)
		script_reply(out, 200, "", "{\"Item\":{\"first_seen\":{\"N\":\"1700000000.5\"}}}");
	else if (strcmp(op, "BatchWriteItem") == 0 && w->unprocessed)
		script_reply(out, 200, "", w->unprocessed);
	else
		script_reply(out, 200, "", "{}");
	if (strcmp(op, "BatchWriteItem") == 0)
		w->unprocessed = NULL;
}

static void answer(void *arg, const struct script_request *r, struct buf *out)
{
	struct world *w = arg;
	char op[64];
	snprintf(op, sizeof(op), "%s", script_header(r, "X-Amz-Target") + strlen("DynamoDB_20120810."));
	bool registry = memmem(r->body.data, r->body.len, "\"reg\"", 5) != NULL;
	note_op(w, op, registry);
	snprintf(w->dates[w->n_dates++ % 4], sizeof(w->dates[0]), "%.19s", script_header(r, "X-Amz-Date"));
	snprintf(w->authorization, sizeof(w->authorization), "%.500s", script_header(r, "Authorization"));
	if (w->bad_times > 0 && (!w->bad_op || strcmp(w->bad_op, op) == 0)) {
		w->bad_times--;
		if (w->bad_status) /* else silence */
			script_reply(out, w->bad_status, w->bad_headers ? w->bad_headers : "", w->bad_body);
		return;
	}
	serve(w, op, r, registry, out);
}

static void fail_with(struct world *w, const char *op, int times, int status, const char *body)
{
	w->bad_op = op;
	w->bad_times = times;
	w->bad_status = status;
	w->bad_body = body;
}

/* --- the world --------------------------------------------------------------------------------------------------------- */

static void on_item(void *arg, const struct hub_item *item)
{
	struct world *w = arg;
	size_t n = strlen(w->events);
	snprintf(w->events + n, sizeof(w->events) - n, "%s: %.*s\n",
		 event_severity_name(item->u.event.severity), (int)item->u.event.title.len,
		 item->u.event.title.data);
}

/* A name whose part of the spread is next to nothing. */
static void choose_host(struct world *w)
{
	for (int i = 0;; i++) {
		snprintf(w->host, sizeof(w->host), "host%d", i);
		if (crc32c(0, w->host, strlen(w->host)) % (5 * US_PER_S) < 10000)
			return;
	}
}

static void start_outbox(struct world *w)
{
	assert_int_equal(outbox_new(&w->outbox, &w->rig.loop, w->rig.store, &w->clock, NULL), 0);
}

static void prepare(struct world *w)
{
	memset(w, 0, sizeof(*w));
	rig_dir(&w->rig);
	w->rig.kinds = world_kinds;
	w->rig.n_kinds = 1;
	assert_int_equal(rig_open(&w->rig), 0);
	w->clock = (struct clock){ world_wall, world_mono, w };
	w->hub = hub_new(1 << 16, NULL, NULL);
	hub_subscribe(w->hub, HUB_EVENT, on_item, w);
	start_outbox(w);
	script_start(&w->server, &w->rig.loop, 0, answer, w);
	w->port = w->server.port;
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%d", w->port);
	choose_host(w);
	w->key = MINUTES_KEYS;
	w->env[0] = "AWS_ACCESS_KEY_ID=AKID";
	w->env[1] = "AWS_SECRET_ACCESS_KEY=secret";
	w->env[2] = "AWS_EC2_METADATA_DISABLED=true";
	w->opt = (struct upload_options){ .enabled = true,
					  .samples = true,
					  .table = "min",
					  .registry_table = "reg",
					  .region = "eu-central-1",
					  .profile = "",
					  .endpoint_url = w->url,
					  .host = w->host,
					  .interval_ns = 60 * NS_PER_S,
					  .spool = 100 };
}

static void begin(struct world *w)
{
	struct upload_deps deps = { &w->rig.loop, &w->clock, NULL, w->hub, w->outbox, w->env, false };
	assert_int_equal(upload_new(&w->upload, &deps, &w->opt), 0);
}

static struct upload_stats stats_of(struct world *w)
{
	struct upload_stats s;
	hub_drain(w->hub);
	upload_get_stats(w->upload, &s);
	return s;
}

static void on_closed(void *arg)
{
	((struct world *)arg)->closed = true;
}

static void end(struct world *w)
{
	w->closed = false;
	upload_close(w->upload, on_closed, w);
	script_until(&w->rig.loop, w->closed);
	w->upload = NULL;
}

static void on_box_closed(void *arg)
{
	((struct world *)arg)->box_closed = true;
}

static void close_outbox(struct world *w)
{
	w->box_closed = false;
	outbox_close(w->outbox, on_box_closed, w);
	script_until(&w->rig.loop, w->box_closed);
}

static void clean_up(struct world *w)
{
	if (w->upload)
		end(w);
	close_outbox(w);
	script_stop(&w->server);
	hub_free(w->hub);
	rig_stop(&w->rig);
}

/* Both tables are there, the host is known, nothing waits. */
static void begin_ready(struct world *w)
{
	prepare(w);
	w->minutes = w->registry = w->host_known = true;
	begin(w);
	script_until(&w->rig.loop, strstr(w->ops, "UpdateItem/r"));
	assert_string_equal(w->ops, "DescribeTable DescribeTable/r GetItem/r UpdateItem/r");
	w->ops[0] = '\0';
}

/* One sample in minute `m` (of an hour long ago). */
static void sample_at(struct world *w, int m, int second)
{
	struct host_sample s = { .t = (INT64_C(1795377600) + m * 60 + second) * NS_PER_S,
				 .have = HOST_CPU | HOST_MEMORY,
				 .cpu_percent = 10 + m % 50,
				 .memory_percent = 50,
				 .memory_available_mb = 1000,
				 .memory_used_mb = 500 };
	upload_sample(w->upload, &s);
}

/* Minutes from..to-1 are whole, `to` has begun. */
static void minutes(struct world *w, int from, int to)
{
	for (int m = from; m <= to; m++)
		sample_at(w, m, 1);
}

static void wait_sent(struct world *w, uint64_t n)
{
	script_until(&w->rig.loop, stats_of(w).sent >= n);
	assert_int_equal(stats_of(w).sent, n);
	assert_int_equal(stats_of(w).queued, 0);
}

static int count(const char *text, const char *part)
{
	int n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* --- all is well ------------------------------------------------------------------------------------------------------- */

static void test_a_minute_is_sent_and_the_registry_told(void **state)
{
	struct world w;
	char text[96];
	begin_ready(&w);
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, strstr(w.ops, "UpdateItem/r"));
	assert_string_equal(w.ops, "PutItem UpdateItem/r");
	snprintf(text, sizeof(text), "\"hostname_hour\":{\"S\":\"%s#2026-11-22-20\"}", w.host);
	assert_non_null(strstr(w.last, text));
	assert_non_null(strstr(w.last, "\"minute_timestamp\":{\"N\":\"1795377600\"}"));
	assert_non_null(strstr(w.registry_body, "\":cpu\":{\"N\":\"11.0\"}")); /* the newest sample */
	wait_sent(&w, 1);
	assert_true(stats_of(&w).last_sent > 0);
	assert_non_null(strstr(w.authorization, "AWS4-HMAC-SHA256 Credential=AKID/"));
	assert_non_null(strstr(w.authorization, "/eu-central-1/dynamodb/aws4_request"));
	clean_up(&w);
}

static void test_missing_tables_are_made(void **state)
{
	struct world w;
	prepare(&w);
	w.making = 0;
	begin(&w);
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	script_until(&w.rig.loop, strstr(w.ops, "PutItem/r"));
	assert_non_null(strstr(w.ops, "DescribeTable CreateTable"));
	assert_non_null(strstr(w.ops, "DescribeTable/r CreateTable/r"));
	assert_int_equal(count(w.ops, "UpdateTimeToLive"), 1);
	assert_non_null(strstr(w.registry_body, "\"status\":{\"S\":\"online\"}"));
	assert_non_null(strstr(w.registry_body, "\"cpu_percent\":{\"N\":\"0.0\"}"));
	clean_up(&w);
}

static void test_nothing_is_sent_while_off(void **state)
{
	struct world w;
	prepare(&w);
	w.opt.enabled = false;
	begin(&w);
	minutes(&w, 0, 5);
	for (int i = 0; i < 100; i++)
		uv_run(&w.rig.loop, UV_RUN_NOWAIT);
	assert_int_equal(w.server.requests, 0);
	assert_false(stats_of(&w).enabled);
	clean_up(&w);
}

static void test_the_open_minute_goes_too_when_wished(void **state)
{
	struct world w;
	begin_ready(&w);
	w.opt.interval_ns = NS_PER_S;
	upload_reconfigure(w.upload, &w.opt);
	script_until(&w.rig.loop, (sample_at(&w, 0, 1), strstr(w.ops, "PutItem")));
	script_until(&w.rig.loop, (sample_at(&w, 0, 11),
				   strstr(w.last, "ConditionExpression") && count(w.ops, "PutItem") >= 2));
	assert_int_equal(stats_of(&w).sent, 0); /* no whole minute yet */
	assert_int_equal(stats_of(&w).queued, 0);
	clean_up(&w);
}

static void test_an_older_table_gets_its_own_form(void **state)
{
	struct world w;
	prepare(&w);
	w.minutes = w.registry = w.host_known = true;
	w.key = ID_KEYS;
	begin(&w);
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	assert_non_null(strstr(w.last, "{\"Item\":{\"id\":{\"N\":\"1795377601000\"},\"hostname\":{\"S\":\""));
	assert_non_null(strstr(w.last, "\"batch_size\":{\"N\":\"1\"}"));
	assert_non_null(strstr(
		w.last,
		"\"metrics_data\":{\"S\":\"[{\\\"system\\\":{\\\"timestamp\\\":1795377601.00,"
		"\\\"cpu_percent\\\":10.0,\\\"memory_percent\\\":50.0,\\\"memory_available_mb\\\":1000,"
		"\\\"memory_used_mb\\\":500},\\\"processes\\\":{},\\\"timestamp\\\":1795377601.00}]\"}"));
	assert_non_null(strstr(w.last, "\"latest_record_id\":{\"S\":\"1795377601000\"}"));
	assert_int_equal(count(w.last, "PutRequest"), 2);
	clean_up(&w);
}

/* --- trouble ----------------------------------------------------------------------------------------------------------- */

static void test_throttling_and_server_faults_pass(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 2, 400, "{\"__type\":\"x#ThrottlingException\",\"message\":\"slow down\"}");
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_throttled] == 2);
	assert_int_equal(stats_of(&w).queued, 1);
	assert_non_null(strstr(stats_of(&w).last_error, "ThrottlingException: slow down"));
	wait_sent(&w, 1);
	assert_string_equal(stats_of(&w).last_error, "");
	fail_with(&w, "BatchWriteItem", 1, 500, "{\"__type\":\"x#InternalServerError\"}");
	minutes(&w, 2, 3);
	wait_sent(&w, 3);
	assert_int_equal(stats_of(&w).failed[UPLOAD_CAUSE_server], 1);
	assert_string_equal(w.events, ""); /* nothing worth a word */
	clean_up(&w);
}

static void test_an_outage_is_filled_up_in_order(void **state)
{
	struct world w;
	begin_ready(&w);
	script_stop(&w.server);
	minutes(&w, 0, 30);
	script_until(&w.rig.loop, stats_of(&w).trouble);
	struct upload_stats s = stats_of(&w);
	assert_int_equal(s.queued, 30);
	assert_true(s.failed[UPLOAD_CAUSE_network] >= 3);
	assert_non_null(strstr(
		s.last_error,
		"EndpointConnectionError: Could not connect to the endpoint URL: \"http://127.0.0.1:"));
	assert_int_equal(count(w.events, "warning: Uploads to DynamoDB fail: EndpointConnectionError"), 1);
	script_start(&w.server, &w.rig.loop, w.port, answer, &w);
	wait_sent(&w, 30);
	assert_int_equal(count(w.ops, "PutItem"), 1);        /* the first one, which began late */
	assert_int_equal(count(w.ops, "BatchWriteItem"), 2); /* 25 and 4 */
	assert_int_equal(count(w.last, "PutRequest"), 4);
	assert_non_null(strstr(w.last, "\"minute_timestamp\":{\"N\":\"1795379340\"}")); /* the 29th */
	assert_int_equal(count(w.events, "info: Uploads to DynamoDB work again"), 1);
	assert_false(stats_of(&w).trouble);
	clean_up(&w);
}

static void test_the_spool_is_bounded_and_losses_are_told(void **state)
{
	struct world w;
	prepare(&w);
	w.opt.spool = 10;
	fail_with(&w, NULL, 1000000, 500, "");
	begin(&w);
	minutes(&w, 0, 60);
	struct upload_stats s = stats_of(&w);
	assert_true(s.queued <= 10 + DYNAMO_BATCH_MAX); /* those under way count on top */
	assert_int_equal(s.queued + s.dropped, 60);
	assert_int_equal(count(w.events, "critical: Minutes that waited for DynamoDB are dropped"), 1);
	w.bad_times = 0;
	script_until(&w.rig.loop, stats_of(&w).queued == 0);
	assert_int_equal(stats_of(&w).sent, s.queued);
	clean_up(&w);
}

static void test_what_waits_survives_a_restart(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, NULL, 1000000, 503, "");
	minutes(&w, 0, 5);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_server] > 0);
	end(&w); /* in trouble: it waits for nothing; the open minute is kept, too */
	close_outbox(&w);
	rig_reopen(&w.rig);
	start_outbox(&w);
	w.bad_times = 0;
	begin(&w);
	w.ops[0] = '\0';
	wait_sent(&w, 6);
	assert_int_equal(count(w.ops, "PutItem"), 2); /* the first and the last, which are halves */
	assert_int_equal(count(w.ops, "BatchWriteItem"), 1);
	assert_non_null(strstr(w.last, "\"partial\":{\"BOOL\":true}"));
	assert_non_null(strstr(w.last, "sample_count <= :n"));
	clean_up(&w);
}

static void test_two_halves_of_a_minute_make_one(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, NULL, 1000000, 503, "");
	minutes(&w, 0, 2);
	sample_at(&w, 2, 2);
	sample_at(&w, 2, 3);
	sample_at(
		&w, 1,
		30); /* the clock was set back: 2 ends with three samples, the rest of 1 follows, then 2 again */
	minutes(&w, 2, 3);
	w.bad_times = 0;
	minutes(&w, 4, 6);
	wait_sent(&w, 8);
	/* None of the halves rode in a batch, which would overwrite the other; what came after the clock had caught up did. */
	assert_int_equal(count(w.ops, "BatchWriteItem"), 1);
	assert_int_equal(count(w.last, "PutRequest"), 3);
	assert_null(strstr(w.last, "partial"));
	assert_non_null(strstr(w.last, "\"minute_timestamp\":{\"N\":\"1795377780\"}"));
	clean_up(&w);
}

static void test_unprocessed_items_are_sent_again(void **state)
{
	struct world w;
	char left[512];
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 500, "");
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_server] == 1);
	minutes(&w, 2, 5);
	snprintf(left, sizeof(left),
		 "{\"UnprocessedItems\":{\"min\":[{\"PutRequest\":{\"Item\":{\"minute_timestamp\":{\"N\":"
		 "\"1795377720\"},"
		 "\"hostname_hour\":{\"S\":\"%s#2026-11-22-20\"}}}}]}}",
		 w.host);
	w.unprocessed = left;
	wait_sent(&w, 5);
	assert_int_equal(count(w.ops, "BatchWriteItem"), 1);
	assert_non_null(strstr(w.last, "\"minute_timestamp\":{\"N\":\"1795377720\"}")); /* alone, at last */
	assert_null(strstr(w.last, "PutRequest"));
	clean_up(&w);
}

#define INVALID "{\"__type\":\"x#ValidationException\",\"message\":\"odd\"}"

static void test_a_bad_item_is_dropped(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 2, 400, INVALID);
	minutes(&w, 0, 1); /* refused, the table is as it should be, refused again */
	script_until(&w.rig.loop, (sample_at(&w, 1, 2), stats_of(&w).rejected == 1));
	assert_int_equal(strncmp(w.ops, "PutItem", 7), 0);
	assert_non_null(strstr(w.ops, "DescribeTable PutItem"));
	minutes(&w, 2, 3);
	script_until(&w.rig.loop, stats_of(&w).sent == 2);
	clean_up(&w);
}

static void test_a_bad_item_of_several_costs_no_other(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 500, "");
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_server] == 1);
	minutes(&w, 2, 4); /* four wait for a batch now */
	fail_with(&w, "BatchWriteItem", 1, 400, INVALID);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_invalid] == 1);
	fail_with(&w, "PutItem", 2, 400, INVALID); /* it is the first one */
	wait_sent(&w, 3);
	assert_int_equal(count(w.ops, "BatchWriteItem"), 1);
	clean_up(&w);
}

static void test_a_fuller_item_that_is_there_already_is_good(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 400,
		  "{\"__type\":\"x#ConditionalCheckFailedException\",\"message\":\"no\"}");
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	clean_up(&w);
}

static void test_a_wrong_clock_takes_the_services(void **state)
{
	struct world w;
	begin_ready(&w);
	w.bad_headers = "Date: Sun, 22 Nov 2026 20:10:10 GMT\r\n"; /* the rig's year is 2025 */
	fail_with(&w, "PutItem", 1, 400,
		  "{\"__type\":\"x#InvalidSignatureException\",\"message\":\"Signature expired: 1 is now "
		  "earlier than 2\"}");
	w.n_dates = 0;
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	assert_int_equal(strncmp(w.dates[0], "2025", 4), 0);
	assert_string_equal(w.dates[1], "20261122T201010Z");
	assert_int_equal(stats_of(&w).failed[UPLOAD_CAUSE_skewed], 0); /* once more at once: no failure */
	clean_up(&w);
}

static void test_a_clock_that_nothing_helps_is_told(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 400,
		  "{\"__type\":\"x#RequestExpired\",\"message\":\"too late\"}"); /* no Date */
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	assert_int_equal(stats_of(&w).failed[UPLOAD_CAUSE_skewed], 1);
	clean_up(&w);
}

static void test_worn_out_credentials_are_fetched_anew(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 400, "{\"__type\":\"x#ExpiredTokenException\",\"message\":\"worn out\"}");
	minutes(&w, 0, 1);
	wait_sent(&w, 1);
	assert_int_equal(stats_of(&w).failed[UPLOAD_CAUSE_credentials], 0);
	fail_with(&w, "BatchWriteItem", 2, 400,
		  "{\"__type\":\"x#UnrecognizedClientException\",\"message\":\"who\"}");
	minutes(&w, 2, 3);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_credentials] == 1);
	assert_true(stats_of(&w).trouble); /* somebody must act */
	assert_int_equal(stats_of(&w).queued, 2);
	clean_up(&w);
}

static void test_no_credentials(void **state)
{
	struct world w;
	prepare(&w);
	w.env[0] = w.env[2];
	w.env[1] = NULL;
	begin(&w);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_credentials] > 0);
	assert_string_equal(stats_of(&w).last_error, "NoCredentialsError: Unable to locate credentials");
	assert_int_equal(w.server.requests, 0);
	clean_up(&w);
}

static void test_denied(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1000, 400,
		  "{\"__type\":\"x#AccessDeniedException\",\"Message\":\"User: x\"}");
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_denied] == 1);
	assert_non_null(strstr(stats_of(&w).last_error,
			       "AccessDenied: User is not authorized to perform: dynamodb:PutItem"));
	assert_int_equal(stats_of(&w).queued, 1); /* nothing is thrown away */
	clean_up(&w);
}

static void test_without_update_item_the_registry_is_written_whole(void **state)
{
	struct world w;
	prepare(&w);
	w.minutes = w.registry = w.host_known = true;
	fail_with(&w, "UpdateItem", 1000, 400, "{\"__type\":\"x#AccessDeniedException\",\"Message\":\"no\"}");
	begin(&w);
	script_until(&w.rig.loop, strstr(w.ops, "PutItem/r"));
	assert_string_equal(w.ops, "DescribeTable DescribeTable/r GetItem/r UpdateItem/r PutItem/r");
	assert_non_null(strstr(w.registry_body, "\"first_seen\":{\"N\":\"1700000000.500000\"}"));
	assert_int_equal(stats_of(&w).failed[UPLOAD_CAUSE_denied], 0);
	end(&w);
	assert_non_null(strstr(w.registry_body, "\"status\":{\"S\":\"offline\"}"));
	assert_non_null(strstr(w.registry_body, "\"first_seen\":{\"N\":\"1700000000.500000\"}"));
	clean_up(&w);
}

static void test_trouble_with_the_registry_alone_is_told(void **state)
{
	struct world w;
	prepare(&w);
	w.minutes = w.registry = w.host_known = true;
	fail_with(&w, "GetItem", 1000, 500, "{\"__type\":\"x#InternalServerError\",\"message\":\"odd\"}");
	begin(&w);
	script_until(&w.rig.loop, stats_of(&w).registry_error[0]);
	assert_non_null(strstr(stats_of(&w).registry_error, "odd"));
	assert_int_equal(count(w.events, "warning: This machine's line in DynamoDB's registry is not kept"),
			 1);
	minutes(&w, 0, 1);
	wait_sent(&w, 1); /* the minutes go on */
	assert_false(stats_of(&w).trouble);
	assert_string_equal(stats_of(&w).last_error, "");
	assert_true(stats_of(&w).registry_error[0]); /* and make nothing good of it */
	w.bad_times = 0;
	script_until(&w.rig.loop, !stats_of(&w).registry_error[0]);
	assert_int_equal(count(w.events, "info: DynamoDB's registry knows this machine again"), 1);
	clean_up(&w);
}

static void test_half_answers_and_portals(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, "PutItem", 1, 200, "<html>sign in</html>");
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_network] == 1);
	wait_sent(&w, 1);
	w.unprocessed = "{\"UnprocessedItems\":{\"min\":[{\"Put";
	minutes(&w, 2, 3);
	script_until(&w.rig.loop, stats_of(&w).failed[UPLOAD_CAUSE_network] == 2);
	wait_sent(&w, 3);
	clean_up(&w);
}

static void test_a_table_of_another_form_is_told(void **state)
{
	struct world w;
	prepare(&w);
	w.minutes = w.registry = w.host_known = true;
	w.key = REGISTRY_KEYS;
	begin(&w);
	script_until(&w.rig.loop, stats_of(&w).trouble);
	assert_string_equal(stats_of(&w).last_error, "the table min has another key than the upload needs");
	clean_up(&w);
}

/* --- changes and the end ------------------------------------------------------------------------------------------------- */

static void test_leaving_sends_the_open_minute_and_goes_offline(void **state)
{
	struct world w;
	begin_ready(&w);
	sample_at(&w, 0, 1);
	end(&w);
	assert_string_equal(w.ops, "PutItem UpdateItem/r");
	assert_non_null(strstr(w.registry_body, "SET #status = :status, last_update = :last_update"));
	assert_non_null(strstr(w.registry_body, "\":status\":{\"S\":\"offline\"}"));
	clean_up(&w);
}

static void test_leaving_a_silent_service_takes_a_second(void **state)
{
	struct world w;
	begin_ready(&w);
	fail_with(&w, NULL, 1000, 0, NULL);
	minutes(&w, 0, 1);
	script_until(&w.rig.loop, strstr(w.ops, "PutItem"));
	mono_us before = clock_mono_us(clock_system());
	end(&w);
	mono_us took = clock_mono_us(clock_system()) - before;
	assert_true(took >= 900 * US_PER_MS); /* it had that much patience */
	clean_up(&w);
}

static void test_reconfiguring_off_on_and_elsewhere(void **state)
{
	struct world w;
	begin_ready(&w);
	w.opt.enabled = false;
	upload_reconfigure(w.upload, &w.opt);
	script_until(&w.rig.loop, strstr(w.ops, "UpdateItem/r"));
	script_until(&w.rig.loop, !stats_of(&w).enabled);
	minutes(&w, 0, 2);
	assert_string_equal(w.ops, "UpdateItem/r");
	w.opt.enabled = true;
	w.opt.table = "elsewhere";
	upload_reconfigure(w.upload, &w.opt);
	minutes(&w, 3, 4);
	wait_sent(&w, 1);
	assert_non_null(strstr(w.last, "\"TableName\":\"elsewhere\""));
	assert_string_equal(stats_of(&w).table, "elsewhere");
	w.ops[0] = '\0';
	upload_reconfigure(w.upload, &w.opt); /* the same: nothing happens */
	w.opt.table = "third";
	upload_reconfigure(w.upload, &w.opt);
	w.opt.table = "fourth";
	upload_reconfigure(w.upload, &w.opt); /* while the session before still ends */
	script_until(&w.rig.loop, strcmp(stats_of(&w).table, "fourth") == 0);
	clean_up(&w);
}

static void test_what_cannot_be_an_endpoint_is_told(void **state)
{
	static const char *const bad[] = { "ftp://x",       "http://",     "nonsense",
					   "http://u:p@x/", "http://x/?q", "http://a b" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct world w;
		prepare(&w);
		w.opt.endpoint_url = bad[i];
		begin(&w);
		minutes(&w, 0, 2);
		if (strncmp(stats_of(&w).last_error, "Invalid endpoint: ", 18) != 0)
			fail_msg("%s: %s", bad[i], stats_of(&w).last_error);
		w.opt.endpoint_url = w.url; /* and can be mended */
		w.minutes = w.registry = true;
		upload_reconfigure(w.upload, &w.opt);
		script_until(&w.rig.loop, stats_of(&w).ready);
		clean_up(&w);
	}
}

static void test_endpoints_of_the_environment_and_of_regions(void **state)
{
	struct world w;
	prepare(&w);
	struct http_client *http = http_client_new(&w.rig.loop);
	static const struct {
		const char *region, *configured, *env0, *env1, *expected;
	} rows[] = {
		{ "eu-west-1", "", "X=1", "Y=1", "https://dynamodb.eu-west-1.amazonaws.com/" },
		{ "cn-north-1", "", "X=1", "Y=1", "https://dynamodb.cn-north-1.amazonaws.com.cn/" },
		{ "eu-west-1", "", "AWS_ENDPOINT_URL=http://a", "Y=1", "http://a/" },
		{ "eu-west-1", "", "AWS_ENDPOINT_URL=http://a", "AWS_ENDPOINT_URL_DYNAMODB=http://b:1/p",
		  "http://b:1/p" },
		{ "eu-west-1", "https://c", "AWS_ENDPOINT_URL=http://a", "Y=1", "https://c/" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *env[] = { rows[i].env0, rows[i].env1, NULL };
		struct dynamo_options o = { env, NULL, rows[i].region, rows[i].configured };
		struct dynamo *d;
		assert_int_equal(dynamo_new(&d, &w.rig.loop, http, &o, &w.clock, NULL), 0);
		assert_string_equal(dynamo_url(d), rows[i].expected);
		dynamo_close(d, NULL, NULL);
	}
	http_client_close(http, NULL, NULL);
	clean_up(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_minute_is_sent_and_the_registry_told),
		cmocka_unit_test(test_missing_tables_are_made),
		cmocka_unit_test(test_nothing_is_sent_while_off),
		cmocka_unit_test(test_the_open_minute_goes_too_when_wished),
		cmocka_unit_test(test_an_older_table_gets_its_own_form),
		cmocka_unit_test(test_throttling_and_server_faults_pass),
		cmocka_unit_test(test_an_outage_is_filled_up_in_order),
		cmocka_unit_test(test_the_spool_is_bounded_and_losses_are_told),
		cmocka_unit_test(test_what_waits_survives_a_restart),
		cmocka_unit_test(test_two_halves_of_a_minute_make_one),
		cmocka_unit_test(test_unprocessed_items_are_sent_again),
		cmocka_unit_test(test_a_bad_item_is_dropped),
		cmocka_unit_test(test_a_bad_item_of_several_costs_no_other),
		cmocka_unit_test(test_a_fuller_item_that_is_there_already_is_good),
		cmocka_unit_test(test_a_wrong_clock_takes_the_services),
		cmocka_unit_test(test_a_clock_that_nothing_helps_is_told),
		cmocka_unit_test(test_worn_out_credentials_are_fetched_anew),
		cmocka_unit_test(test_no_credentials),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_without_update_item_the_registry_is_written_whole),
		cmocka_unit_test(test_trouble_with_the_registry_alone_is_told),
		cmocka_unit_test(test_half_answers_and_portals),
		cmocka_unit_test(test_a_table_of_another_form_is_told),
		cmocka_unit_test(test_leaving_sends_the_open_minute_and_goes_offline),
		cmocka_unit_test(test_leaving_a_silent_service_takes_a_second),
		cmocka_unit_test(test_reconfiguring_off_on_and_elsewhere),
		cmocka_unit_test(test_what_cannot_be_an_endpoint_is_told),
		cmocka_unit_test(test_endpoints_of_the_environment_and_of_regions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
