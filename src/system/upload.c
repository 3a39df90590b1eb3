#include "upload_impl.h"

#include "base/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define OPTIONS struct upload_options
static const struct option rows[] = {
	OPT_BOOL(OPTIONS, enabled, "enabled", "false", OPT_RELOAD,
		 "Send a summary of every minute of this machine to DynamoDB."),
	OPT_STRING(OPTIONS, table, "table", "kode-kronical-system", OPT_RELOAD,
		   "Table of the minutes; made when it is missing."),
	OPT_STRING(OPTIONS, registry_table, "registry_table", "kode-kronical-systems-registry", OPT_RELOAD,
		   "Table with an item for each machine; made when it is missing."),
	OPT_STRING(OPTIONS, region, "region", "", OPT_RELOAD,
		   "AWS region; empty: of the environment or the profile, else us-east-1."),
	OPT_STRING(OPTIONS, profile, "profile", "", OPT_RELOAD,
		   "Profile in ~/.aws/credentials and ~/.aws/config; beats keys of the environment; empty: "
		   "AWS_PROFILE."),
	OPT_STRING(OPTIONS, endpoint_url, "endpoint_url", "", OPT_RELOAD,
		   "A DynamoDB of another maker, http or https; empty: AWS_ENDPOINT_URL_DYNAMODB, "
		   "AWS_ENDPOINT_URL, "
		   "else Amazon's."),
	OPT_STRING(OPTIONS, host, "host", "", OPT_RELOAD,
		   "Name of this machine in the tables; empty: its host name."),
	OPT_DURATION(OPTIONS, interval_ns, "interval", "60s", 1, 60, OPT_RELOAD,
		     "How often the minute under way is sent; the whole minute follows in any case."),
	OPT_BOOL(OPTIONS, samples, "samples", "true", OPT_RELOAD,
		 "All samples of the minute go along, 2 KB instead of 0.7."),
	OPT_INT(OPTIONS, spool, "spool", "1440", 1, 10000, "minutes", OPT_RELOAD,
		"Most minutes that wait for the service; past it the oldest is dropped and counted."),
};
const struct option_table upload_option_table = { "dynamodb", "Upload to DynamoDB", rows,
						  sizeof(rows) / sizeof(rows[0]), sizeof(OPTIONS) };

/* --- telling ------------------------------------------------------------------------------------------------------------------ */

#define SAY_AGAIN_US (60 * US_PER_S) /* the same failure is logged once a minute */

static void publish(struct upload *u, enum event_severity severity, enum event_kind kind, const char *title)
{
	struct event e = { .t = clock_wall_ms(u->deps.clock),
			   .kind = kind,
			   .severity = severity,
			   .subject = VIEW("dynamodb"),
			   .title = view_of(title) };
	if (u->deps.hub)
		hub_event(u->deps.hub, &e); /* a full hub counts it */
}

static enum upload_cause cause_of(enum dynamo_verdict v)
{
	static const enum upload_cause causes[DYNAMO_VERDICTS] = {
		[DYNAMO_OK] = UPLOAD_CAUSE_other,        [DYNAMO_ABSENT] = UPLOAD_CAUSE_other,
		[DYNAMO_IN_USE] = UPLOAD_CAUSE_other,    [DYNAMO_CONDITION] = UPLOAD_CAUSE_other,
		[DYNAMO_DENIED] = UPLOAD_CAUSE_denied,   [DYNAMO_CREDENTIALS] = UPLOAD_CAUSE_credentials,
		[DYNAMO_SKEWED] = UPLOAD_CAUSE_skewed,   [DYNAMO_THROTTLED] = UPLOAD_CAUSE_throttled,
		[DYNAMO_NETWORK] = UPLOAD_CAUSE_network, [DYNAMO_SERVER] = UPLOAD_CAUSE_server,
		[DYNAMO_INVALID] = UPLOAD_CAUSE_invalid,
	};
	return causes[v];
}

