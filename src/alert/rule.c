#include "alert/rule.h"

#include "base/num.h"
#include "base/timefmt.h"

#include <errno.h>

static void write_duration(struct jw *w, const char *key, int64_t us)
{
	char text[TIMEFMT_MAX];
	size_t n = duration_format_short(us * NS_PER_US, text);
	jw_str(w, key, (struct view){ text, n });
}

void alert_labels_write(struct jw *w, const char *key, const struct alert_labels *labels)
{
	jw_obj(w, key);
	for (size_t i = 0; i < labels->n; i++) {
		jw_key(w, labels->items[i].name);
		jw_str(w, NULL, labels->items[i].value);
	}
	jw_end(w);
}

static void write_condition(struct jw *w, const struct alert_rule *r)
{
	switch (r->condition) {
	case ALERT_ABOVE:
		jw_double(w, "above", r->limit);
		break;
	case ALERT_BELOW:
		jw_double(w, "below", r->limit);
		break;
	case ALERT_RATE_ABOVE:
		jw_double(w, "rate", r->limit);
		break;
	case ALERT_RATE_BELOW:
		jw_obj(w, "rate");
		jw_double(w, "below", r->limit);
		jw_end(w);
		break;
	case ALERT_ABSENT:
		write_duration(w, "absent", r->window_us);
		break;
	case ALERT_EVENT:
		jw_cstr(w, "min_severity", event_severity_name(r->event_severity));
		break;
	}
	if ((r->condition == ALERT_RATE_ABOVE || r->condition == ALERT_RATE_BELOW) && r->window_us)
		write_duration(w, "window", r->window_us);
}

static void write_clear(struct jw *w, const struct alert_rule *r)
{
	bool at = r->condition < ALERT_ABSENT && r->clear_at != r->limit;
	if (at && r->clear_us) {
		jw_obj(w, "clear");
		jw_double(w, "at", r->clear_at);
		write_duration(w, "for", r->clear_us);
		jw_end(w);
	} else if (at) {
		jw_double(w, "clear", r->clear_at);
	} else if (r->clear_us || r->condition == ALERT_EVENT) { /* theirs has another default than none */
		write_duration(w, "clear", r->clear_us);
	}
}

void alert_rule_write(struct jw *w, const struct alert_rule *r)
{
	jw_str(w, "name", r->name);
	if (r->condition == ALERT_EVENT) {
		jw_cstr(w, "event", event_kind_name(r->event));
		if (r->series.len)
			jw_str(w, "subject", r->series);
	} else {
		jw_str(w, "series", r->series);
	}
	write_condition(w, r);
	if (r->for_us)
		write_duration(w, "for", r->for_us);
	write_clear(w, r);
	jw_cstr(w, "severity", event_severity_name(r->severity));
	if (r->labels.n)
		alert_labels_write(w, "labels", &r->labels);
}

void alert_rule_describe(const struct alert_rule *r, struct buf *out)
{
	static const char *const words[] = {
		[ALERT_ABOVE] = "above ",           [ALERT_BELOW] = "below ",
		[ALERT_RATE_ABOVE] = "rate above ", [ALERT_RATE_BELOW] = "rate below ",
		[ALERT_ABSENT] = "absent for ",     [ALERT_EVENT] = ""
	};
	char text[TIMEFMT_MAX];
	buf_puts(out, words[r->condition]);
	if (r->condition == ALERT_EVENT) {
		buf_puts(out, event_kind_name(r->event));
	} else if (r->condition == ALERT_ABSENT) {
		duration_format_short(r->window_us * NS_PER_US, text);
		buf_puts(out, text);
	} else {
		num_format_double(r->limit, text);
		buf_puts(out, text);
	}
	if (r->for_us) {
		duration_format_short(r->for_us * NS_PER_US, text);
		buf_printf(out, " for %s", text);
	}
}

static int copy_view(struct view *v, struct arena *arena)
{
	char *copy = arena_strndup(arena, v->data ? v->data : "", v->len);
	*v = (struct view){ copy, v->len };
	return copy ? 0 : -ENOMEM;
}

int alert_rule_copy(struct alert_rule *to, const struct alert_rule *from, struct arena *arena)
{
	*to = *from;
	int rc = copy_view(&to->name, arena);
	if (rc == 0)
		rc = copy_view(&to->series, arena);
	for (size_t i = 0; rc == 0 && i < to->labels.n; i++) {
		rc = copy_view(&to->labels.items[i].name, arena);
		if (rc == 0)
			rc = copy_view(&to->labels.items[i].value, arena);
	}
	return rc;
}

bool alert_rule_same(const struct alert_rule *a, const struct alert_rule *b)
{
	bool same = view_eq(a->name, b->name) && view_eq(a->series, b->series) &&
		    a->condition == b->condition && a->limit == b->limit && a->clear_at == b->clear_at &&
		    a->window_us == b->window_us && a->for_us == b->for_us && a->clear_us == b->clear_us &&
		    a->severity == b->severity && a->event == b->event &&
		    a->event_severity == b->event_severity && a->labels.n == b->labels.n;
	for (size_t i = 0; same && i < a->labels.n; i++)
		same = view_eq(a->labels.items[i].name, b->labels.items[i].name) &&
		       view_eq(a->labels.items[i].value, b->labels.items[i].value);
	return same;
}

bool alert_pattern_is_exact(struct view pattern)
{
	return !memchr(pattern.data, '*', pattern.len) && !memchr(pattern.data, '?', pattern.len);
}
