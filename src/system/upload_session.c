#include "upload_impl.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>

#define LEAVE_LIMIT_MS   1000 /* longest wait for the last requests */
#define SERIOUS_FAILURES 3    /* in a row: that is no passing moment any more */

static void on_timer(uv_timer_t *timer);
static void close_all(struct upload_session *s);

/* --- requests ------------------------------------------------------------------------------------------------------------------- */

static const char *table_of(const struct upload_session *s, enum upload_lane lane)
{
	return lane == UPLOAD_MINUTES ? s->u->opt.table : s->u->opt.registry_table;
}

/* The host's item as it is now; the request's name. */
static const char *write_system(struct upload_session *s)
{
	const struct upload *u = s->u;
	const char *table = u->opt.registry_table;
	struct upload_system sys = { .host = view_of(u->host),
				     .platform = view_of(u->platform),
				     .now = clock_wall_ns(u->deps.clock),
				     .first_seen = s->first_seen,
				     .cpu_percent = u->cpu_percent,
				     .memory_percent = u->memory_percent,
				     .online = s->step.action != UPLOAD_LEAVE };
	if (s->plan.whole || s->step.action == UPLOAD_ADD) {
		if (s->step.action == UPLOAD_ADD)
			sys.cpu_percent = sys.memory_percent = 0;
		upload_registry_write_all(&s->body, table, &sys);
		return "PutItem";
	}
	if (s->step.action == UPLOAD_GREET)
		upload_registry_write_start(&s->body, table, &sys);
	else if (s->step.action == UPLOAD_LEAVE)
		upload_registry_write_end(&s->body, table, &sys);
	else
		upload_registry_write_minute(&s->body, table, &sys);
	return "UpdateItem";
}

/* Writes the step's request; NULL when there is nothing to be sent after all. */
static const char *write_step(struct upload_session *s)
{
	const char *table = table_of(s, s->step.lane);
	buf_clear(&s->body);
	switch (s->step.action) {
	case UPLOAD_LOOK:
		dynamo_write_describe(&s->body, table);
		return "DescribeTable";
	case UPLOAD_MAKE:
		dynamo_write_create(&s->body, table,
				    s->step.lane == UPLOAD_MINUTES ? DYNAMO_FORM_MINUTES
								   : DYNAMO_FORM_REGISTRY);
		return "CreateTable";
	case UPLOAD_EXPIRY:
		dynamo_write_ttl(&s->body, table);
		return "UpdateTimeToLive";
	case UPLOAD_PUT:
		return upload_items_write(s);
	case UPLOAD_FIND:
		dynamo_write_get(&s->body, table, view_of(s->u->host));
		return "GetItem";
	default:
		return write_system(s);
	}
}

/* --- answers -------------------------------------------------------------------------------------------------------------------- */

/* A document we asked for and cannot read says as little as none. */
static void read_outcome(struct upload_session *s, struct dynamo_fault *f, struct view answer,
			 struct upload_outcome *o)
{
	int rc = 0;
	o->verdict = f->verdict;
	if (f->verdict == DYNAMO_OK && s->step.action == UPLOAD_LOOK)
		rc = dynamo_read_table(answer, &o->table);
	else if (f->verdict == DYNAMO_OK && s->step.action == UPLOAD_FIND)
		rc = dynamo_read_system(answer, &o->found, &s->first_seen);
	else if (s->step.action == UPLOAD_PUT)
		upload_items_done(s, f, answer, &o->verdict);
	if (f->verdict == DYNAMO_OK && o->verdict == DYNAMO_THROTTLED)
		snprintf(f->text, sizeof(f->text), "the service left items of a batch out");
	if (f->verdict == DYNAMO_OK && o->verdict == DYNAMO_NETWORK)
		rc = ERR_SYNTAX;
	if (rc < 0) {
		o->verdict = f->verdict = DYNAMO_NETWORK;
		snprintf(f->text, sizeof(f->text), "an answer of %.200s cannot be read",
			 dynamo_url(s->dynamo));
	}
}

static double chance(void)
{
	uint32_t r = 0;
	return random_bytes(&r, sizeof(r)) == 0 ? r / 4294967296.0 : 0.5;
}

