/* GET /api/health: the bare body stays exactly what clients know; ?detail=1 tells what is wrong and how to cure it. */
#include "app/parts.h"

#include "intake/statsd.h"
#include "system/upload.h"

#include <stdio.h>

/* A loss is a problem while it is fresh; after that only the counters tell of it, and the daemon is well again. */
#define LOSS_FRESH_US (10 * 60 * US_PER_S)

static void note_loss(struct daemon *d, enum loss kind, uint64_t total)
{
	struct loss_seen *l = &d->losses[kind];
	if (total > l->total)
		l->at = clock_mono_us(d->clock);
	l->total = total;
}

static bool is_fresh(const struct daemon *d, enum loss kind)
{
	const struct loss_seen *l = &d->losses[kind];
	return l->total && clock_mono_us(d->clock) - l->at < LOSS_FRESH_US;
}

void health_watch(struct daemon *d)
{
	struct store_stats store;
	struct statsd_stats statsd = { 0 };
	store_get_stats(d->store, &store);
	statsd_service_stats(d, &statsd); /* stays zero without a socket for it */
	note_loss(d, LOSS_HISTORY, store.detail_dropped_queue + store.detail_dropped_fault);
	note_loss(d, LOSS_SERIES, registry_overflow(d->registry));
	note_loss(d, LOSS_STATSD_BAD, statsd.bad);
	note_loss(d, LOSS_STATSD_REFUSED, statsd.refused);
}

struct findings {
	struct jw *w;
	unsigned n;
};

static void say(struct findings *f, const char *what, const char *sentence, const char *cure)
{
	f->n++;
	jw_obj(f->w, NULL);
	jw_cstr(f->w, "part", what);
	jw_cstr(f->w, "problem", sentence);
	jw_cstr(f->w, "cure", cure);
	jw_end(f->w);
}

static void check_store(struct daemon *d, const struct store_stats *s, struct findings *f)
{
	char text[400];
	if (s->state == STORE_DISK_FULL)
		say(f, "history", "the disk is full; nothing new is stored",
		    "free space; recovery is automatic within a second");
	else if (s->state == STORE_READ_ONLY)
		say(f, "history", "the history file or its directory is read-only",
		    "make it writable; recovery is automatic");
	else if (s->state == STORE_IO_ERROR) {
		snprintf(text, sizeof(text), "the history cannot be written: %s", s->last_error);
		say(f, "history", text, "check the disk; recovery is automatic");
	} else if (s->state == STORE_NONE && d->plan->state_note)
		say(f, "history", d->plan->state_note,
		    "give a writable state directory (state_dir) and restart");
	if (is_fresh(d, LOSS_HISTORY)) {
		snprintf(text, sizeof(text),
			 "%llu records did not reach the history (aggregates in memory are exact)",
			 (unsigned long long)(s->detail_dropped_queue + s->detail_dropped_fault));
		say(f, "history", text,
		    "the writer was behind or the disk refused; see history in this answer");
	}
}

static void check_rest(struct daemon *d, struct findings *f)
{
	char text[400];
	if (is_fresh(d, LOSS_SERIES)) {
		snprintf(text, sizeof(text), "%llu new series were refused: the cap of %u is reached",
			 (unsigned long long)registry_overflow(d->registry), registry_cap(d->registry));
		say(f, "series", text, "raise series_cap, or send fewer label values");
	}
	if (d->last_reload_error[0])
		say(f, "configuration", d->last_reload_error, "mend the configuration and send SIGHUP again");
	if (d->needs_restart[0]) {
		snprintf(text, sizeof(text), "the configuration changed where only a restart applies it: %s",
			 d->needs_restart);
		say(f, "configuration", text, "restart the daemon, or take the change back and reload");
	}
	if (!d->stopping && d->n_sockets < d->plan->n_sockets) {
		snprintf(text, sizeof(text), "%zu of %zu Unix sockets could not be bound",
			 d->plan->n_sockets - d->n_sockets, d->plan->n_sockets);
		say(f, "sockets", text, "another program holds them; see the log of the start");
	}
}

