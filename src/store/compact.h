/* Compaction: from the journal of ticks to blocks, minutes and hours.
 *
 * A span of COMPACT_SPAN_MS that is over is folded, one emitter group at a time and one transaction each: a raw
 * block, a block of minutes, and hours merged into their rows; then the ticks are deleted. A group whose ticks hold mostly
 * the same series shares one time column; scattered ones (single pushed samples) get a block per series. When an hour is over, its blocks of
 * minutes are merged, so that a day of one series is read from 24.
 */
#ifndef AUSPEX_STORE_COMPACT_H
#define AUSPEX_STORE_COMPACT_H

#include "samples.h"
#include "writer.h"

#define COMPACT_SPAN_MS  (15 * MS_PER_MINUTE)
#define COMPACT_GRACE_MS (5 * MS_PER_S) /* late samples of a span */
#define COMPACT_POINTS   32768          /* samples taken into RAM at a time: 768 KiB */
#define COMPACT_BACKLOG  200000         /* journal rows that are folded whatever their time says */

struct point {
	wall_ms t;
	double v;
	uint32_t series, row; /* row: which tick of the slice */
};

struct slice {
	struct point *points; /* sorted by series, then time */
	size_t n;
	wall_ms *times; /* of its ticks, ascending */
	uint32_t n_times;
	wall_ms start, end;
	int64_t group, last_rowid;
};

/* points.c: reads the ticks of one group in [start, end) and deletes them. */
int slice_read(struct writer *w, struct slice *s);
int slice_delete(struct writer *w, const struct slice *s);
void slice_fini(struct slice *s);
/* How many different series; how many points the one at `from` has. */
size_t slice_series(const struct slice *s);
size_t slice_run(const struct slice *s, size_t from);

/* part.c: a run of series of a slice that goes into one pair of blocks. */
struct part {
	const struct slice *slice;
	size_t from, to;      /* points */
	const wall_ms *times; /* shared: of the ticks; one series: of its points */
	uint32_t n_times;
	size_t n_series;
	bool single;
};
int part_write(struct writer *w, const struct part *p);
int part_write_hours(struct writer *w, const struct part *p);

/* Blocks of minutes hold series of one bucket each, ids n * MINUTE_BUCKET and up: those of an hour can become one (merge.c). */
#define MINUTE_BUCKET    16
#define MINUTES_PER_HOUR 60
struct hour_part {
	wall_ms start;
	uint32_t lo; /* least series id of the bucket */
	struct step steps[MINUTE_BUCKET][MINUTES_PER_HOUR];
};
int part_write_hour(struct writer *w, const struct hour_part *h);

/* merge.c: makes one block of all that hold minutes of one bucket and one hour that is over. 1 = did, 0 = none left, or a code. */
int merge_slice(struct writer *w, wall_ms now);

#endif
