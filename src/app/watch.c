/* Every series of the hub is watched for changes of its level; what is told becomes an event.
 *
 * Pushed points are taken at their own pace, so that a step shows with its third point. What the daemon and its services
 * measure on a faster clock is averaged over ten seconds first. Counters are watched as rates per second. */
#include "app/parts.h"

#include "detect/watch.h"
#include "series/key.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define FOLD_MS 10000

struct entry {
	struct watch_state state;
};
struct counter_entry {
	struct entry e;
	wall_ms t;
	double v;
};

/* Stand for series that are looked at no more until the options change. */
static struct entry *const not_wanted = (struct entry *)1, *const no_room = (struct entry *)2;

struct watching {
	struct daemon *d;
	const struct watch_settings *settings; /* of the plan in force */
	int subscription;
	struct entry **entries; /* by series; NULL: not met yet */
	uint32_t cap;
	struct watching_stats stats;
};

static bool is_entry(const struct entry *e)
{
	return e && e != not_wanted && e != no_room;
}

static bool matches(const struct option_list *patterns, struct view key)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (series_key_match(view_of(patterns->items[i]), key))
			return true;
	return false;
}

static bool is_wanted(const struct watching *w, struct view key)
{
	const struct watch_settings *s = w->settings;
	return s->enabled && matches(&s->series, key) && !matches(&s->exclude, key);
}

static struct entry *meet(struct watching *w, series_id id, const struct series *s)
{
	struct entry *e = no_room;
	if (!is_wanted(w, s->key)) {
		e = not_wanted;
	} else if (w->stats.series < (uint64_t)w->settings->max_series) {
		e = calloc(1, s->meta.type == SERIES_COUNTER ? sizeof(struct counter_entry) : sizeof(*e));
		e = e ? e : no_room;
	}
	if (is_entry(e)) {
		watch_init(&e->state);
		w->stats.series++;
	} else if (e == no_room && !w->stats.refused++) {
		LOG(w->d->log, LOG_WARN, "watch", "more series than may be watched for changes",
		    LF_I("max_series", w->settings->max_series), LF_V("first_left_out", s->key));
	}
	w->entries[id] = e;
	return e;
}

/* --- telling ---------------------------------------------------------------------------------------------------------- */

static void write_number(struct jw *w, const char *key, double v)
{
	if (isfinite(v))
		jw_double(w, key, v);
	else
		jw_null(w, key);
}

static void write_detail(struct jw *w, const struct series *s, const struct watch_verdict *v)
{
	jw_obj(w, NULL);
	jw_str(w, "series", s->key);
	if (s->meta.type == SERIES_COUNTER)
		jw_cstr(w, "of", "rate per second");
	jw_fixed(w, "t", (double)v->t / 1000.0, 3);
	jw_fixed(w, "from", (double)v->from / 1000.0, 3);
	jw_fixed(w, "to", (double)v->to / 1000.0, 3);
	jw_double(w, "before", v->mean_before);
	jw_double(w, "after", v->mean_after);
	write_number(w, "percent", watch_percent(v));
	jw_double(w, "sd_before", v->sd_before);
	jw_double(w, "sd_after", v->sd_after);
	jw_u64(w, "n_before", v->n_before);
	jw_u64(w, "n_after", v->n_after);
	write_number(w, "score", v->score);
	jw_double(w, "p", v->p);
	jw_end(w);
}

static void tell(struct watching *w, const struct series *s, const struct watch_verdict *v)
{
	char text[WATCH_TEXT_MAX], title[SERIES_KEY_MAX + WATCH_TEXT_MAX + 40];
	struct buf detail;
	buf_init(&detail);
	struct jw writer = jw_init(&detail, JW_COMPACT);
	write_detail(&writer, s, v);
	int n = snprintf(title, sizeof(title), "%.*s: %s%s", (int)s->key.len, s->key.data,
			 s->meta.type == SERIES_COUNTER ? "per second " : "", watch_text(v, text));
	const struct event e = { .t = v->t,
				 .kind = EVENT_CHANGE_POINT,
				 .severity = SEVERITY_INFO,
				 .subject = s->key,
				 .title = { title, (size_t)n },
				 .detail = { detail.data, detail.len } };
	if (!detail.failed)
		hub_event(w->d->hub, &e);
	buf_fini(&detail);
	w->stats.changes++;
}