static void check_statsd(const struct daemon *d, const struct statsd_stats *s, struct findings *f)
{
	char text[400];
	if (is_fresh(d, LOSS_STATSD_BAD)) {
		snprintf(text, sizeof(text), "%llu bad StatsD lines came; the last one: \"%s\": %s",
			 (unsigned long long)s->bad, s->last_bad,
			 s->last_why ? s->last_why : "a packet was longer than 16 KiB");
		say(f, "statsd", text, "mend the client that sends it");
	}
	if (is_fresh(d, LOSS_STATSD_REFUSED)) {
		snprintf(text, sizeof(text),
			 "%llu StatsD lines were refused: the cap of series is reached, or a name came with "
			 "two types",
			 (unsigned long long)s->refused);
		say(f, "statsd", text, "raise series_cap or send fewer tag values; give each name one type");
	}
	if (s->saturated)
		say(f, "statsd", "sets have more members than memory is given to; they are counted too low",
		    "send fewer different members");
}

static void write_statsd(struct jw *w, const struct statsd_stats *s)
{
	jw_obj(w, "statsd");
	jw_u64(w, "lines", s->lines);
	jw_u64(w, "bad", s->bad);
	jw_u64(w, "refused", s->refused);
	jw_u64(w, "metrics", s->metrics);
	jw_end(w);
}

static void write_history(struct jw *w, const struct store *store, const struct store_stats *s)
{
	jw_obj(w, "history");
	jw_cstr(w, "state", s->state_text);
	jw_cstr(w, "file", store_path(store));
	jw_i64(w, "file_bytes", s->file_bytes);
	jw_u64(w, "commits", s->commits);
	jw_u64(w, "records", s->records_committed);
	jw_i64(w, "commit_max_us", s->commit_max_us);
	jw_double(w, "commit_avg_us", s->commit_avg_us);
	jw_u64(w, "queue_bytes", s->queue_bytes);
	jw_u64(w, "dropped_queue", s->detail_dropped_queue);
	jw_u64(w, "dropped_fault", s->detail_dropped_fault);
	jw_u64(w, "push_refused", s->must_refused);
	jw_cstr(w, "last_error", s->last_error);
	jw_end(w);
}

