/* The daemon watches itself through the pipeline it offers to others. */
#include "app/parts.h"

#include "intake/statsd.h"
#include "os/self.h"
#include "system/upload.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the loop's own delay --------------------------------------------------------------------- */

/* A turn goes from one prepare to the next, less the time the kernel let us sleep: callbacks of sockets run inside the poll,
 * before any check handle could see them. */
static void turn_ends(uv_prepare_t *handle)
{
	struct daemon *d = handle->data;
	hub_drain(d->hub); /* after every callback of this turn, before the loop sleeps */
	mono_us now = clock_mono_us(d->clock), slept = (mono_us)(uv_metrics_idle_time(&d->loop) / 1000);
	mono_us took = now - d->watch.turn_start - (slept - d->watch.slept);
	if (d->watch.turn_start && took > 0) {
		d->watch.busy_us += took;
		if (took > d->watch.worst_us)
			d->watch.worst_us = took;
		if (took > d->watch.worst_ever_us)
			d->watch.worst_ever_us = took;
	}
	d->watch.turns++;
	d->watch.turn_start = now;
	d->watch.slept = slept;
}

void loop_watch_start(struct daemon *d)
{
	uv_loop_configure(&d->loop, UV_METRICS_IDLE_TIME);
	uv_prepare_init(&d->loop, &d->watch.prepare);
	d->watch.prepare.data = d;
	uv_prepare_start(&d->watch.prepare, turn_ends);
}

void loop_watch_stop(struct daemon *d)
{
	uv_close((uv_handle_t *)&d->watch.prepare, NULL);
}

/* --- the series ------------------------------------------------------------------------------- */

/* A metric has one help sentence, whatever its labels. */
#define DROPS       "What was dropped or refused, by cause."
#define QUEUES      "Bytes that wait, by queue."
#define UPLOADS     "Failed requests to DynamoDB, by cause."
#define COMMIT_TIME "Time of a commit of the history."

