#include "series/event.h"

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

bool event_filter_match(const struct event_filter *f, const struct event *e)
{
	if (e->t < f->since || (f->until != 0 && e->t >= f->until))
		return false;
	if (f->before && e->id >= f->before)
		return false;
	if (f->kind >= 0 && (int)e->kind != f->kind)
		return false;
	return f->subject.len == 0 || series_key_match(f->subject, e->subject);
}
