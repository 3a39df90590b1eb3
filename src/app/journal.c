/* Where the hub ends: series into RAM and history, events onto the timeline and into history. */
#include "app/parts.h"

#include "base/timefmt.h"

#include <stdarg.h>
#include <stdio.h>

#define TIMELINE_PRELOAD 500

enum { EV_ID, EV_KIND, EV_SEVERITY, EV_SUBJECT, EV_TITLE, EV_DETAIL, EV_COLUMNS };
static const struct store_column event_columns[EV_COLUMNS] = {
	[EV_ID] = { "event_id", STORE_INT, false },        [EV_KIND] = { "kind", STORE_TEXT, true },
	[EV_SEVERITY] = { "severity", STORE_TEXT, false }, [EV_SUBJECT] = { "subject", STORE_TEXT, false },
	[EV_TITLE] = { "title", STORE_TEXT, false },       [EV_DETAIL] = { "detail", STORE_TEXT, false },
};
const struct store_kind event_kind_record = {
	.name = "event",
	.columns = event_columns,
	.n_columns = EV_COLUMNS,
	.version = 1,
};

void daemon_event(struct daemon *d, enum event_kind kind, enum event_severity severity, const char *subject,
		  struct view detail, const char *fmt, ...)
{
	char title[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(title, sizeof(title), fmt, ap);
	va_end(ap);
	struct event e = { .t = clock_wall_ms(d->clock),
			   .kind = kind,
			   .severity = severity,
			   .subject = view_of(subject),
			   .title = view_of(title),
			   .detail = detail };
	if (d->hub)
		hub_event(d->hub, &e); /* a full hub counts what it drops */
}

void event_write_json(struct jw *w, const char *key, const struct event *e)
{
	char time[TIMEFMT_MAX];
	time_format_rfc3339(e->t * NS_PER_MS, 0, time);
	jw_obj(w, key);
	jw_i64(w, "id", e->id);
	jw_cstr(w, "time", time);
	jw_fixed(w, "t", (double)e->t / 1000.0, 3);
	jw_cstr(w, "kind", event_kind_name(e->kind));
	jw_cstr(w, "severity", event_severity_name(e->severity));
	jw_str(w, "subject", e->subject);
	jw_str(w, "title", e->title);
	if (e->detail.len)
		jw_raw(w, "detail", e->detail);
	jw_end(w);
}

static void keep_event(struct daemon *d, const struct event *e)
{
	struct event numbered = *e;
	numbered.id = timeline_add(d->timeline, e);
	struct store_value values[EV_COLUMNS] = {
		[EV_ID] = SV_INT(numbered.id),
		[EV_KIND] = SV_TEXT(view_of(event_kind_name(e->kind))),
		[EV_SEVERITY] = SV_TEXT(view_of(event_severity_name(e->severity))),
		[EV_SUBJECT] = SV_TEXT(e->subject),
		[EV_TITLE] = SV_TEXT(e->title),
		[EV_DETAIL] = SV_TEXT(e->detail),
	};
	if (d->store)
		store_append(d->store, &event_kind_record, e->t * NS_PER_MS, values, STORE_DETAIL);
}

static void keep_item(void *arg, const struct hub_item *item)
{
	struct daemon *d = arg;
	if (item->type == HUB_EVENT) {
		keep_event(d, &item->u.event);
	} else if (item->type == HUB_TICK) {
		registry_note(d->registry, &item->u.tick);
		if (tiers_append(d->tiers, &item->u.tick) < 0)
			d->samples_refused += item->u.tick.n;
		if (d->store &&
		    item->u.tick.group !=
			    0) /* group 0 was pushed, and journalled before its sender had the answer */
			store_tick(d->store, &item->u.tick);
	}
}

bool event_from_row(const struct store_row *row, struct event *e)
{
	int kind = event_kind_find(row->values[EV_KIND].v);
	int severity = event_severity_find(row->values[EV_SEVERITY].v);
	*e = (struct event){
		.id = row->values[EV_ID].i,
		.t = row->t / NS_PER_MS,
		.kind = kind < 0 ? EVENT_NOTE : (enum event_kind)kind,
		.severity = severity < 0 ? SEVERITY_INFO : (enum event_severity)severity,
		.subject = row->values[EV_SUBJECT].v,
		.title = row->values[EV_TITLE].v,
		.detail = row->values[EV_DETAIL].v,
	};
	return true;
}

static void preload_event(void *arg, const struct store_row *row)
{
	struct daemon *d = arg;
	struct event e;
	if (event_from_row(row, &e))
		timeline_add(d->timeline, &e);
}

/* The highest number given so far, whatever became of the rows in between. */
static void note_last_id(void *arg, const struct store_row *row)
{
	int64_t *last = arg;
	if (row->values[EV_ID].i > *last)
		*last = row->values[EV_ID].i;
}

int journal_start(struct daemon *d)
{
	int64_t last_row = store_last_id(d->store, &event_kind_record), last_id = 0;
	struct store_query newest = { .kind = &event_kind_record, .newest_first = true, .limit = 1 };
	struct store_query recent = { .kind = &event_kind_record,
				      .limit = TIMELINE_PRELOAD,
				      .after_id =
					      last_row > TIMELINE_PRELOAD ? last_row - TIMELINE_PRELOAD : 0 };
	store_load(d->store, &newest, note_last_id, &last_id);
	store_load(d->store, &recent, preload_event, d);
	timeline_start_after(d->timeline, last_id);
	int rc = hub_subscribe(d->hub, HUB_TICK | HUB_EVENT, keep_item, d);
	return rc < 0 ? rc : 0;
}
