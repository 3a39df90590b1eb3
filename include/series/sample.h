/* A sample is one number at one time; a tick is what one emitter measured at once.
 *
 * Emitters (collectors, self metrics, a push) hand ticks to the hub. All series of a tick share its time, which is
 * what lets blocks keep one time column for many series.
 */
#ifndef AUSPEX_SERIES_SAMPLE_H
#define AUSPEX_SERIES_SAMPLE_H

#include "base/clock.h"

typedef uint32_t series_id; /* dense index of the registry, from 0; valid while the process runs */
#define SERIES_NONE UINT32_MAX

struct sample {
	series_id series;
	wall_ms t;
	double v; /* finite */
};

/* Which emitter a tick comes from; series of one group tick together. Group 0 is for single samples (push). */
typedef uint32_t series_group;

struct tick {
	series_group group;
	wall_ms t;
	uint32_t n;
	const series_id *series; /* n ids, borrowed for the call */
	const double *values;    /* n values; NaN = not measured this time */
};

#endif