/* Failures that are no surprise are not told: a table that is missing is made, a permission that is missing gone without. */
static bool is_told(const struct upload_session *s, enum dynamo_verdict v, bool whole_before)
{
	if (v == DYNAMO_OK || v == DYNAMO_ABSENT || s->step.action == UPLOAD_EXPIRY)
		return false;
	if (s->step.action == UPLOAD_LOOK || s->step.action == UPLOAD_FIND)
		return v != DYNAMO_DENIED;
	if (s->step.action == UPLOAD_MAKE)
		return v != DYNAMO_IN_USE;
	return s->plan.whole == whole_before;
}

static void tell(struct upload_session *s, const struct dynamo_fault *f, enum dynamo_verdict v,
		 bool whole_before)
{
	struct upload *u = s->u;
	const struct upload_lane_state *l = &s->plan.lanes[s->step.lane];
	struct dynamo_fault told = *f;
	if (s->step.action == UPLOAD_PUT &&
	    f->verdict == DYNAMO_INVALID) /* the plan goes on with other items */
		v = DYNAMO_INVALID;
	told.verdict = v;
	if (s->step.action == UPLOAD_LOOK && l->phase == PHASE_FOREIGN) {
		told.verdict = DYNAMO_INVALID;
		snprintf(told.text, sizeof(told.text),
			 "the table %.200s has another key than the upload needs", table_of(s, s->step.lane));
	} else if (!is_told(s, v, whole_before)) {
		return;
	}
	bool minutes = s->step.lane == UPLOAD_MINUTES;
	bool serious = l->failures >= SERIOUS_FAILURES || !dynamo_verdict_passes(told.verdict);
	upload_tell_failure(u,
			    !minutes                       ? "Failed to update registry in DynamoDB"
			    : s->step.action == UPLOAD_PUT ? "Error uploading to DynamoDB"
							   : "Failed to initialize DynamoDB service",
			    &told, s->step.lane, serious);
}

static void tell_registered(struct upload_session *s)
{
	char line[400];
	if (!s->plan.registered || s->greeted)
		return;
	s->greeted = true;
	snprintf(line, sizeof(line), "Registered system %s in registry", s->u->host);
	LOG(s->u->deps.log, LOG_INFO, "dynamodb", line);
}

static void leave_if_through(struct upload_session *s);

static void on_answer(void *arg, const struct dynamo_fault *fault, struct view answer)
{
	struct upload_session *s = arg;
	struct dynamo_fault f = *fault;
	struct upload_outcome o = { 0 };
	bool whole_before = s->plan.whole;
	s->busy = false;
	read_outcome(s, &f, answer, &o);
	upload_plan_done(&s->plan, &s->step, &o, clock_mono_us(s->u->deps.clock), chance());
	s->u->stats.ready = s->plan.lanes[UPLOAD_MINUTES].phase == PHASE_READY;
	tell(s, &f, o.verdict, whole_before);
	tell_registered(s);
	if (o.verdict == DYNAMO_OK && s->step.lane == UPLOAD_REGISTRY && s->step.action >= UPLOAD_ADD)
		upload_tell_registered(s->u);
	upload_session_wake(s);
	leave_if_through(s);
}

/* --- steps ----------------------------------------------------------------------------------------------------------------------- */

static void arm(struct upload_session *s, mono_us at)
{
	mono_us now = clock_mono_us(s->u->deps.clock);
	if (at == INT64_MAX)
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(&s->timer, on_timer, at > now ? (uint64_t)((at - now + 999) / US_PER_MS) : 0,
			       0);
}

void upload_session_wake(struct upload_session *s)
{
	if (!s->busy && !uv_is_closing((uv_handle_t *)&s->timer))
		arm(s, 0);
}

static void send_step(struct upload_session *s)
{
	const char *op = write_step(s);
	if (!op) {
		upload_session_wake(s);
		return;
	}
	int rc = s->body.failed ? -ENOMEM
				: dynamo_call(s->dynamo, op, (struct view){ s->body.data, s->body.len },
					      on_answer, s);
	s->busy = rc == 0;
	if (rc < 0) { /* out of memory: as any other failure */
		struct dynamo_fault f = { .verdict = DYNAMO_SERVER };
		snprintf(f.text, sizeof(f.text), "%s", err_text(rc));
		on_answer(s, &f, (struct view){ NULL, 0 });
	}
}

