#include "past.h"

#include <string.h>

#define MINUTE_NS (60 * NS_PER_S)

static const struct {
	wall_ns spacing, reach;
} shape[PAST_LEVELS] = {
	{ 10 * NS_PER_S, 5 * MINUTE_NS },
	{ 30 * NS_PER_S, 30 * MINUTE_NS },
	{ 2 * MINUTE_NS, 120 * MINUTE_NS },
	{ 20 * MINUTE_NS, INT64_MAX },
};

void past_init(struct past *p, int64_t retention_ns)
{
	memset(p, 0, sizeof(*p));
	if (retention_ns < 0)
		retention_ns = 0;
	for (int i = 0; i < PAST_LEVELS; i++) {
		struct past_level *l = &p->level[i];
		l->spacing = shape[i].spacing;
		l->reach = shape[i].reach < retention_ns ? shape[i].reach : retention_ns;
	}
	/* The last level reaches to the retention, however long that is. */
	struct past_level *last = &p->level[PAST_LEVELS - 1];
	wall_ns needed = (last->reach - p->level[PAST_LEVELS - 2].reach) / (PAST_MOST - 4);
	if (needed > last->spacing)
		last->spacing = needed;
}

static struct past_entry *entry_at(struct past_level *l, uint32_t i)
{
	return &l->ring[(l->first + i) % PAST_MOST];
}

static wall_ns bucket_of(const struct past_level *l, wall_ns t)
{
	return t / l->spacing - (t % l->spacing < 0);
}

static double mean(double a, uint32_t n, double b, uint32_t m)
{
	return a + (b - a) * ((double)m / ((double)n + (double)m));
}

static void fold(struct past_entry *into, const struct past_entry *e)
{
	uint32_t n = into->n, m = e->n;
	double share = (double)m / ((double)n + (double)m);
	into->t += (wall_ns)((double)(e->t - into->t) * share);
	into->mono += (mono_us)((double)(e->mono - into->mono) * share);
	into->cpu_percent = mean(into->cpu_percent, n, e->cpu_percent, m);
	into->memory_percent = mean(into->memory_percent, n, e->memory_percent, m);
	into->memory_available_mb = mean(into->memory_available_mb, n, e->memory_available_mb, m);
	into->memory_used_mb = mean(into->memory_used_mb, n, e->memory_used_mb, m);
	for (int i = 0; i < 3; i++)
		into->load[i] = mean(into->load[i], n, e->load[i], m);
	into->n = n + m < n ? UINT32_MAX : n + m;
}

static bool same_bucket(const struct past_level *l, const struct past_entry *a, const struct past_entry *b)
{
	return bucket_of(l, a->t) == bucket_of(l, b->t) && (a->mono < 0) == (b->mono < 0) &&
	       a->has_load == b->has_load;
}

static void add_to(struct past *p, int level, const struct past_entry *e)
{
	if (level >= PAST_LEVELS)
		return;
	struct past_level *l = &p->level[level];
	struct past_entry *newest = l->n ? entry_at(l, l->n - 1) : NULL;
	if (newest && same_bucket(l, newest, e)) {
		fold(newest, e);
		return;
	}
	if (l->n == PAST_MOST) {
		struct past_entry oldest = *entry_at(l, 0);
		l->first = (l->first + 1) % PAST_MOST;
		l->n--;
		add_to(p, level + 1, &oldest);
	}
	l->n++;
	*entry_at(l, l->n - 1) = *e;
}

void past_add(struct past *p, const struct past_entry *e, wall_ns now)
{
	add_to(p, 0, e);
	for (int i = 0; i < PAST_LEVELS; i++) {
		struct past_level *l = &p->level[i];
		while (l->n && now - entry_at(l, 0)->t > l->reach) {
			struct past_entry oldest = *entry_at(l, 0);
			l->first = (l->first + 1) % PAST_MOST;
			l->n--;
			add_to(p, i + 1, &oldest);
		}
	}
}

void past_restore(struct past *p, const struct past_entry *e, wall_ns now)
{
	wall_ns age = now - e->t;
	if (age < -p->level[PAST_LEVELS - 1].spacing)
		return;
	for (int i = 0; i < PAST_LEVELS; i++)
		if (age <= p->level[i].reach) {
			add_to(p, i, e);
			return;
		}
}

void past_each(const struct past *p, void (*cb)(void *arg, const struct past_entry *e), void *arg)
{
	for (int i = PAST_LEVELS - 1; i >= 0; i--) {
		const struct past_level *l = &p->level[i];
		for (uint32_t k = 0; k < l->n; k++)
			cb(arg, &l->ring[(l->first + k) % PAST_MOST]);
	}
}

uint32_t past_count(const struct past *p)
{
	uint32_t n = 0;
	for (int i = 0; i < PAST_LEVELS; i++)
		n += p->level[i].n;
	return n;
}
