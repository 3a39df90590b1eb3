#include "sampler.h"

#include "series/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_RETRY_US (60 * US_PER_S)
#define SELF_GROUP      (SYSTEM_GROUP + SYSTEM_EVERY_MAX + 1)

#define X(name, every, help) extern const struct collector_type name##_collector;
COLLECTOR_MAP(X)
#undef X
static const struct collector_type *const types[COLLECTORS] = {
#define X(name, every, help) &name##_collector,
	COLLECTOR_MAP(X)
#undef X
};

static const struct metric self_mean =
	GAUGE("auspex.collector_seconds", 6, "seconds", "Mean time of one reading, by collector.");
static const struct metric self_max = GAUGE("auspex.collector_max_seconds", 6, "seconds",
					    "Longest reading since the last sample, by collector.");
static const struct metric self_missed =
	COUNTER("auspex.samples_missed", 0, "", "Sampling instants that went by unused.");

struct collector {
	const struct collector_type *type;
	void *state;
	struct columns columns;
	enum collector_state status;
	int error;      /* of the last reading */
	uint32_t every; /* samples from one reading to the next; 0: off */
	mono_us last, retry_at;
	bool told; /* that it fails */
	uint64_t reads, errors;
	int64_t spent_us, worst_us; /* since sampler_publish_self */
	uint32_t n_spent;
	int64_t last_us, worst_ever_us;
	double mean_us;                   /* of the last span */
	uint32_t mean_column, max_column; /* of the self metrics */
};

struct sampler {
	struct system_deps deps;
	const struct system_options *opt;
	struct collector collectors[COLLECTORS];
	struct columns self;
	uint32_t missed_column;
	struct buf text;
	struct host_sample sample;
	series_id *ids; /* of the tick being made */
	double *values;
	uint32_t cap;
};

static uint32_t every_of(const struct system_options *opt, int64_t every_ns)
{
	if (every_ns <= 0)
		return 0;
	int64_t n = (every_ns + opt->interval_ns / 2) / opt->interval_ns;
	return n < 1 ? 1 : n > SYSTEM_EVERY_MAX ? SYSTEM_EVERY_MAX : (uint32_t)n;
}

/* --- life -------------------------------------------------------------------------------------------------------------- */

static int switch_on(struct sampler *s, struct collector *c)
{
	struct metric_label label = { "collector", view_of(c->type->name) };
	c->state = calloc(1, c->type->state_size);
	int rc = c->state ? c->type->init(c->state, &c->columns) : -ENOMEM;
	if (rc < 0)
		return rc;
	c->status = COLLECTOR_ON;
	if (c->mean_column == COLUMN_NONE) {
		c->mean_column = columns_add(&s->self, &self_mean, &label, 1);
		c->max_column = columns_add(&s->self, &self_max, &label, 1);
	}
	return 0;
}

static void switch_off(struct sampler *s, struct collector *c)
{
	if (c->state && c->type->fini)
		c->type->fini(c->state);
	free(c->state);
	c->state = NULL;
	columns_fini(&c->columns);
	columns_init(&c->columns, s->deps.registry);
	c->every = 0;
	c->status = COLLECTOR_OFF;
	c->told = false;
	c->error = 0;
	c->last = c->retry_at = 0;
}

/* As if nothing had been read yet. */
static void forget_parts(struct host_sample *sample)
{
	*sample = (struct host_sample){ .number = sample->number, .t = sample->t, .mono = sample->mono };
	sample->network.active_connections = sample->close_wait_front = sample->close_wait_back = -1;
	sample->swap_percent = sample->disk_percent = sample->disk_bytes_per_s = NAN;
	sample->cpu_user = sample->cpu_system = sample->cpu_iowait = sample->cpu_idle = sample->cpu_java =
		NAN;
}

/* Gives one collector its interval; true when that is another than it had. */
static bool set_every(struct sampler *s, struct collector *c, uint32_t every)
{
	if (every == c->every)
		return false;
	int rc = !c->every ? switch_on(s, c) : 0;
	if (rc < 0)
		LOG(s->deps.log, LOG_WARN, "system", "a collector cannot be switched on",
		    LF_S("collector", c->type->name), LF_S("error", err_text(rc)));
	if (rc < 0 || !every) {
		switch_off(s, c);
		forget_parts(&s->sample);
	}
	c->every = rc < 0 ? 0 : every;
	return true;
}