/* X(field, key, type, decimals, unit, help) */
/* clang-format off */
#define SELF_MAP(X)                                                                                                              \
	X(LOOP_WORST, "auspex.loop_delay_max_seconds", GAUGE, 6, "seconds", "Longest turn of the loop since the last sample.")  \
	X(LOOP_BUSY, "auspex.loop_busy_percent", GAUGE, 3, "percent", "Share of time the loop spent in callbacks.")             \
	X(CPU, "auspex.cpu_seconds", COUNTER, 3, "seconds", "CPU time of the process.")                                          \
	X(RSS, "auspex.rss_bytes", GAUGE, 0, "bytes", "Resident memory.")                                                        \
	X(DIRTY, "auspex.private_dirty_bytes", GAUGE, 0, "bytes", "Private dirty memory.")                                       \
	X(FDS, "auspex.open_fds", GAUGE, 0, "", "Open descriptors.")                                                             \
	X(PEERS, "auspex.intake_peers", GAUGE, 0, "", "Open connections of the Unix sockets.")                                   \
	X(DOCS, "auspex.intake_documents", COUNTER, 0, "", "Documents taken from the Unix sockets.")                             \
	X(LINES, "auspex.intake_requests", COUNTER, 0, "", "Request lines answered on the Unix sockets.")                        \
	X(BUFFERED, "auspex.queue_bytes{queue=intake}", GAUGE, 0, "bytes", QUEUES)                           \
	X(HUB_BYTES_Q, "auspex.queue_bytes{queue=hub}", GAUGE, 0, "bytes", QUEUES)                          \
	X(STORE_BYTES_Q, "auspex.queue_bytes{queue=store}", GAUGE, 0, "bytes", QUEUES)                  \
	X(PUSH_WAITING, "auspex.push_waiting", GAUGE, 0, "", "Pushes that wait for their commit.")                               \
	X(DROP_INVALID, "auspex.drops{cause=invalid}", COUNTER, 0, "", DROPS)                    \
	X(DROP_OVERSIZE, "auspex.drops{cause=oversize}", COUNTER, 0, "", DROPS)                       \
	X(DROP_INCOMPLETE, "auspex.drops{cause=incomplete}", COUNTER, 0, "", DROPS)               \
	X(DROP_CROWDED, "auspex.drops{cause=crowded_out}", COUNTER, 0, "", DROPS)             \
	X(DROP_QUEUE, "auspex.drops{cause=store_queue}", COUNTER, 0, "", DROPS)       \
	X(DROP_FAULT, "auspex.drops{cause=store_fault}", COUNTER, 0, "", DROPS)     \
	X(DROP_HUB, "auspex.drops{cause=hub_full}", COUNTER, 0, "", DROPS)                   \
	X(DROP_SERIES, "auspex.drops{cause=series_cap}", COUNTER, 0, "", DROPS)                       \
	X(DROP_REFUSED, "auspex.drops{cause=peer_refused}", COUNTER, 0, "", DROPS) \
	X(DROP_STATSD, "auspex.drops{cause=statsd_bad}", COUNTER, 0, "", DROPS)                                                  \
	X(DROP_STATSD_REFUSED, "auspex.drops{cause=statsd_refused}", COUNTER, 0, "", DROPS)                                      \
	X(STATSD_LINES, "auspex.statsd_lines", COUNTER, 0, "", "StatsD lines that came, bad ones included.")                     \
	X(UPLOAD_QUEUED, "auspex.upload_queued", GAUGE, 0, "", "Minutes that wait for DynamoDB.")                                \
	X(UPLOAD_SENT, "auspex.upload_sent", COUNTER, 0, "", "Minutes sent to DynamoDB.")                                        \
	X(UPLOAD_DROPPED, "auspex.drops{cause=upload}", COUNTER, 0, "", DROPS)                                                   \
	X(UPLOAD_DENIED, "auspex.upload_failed{cause=denied}", COUNTER, 0, "", UPLOADS)                                          \
	X(UPLOAD_CREDENTIALS, "auspex.upload_failed{cause=credentials}", COUNTER, 0, "", UPLOADS)                                \
	X(UPLOAD_SKEWED, "auspex.upload_failed{cause=skewed}", COUNTER, 0, "", UPLOADS)                                          \
	X(UPLOAD_THROTTLED, "auspex.upload_failed{cause=throttled}", COUNTER, 0, "", UPLOADS)                                    \
	X(UPLOAD_NETWORK, "auspex.upload_failed{cause=network}", COUNTER, 0, "", UPLOADS)                                        \
	X(UPLOAD_SERVER, "auspex.upload_failed{cause=server}", COUNTER, 0, "", UPLOADS)                                          \
	X(UPLOAD_INVALID, "auspex.upload_failed{cause=invalid}", COUNTER, 0, "", UPLOADS)                                        \
	X(UPLOAD_OTHER, "auspex.upload_failed{cause=other}", COUNTER, 0, "", UPLOADS)                                            \
	X(COMMITS, "auspex.store_commits", COUNTER, 0, "", "Commits of the history.")                                            \
	X(COMMIT_AVG, "auspex.store_commit_seconds{stat=avg}", GAUGE, 6, "seconds", COMMIT_TIME)                    \
	X(COMMIT_MAX, "auspex.store_commit_seconds{stat=max}", GAUGE, 6, "seconds", COMMIT_TIME)                           \
	X(STORE_SIZE, "auspex.store_file_bytes", GAUGE, 0, "bytes", "Size of the history file.")                                 \
	X(HTTP_REQUESTS, "auspex.http_requests", COUNTER, 0, "", "HTTP requests answered.")                                      \
	X(HTTP_ERRORS, "auspex.http_errors", COUNTER, 0, "", "HTTP answers of 400 and above.")                                   \
	X(HTTP_OPEN, "auspex.http_connections", GAUGE, 0, "", "Open HTTP connections.")                                          \
	X(SERIES, "auspex.series", GAUGE, 0, "", "Known series.")                                                                \
	X(ALERTS, "auspex.alerts", GAUGE, 0, "", "Alerts that are pending, firing, acknowledged or silenced.")
