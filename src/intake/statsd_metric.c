#include "statsd_metric.h"

#include "base/map.h"

#include <math.h>
#include <stdlib.h>

#define VALUES_MAX     512
#define MEMBERS_MAX    16384
#define ROOM_FIRST     16
#define IDLE_INTERVALS 60

/* Doubles the room for entries of eight bytes within the budget. */
static bool grow(struct statsd_metric *m, uint32_t most, struct statsd_budget *budget)
{
	uint32_t room = m->room ? m->room * 2 : ROOM_FIRST;
	size_t more = (room - m->room) * sizeof(uint64_t);
	if (room > most || budget->used + more > budget->max)
		return false;
	uint64_t *grown = m->type == STATSD_SET ? calloc(room, sizeof(*grown))
						: realloc(m->u.values, room * sizeof(*grown));
	if (!grown)
		return false;
	if (m->type == STATSD_SET) {
		for (uint32_t i = 0; i < m->room; i++) {
			uint64_t hash = m->u.table[i];
			uint32_t at = (uint32_t)hash & (room - 1);
			while (hash && grown[at])
				at = (at + 1) & (room - 1);
			if (hash)
				grown[at] = hash;
		}
		free(m->u.table);
	}
	m->u.table = grown;
	m->room = room;
	budget->used += more;
	return true;
}

static uint64_t random_below(struct statsd_budget *b, uint64_t n)
{
	b->random ^= b->random << 13; /* xorshift64, Marsaglia 2003 */
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random % n;
}

/* Reservoir sampling (Vitter's R): each value of the interval is held with the same chance. */
static void take_timing(struct statsd_metric *m, const struct statsd_line *line, struct statsd_budget *budget)
{
	double weight = 1 / line->rate;
	m->max = m->came ? fmax(m->max, line->number) : line->number;
	m->n += weight;
	m->sum += line->number * weight;
	m->came++;
	if (m->held < m->room || grow(m, VALUES_MAX, budget)) {
		m->u.values[m->held++] = line->number;
		return;
	}
	uint64_t at = m->room ? random_below(budget, m->came) : 0;
	if (at < m->room)
		m->u.values[at] = line->number;
}

static void take_member(struct statsd_metric *m, struct view member, struct statsd_budget *budget)
{
	uint64_t hash = hash_bytes(member.data, member.len);
	hash += !hash; /* 0 means free */
	if (m->held * 2 >= m->room && !grow(m, MEMBERS_MAX * 2, budget) && m->held + 1 >= m->room) {
		budget->saturated++;
		return;
	}
	uint32_t at = (uint32_t)hash & (m->room - 1);
	while (m->u.table[at] && m->u.table[at] != hash)
		at = (at + 1) & (m->room - 1);
	m->held += !m->u.table[at];
	m->u.table[at] = hash;
}

/* Sums stay finite: what would leave the range of doubles is left out. */
static void add(double *sum, double more)
{
	if (isfinite(*sum + more))
		*sum += more;
}

void statsd_metric_take(struct statsd_metric *m, const struct statsd_line *line, struct statsd_budget *budget)
{
	m->heard = true;
	m->idle = 0;
	if (m->type == STATSD_COUNTER)
		add(&m->value, line->number / line->rate);
	else if (m->type == STATSD_GAUGE && line->change)
		add(&m->value, line->number);
	else if (m->type == STATSD_GAUGE)
		m->value = line->number;
	else if (m->type == STATSD_TIMING)
		take_timing(m, line, budget);
	else
		take_member(m, line->value, budget);
}

/* Hoare's selection: the k-th smallest, n small. Reorders. */
static double select_kth(double *v, uint32_t n, uint32_t k)
{
	int64_t low = 0, high = (int64_t)n - 1;
	while (low < high) {
		double pivot = v[low + (high - low) / 2];
		int64_t i = low, j = high;
		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j) {
				double t = v[i];
				v[i++] = v[j];
				v[j--] = t;
			}
		}
		if ((int64_t)k <= j)
			high = j;
		else if ((int64_t)k >= i)
			low = i;
		else
			break;
	}
	return v[k];
}

static double finite_or_absent(double v)
{
	return isfinite(v) ? v : NAN;
}

static void end_timing(struct statsd_metric *m, double *out)
{
	out[0] = finite_or_absent(m->n);
	out[1] = m->came ? finite_or_absent(m->sum / m->n) : NAN;
	out[2] = m->held ? select_kth(m->u.values, m->held, (m->held * 95 + 99) / 100 - 1) : NAN;
	out[3] = m->came ? m->max : NAN;
	m->n = m->sum = m->max = 0;
	m->came = 0;
	m->held = 0;
}

static void end_set(struct statsd_metric *m, double *out)
{
	out[0] = m->held;
	if (m->held)
		memset(m->u.table, 0, m->room * sizeof(*m->u.table));
	m->held = 0;
}

void statsd_metric_end(struct statsd_metric *m, double *out)
{
	if (m->type == STATSD_TIMING)
		end_timing(m, out);
	else if (m->type == STATSD_SET)
		end_set(m, out);
	else
		out[0] = m->value;
	m->idle += !m->heard;
	m->heard = false;
	if (m->idle >= IDLE_INTERVALS) {
		m->idle = IDLE_INTERVALS;
		for (uint32_t i = 0; i < statsd_metric_series(m->type); i++)
			out[i] = NAN;
	}
}

void statsd_metric_fini(struct statsd_metric *m)
{
	if (m->type == STATSD_TIMING || m->type == STATSD_SET)
		free(m->u.table);
}