/* --- points ------------------------------------------------------------------------------------------------------------- */

/* The rate since the point before; NaN for the first one and where the counter began anew. */
static double rate(struct counter_entry *c, wall_ms t, double v)
{
	double passed = (double)(t - c->t) / 1000.0, grown = v - c->v;
	bool usable = c->t && passed > 0 && grown >= 0;
	if (c->t && passed <= 0)
		return NAN; /* late: the newer point stays */
	c->t = t;
	c->v = v;
	return usable ? grown / passed : NAN;
}

static void take(struct watching *w, const struct tick *tick, uint32_t i, const struct watch_options *o)
{
	series_id id = tick->series[i];
	double v = tick->values[i];
	const struct series *s = NULL;
	struct entry *e = id < w->cap ? w->entries[id] : not_wanted;
	struct watch_verdict verdict;
	if (isnan(v) || e == not_wanted || e == no_room)
		return;
	s = registry_get(w->d->registry, id);
	if (!s || (!e && !is_entry(e = meet(w, id, s))))
		return;
	if (s->meta.type == SERIES_COUNTER)
		v = rate((struct counter_entry *)e, tick->t, v);
	if (watch_append(&e->state, o, tick->t, v, &verdict))
		tell(w, s, &verdict);
}

static void on_tick(void *arg, const struct hub_item *item)
{
	static const double strictness[] = { [WATCH_LOW] = 1.4, [WATCH_NORMAL] = 1, [WATCH_HIGH] = 0.85 };
	struct watching *w = arg;
	const struct tick *tick = &item->u.tick;
	struct watch_options o = WATCH_DEFAULTS;
	o.strictness = strictness[w->settings->sensitivity];
	o.min_percent = w->settings->min_change;
	o.fold_ms = tick->group ? FOLD_MS : 0;
	if (w->settings->enabled)
		for (uint32_t i = 0; i < tick->n; i++)
			take(w, tick, i, &o);
}

/* --- life ----------------------------------------------------------------------------------------------------------------- */

int watching_start(struct daemon *d)
{
	if (!(d->plan->rooms & ROOM_WATCH))
		return 0;
	struct watching *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->d = d;
	w->settings = &d->plan->settings.watch;
	w->cap = registry_cap(d->registry);
	w->entries = calloc(w->cap, sizeof(struct entry *));
	w->subscription = w->entries ? hub_subscribe(d->hub, HUB_TICK, on_tick, w) : -ENOMEM;
	if (w->subscription < 0) {
		int rc = w->subscription;
		free(w->entries);
		free(w);
		return rc;
	}
	d->watching = w;
	return 0;
}

/* What stays wanted keeps what it has learned. */
void watching_reconfigure(struct daemon *d, const struct watch_settings *settings)
{
	struct watching *w = d->watching;
	if (!w)
		return;
	w->settings = settings;
	w->stats.refused = w->stats.series = 0;
	for (series_id id = 0; id < w->cap; id++) {
		struct entry *e = w->entries[id];
		const struct series *s = is_entry(e) ? registry_get(d->registry, id) : NULL;
		if (s && is_wanted(w, s->key) && w->stats.series < (uint64_t)settings->max_series) {
			w->stats.series++;
			continue;
		}
		if (is_entry(e))
			free(e);
		w->entries[id] = NULL;
	}
}

bool watching_stats(const struct daemon *d, struct watching_stats *out)
{
	if (!d->watching)
		return false;
	*out = d->watching->stats;
	return true;
}

void watching_free(struct daemon *d)
{
	struct watching *w = d->watching;
	if (!w)
		return;
	hub_unsubscribe(d->hub, w->subscription);
	for (series_id id = 0; id < w->cap; id++)
		if (is_entry(w->entries[id]))
			free(w->entries[id]);
	free(w->entries);
	free(w);
	d->watching = NULL;
}