/* clang-format on */

enum self_index {
#define X(field, key, type, decimals, unit, help) SELF_##field,
	SELF_MAP(X)
#undef X
		SELF_COUNT
};

static const struct {
	const char *key;
	struct series_meta meta;
} self_rows[SELF_COUNT] = {
#define X(field, key, type, decimals, unit, help)                                                            \
	[SELF_##field] = { key, { SERIES_##type, decimals, unit, help } },
	SELF_MAP(X)
#undef X
};

#define SELF_GROUP 1 /* series_group of the self metrics */

struct self_metrics {
	uv_timer_t timer;
	struct daemon *d;
	series_id ids[SELF_COUNT]; /* of the n rows that the registry had room for, */
	uint8_t rows[SELF_COUNT];  /* which these are */
	uint32_t n;
	mono_us last_at;
	void (*cb)(void *arg);
	void *arg;
};

static void read_process(double *v)
{
	struct self_usage u;
	if (self_usage_read(&u) < 0)
		return;
	v[SELF_CPU] = u.user_cpu_s + u.system_cpu_s;
	v[SELF_RSS] = (double)u.rss_bytes;
	v[SELF_FDS] = (double)u.open_fds;
	if (u.private_dirty_bytes >= 0)
		v[SELF_DIRTY] = (double)u.private_dirty_bytes;
}

static void read_intake(const struct daemon *d, double *v)
{
	struct intake_stats in;
	struct push_stats push;
	intake_get_stats(d->intake, &in);
	push_get_stats(d->push, &push);
	uint64_t refused = 0, peers = 0;
	for (size_t i = 0; i < d->n_sockets; i++) {
		struct unix_listener_stats s;
		unix_listener_get_stats(d->sockets[i], &s);
		refused += s.refused + s.no_descriptors;
		peers += s.open_peers;
	}
	v[SELF_PEERS] = (double)peers;
	v[SELF_DOCS] = (double)in.documents;
	v[SELF_LINES] = (double)in.lines;
	v[SELF_BUFFERED] = (double)in.buffered_bytes;
	v[SELF_PUSH_WAITING] = push.waiting;
	v[SELF_DROP_INVALID] = (double)in.invalid;
	v[SELF_DROP_OVERSIZE] = (double)in.oversize;
	v[SELF_DROP_INCOMPLETE] = (double)(in.incomplete + in.timeouts);
	v[SELF_DROP_REFUSED] = (double)refused;
}

static void read_statsd(const struct daemon *d, double *v)
{
	struct statsd_stats s;
	if (!statsd_service_stats(d, &s))
		return;
	v[SELF_STATSD_LINES] = (double)s.lines;
	v[SELF_DROP_STATSD] = (double)s.bad;
	v[SELF_DROP_STATSD_REFUSED] = (double)(s.refused + s.saturated);
}

static void read_upload(const struct daemon *d, double *v)
{
	struct upload_stats s;
	if (!uplink_stats(d, &s))
		return;
	v[SELF_UPLOAD_QUEUED] = (double)s.queued;
	v[SELF_UPLOAD_SENT] = (double)s.sent;
	v[SELF_UPLOAD_DROPPED] = (double)(s.dropped + s.rejected);
	for (size_t i = 0; i < UPLOAD_CAUSES; i++) /* they stand in one order */
		v[SELF_UPLOAD_DENIED + i] = (double)s.failed[i];
}

static void read_store(const struct daemon *d, double *v)
{
	struct store_stats s;
	store_get_stats(d->store, &s);
	v[SELF_STORE_BYTES_Q] = (double)s.queue_bytes;
	v[SELF_DROP_QUEUE] = (double)s.detail_dropped_queue;
	v[SELF_DROP_FAULT] = (double)s.detail_dropped_fault;
	v[SELF_COMMITS] = (double)s.commits;
	v[SELF_COMMIT_AVG] = s.commit_avg_us / 1e6;
	v[SELF_COMMIT_MAX] = (double)s.commit_max_us / 1e6;
	v[SELF_STORE_SIZE] = (double)s.file_bytes;
}

static void read_rest(struct daemon *d, mono_us elapsed, double *v)
{
	struct http_stats http;
	http_server_stats(d->http, &http);
	v[SELF_HTTP_REQUESTS] = (double)http.requests;
	v[SELF_HTTP_ERRORS] = (double)(http.errors_4xx + http.errors_5xx);
	v[SELF_HTTP_OPEN] = http.open_connections;
	v[SELF_HUB_BYTES_Q] = (double)hub_queued_bytes(d->hub);
	v[SELF_DROP_HUB] = (double)(hub_dropped(d->hub, HUB_TICK) + hub_dropped(d->hub, HUB_EVENT) +
				    hub_dropped(d->hub, HUB_FLEET));
	v[SELF_DROP_SERIES] = (double)registry_overflow(d->registry);
	v[SELF_SERIES] = registry_count(d->registry);
	if (d->alerts)
		v[SELF_ALERTS] = alert_engine_active(alerts_engine(d->alerts));
	v[SELF_LOOP_WORST] = (double)d->watch.worst_us / 1e6;
	v[SELF_LOOP_BUSY] = elapsed > 0 ? 100.0 * (double)d->watch.busy_us / (double)elapsed : 0;
	d->watch.worst_us = d->watch.busy_us = 0;
}

static void sample(uv_timer_t *timer)
{
	struct self_metrics *m = timer->data;
	struct daemon *d = m->d;
	double v[SELF_COUNT];
	for (size_t i = 0; i < SELF_COUNT; i++)
		v[i] = NAN;
	mono_us now = clock_mono_us(d->clock);
	read_process(v);
	read_intake(d, v);
	read_statsd(d, v);
	read_upload(d, v);
	read_store(d, v);
	read_rest(d, now - m->last_at, v);
	m->last_at = now;
	for (uint32_t i = 0; i < m->n; i++)
		v[i] = v[m->rows[i]]; /* ascending: nothing is overwritten before it is read */
	struct tick tick = { SELF_GROUP, clock_wall_ms(d->clock), m->n, m->ids, v };
	hub_tick(d->hub, &tick);
	uint64_t interval = (uint64_t)(d->plan->settings.core.self_interval_ns / NS_PER_MS);
	if (uv_timer_get_repeat(timer) != interval) /* a reload changed it */
		uv_timer_set_repeat(timer, interval);
}

int self_metrics_start(struct daemon *d)
{
	struct self_metrics *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < SELF_COUNT; i++) {
		int rc = registry_intern(d->registry, view_of(self_rows[i].key), &self_rows[i].meta,
					 &m->ids[m->n], NULL);
		if (rc < 0 && rc != ERR_FULL) { /* a full registry counts and tells, and the daemon goes on */
			free(m);
			return rc;
		}
		if (rc == 0)
			m->rows[m->n++] = (uint8_t)i;
	}
	m->d = d;
	m->last_at = clock_mono_us(d->clock);
	uv_timer_init(&d->loop, &m->timer);
	m->timer.data = m;
	d->self = m;
	uint64_t interval = (uint64_t)(d->plan->settings.core.self_interval_ns / NS_PER_MS);
	return uv_timer_start(&m->timer, sample, 1000, interval);
}

static void timer_closed(uv_handle_t *handle)
{
	struct self_metrics *m = handle->data;
	m->cb(m->arg);
	free(m);
}

void self_metrics_stop(struct daemon *d, void (*cb)(void *arg), void *arg)
{
	struct self_metrics *m = d->self;
	m->cb = cb;
	m->arg = arg;
	d->self = NULL;
	uv_close((uv_handle_t *)&m->timer, timer_closed);
}