/* Minutes and their entry in the registry wait for this host's part of the spread. */
static bool is_early(const struct upload_session *s, mono_us now)
{
	return (s->step.action == UPLOAD_PUT || s->step.action == UPLOAD_UPDATE) && now < s->spread_until &&
	       !s->plan.leaving;
}

static void on_timer(uv_timer_t *timer)
{
	struct upload_session *s = timer->data;
	mono_us now = clock_mono_us(s->u->deps.clock);
	if (s->busy)
		return;
	s->plan.has_items = upload_items_waiting(s);
	s->step = upload_plan_next(&s->plan, now);
	if (s->ended && s->step.action == UPLOAD_REST)
		close_all(s);
	else if (is_early(s, now))
		arm(s, s->spread_until);
	else if (s->step.action == UPLOAD_REST)
		arm(s, s->step.until);
	else
		send_step(s);
}

/* --- beginning and end --------------------------------------------------------------------------------------------------------------- */

static void session_free(struct upload_session *s)
{
	buf_fini(&s->body);
	free(s);
}

static void part_closed(struct upload_session *s)
{
	struct upload *u = s->u;
	if (--s->closing)
		return;
	session_free(s);
	upload_session_over(u);
}

static void on_handle_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

static void on_http_closed(void *arg)
{
	part_closed(arg);
}

static void on_dynamo_closed(void *arg)
{
	struct upload_session *s = arg;
	s->dynamo = NULL;
	http_client_close(s->http, on_http_closed, s);
}

static void close_all(struct upload_session *s)
{
	if (s->closing)
		return;
	s->closing = 3; /* two timers, and the client behind the service */
	uv_close((uv_handle_t *)&s->timer, on_handle_closed);
	uv_close((uv_handle_t *)&s->limit, on_handle_closed);
	dynamo_close(s->dynamo, on_dynamo_closed, s);
}

static void on_limit(uv_timer_t *timer)
{
	close_all(timer->data);
}

static void leave_if_through(struct upload_session *s)
{
	if (!s->ended || s->busy)
		return;
	s->plan.has_items = upload_items_waiting(s);
	if (upload_plan_finished(&s->plan, clock_mono_us(s->u->deps.clock)))
		close_all(s);
}

void upload_session_end(struct upload_session *s)
{
	if (s->ended)
		return;
	s->ended = s->plan.leaving = true;
	s->interim = false;
	outbox_poll(s->u->deps.outbox); /* what was put a moment ago */
	uv_timer_start(&s->limit, on_limit, LEAVE_LIMIT_MS, 0);
	upload_session_wake(s);
	leave_if_through(s);
}

static int add_channel(struct upload_session *s)
{
	struct outbox_channel c = { .name = UPLOAD_CHANNEL,
				    .max_items = (uint32_t)s->u->opt.spool,
				    .max_age_ns = (int64_t)UPLOAD_TTL_S * NS_PER_S,
				    .send = upload_items_take,
				    .arg = s,
				    .max_flying = DYNAMO_BATCH_MAX };
	return outbox_add_channel(s->u->deps.outbox, &c);
}

int upload_session_start(struct upload *u, struct err *err)
{
	struct dynamo_options options = { u->deps.env, u->opt.profile, u->opt.region, u->opt.endpoint_url };
	struct upload_session *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	s->u = u;
	buf_init(&s->body);
	upload_plan_init(&s->plan);
	s->http = http_client_new(u->deps.loop);
	int rc = s->http ? dynamo_new(&s->dynamo, u->deps.loop, s->http, &options, u->deps.clock, err)
			 : err_set(err, -ENOMEM, NULL, "out of memory");
	if (rc < 0) {
		if (s->http)
			http_client_close(s->http, NULL, NULL);
		session_free(s);
		return rc;
	}
	uv_timer_init(u->deps.loop, &s->timer);
	uv_timer_init(u->deps.loop, &s->limit);
	s->timer.data = s->limit.data = s;
	u->session = s;
	rc = add_channel(s);
	if (rc < 0) /* minutes are lost then, but the registry knows the host */
		LOG(u->deps.log, LOG_WARN, "dynamodb", "there is no outbox for the upload",
		    LF_S("reason", err_text(rc)));
	upload_session_wake(s);
	return 0;
}
