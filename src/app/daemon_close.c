/* Taking the daemon down, in order: the fronts that others speak to, the services behind them, the history last. */
#include "app/parts.h"

#include <signal.h>

#define PUSH_DRAIN_US (1 * US_PER_S) /* longest wait at shutdown for pushes under way */

static void close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void store_closed(void *arg)
{
	struct daemon *d = arg;
	d->store = NULL;
	service_stop(d);
	uv_stop(&d->loop);
}

/* Third: nothing is left that could add to the history. */
static void close_store_and_handles(struct daemon *d)
{
	loop_watch_stop(d);
	close_handle((uv_handle_t *)&d->on_term);
	close_handle((uv_handle_t *)&d->on_int);
	close_handle((uv_handle_t *)&d->on_hup);
	/* An impatient second signal must not cut the last commit short; who means it has SIGKILL. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (d->minute_made)
		close_handle((uv_handle_t *)&d->minute);
	if (d->drain_made) {
		close_handle((uv_handle_t *)&d->drain);
		close_handle((uv_handle_t *)&d->push_turns);
	}
	if (d->hub)
		hub_drain(d->hub); /* the stop event reaches the store */
	if (d->store)
		store_close(d->store, store_closed, d);
	else
		store_closed(d);
}

static void alerts_closed(void *arg)
{
	struct daemon *d = arg;
	d->alerts = NULL;
	close_store_and_handles(d);
}

static void services_closed(void *arg)
{
	struct daemon *d = arg;
	if (d->alerts)
		alerts_close(d->alerts, alerts_closed, d); /* after those who still publish */
	else
		alerts_closed(d);
}

static void system_closed(void *arg)
{
	struct daemon *d = arg;
	d->system = NULL;
	host_stop(d);
	uplink_stop(d, services_closed, d);
}

static void retry_closed(void *arg)
{
	struct daemon *d = arg;
	d->retry = NULL;
	if (d->system)
		system_close(d->system, system_closed, d);
	else
		system_closed(d);
}

/* Second: no request can reach a service any more. */
static void close_services(struct daemon *d)
{
	d->http = NULL;
	if (d->push)
		push_stop(d->push);
	if (d->retry)
		retry_close(d->retry, retry_closed, d);
	else
		retry_closed(d);
}

static void front_closed(void *arg)
{
	struct daemon *d = arg;
	if (--d->closing == 0)
		close_services(d);
}

/* First: stop listening, let the requests under way end. The parts stay where they are until the last front has closed, because
 * those requests still use them. */
void daemon_close(struct daemon *d)
{
	pprof_stop(d);
	d->closing = 1; /* ourselves, so that callbacks from inside cannot finish early */
	for (size_t i = 0; i < d->n_sockets; i++) {
		d->closing++;
		unix_listener_close(d->sockets[i], front_closed, d);
	}
	d->n_sockets = 0;
	if (d->statsd) {
		d->closing++;
		statsd_stop(d, front_closed, d);
	}
	if (d->self) {
		d->closing++;
		self_metrics_stop(d, front_closed, d);
	}
	if (d->stream) {
		d->closing++;
		stream_stop(d, front_closed, d);
	}
	if (d->http) {
		d->closing++;
		http_server_close(d->http, d->plan->settings.core.drain_ns / NS_PER_MS, front_closed, d);
	}
	front_closed(d);
}

static void drain_tick(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	struct push_stats push;
	struct intake_stats intake;
	push_get_stats(d->push, &push);
	intake_get_stats(d->intake, &intake);
	if ((push.waiting || intake.parsing) && clock_mono_us(d->clock) < d->drain_until)
		return;
	uv_timer_stop(timer);
	daemon_close(d);
}

void daemon_stop(struct daemon *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	service_stopping(d);
	daemon_event(d, EVENT_STOP, SEVERITY_INFO, "daemon", (struct view){ 0 }, "%s stopped",
		     d->plan->program);
	for (size_t i = 0; i < d->n_sockets; i++) {
		unix_listener_drain(d->sockets[i]);
		unix_listener_stop(d->sockets[i]);
	}
	d->drain_until = clock_mono_us(d->clock) + PUSH_DRAIN_US;
	uv_timer_start(&d->drain, drain_tick, 0, 10);
}
