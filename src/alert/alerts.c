#include "alerts_impl.h"

#include <errno.h>
#include <stdlib.h>

#define TICK_MS    1000
#define TRIM_TICKS 600
#define EXPECT_MS  MS_PER_DAY /* series that spoke so lately are missed when they do not come back */

struct alert_now alerts_now(const struct alerts *s)
{
	return (struct alert_now){ clock_wall_ms(s->deps.clock), clock_mono_us(s->deps.clock) };
}

const struct alert_engine *alerts_engine(const struct alerts *s)
{
	return s->engine;
}

static void on_change(void *arg, struct alert *a, enum alert_change change, const struct alert_now *now)
{
	struct alerts *s = arg;
	if (change == ALERT_FORGOTTEN)
		return; /* its row stays */
	if (change == ALERT_WITHDRAWN) {
		keep_withdrawn(s, a);
		return;
	}
	tell_change(s, a, change, now);
	if (change == ALERT_CAME_PENDING)
		return; /* written by the sweep, if it lasts that long */
	keep_alert(s, a, now);
	keep_ask(s);
}

static void on_item(void *arg, const struct hub_item *item)
{
	struct alerts *s = arg;
	struct alert_now now = alerts_now(s);
	if (item->type == HUB_TICK)
		alert_engine_tick(s->engine, &item->u.tick, &now);
	else if (item->type == HUB_EVENT && !tell_is_about_alerts(&item->u.event))
		alert_engine_event(s->engine, &item->u.event, &now);
}

static void tell_refused(struct alerts *s)
{
	uint64_t refused = alert_engine_refused(s->engine);
	if (refused && !s->refused_told)
		LOG(s->deps.log, LOG_WARN, "alert",
		    "rules match more series than can be watched: narrow their patterns",
		    LF_I("refused", (int64_t)refused));
	s->refused_told = refused;
}

static void on_tick(uv_timer_t *timer)
{
	struct alerts *s = timer->data;
	struct alert_now now = alerts_now(s);
	alert_engine_sweep(s->engine, &now);
	keep_sweep(s, &now);
	tell_refused(s);
	if (++s->ticks % TRIM_TICKS == 0)
		keep_trim(s, &now);
}

/* --- rules of the file --------------------------------------------------------------------------------------------- */

static bool listed(const struct alert_rules *rules, struct view name)
{
	for (size_t i = 0; i < rules->n; i++)
		if (view_eq(rules->items[i].name, name))
			return true;
	return false;
}

int alerts_set_file_rules(struct alerts *s, const struct alert_rules *rules)
{
	struct alert_now now = alerts_now(s);
	const struct alert_rule *old;
	int rc = 0;
	for (uint32_t i = alert_engine_rules(s->engine); i-- > 0;)
		if ((old = alert_engine_rule_at(s->engine, i)) && old->from_file && !listed(rules, old->name))
			alert_engine_drop_rule(s->engine, old->name, "its rule was removed", &now);
	for (size_t i = 0; i < rules->n; i++) {
		old = alert_engine_rule(s->engine, rules->items[i].name);
		if (old && !old->from_file && rules->items[i].built_in)
			continue; /* somebody made his own of that name */
		if (old && !old->from_file)
			LOG(s->deps.log, LOG_WARN, "alert",
			    "a rule of the configuration file takes the place of one made over the API",
			    LF_V("rule", rules->items[i].name));
		int failed = alert_engine_set_rule(s->engine, &rules->items[i], &now);
		if (failed < 0)
			LOG(s->deps.log, LOG_ERROR, "alert", "a rule is not in force",
			    LF_V("rule", rules->items[i].name), LF_S("error", err_text(failed)));
		rc = rc ? rc : failed;
	}
	return rc;
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

static void service_free(struct alerts *s)
{
	alert_engine_free(s->engine);
	buf_fini(&s->text);
	buf_fini(&s->detail);
	free(s);
}

static void expect_series(void *arg, const struct store_series *series)
{
	struct alerts *s = arg;
	struct alert_now now = alerts_now(s);
	if (series->last_t > now.wall - EXPECT_MS)
		alert_engine_expect(s->engine, series->key, &now);
}

int alerts_new(struct alerts **out, const struct alerts_deps *deps, const struct alert_rules *file_rules,
	       struct err *err)
{
	struct alerts *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, NULL, "out of memory");
	s->deps = *deps;
	buf_init(&s->text);
	buf_init(&s->detail);
	s->engine = alert_engine_new(deps->registry, NULL, on_change, s);
	int rc = s->engine ? 0 : -ENOMEM;
	if (rc == 0)
		rc = s->subscription = hub_subscribe(deps->hub, HUB_TICK | HUB_EVENT, on_item, s);
	if (rc >= 0)
		rc = uv_timer_init(deps->loop, &s->timer);
	if (rc < 0) {
		service_free(s);
		return err_set(err, rc, NULL, "no alert service: %s", err_text(rc));
	}
	struct alert_now now = alerts_now(s);
	s->timer.data = s;
	load_silences(s, &now);
	load_rules(s, &now);
	alerts_set_file_rules(s, file_rules);
	load_alerts(s, &now);
	store_series_each(deps->store, expect_series, s);
	uv_timer_start(&s->timer, on_tick, TICK_MS, TICK_MS);
	*out = s;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct alerts *s = handle->data;
	void (*cb)(void *arg) = s->closed;
	void *arg = s->closed_arg;
	service_free(s);
	cb(arg);
}

void alerts_close(struct alerts *s, void (*cb)(void *arg), void *arg)
{
	struct alert_now now = alerts_now(s);
	s->closed = cb;
	s->closed_arg = arg;
	hub_drain(s->deps.hub); /* what was pushed counts */
	keep_sweep(s, &now);
	hub_unsubscribe(s->deps.hub, s->subscription);
	keep_abandon_check(s);
	uv_timer_stop(&s->timer);
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
