/* The daemon's parts, open to the files of this room only. Everything belongs to the loop thread. */
#ifndef AUSPEX_APP_PARTS_H
#define AUSPEX_APP_PARTS_H

#include "alert/alerts.h"
#include "app/daemon.h"
#include "intake/push.h"
#include "net/http_server.h"
#include "net/unix_listener.h"
#include "retry/retry.h"
#include "series/hub.h"
#include "series/tiers.h"
#include "store/outbox.h"
#include "store/store.h"
#include "system/system.h"

#include <uv.h>

/* How long callbacks kept the loop from polling. */
struct loop_watch {
	uv_prepare_t prepare;
	mono_us turn_start; /* the last prepare */
	mono_us slept;      /* in the kernel's poll until then */
	mono_us worst_us;   /* longest turn since the last sample */
	mono_us worst_ever_us;
	int64_t busy_us; /* sum of turns since the last sample */
	uint64_t turns;
};

struct service;
/* Losses that health tells of while they are fresh. */
enum loss { LOSS_HISTORY, LOSS_SERIES, LOSS_STATSD_BAD, LOSS_STATSD_REFUSED, LOSSES };
struct loss_seen {
	uint64_t total; /* when last looked at */
	mono_us at;     /* when it last grew */
};

struct host_side;
struct uplink;
struct upload_stats;
struct self_metrics;
struct statsd_service;
struct statsd_stats;
struct stream;
struct taking;
struct watching;

struct daemon {
	uv_loop_t loop;
	struct plan *plan;     /* the one in force; the caller's at start, ours after a reload */
	struct plan *own_plan; /* allocated by a reload, or NULL */
	const struct plan_source *source;
	const struct clock *clock;
	struct log *log;
	wall_ns started_wall;
	mono_us started_mono;

	struct registry *registry;
	struct hub *hub;
	struct tiers *tiers;
	struct timeline *timeline;
	struct store *store;
	struct intake *intake;
	struct push *push;
	struct retry *retry; /* NULL without the room, as the next two */
	struct system *system;
	struct host_side *host; /* with the system room */
	struct uplink *uplink;  /* the same */
	struct alerts *alerts;
	struct access *access;
	struct http_server *http;
	struct unix_listener *sockets[PLAN_MAX];
	size_t n_sockets;
	int http_port; /* first TCP port bound, or 0 */
	struct self_metrics *self;
	struct service *service; /* the service manager, or NULL */
	struct stream *stream;
	struct loss_seen losses[LOSSES];
	struct statsd_service *statsd; /* NULL: no socket for it */
	struct watching *watching;     /* NULL without the room */
	struct taking *taking;         /* a CPU profile under way (api_pprof.c), or NULL */
	struct loop_watch watch;
	uv_signal_t on_term, on_int, on_hup;
	uv_timer_t minute; /* upkeep: tiers, retention */
	uv_timer_t drain;
	uv_idle_t push_turns; /* active while long pushes are under way */
	size_t parsing_bytes; /* bodies of long pushes on the pool */
	bool minute_made, drain_made;
	int pid_fd;
	bool stopping;
	uint32_t closing; /* parts whose close callback is awaited */
	mono_us drain_until;
	uint64_t samples_refused; /* ticks that RAM could not take */
	wall_ns last_reload;
	char last_reload_error[512];
	char needs_restart[256]; /* options that the last reload could not change, or "" */
};

/* --- the greeting (greeting.c) ------------------------------------------------------------------------------------ */
/* On a terminal, and only for the native daemon: whoever takes a personality wants that program's output. */
void daemon_greet(const struct daemon *d);

/* --- the end (daemon_close.c) ----------------------------------------------------------------------------------- */
/* Answers what waits, then closes everything; uv_run returns at the end. */
void daemon_stop(struct daemon *d);
/* The same at once, also for a daemon that is only half made. */
void daemon_close(struct daemon *d);

/* --- the service manager (service.c, activation.c) ---------------------------------------------------------------- */
/* Puts the sockets it passed into the plan, in place of those they stand for. */
int activation_adopt(struct daemon *d, struct err *err);
int service_start(struct daemon *d);
void service_ready(struct daemon *d); /* also after a reload */
void service_reloading(struct daemon *d);
void service_stopping(struct daemon *d);
void service_stop(struct daemon *d); /* last of all: the watchdog is kept until the history is closed */

