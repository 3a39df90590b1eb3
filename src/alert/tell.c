/* Transitions as events on the timeline. */
#include "alerts_impl.h"

#include "base/json.h"
#include "base/timefmt.h"

#include <math.h>

void tell_sentence(const struct alert *a, struct buf *out)
{
	buf_view(out, a->name);
	buf_puts(out, ": ");
	if (a->event >= 0) {
		buf_view(out, a->reason.len ? a->reason : a->series);
		return;
	}
	buf_view(out, a->series);
	bool absent = a->condition.len >= 6 && memcmp(a->condition.data, "absent", 6) == 0;
	bool rate = a->condition.len >= 4 && memcmp(a->condition.data, "rate", 4) == 0;
	if (!absent && !isnan(a->value))
		buf_printf(out, rate ? " rises by %.6g a second" : " is %.6g", a->value);
	buf_puts(out, absent ? " " : ", ");
	buf_view(out, a->condition);
}

static void subject_and(const struct alert *a, struct buf *out, const char *what)
{
	buf_view(out, a->name);
	buf_puts(out, ": ");
	buf_view(out, a->series);
	buf_puts(out, what);
}

static void resolved_sentence(const struct alert *a, struct buf *out)
{
	char lasted[TIMEFMT_MAX];
	int64_t ms = a->resolved > a->fired ? a->resolved - a->fired : 0;
	duration_format_short((ms + 500) / MS_PER_S * NS_PER_S, lasted);
	subject_and(a, out, "");
	if (a->event < 0 && !isnan(a->value))
		buf_printf(out, " is %.6g,", a->value);
	buf_printf(out, " resolved after %s", lasted);
	if (a->event < 0 && a->reason.len)
		buf_printf(out, " (%.*s)", (int)a->reason.len, a->reason.data);
}

static void acked_sentence(const struct alert *a, struct buf *out)
{
	subject_and(a, out, " acknowledged by ");
	buf_view(out, a->ack_who);
	if (a->ack_why.len)
		buf_printf(out, ": %.*s", (int)a->ack_why.len, a->ack_why.data);
}

static void sentence(const struct alert *a, enum alert_change change, struct buf *out)
{
	switch (change) {
	case ALERT_GOT_RESOLVED:
		resolved_sentence(a, out);
		break;
	case ALERT_ACKED:
		acked_sentence(a, out);
		break;
	case ALERT_ACK_ENDED:
		subject_and(a, out, " is firing again: its acknowledgement has ended");
		break;
	case ALERT_GOT_SILENCED:
		subject_and(a, out, " silenced");
		break;
	case ALERT_SILENCE_ENDED:
		subject_and(a, out, " speaks again: its silence has ended");
		break;
	default:
		tell_sentence(a, out);
		if (change == ALERT_CAME_PENDING)
			buf_puts(out, ": pending");
		else if (a->state == ALERT_SILENCED)
			buf_puts(out, " (silenced)");
	}
}

static void detail(const struct alert *a, struct buf *out)
{
	struct jw w = jw_init(out, JW_COMPACT);
	jw_obj(&w, NULL);
	jw_i64(&w, "alert", a->id);
	jw_str(&w, "rule", a->name);
	jw_cstr(&w, "state", alert_state_name(a->state));
	jw_double(&w, "value", a->value);
	jw_cstr(&w, "severity", event_severity_name(a->severity));
	if (a->event >= 0)
		jw_cstr(&w, "event", event_kind_name((enum event_kind)a->event));
	if (a->labels.len > 2)
		jw_raw(&w, "labels", a->labels);
	jw_end(&w);
}

void tell_change(struct alerts *s, const struct alert *a, enum alert_change change,
		 const struct alert_now *now)
{
	bool loud = a->state == ALERT_FIRING &&
		    (change == ALERT_FIRED || change == ALERT_ACK_ENDED || change == ALERT_SILENCE_ENDED);
	buf_clear(&s->text);
	buf_clear(&s->detail);
	sentence(a, change, &s->text);
	detail(a, &s->detail);
	struct event e = { .t = now->wall,
			   .kind = EVENT_ALERT,
			   .severity = loud ? a->severity : SEVERITY_INFO,
			   .subject = a->series,
			   .title = { s->text.data, s->text.len },
			   .detail = { s->detail.data, s->detail.len } };
	if (!s->text.failed && !s->detail.failed)
		hub_event(s->deps.hub, &e); /* a full hub counts what it drops */
}

bool tell_is_about_alerts(const struct event *event)
{
	struct json_doc doc;
	size_t used;
	bool about = false;
	if (event->kind != EVENT_ALERT || !event->detail.len)
		return false;
	json_doc_init(&doc);
	if (json_parse(&doc, event->detail.data, event->detail.len, 0, &used) == 0) {
		json_ref kind = json_get(&doc, 0, VIEW("event"));
		about = kind != JSON_NONE &&
			view_eq(json_raw(&doc, kind), view_of(event_kind_name(EVENT_ALERT)));
	}
	json_doc_fini(&doc);
	return about;
}
