/* Comings and goings of tracked processes, on the timeline. */
#include "process_log_impl.h"

#include "base/utf8.h"

#include <stdio.h>

#define TOLD_MOST 10 /* a minute, one by one */
#define MINUTE_US (60 * US_PER_S)

static void publish(struct process_log *l, wall_ns t, struct view subject, const char *title,
		    const char *detail)
{
	const struct event e = { .t = t / NS_PER_MS,
				 .kind = EVENT_PROCESS,
				 .severity = SEVERITY_INFO,
				 .subject = subject,
				 .title = view_of(title),
				 .detail = view_of(detail) };
	hub_event(l->deps.hub, &e); /* a full hub counts what it drops */
}

static void tell_one(struct process_log *l, wall_ns t, const struct process_came *c)
{
	char title[PROCESS_NAME_MAX * 3 + 64], detail[64];
	struct buf name;
	buf_init(&name);
	utf8_append_repaired(&name, (struct view){ c->name, c->name_len });
	snprintf(title, sizeof(title), "%s (PID %d) %s", buf_str(&name), c->pid,
		 c->gone ? "has ended" : "was started");
	snprintf(detail, sizeof(detail), "{\"pid\":%d,\"gone\":%s}", c->pid, c->gone ? "true" : "false");
	publish(l, t, (struct view){ name.data, name.len }, title, detail);
	buf_fini(&name);
}

/* The end of a minute in which more happened than was told. */
static void tell_rest(struct process_log *l, wall_ns t)
{
	struct process_news *n = &l->news;
	char title[128], detail[64];
	if (!n->came && !n->gone)
		return;
	snprintf(title, sizeof(title), "Within a minute %u more tracked processes were started and %u ended",
		 n->came, n->gone);
	snprintf(detail, sizeof(detail), "{\"started\":%u,\"ended\":%u}", n->came, n->gone);
	publish(l, t, VIEW("processes"), title, detail);
}

void process_news_sample(struct process_log *l, const struct host_sample *s)
{
	struct process_news *n = &l->news;
	if (s->mono - n->since >= MINUTE_US) {
		tell_rest(l, s->t);
		*n = (struct process_news){ .since = s->mono };
	}
	for (uint32_t i = 0; i < s->scan->n_changes; i++) {
		const struct process_came *c = &s->scan->changes[i];
		if (n->told < TOLD_MOST) {
			n->told++;
			tell_one(l, s->t, c);
		} else if (c->gone) {
			n->gone++;
		} else {
			n->came++;
		}
	}
}
