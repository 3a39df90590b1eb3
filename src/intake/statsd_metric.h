/* One metric of the StatsD engine: what it has gathered in the interval. */
#ifndef AUSPEX_INTAKE_STATSD_METRIC_H
#define AUSPEX_INTAKE_STATSD_METRIC_H

#include "intake/statsd_parse.h"

#include <stdint.h>

#define STATSD_SERIES_MAX 4 /* series of a timing */

/* What metrics hold of an interval, together. */
struct statsd_budget {
	size_t used, max;
	uint64_t random; /* state of the choice among values */
	uint64_t saturated;
};

struct statsd_metric {
	enum statsd_type type;
	uint32_t first;     /* index of its first series */
	uint32_t idle;      /* intervals without a line */
	bool heard;         /* in this interval */
	double value;       /* counter, gauge */
	double n, sum, max; /* timing: with rates, exact */
	uint64_t came;      /* timing: lines; set: members */
	union {
		double *values;  /* timing */
		uint64_t *table; /* set: hashes, open addressing, 0 = free */
	} u;
	uint32_t held, room; /* entries of u */
};

static inline uint32_t statsd_metric_series(enum statsd_type type)
{
	return type == STATSD_TIMING ? STATSD_SERIES_MAX : 1;
}
void statsd_metric_take(struct statsd_metric *m, const struct statsd_line *line,
			struct statsd_budget *budget);
/* Writes statsd_metric_series() values, NaN where there is nothing to tell, and starts the next interval. */
void statsd_metric_end(struct statsd_metric *m, double *out);
void statsd_metric_fini(struct statsd_metric *m);

#endif