/* Trouble with the registry holds no minute up, and is no reason to call the upload broken. */
static void note_registry_failure(struct upload *u, const struct dynamo_fault *f)
{
	char line[400];
	bool known = u->stats.registry_error[0];
	snprintf(u->stats.registry_error, sizeof(u->stats.registry_error), "%.239s", f->text);
	snprintf(line, sizeof(line), "This machine's line in DynamoDB's registry is not kept: %s",
		 u->stats.registry_error);
	if (!known)
		publish(u, SEVERITY_WARNING, EVENT_NOTE, line);
}

void upload_tell_registered(struct upload *u)
{
	if (u->stats.registry_error[0])
		publish(u, SEVERITY_INFO, EVENT_NOTE, "DynamoDB's registry knows this machine again");
	u->stats.registry_error[0] = '\0';
}

void upload_tell_failure(struct upload *u, const char *what, const struct dynamo_fault *f,
			 enum upload_lane lane, bool serious)
{
	char line[600];
	mono_us now = clock_mono_us(u->deps.clock);
	u->stats.failed[cause_of(f->verdict)]++;
	if (lane == UPLOAD_MINUTES)
		snprintf(u->stats.last_error, sizeof(u->stats.last_error), "%s", f->text);
	else if (serious)
		note_registry_failure(u, f);
	if (strcmp(u->said, f->text) != 0 || now - u->said_at >= SAY_AGAIN_US) {
		snprintf(u->said, sizeof(u->said), "%s", f->text);
		u->said_at = now;
		snprintf(line, sizeof(line), "%s: %s", what, f->text);
		LOG(u->deps.log, LOG_ERROR, "dynamodb", line);
		if (strstr(what, "uploading"))
			LOG(u->deps.log, LOG_WARN, "dynamodb", "Failed to upload metrics to DynamoDB");
	}
	if (lane == UPLOAD_MINUTES && serious && !u->stats.trouble) {
		u->stats.trouble = true;
		snprintf(line, sizeof(line), "Uploads to DynamoDB fail: %s", f->text);
		publish(u, SEVERITY_WARNING, EVENT_NOTE, line);
	}
}

void upload_tell_success(struct upload *u, size_t minutes)
{
	char line[100];
	bool news = u->stats.trouble || !u->stats.last_sent || u->said[0];
	snprintf(line, sizeof(line), "Successfully uploaded %zu metrics to DynamoDB", minutes);
	LOG(u->deps.log, news || u->deps.tell_each ? LOG_INFO : LOG_DEBUG, "dynamodb", line);
	if (u->stats.trouble)
		publish(u, SEVERITY_INFO, EVENT_NOTE, "Uploads to DynamoDB work again");
	u->stats.trouble = false;
	u->stats.last_sent = clock_wall_ns(u->deps.clock);
	u->stats.last_error[0] = u->said[0] = '\0';
}

/* The outbox drops what has no room; whoever loses data is told. */
static void watch_losses(struct upload *u)
{
	struct outbox_stats o;
	if (!u->session || outbox_get_stats(u->deps.outbox, UPLOAD_CHANNEL, &o) < 0)
		return;
	uint64_t dropped = u->dropped_before + o.dropped;
	if (dropped > u->stats.dropped && u->stats.dropped == u->dropped_before)
		publish(u, SEVERITY_CRITICAL, EVENT_DATA_LOSS,
			"Minutes that waited for DynamoDB are dropped: the spool is full");
	u->stats.dropped = dropped;
	u->stats.queued = o.waiting;
	u->stats.rejected = o.rejected;
}

/* --- on and off -------------------------------------------------------------------------------------------------------------- */

/* The options' texts belong to a plan that may go. */
static int copy_options(struct upload_options *to, const struct upload_options *from, struct arena *arena)
{
	const char **texts[] = { &to->table,   &to->registry_table, &to->region,
				 &to->profile, &to->endpoint_url,   &to->host };
	*to = *from;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_strdup(arena, *texts[i] ? *texts[i] : "");
		if (!*texts[i])
			return -ENOMEM;
	}
	return 0;
}

