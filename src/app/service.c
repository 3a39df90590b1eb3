/* What the service manager is told: ready, reloading, stopping, a sentence on how it goes, and that the loop still turns. */
#include "app/parts.h"

#include "os/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MS 10000 /* how often the sentence is looked at when there is no watchdog to keep */

struct service {
	uv_timer_t timer;
	struct daemon *d;
	struct service_manager manager;
	char status[512]; /* the sentence told last */
};

static void describe_places(const struct daemon *d, char *out, size_t size)
{
	char http[64] = "";
	if (d->http_port)
		snprintf(http, sizeof(http), "http://127.0.0.1:%d/ and ", d->http_port);
	snprintf(out, size, "Serving %s%zu Unix socket%s", http, d->n_sockets, d->n_sockets == 1 ? "" : "s");
}

static void describe_state(const struct daemon *d, char *out, size_t size)
{
	char places[128];
	struct store_stats s;
	store_get_stats(d->store, &s);
	describe_places(d, places, sizeof(places));
	if (d->last_reload_error[0])
		snprintf(out, size, "%s; configuration not reloaded: %.200s", places, d->last_reload_error);
	else if (s.state != STORE_OK && s.state != STORE_NONE)
		snprintf(out, size, "%s; the history is not written: %s", places, s.state_text);
	else
		snprintf(out, size, "%s; history: %s", places, s.state_text);
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ') /* a line feed would begin another variable */
			*p = ' ';
}

/* `head` is "" or lines that end with a line feed. */
static void tell(struct service *s, const char *head)
{
	char text[768];
	snprintf(text, sizeof(text), "%sSTATUS=%s", head, s->status);
	service_manager_tell(&s->manager, text);
}

static void on_tick(uv_timer_t *timer)
{
	struct service *s = timer->data;
	char now[sizeof(s->status)] = "";
	if (s->manager.watchdog_us)
		service_manager_tell(&s->manager, "WATCHDOG=1");
	if (s->d->stopping || !s->d->store)
		return;
	describe_state(s->d, now, sizeof(now));
	if (strcmp(now, s->status) != 0) {
		memcpy(s->status, now, sizeof(now));
		tell(s, "");
	}
}

int service_start(struct daemon *d)
{
	struct service_manager manager;
	int rc = service_manager_open(&manager, d->source->env);
	if (rc < 0)
		LOG(d->log, LOG_WARN, "daemon", "cannot reach the service manager",
		    LF_S("error", err_text(rc)));
	if (manager.fd < 0)
		return 0;
	struct service *s = calloc(1, sizeof(*s));
	if (!s) {
		service_manager_close(&manager);
		return -ENOMEM;
	}
	s->d = d;
	s->manager = manager;
	d->service = s;
	uv_timer_init(&d->loop, &s->timer);
	s->timer.data = s;
	uint64_t every = manager.watchdog_us ? (uint64_t)manager.watchdog_us / 2000 : STATUS_MS;
	return uv_timer_start(&s->timer, on_tick, every ? every : 1, every ? every : 1);
}

void service_ready(struct daemon *d)
{
	if (!d->service)
		return;
	describe_state(d, d->service->status, sizeof(d->service->status));
	tell(d->service, "READY=1\n");
}

void service_reloading(struct daemon *d)
{
	char text[96];
	if (!d->service)
		return;
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloading the configuration",
		 (long long)clock_mono_us(d->clock));
	service_manager_tell(&d->service->manager, text);
}

void service_stopping(struct daemon *d)
{
	if (d->service)
		service_manager_tell(&d->service->manager, "STOPPING=1\nSTATUS=Finishing what was begun");
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void service_stop(struct daemon *d)
{
	struct service *s = d->service;
	if (!s)
		return;
	d->service = NULL;
	service_manager_close(&s->manager);
	uv_close((uv_handle_t *)&s->timer, timer_closed);
}
