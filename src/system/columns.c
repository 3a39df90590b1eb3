#include "columns.h"

#include "series/key.h"

#include <math.h>
#include <stdlib.h>

#define FIRST_COLUMNS 8

void columns_init(struct columns *c, struct registry *registry)
{
	*c = (struct columns){ .registry = registry };
}

void columns_fini(struct columns *c)
{
	free(c->ids);
	free(c->values);
	*c = (struct columns){ .registry = c->registry };
}

static bool grow(struct columns *c)
{
	uint32_t cap = c->cap ? c->cap * 2 : FIRST_COLUMNS;
	series_id *ids = realloc(c->ids, cap * sizeof(*ids));
	if (ids)
		c->ids = ids;
	double *values = realloc(c->values, cap * sizeof(*values));
	if (values)
		c->values = values;
	if (!ids || !values)
		return false;
	c->cap = cap;
	return true;
}

static uint32_t free_place(struct columns *c)
{
	for (uint32_t i = 0; c->released && i < c->n; i++)
		if (c->ids[i] == SERIES_NONE)
			return i;
	if (c->n == c->cap && !grow(c))
		return COLUMN_NONE;
	return c->n;
}

static void quote(struct buf *out, struct view text)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, text.data[i]);
	}
	buf_putc(out, '"');
}

static void write_label(struct buf *out, bool *open, const char *name, struct view value)
{
	buf_putc(out, *open ? ',' : '{');
	*open = true;
	buf_puts(out, name);
	buf_putc(out, '=');
	quote(out, value);
}

static void write_key(struct buf *out, const struct metric *metric, const struct metric_label *labels,
		      size_t n)
{
	bool open = false;
	buf_puts(out, metric->name);
	for (size_t i = 0; i < n; i++)
		write_label(out, &open, labels[i].name, labels[i].value);
	if (metric->label)
		write_label(out, &open, metric->label, view_of(metric->value));
	if (open)
		buf_putc(out, '}');
}

uint32_t columns_add(struct columns *c, const struct metric *metric, const struct metric_label *labels,
		     size_t n)
{
	struct series_meta meta = { metric->type, metric->decimals, metric->unit, metric->help };
	struct buf key;
	series_id id;
	uint32_t place = free_place(c);
	if (place == COLUMN_NONE)
		return COLUMN_NONE;
	buf_init(&key);
	write_key(&key, metric, labels, n);
	int rc = key.failed
			 ? ERR_FULL
			 : registry_intern(c->registry, (struct view){ key.data, key.len }, &meta, &id, NULL);
	buf_fini(&key);
	if (rc < 0) {
		c->refused++;
		return COLUMN_NONE;
	}
	c->ids[place] = id;
	c->values[place] = NAN;
	if (place == c->n)
		c->n++;
	else
		c->released--;
	return place;
}

void columns_release(struct columns *c, uint32_t column)
{
	if (column >= c->n || c->ids[column] == SERIES_NONE)
		return;
	c->released++;
	c->ids[column] = SERIES_NONE;
	c->values[column] = NAN;
}

void columns_put(struct columns *c, uint32_t *column, const struct metric *metric, double value)
{
	if (isnan(value))
		return;
	if (*column == COLUMN_UNMADE)
		*column = columns_add(c, metric, NULL, 0);
	columns_set(c, *column, value);
}

void columns_put_all(struct columns *c, uint32_t *columns, const struct metric *metrics, const double *values,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		columns_put(c, &columns[i], &metrics[i], values[i]);
}

void columns_clear(struct columns *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		c->values[i] = NAN;
}