static bool same_options(const struct upload_options *a, const struct upload_options *b)
{
	return a->enabled == b->enabled && a->samples == b->samples && a->interval_ns == b->interval_ns &&
	       a->spool == b->spool && strcmp(a->table, b->table) == 0 &&
	       strcmp(a->registry_table, b->registry_table) == 0 && strcmp(a->region, b->region) == 0 &&
	       strcmp(a->profile, b->profile) == 0 && strcmp(a->endpoint_url, b->endpoint_url) == 0 &&
	       strcmp(a->host, b->host) == 0;
}

static void set_names(struct upload *u)
{
	char raw[512];
	size_t n = sizeof(raw);
	struct utsname sys;
	struct view name = view_of(u->opt.host);
	if (!name.len && uv_os_gethostname(raw, &n) == 0)
		name = (struct view){ raw, n };
	upload_host_name(name, u->host);
	snprintf(u->platform, sizeof(u->platform), "%s", uname(&sys) == 0 ? sys.sysname : "Unknown");
}

static void turn_on(struct upload *u)
{
	struct err err = { 0 };
	char line[700];
	u->stats.enabled = u->opt.enabled;
	if (!u->opt.enabled)
		u->minute.n = 0;
	if (!u->opt.enabled || u->closing)
		return;
	set_names(u);
	int rc = upload_session_start(u, &err);
	if (rc < 0) {
		snprintf(u->stats.last_error, sizeof(u->stats.last_error), "%.470s", err.text);
		snprintf(line, sizeof(line), "Failed to initialize DynamoDB service: %s", err.text);
		LOG(u->deps.log, LOG_ERROR, "dynamodb", line);
		return;
	}
	snprintf(line, sizeof(line), "DynamoDB upload enabled to table: %s", u->opt.table);
	LOG(u->deps.log, LOG_INFO, "dynamodb", line, LF_S("endpoint", dynamo_url(u->session->dynamo)),
	    LF_S("region", dynamo_region(u->session->dynamo)));
}

static void finish_close(struct upload *u)
{
	void (*cb)(void *arg) = u->close_cb;
	void *arg = u->close_arg;
	arena_fini(&u->arena);
	arena_fini(&u->next_arena);
	free(u);
	if (cb)
		cb(arg);
}

/* Takes the options that were waiting. */
static void turn_over(struct upload *u)
{
	struct arena old = u->arena;
	u->arena = u->next_arena;
	u->opt = u->next;
	arena_fini(&old);
	arena_init(&u->next_arena, 512);
	u->replace = false;
	u->stats.trouble = false;
	u->stats.last_error[0] = u->stats.registry_error[0] = u->said[0] = '\0';
	turn_on(u);
}

void upload_session_over(struct upload *u)
{
	watch_losses(u);
	u->dropped_before = u->stats.dropped;
	u->session = NULL;
	u->stats.ready = false;
	outbox_remove_channel(u->deps.outbox, UPLOAD_CHANNEL);
	if (u->closing)
		finish_close(u);
	else if (u->replace)
		turn_over(u);
}

int upload_new(struct upload **out, const struct upload_deps *deps, const struct upload_options *options)
{
	struct upload *u = calloc(1, sizeof(*u));
	*out = u;
	if (!u)
		return -ENOMEM;
	u->deps = *deps;
	arena_init(&u->arena, 512);
	arena_init(&u->next_arena, 512);
	int rc = copy_options(&u->opt, options, &u->arena);
	if (rc < 0) {
		finish_close(u);
		*out = NULL;
		return rc;
	}
	turn_on(u);
	return 0;
}

static void seal(struct upload *u);

/* The rest of the minute may be another's. */
static void seal_early(struct upload *u)
{
	u->minute.partial = true;
	seal(u);
}

