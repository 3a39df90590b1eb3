/* The columns of a collector: series and the value each has this time.
 *
 * A column is added once, when its instance (a core, a disk, an interface) is first seen, and set at each reading that measured it. What is not
 * set is absent from the tick. A column whose instance went is released and serves the next one that comes.
 */
#ifndef AUSPEX_SYSTEM_COLUMNS_H
#define AUSPEX_SYSTEM_COLUMNS_H

#include "series/registry.h"

/* How a value is called and kept: "system.core.mode" with a label of its own, mode=user. */
struct metric {
	const char *name;
	enum series_type type;
	int decimals;
	const char *unit, *help;
	const char *label, *value; /* both NULL: none */
};
#define GAUGE(name, decimals, unit, help)                                                                    \
	{                                                                                                    \
		name, SERIES_GAUGE, decimals, unit, help, NULL, NULL                                         \
	}
#define GAUGE_OF(name, decimals, unit, help, label, value)                                                   \
	{                                                                                                    \
		name, SERIES_GAUGE, decimals, unit, help, label, value                                       \
	}
#define COUNTER(name, decimals, unit, help)                                                                  \
	{                                                                                                    \
		name, SERIES_COUNTER, decimals, unit, help, NULL, NULL                                       \
	}
struct metric_label {
	const char *name;
	struct view value; /* any text; one the registry refuses makes columns_add fail */
};

struct columns {
	struct registry *registry;
	series_id *ids; /* SERIES_NONE: released */
	double *values; /* NaN: not measured */
	uint32_t n, cap;
	uint32_t released; /* of the n */
	uint32_t refused;  /* series that the registry would not take */
};

#define COLUMN_NONE   UINT32_MAX /* columns_set ignores it */
#define COLUMN_UNMADE (UINT32_MAX - 1)

void columns_init(struct columns *c, struct registry *registry);
void columns_fini(struct columns *c);
/* A column for `metric` with these labels. Returns its number, or COLUMN_NONE when the registry refuses (counted) or there is no memory. */
uint32_t columns_add(struct columns *c, const struct metric *metric, const struct metric_label *labels,
		     size_t n);
/* The next columns_add may take its place. */
void columns_release(struct columns *c, uint32_t column);
static inline void columns_set(struct columns *c, uint32_t column, double value)
{
	if (column < c->n)
		c->values[column] = value;
}
/* Of fixed metrics that this machine may have or not: their columns are made when they first have a value. */
static inline void columns_unmake(uint32_t *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		columns[i] = COLUMN_UNMADE;
}
/* Sets the value of `metric`, whose column number is kept at `column`. NaN: not measured. */
void columns_put(struct columns *c, uint32_t *column, const struct metric *metric, double value);
/* The same for n metrics in a row. */
void columns_put_all(struct columns *c, uint32_t *columns, const struct metric *metrics, const double *values,
		     size_t n);
/* Nothing is measured. */
void columns_clear(struct columns *c);

#endif
