#include "api_query.h"

#include <math.h>

static const char *const column_names[COLUMNS] = {
#define X(name) #name,
	COLUMN_MAP(X)
#undef X
};

int query_column_find(struct view name)
{
	for (int c = 0; c < COLUMNS; c++)
		if (view_eq(name, view_of(column_names[c])))
			return c;
	return -1;
}

static double seconds(wall_ms t)
{
	return (double)t / 1000.0;
}

static const struct step *best_step(const struct query *q, size_t i)
{
	return q->from_ram[i].n >= q->steps[i].n ? &q->from_ram[i] : &q->steps[i];
}

static void write_points(struct query *q)
{
	struct jw *w = q->w;
	jw_arr(w, "points");
	for (size_t i = 0; i < q->n; i++) {
		const struct step *s = best_step(q, i);
		if (!s->n)
			continue;
		jw_obj(w, NULL);
		jw_fixed(w, "t", seconds(q->start + q->step_ms * (wall_ms)i), 3);
		jw_double(w, "min", s->min);
		jw_double(w, "avg", step_avg(s));
		jw_double(w, "max", s->max);
		jw_u64(w, "n", s->n);
		jw_end(w);
	}
	jw_end(w);
}

/* An average keeps two digits more than its samples have: the others are noise of the division, and half of the answer. */
static double rounded(double v, int decimals)
{
	static const double powers[] = { 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8 };
	if (decimals < 0 || decimals >= (int)(sizeof(powers) / sizeof(powers[0])) || fabs(v) > 1e9)
		return v;
	return round(v * powers[decimals]) / powers[decimals];
}

static double column_of(const struct step *s, enum column column, int decimals)
{
	switch (column) {
	case COLUMN_min:
		return s->min;
	case COLUMN_avg:
		return rounded(step_avg(s), decimals);
	case COLUMN_max:
		return s->max;
	case COLUMN_last:
		return s->last;
	default:
		return s->n;
	}
}

/* From the first step that has data to the last one; null in between. */
static void write_columns(struct query *q, int decimals)
{
	size_t from = 0, end = q->n;
	while (from < end && !best_step(q, from)->n)
		from++;
	while (end > from && !best_step(q, end - 1)->n)
		end--;
	jw_u64(q->w, "from", from == end ? 0 : from);
	for (unsigned c = 0; c < COLUMNS; c++) {
		if (!(q->columns & 1u << c))
			continue;
		jw_arr(q->w, column_names[c]);
		for (size_t i = from; i < end; i++) {
			const struct step *s = best_step(q, i);
			if (s->n)
				jw_double(q->w, NULL, column_of(s, (enum column)c, decimals));
			else
				jw_null(q->w, NULL);
		}
		jw_end(q->w);
	}
}

static void write_range(struct query *q)
{
	jw_fixed(q->w, "start", seconds(q->start), 3);
	jw_fixed(q->w, "end", seconds(q->start + q->step_ms * (wall_ms)q->n), 3);
	jw_fixed(q->w, "step", seconds(q->step_ms), 3);
}

void query_answer_begin(struct query *q)
{
	q->w = http_json(q->r);
	jw_obj(q->w, NULL);
	if (!q->columns)
		return;
	write_range(q);
	jw_arr(q->w, "series");
}

void query_answer_series(struct query *q)
{
	if (!q->columns) {
		jw_str(q->w, "key", query_key(q));
		write_range(q);
		write_points(q);
		return;
	}
	jw_obj(q->w, NULL);
	jw_str(q->w, "key", query_key(q));
	series_id id = registry_find(q->d->registry, query_key(q));
	write_columns(q, id == SERIES_NONE ? -1 : registry_get(q->d->registry, id)->meta.decimals);
	jw_end(q->w);
}

void query_answer_end(struct query *q)
{
	if (q->columns)
		jw_end(q->w);
	jw_end(q->w);
	http_send(q->r, 200);
}