void upload_reconfigure(struct upload *u, const struct upload_options *options)
{
	bool ending = u->session && u->session->ended;
	arena_reset(&u->next_arena);
	u->replace = copy_options(&u->next, options, &u->next_arena) == 0 &&
		     (ending || !same_options(&u->opt, &u->next));
	if (!u->replace || ending)
		return;
	if (u->session) {
		seal_early(u);
		upload_session_end(u->session);
	} else {
		turn_over(u);
	}
}

void upload_close(struct upload *u, void (*cb)(void *arg), void *arg)
{
	u->closing = true;
	u->close_cb = cb;
	u->close_arg = arg;
	if (u->session && u->session->ended)
		return; /* it is on its way */
	if (u->session) {
		seal_early(u);
		upload_session_end(u->session);
	} else {
		finish_close(u);
	}
}

/* --- samples --------------------------------------------------------------------------------------------------------------------- */

/* The minute is whole, or as whole as it is going to be. */
static void seal(struct upload *u)
{
	struct buf item;
	if (!u->minute.n || !u->session)
		return;
	buf_init(&item);
	upload_minute_write(&u->minute, view_of(u->host), u->opt.samples, clock_wall_ns(u->deps.clock),
			    &item);
	int rc = item.failed
			 ? -ENOMEM
			 : outbox_put(u->deps.outbox, UPLOAD_CHANNEL, (struct view){ item.data, item.len });
	if (rc < 0)
		LOG(u->deps.log, LOG_WARN, "dynamodb", "a minute cannot be kept for the upload",
		    LF_S("reason", err_text(rc)));
	buf_fini(&item);
	u->minute.n = 0;
	u->session->plan.update_due = true;
	u->session->interim = false;
}

/* Hosts of a fleet reach the end of a minute together: each waits its own part of five seconds. */
static void spread(struct upload *u)
{
	int64_t range = u->opt.interval_ns / NS_PER_US / 12;
	uint32_t own = crc32c(0, u->host, strlen(u->host));
	u->session->spread_until = clock_mono_us(u->deps.clock) + own % range;
	upload_session_wake(u->session);
}

static void note_interim(struct upload *u)
{
	mono_us now = clock_mono_us(u->deps.clock);
	if (u->opt.interval_ns >= UPLOAD_MINUTE_NS || now < u->interim_at || u->session->ended)
		return;
	u->interim_at = now + u->opt.interval_ns / NS_PER_US;
	u->session->interim = u->session->plan.update_due = true;
	upload_session_wake(u->session);
}

/* Ends the minute before. A minute is whole when it follows the newest one that this run has seen; of any other, another half may exist. */
static void begin_minute(struct upload *u, const struct host_sample *s)
{
	bool whole = u->minute.n && s->t >= u->reached_s * NS_PER_S + UPLOAD_MINUTE_NS;
	if (u->minute.n) {
		u->minute.partial |= s->t < u->minute.start_s * NS_PER_S;
		seal(u);
		spread(u);
	}
	upload_minute_start(&u->minute, s);
	u->minute.partial = !whole;
	if (u->minute.start_s > u->reached_s)
		u->reached_s = u->minute.start_s;
}

void upload_sample(void *arg, const struct host_sample *s)
{
	struct upload *u = arg;
	if (!u->session)
		return;
	if (s->have & HOST_CPU)
		u->cpu_percent = s->cpu_percent;
	if (s->have & HOST_MEMORY)
		u->memory_percent = s->memory_percent;
	if (!upload_minute_takes(&u->minute, s))
		begin_minute(u, s);
	upload_minute_add(&u->minute, s);
	note_interim(u);
	watch_losses(u);
}

void upload_get_stats(const struct upload *u, struct upload_stats *out)
{
	struct outbox_stats o;
	*out = u->stats;
	out->table = u->session ? u->opt.table : "";
	out->url = u->session && u->session->dynamo ? dynamo_url(u->session->dynamo) : "";
	if (u->session && outbox_get_stats(u->deps.outbox, UPLOAD_CHANNEL, &o) == 0)
		out->queued = o.waiting;
	else
		out->queued = 0;
}