bool sampler_reconfigure(struct sampler *s, const struct system_options *opt)
{
	bool changed = opt->interval_ns != s->opt->interval_ns;
	s->opt = opt;
	for (size_t i = 0; i < COLLECTORS; i++)
		changed |= set_every(s, &s->collectors[i], every_of(opt, opt->every_ns[i]));
	return changed;
}

int sampler_new(struct sampler **out, const struct system_deps *deps, const struct system_options *opt)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int rc = 0;
	if (!s)
		return -ENOMEM;
	s->deps = *deps;
	s->opt = opt;
	buf_init(&s->text);
	columns_init(&s->self, deps->registry);
	s->missed_column = columns_add(&s->self, &self_missed, NULL, 0);
	forget_parts(&s->sample);
	for (size_t i = 0; i < COLLECTORS; i++) {
		s->collectors[i].type = types[i];
		s->collectors[i].mean_column = s->collectors[i].max_column = COLUMN_NONE;
		columns_init(&s->collectors[i].columns, deps->registry);
	}
	for (size_t i = 0; rc == 0 && i < COLLECTORS; i++) {
		s->collectors[i].every = every_of(opt, opt->every_ns[i]);
		rc = s->collectors[i].every ? switch_on(s, &s->collectors[i]) : 0;
	}
	if (rc < 0) {
		sampler_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < COLLECTORS; i++) {
		struct collector *c = &s->collectors[i];
		if (c->state && c->type->fini)
			c->type->fini(c->state);
		free(c->state);
		columns_fini(&c->columns);
	}
	columns_fini(&s->self);
	buf_fini(&s->text);
	free(s->ids);
	free(s->values);
	free(s);
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* Logged once per trouble, not once per second. */
static void judge(struct sampler *s, struct collector *c, int rc, mono_us now)
{
	c->reads++;
	c->error = rc;
	if (rc == 0) {
		if (c->told)
			LOG(s->deps.log, LOG_INFO, "system", "a collector works again",
			    LF_S("collector", c->type->name));
		c->told = false;
		c->status = COLLECTOR_ON;
		c->last = now;
		return;
	}
	c->errors++;
	if (rc == -ENOENT) {
		c->status = COLLECTOR_ABSENT;
		c->retry_at = now + ABSENT_RETRY_US;
		return;
	}
	c->status = COLLECTOR_FAILING;
	if (!c->told)
		LOG(s->deps.log, LOG_WARN, "system", "a collector cannot read",
		    LF_S("collector", c->type->name), LF_S("error", err_text(rc)));
	c->told = true;
}

static void read_one(struct sampler *s, struct collector *c)
{
	mono_us now = s->sample.mono;
	if (c->status == COLLECTOR_ABSENT && now < c->retry_at)
		return;
	struct collect ctx = { .t = s->sample.t,
			       .mono = now,
			       .elapsed = c->last ? now - c->last : 0,
			       .opt = s->opt,
			       .text = &s->text,
			       .columns = &c->columns,
			       .sample = &s->sample };
	mono_us before = clock_mono_us(s->deps.clock);
	int rc = c->type->read(c->state, &ctx);
	int64_t took = clock_mono_us(s->deps.clock) - before;
	judge(s, c, rc, now);
	c->last_us = took;
	c->spent_us += took;
	c->n_spent++;
	if (took > c->worst_us)
		c->worst_us = took;
	if (took > c->worst_ever_us)
		c->worst_ever_us = took;
}

static bool is_due(const struct collector *c, uint64_t tick)
{
	return c->every && tick % c->every == 0;
}

/* --- publishing ---------------------------------------------------------------------------------------------------- */

static bool reserve(struct sampler *s, uint32_t n)
{
	if (n <= s->cap)
		return true;
	uint32_t cap = n + n / 4;
	series_id *ids = realloc(s->ids, cap * sizeof(*ids));
	if (ids)
		s->ids = ids;
	double *values = realloc(s->values, cap * sizeof(*values));
	if (values)
		s->values = values;
	if (!ids || !values)
		return false;
	s->cap = cap;
	return true;
}