static void write_intake(struct jw *w, struct daemon *d)
{
	struct intake_stats in;
	intake_get_stats(d->intake, &in);
	jw_obj(w, "intake");
	jw_u64(w, "documents", in.documents);
	jw_u64(w, "requests", in.lines);
	jw_u64(w, "invalid", in.invalid);
	jw_u64(w, "oversize", in.oversize);
	jw_u64(w, "incomplete", in.incomplete);
	jw_u64(w, "timeouts", in.timeouts);
	jw_u64(w, "crowded_out", in.crowded_out);
	jw_arr(w, "sockets");
	for (size_t i = 0; i < d->n_sockets; i++) {
		struct unix_listener_stats s;
		unix_listener_get_stats(d->sockets[i], &s);
		jw_obj(w, NULL);
		jw_cstr(w, "path", unix_listener_path(d->sockets[i]));
		jw_u64(w, "accepted", s.accepted);
		jw_u64(w, "refused", s.refused + s.no_descriptors);
		jw_u64(w, "open", s.open_peers);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* Trouble of a moment is none. */
static void check_upload(const struct upload_stats *s, struct findings *f)
{
	char text[600];
	if (*s->registry_error) {
		snprintf(text, sizeof(text), "this machine's line in DynamoDB's registry is not kept: %s",
			 s->registry_error);
		say(f, "upload registry", text,
		    "the minutes go on; see registry_table in the configuration, and the permissions on it");
	}
	if (!s->trouble && (*s->url || !*s->last_error))
		return;
	snprintf(text, sizeof(text), "the upload to DynamoDB does not work, %llu minutes wait: %s",
		 (unsigned long long)s->queued, s->last_error);
	say(f, "upload", text,
	    "see section dynamodb of the configuration, and the credentials; it goes on by itself when the "
	    "cause is gone");
}

static void write_upload(struct jw *w, const struct upload_stats *s)
{
	static const char *const causes[] = {
#define X(name) #name,
		UPLOAD_CAUSE_MAP(X)
#undef X
	};
	jw_obj(w, "upload");
	jw_cstr(w, "table", s->table);
	jw_cstr(w, "endpoint", s->url);
	jw_bool(w, "ready", s->ready);
	jw_u64(w, "queued", s->queued);
	jw_u64(w, "sent", s->sent);
	jw_u64(w, "rejected", s->rejected);
	jw_u64(w, "dropped", s->dropped);
	jw_i64(w, "last_sent", s->last_sent / NS_PER_S);
	jw_obj(w, "failed");
	for (size_t i = 0; i < UPLOAD_CAUSES; i++)
		jw_u64(w, causes[i], s->failed[i]);
	jw_end(w);
	jw_cstr(w, "last_error", s->last_error);
	jw_end(w);
}

static void write_watch(struct jw *w, const struct daemon *d)
{
	struct watching_stats s;
	if (!watching_stats(d, &s))
		return;
	jw_obj(w, "watch");
	jw_u64(w, "series", s.series);
	jw_u64(w, "not_watched", s.refused);
	jw_u64(w, "changes", s.changes);
	jw_end(w);
}

static void write_alerts(struct jw *w, const struct daemon *d)
{
	if (!d->alerts)
		return;
	const struct alert_engine *e = alerts_engine(d->alerts);
	jw_obj(w, "alerts");
	jw_u64(w, "rules", alert_engine_rules(e));
	jw_u64(w, "active", alert_engine_active(e));
	jw_u64(w, "not_watched", alert_engine_refused(e));
	jw_end(w);
}

static void write_detail(struct daemon *d, struct jw *w)
{
	struct store_stats s;
	struct statsd_stats statsd;
	struct upload_stats upload;
	health_watch(d);
	bool has_upload = uplink_stats(d, &upload);
	bool has_statsd = statsd_service_stats(d, &statsd);
	store_get_stats(d->store, &s);
	jw_obj(w, "detail");
	struct findings f = { w, 0 };
	jw_arr(w, "problems");
	check_store(d, &s, &f);
	check_rest(d, &f);
	if (has_statsd)
		check_statsd(d, &statsd, &f);
	if (has_upload)
		check_upload(&upload, &f);
	jw_end(w);
	jw_cstr(w, "state", f.n ? "degraded" : "ok");
	jw_double(w, "uptime_seconds", (double)(clock_mono_us(d->clock) - d->started_mono) / 1e6);
	write_history(w, d->store, &s);
	write_intake(w, d);
	if (has_statsd)
		write_statsd(w, &statsd);
	if (has_upload)
		write_upload(w, &upload);
	write_watch(w, d);
	write_alerts(w, d);
	jw_obj(w, "loop");
	jw_i64(w, "longest_turn_us", d->watch.worst_ever_us);
	jw_u64(w, "turns", d->watch.turns);
	jw_end(w);
	jw_end(w);
}

static void get_health(struct http_request *r, void *ctx)
{
	struct daemon *d = ctx;
	struct jw *w = http_json(r);
	jw_obj(w, NULL);
	jw_cstr(w, "status", "healthy");
	jw_i64(w, "timestamp", clock_wall_ns(d->clock) / NS_PER_S);
	jw_cstr(w, "version", AUSPEX_VERSION);
	if (http_query_i64(r, "detail", 0) == 1)
		write_detail(d, w);
	jw_end(w);
	http_send(r, 200);
}

static const struct http_param params[] = {
	{ "detail", "query", "integer",
	  "1 adds what is wrong, how to cure it, and the state of every part." },
};
const struct http_route api_health_routes[] = {
	{ METHOD_GET, "/api/health", FAMILY_RETRY, ACCESS_OPEN, LIMIT_NONE, get_health, .params = params,
	  .n_params = 1, .summary = "Health check",
	  .response = "{\"type\":\"object\",\"required\":[\"status\",\"timestamp\",\"version\"],"
		      "\"properties\":{\"status\":{\"type\":\"string\"},"
		      "\"timestamp\":{\"type\":\"integer\"},\"version\":{\"type\":\"string\"},\"detail\":{"
		      "\"type\":\"object\"}}}" },
};
const size_t api_health_n = sizeof(api_health_routes) / sizeof(api_health_routes[0]);
