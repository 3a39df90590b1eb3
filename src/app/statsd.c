/* StatsD: sockets, timer and hub around the engine of intake. */
#include "app/parts.h"

#include "intake/statsd.h"
#include "net/unix_datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS_MAX   8
#define STREAM_PEERS  256
#define STATSD_GROUP  0x10000 /* first series_group; one per portion of series */
#define HUB_SHARE     (256 * 1024)
#define PREFIX_GRAM   "unixgram:"
#define PREFIX_STREAM "unix:"

struct statsd_service {
	struct daemon *d;
	struct statsd *engine;
	uv_timer_t timer;
	struct unix_datagram *grams[SOCKETS_MAX];
	struct unix_listener *streams[SOCKETS_MAX];
	size_t n_grams, n_streams;
	uint32_t closing;
	void (*cb)(void *arg);
	void *arg;
};

static void on_packet(void *arg, const char *data, size_t len)
{
	statsd_feed(arg, data, len);
}

static void emit(void *arg, const struct tick *tick)
{
	struct daemon *d = arg;
	if (hub_queued_bytes(d->hub) > HUB_SHARE)
		hub_drain(d->hub);
	hub_tick(d->hub, tick);
}

static void end_interval(struct statsd_service *s)
{
	statsd_flush(s->engine, clock_wall_ms(s->d->clock), STATSD_GROUP, emit, s->d);
}

static void on_timer(uv_timer_t *timer)
{
	end_interval(timer->data);
}

/* "PATH" and "unixgram:PATH" take datagrams, "unix:PATH" lines over connections. */
static int open_socket(struct statsd_service *s, const char *spec, struct err *err)
{
	struct daemon *d = s->d;
	unsigned mode = (unsigned)d->plan->settings.core.socket_mode;
	struct err why = { 0 };
	int rc;
	if (s->n_grams + s->n_streams == SOCKETS_MAX)
		return err_set(err, ERR_FULL, "statsd", "more than %d StatsD sockets; remove some",
			       SOCKETS_MAX);
	bool stream = strncmp(spec, PREFIX_STREAM, strlen(PREFIX_STREAM)) == 0;
	const char *path = stream ? spec + strlen(PREFIX_STREAM)
			   : strncmp(spec, PREFIX_GRAM, strlen(PREFIX_GRAM)) == 0 ? spec + strlen(PREFIX_GRAM)
										  : spec;
	if (stream) {
		struct unix_listen listen = { path, mode, STREAM_PEERS, -1 };
		struct unix_handler handler = statsd_stream_handler(s->engine);
		rc = unix_listener_open(&s->streams[s->n_streams], &d->loop, &listen, &handler, d->clock,
					d->log, &why);
		s->n_streams += rc == 0;
	} else {
		rc = unix_datagram_open(&s->grams[s->n_grams], &d->loop, path, mode, on_packet, s->engine,
					&why);
		s->n_grams += rc == 0;
	}
	if (rc < 0)
		return err_set(err, rc, "statsd", "cannot take StatsD lines at %s: %s", path,
			       why.text[0] ? why.text : err_text(rc));
	LOG(d->log, LOG_INFO, "statsd", "taking StatsD lines", LF_S("path", path),
	    LF_S("by", stream ? "stream" : "datagram"));
	return 0;
}

int statsd_start(struct daemon *d, struct err *err)
{
	const struct core_options *core = &d->plan->settings.core;
	if (!core->statsd.n)
		return 0;
	struct statsd_service *s = calloc(1, sizeof(*s));
	int rc = s ? statsd_new(&s->engine, d->registry, 0) : -ENOMEM;
	if (rc < 0) {
		free(s);
		return rc;
	}
	s->d = d;
	s->timer.data = s;
	d->statsd = s; /* what follows is closed by statsd_stop */
	uv_timer_init(&d->loop, &s->timer);
	uint64_t interval = (uint64_t)(core->statsd_interval_ns / NS_PER_MS);
	uv_timer_start(&s->timer, on_timer, interval, interval);
	for (size_t i = 0; rc == 0 && i < core->statsd.n; i++)
		rc = open_socket(s, core->statsd.items[i], err);
	return rc;
}

static void part_closed(void *arg)
{
	struct statsd_service *s = arg;
	if (--s->closing)
		return;
	void (*cb)(void *arg) = s->cb;
	void *cb_arg = s->arg;
	statsd_free(s->engine);
	free(s);
	cb(cb_arg);
}

static void timer_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

void statsd_stop(struct daemon *d, void (*cb)(void *arg), void *arg)
{
	struct statsd_service *s = d->statsd;
	d->statsd = NULL;
	s->cb = cb;
	s->arg = arg;
	s->closing = 1 + (uint32_t)(s->n_grams + s->n_streams);
	for (size_t i = 0; i < s->n_streams; i++) {
		unix_listener_stop(s->streams[i]);
		unix_listener_drain(s->streams[i]);
		unix_listener_close(s->streams[i], part_closed, s);
	}
	for (size_t i = 0; i < s->n_grams; i++)
		unix_datagram_close(s->grams[i], part_closed, s);
	end_interval(s); /* what came since the last one is not lost */
	uv_close((uv_handle_t *)&s->timer, timer_closed);
}

bool statsd_service_stats(const struct daemon *d, struct statsd_stats *out)
{
	if (!d->statsd)
		return false;
	statsd_get_stats(d->statsd->engine, out);
	for (size_t i = 0; i < d->statsd->n_grams; i++) {
		struct unix_datagram_stats g;
		unix_datagram_get_stats(d->statsd->grams[i], &g);
		out->bad += g.truncated;
	}
	return true;
}
