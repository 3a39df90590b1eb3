#include "series/event.h"

#include "base/err.h"
#include "series/key.h"

static const char *const kind_names[] = {
#define X(name, text) [EVENT_##name] = (text),
	EVENT_KIND_MAP(X)
#undef X
};
static const char *const severity_names[] = { "info", "warning", "critical" };

#define SEVERITIES (sizeof(severity_names) / sizeof(severity_names[0]))

const char *event_kind_name(enum event_kind kind)
{
	return (unsigned)kind < EVENT_KINDS ? kind_names[kind] : "unknown";
}

const char *event_severity_name(enum event_severity s)
{
	return (unsigned)s < SEVERITIES ? severity_names[s] : "unknown";
}

static int find(const char *const *names, size_t n, struct view text)
{
	for (size_t i = 0; i < n; i++)
		if (view_eq(view_of(names[i]), text))
			return (int)i;
	return -1;
}

int event_kind_find(struct view text)
{
	return find(kind_names, EVENT_KINDS, text);
}

int event_severity_find(struct view text)
{
	return find(severity_names, SEVERITIES, text);
}

int event_kinds_parse(struct view text, uint32_t *kinds, struct view *bad)
{
	bool but = text.len && text.data[0] == '-';
	uint32_t set = 0;
	size_t from = but;
	for (size_t i = from; i <= text.len; i++) {
		if (i < text.len && text.data[i] != ',')
			continue;
		*bad = (struct view){ text.data + from, i - from };
		int kind = event_kind_find(*bad);
		if (kind < 0)
			return ERR_UNKNOWN;
		set |= EVENT_BIT(kind);
		from = i + 1;
	}
	*kinds = but ? ~set : set;
	return 0;
}

bool event_filter_match(const struct event_filter *f, const struct event *e)
{
	if (e->t < f->since || (f->until != 0 && e->t >= f->until))
		return false;
	if (f->before && e->id >= f->before)
		return false;
	if ((f->kinds && !(f->kinds & EVENT_BIT(e->kind))) || e->severity < f->severity)
		return false;
	return f->subject.len == 0 || series_key_match(f->subject, e->subject);
}