static uint32_t add_columns(struct sampler *s, uint32_t at, const struct columns *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->ids[i] != SERIES_NONE) {
			s->ids[at] = c->ids[i];
			s->values[at++] = c->values[i];
		}
	return at;
}

/* One tick of all collectors that read every `every` samples. */
static void publish(struct sampler *s, uint32_t every)
{
	uint32_t n = 0, room = 0;
	for (size_t i = 0; i < COLLECTORS; i++)
		if (s->collectors[i].every == every)
			room += s->collectors[i].columns.n;
	if (!room || !reserve(s, room))
		return;
	for (size_t i = 0; i < COLLECTORS; i++)
		if (s->collectors[i].every == every)
			n = add_columns(s, n, &s->collectors[i].columns);
	struct tick tick = { SYSTEM_GROUP + every, s->sample.t / NS_PER_MS, n, s->ids, s->values };
	hub_tick(s->deps.hub, &tick); /* a full hub counts what it drops */
}

void sampler_take(struct sampler *s, uint64_t tick, wall_ns t, mono_us mono)
{
	s->sample.number++;
	s->sample.t = t;
	s->sample.mono = mono;
	for (size_t i = 0; i < COLLECTORS; i++)
		if (is_due(&s->collectors[i], tick)) {
			columns_clear(&s->collectors[i].columns);
			read_one(s, &s->collectors[i]);
		}
	for (size_t i = 0; i < COLLECTORS; i++) {
		uint32_t every = s->collectors[i].every;
		bool first = is_due(&s->collectors[i], tick);
		for (size_t k = 0; first && k < i; k++)
			first = s->collectors[k].every != every;
		if (first)
			publish(s, every);
	}
}

const struct host_sample *sampler_last(const struct sampler *s)
{
	return s->sample.number ? &s->sample : NULL;
}

void sampler_publish_self(struct sampler *s, wall_ms t, uint64_t missed)
{
	columns_clear(&s->self);
	columns_set(&s->self, s->missed_column, (double)missed);
	for (size_t i = 0; i < COLLECTORS; i++) {
		struct collector *c = &s->collectors[i];
		if (!c->n_spent)
			continue;
		c->mean_us = (double)c->spent_us / c->n_spent;
		columns_set(&s->self, c->mean_column, c->mean_us / 1e6);
		columns_set(&s->self, c->max_column, (double)c->worst_us / 1e6);
		c->spent_us = c->worst_us = 0;
		c->n_spent = 0;
	}
	struct tick tick = { SELF_GROUP, t, s->self.n, s->self.ids, s->self.values };
	hub_tick(s->deps.hub, &tick);
}

/* --- telling ------------------------------------------------------------------------------------------------------- */

/* At the resolution its series declares. */
static void write_value(struct jw *w, const struct series *series, double value)
{
	jw_key(w, series->key);
	jw_double(w, NULL, block_round(value, series->meta.decimals));
}

static void write_series(const struct sampler *s, struct jw *w)
{
	jw_obj(w, "series");
	for (size_t i = 0; i < COLLECTORS; i++) {
		const struct columns *c = &s->collectors[i].columns;
		for (uint32_t k = 0; k < c->n; k++)
			if (c->ids[k] != SERIES_NONE && isfinite(c->values[k]))
				write_value(w, registry_get(s->deps.registry, c->ids[k]), c->values[k]);
	}
	jw_end(w);
}

void sampler_write(const struct sampler *s, struct jw *w)
{
	static const char *const states[] = { "off", "on", "absent", "failing" };
	write_series(s, w);
	jw_arr(w, "collectors");
	for (size_t i = 0; i < COLLECTORS; i++) {
		const struct collector *c = &s->collectors[i];
		jw_obj(w, NULL);
		jw_cstr(w, "name", c->type->name);
		jw_cstr(w, "state", states[c->status]);
		jw_fixed(w, "interval", (double)c->every * (double)s->opt->interval_ns / 1e9, 3);
		jw_u64(w, "reads", c->reads);
		jw_u64(w, "errors", c->errors);
		if (c->error)
			jw_cstr(w, "error", err_text(c->error));
		jw_i64(w, "last_us", c->last_us);
		jw_fixed(w, "mean_us", c->mean_us, 1);
		jw_i64(w, "max_us", c->worst_ever_us);
		jw_end(w);
	}
	jw_end(w);
}