/* --- events (journal.c) ------------------------------------------------------------------------------------------ */
extern const struct store_kind event_kind_record;
/* Publishes an event through the hub; `detail` may be empty or a JSON object. */
void daemon_event(struct daemon *d, enum event_kind kind, enum event_severity severity, const char *subject,
		  struct view detail, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Fills the timeline from the store and subscribes timeline, store and series to the hub. */
int journal_start(struct daemon *d);
/* Reads a row of event_kind_record. */
bool event_from_row(const struct store_row *row, struct event *e);
void event_write_json(struct jw *w, const char *key, const struct event *e);

/* --- what follows the samples of the host (host.c) ----------------------------------------------------------------- */
int host_start(struct daemon *d, struct err *err);
int host_add_routes(struct daemon *d);
void host_reconfigure(struct daemon *d, const struct plan *plan);
void host_stop(struct daemon *d); /* after the samples have ended */

/* --- what goes out to others (uplink.c) ------------------------------------------------------------------------------ */
int uplink_start(struct daemon *d);
void uplink_reconfigure(struct daemon *d, const struct plan *plan);
/* False while no upload is wished. */
bool uplink_stats(const struct daemon *d, struct upload_stats *out);
/* After the samples have ended; up to a second when there is somebody to say good-bye to. */
void uplink_stop(struct daemon *d, void (*cb)(void *arg), void *arg);

/* --- health (api_health.c) --------------------------------------------------------------------------------------- */
/* Looks whether something was lost since it last looked; once a minute, and whenever somebody asks. */
void health_watch(struct daemon *d);

/* --- reload (reload.c) -------------------------------------------------------------------------------------------- */
/* All or nothing; what went wrong is logged, kept for health, and an event. */
int daemon_reload(struct daemon *d, struct err *err);
/* Gives the parts what the plan says (at start and after a reload). */
int daemon_apply_access(struct daemon *d, const struct plan *plan, struct err *err);
struct store_options store_options_of(const struct plan *plan);

/* --- self metrics (self_metrics.c) -------------------------------------------------------------------------------- */
int self_metrics_start(struct daemon *d);
void self_metrics_stop(struct daemon *d, void (*cb)(void *arg), void *arg);
void loop_watch_start(struct daemon *d);
void loop_watch_stop(struct daemon *d);

/* --- StatsD (statsd.c) ------------------------------------------------------------------------------------------- */
int statsd_start(struct daemon *d, struct err *err);
/* Hands the interval under way to the hub. */
void statsd_stop(struct daemon *d, void (*cb)(void *arg), void *arg);
/* False when it is off. */
bool statsd_service_stats(const struct daemon *d, struct statsd_stats *out);

/* --- the watch for changes (watch.c) ------------------------------------------------------------------------------- */
struct watching_stats {
	uint64_t series;  /* watched now */
	uint64_t refused; /* left out for want of room */
	uint64_t changes; /* told so far */
};
int watching_start(struct daemon *d);
/* `settings` belong to the plan that comes into force. */
void watching_reconfigure(struct daemon *d, const struct watch_settings *settings);
/* False when there is no watch. */
bool watching_stats(const struct daemon *d, struct watching_stats *out);
void watching_free(struct daemon *d); /* before the hub */

/* --- live streams (api_stream.c) ---------------------------------------------------------------------------------- */
int stream_start(struct daemon *d);
void stream_stop(struct daemon *d, void (*cb)(void *arg), void *arg);
void stream_free(struct stream *s); /* after the HTTP server has closed */

/* --- profiling (api_pprof.c) ---------------------------------------------------------------------------------------- */
/* Ends a profile that is being taken; its asker gets what there is. */
void pprof_stop(struct daemon *d);

/* --- routes --------------------------------------------------------------------------------------------------------- */
/* Reads a time parameter; `*out` stays as it is when it is absent. False after a 400 that names the forms, `relative` the last of them. */
#define API_AGO "a relative time such as -1h"
#define API_NOW "now"
bool api_query_time(struct http_request *r, const char *name, const char *relative, wall_ns now,
		    wall_ns *out);
/* Reads `start` and `end`: now when it is absent, and the start so much before it. False after a 400. */
bool api_query_range(struct http_request *r, wall_ns length, wall_ns now, wall_ns *start, wall_ns *end);
/* Does RAM hold everything of a series since `start`? A sample pushed with an old time says nothing of its neighbours. */
bool api_ram_covers(const struct daemon *d, series_id id, wall_ms start);
struct route_group {
	const struct http_route *rows;
	const size_t *n;
};
#define API_GROUPS(X)                                                                                        \
	X(daemon)                                                                                            \
	X(health)                                                                                            \
	X(series)                                                                                            \
	X(query) X(changes) X(events) X(stream) X(push) X(session) X(metrics) X(openapi) X(page) X(pprof)
#define X(name)                                                                                              \
	extern const struct http_route api_##name##_routes[];                                                \
	extern const size_t api_##name##_n;
API_GROUPS(X)
#undef X
/* The `samples` list of a push. */
int api_push_register(struct daemon *d);
/* A long push wants its turns. */
void push_again(void *ctx);

#endif
