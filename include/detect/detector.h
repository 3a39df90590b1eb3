/* Detectors: a series in, change points out. One row each; all are pure and replayable.
 *
 * Missing values (NaN, infinities) are left out before a detector sees them, and places mapped back to positions in the
 * input afterwards, here and for all of them: a gap never hides a change.
 *
 *     const struct detector *d = detector_find(VIEW("edivisive"));
 *     rc = detect_series(d, x, n, &DETECT_DEFAULTS, &result);          // all at once
 *
 *     struct change_stream *s = change_stream_new(d, &DETECT_DEFAULTS);  // or point by point
 *     change_stream_append(s, v);
 *     change_stream_points(s, &result);                                  // the same answer as all at once
 *
 * To add one: a file with `const struct detector NAME_detector`, and its name in the list below. */
#ifndef AUSPEX_DETECT_DETECTOR_H
#define AUSPEX_DETECT_DETECTOR_H

#include "base/buf.h"
#include "base/err.h"
#include "detect/change.h"

#include <stdint.h>

#define DETECT_POINTS_MAX 20000000u /* longer series are refused with ERR_FULL */
#define DETECT_WINDOW_MAX 1000u

enum detect_kappa {
	KAPPA_FREE, /* E-divisive: both ends of a comparison are searched (Otava 0.8) */
	KAPPA_END,  /* the second one is the end of the interval (Hunter) */
};

struct detect_options {
	size_t window;        /* points looked at together, 2..DETECT_WINDOW_MAX; 0 = the method's own (edivisive 50, iforest 5) */
	double max_pvalue;    /* points with a larger one are not told, 0..1 */
	double min_magnitude; /* nor are smaller changes: share of the smaller mean, 0.05 = 5 % */
	bool legacy;          /* edivisive: as Hunter did (KAPPA_END, first pass at ten times max_pvalue also from 0.05 on) */
	enum detect_kappa kappa;
	double false_share;   /* methods that calibrate themselves: share of series without a change in which they may tell one */
	double min_percent;   /* iforest: smallest deviation from the moving average that is told */
	int direction;        /* iforest, cmr: 1 increases only, -1 decreases only, 0 both */
	uint32_t seed;        /* iforest */
	/* Asked now and then during long work; true ends it with ERR_CANCELLED. May be NULL. */
	bool (*cancelled)(void *arg);
	void *cancelled_arg;
};
#define DETECT_DEFAULTS                                                                                                \
	((struct detect_options){ .max_pvalue = 0.001, .false_share = 0.01, .min_percent = 10, .seed = 42 })

/* 0 or ERR_RANGE with a sentence. detect_series and change_stream_new refuse what it refuses. */
int detect_options_check(const struct detect_options *o, struct err *err);

/* What a detector is given: x[0..n) finite, gaps closed, scaled so that no square of a difference overflows (by a power of two, and
 * only where it must be). `index`, `from`, `to` count in x; points are added in ascending order. Options were checked. */
struct detector {
	const char *name;
	const char *summary; /* one sentence */
	size_t most;         /* longer series are refused with ERR_FULL; 0 = DETECT_POINTS_MAX */
	/* 0, -ENOMEM, ERR_CANCELLED. May fill scores (n of them) and why. */
	int (*batch)(const double *x, size_t n, const struct detect_options *o, struct change_result *out);
	/* The same, point by point. All four or none: without them `batch` runs whenever somebody asks. x[0..n) are all values so
	 * far, the stream's, x[n - 1] is new; they may have moved since the call before, but do not change. `points` gives exactly
	 * what `batch` gives. `new` returns NULL when out of memory; `append` 0 or -ENOMEM; `o` lives as long as the state. */
	void *(*new)(const struct detect_options *o);
	int (*append)(void *state, const double *x, size_t n);
	int (*points)(void *state, const double *x, size_t n, struct change_result *out);
	void (*free)(void *state);
};

#define DETECTORS(X) X(edivisive) X(auto) X(robust) X(pelt) X(iforest) X(cmr)
#define X(name) extern const struct detector name##_detector;
DETECTORS(X)
#undef X

/* All rows, in the order of the list. */
extern const struct detector *const detectors[];
extern const size_t n_detectors;
/* Most values, missing ones counted, that it takes. */
static inline size_t detector_most(const struct detector *d)
{
	return d->most ? d->most : DETECT_POINTS_MAX;
}
/* NULL: there is none of this name. */
const struct detector *detector_find(struct view name);

/* Runs a detector over x[0..n), not changed; NaN and infinities are missing. Replaces what `out` held, in its arena. 0,
 * -ENOMEM, ERR_RANGE (options), ERR_FULL (more than detector_most), ERR_CANCELLED. Bounded time and memory. Thread: any. */
int detect_series(const struct detector *d, const double *x, size_t n, const struct detect_options *o,
		  struct change_result *out);

/* A series that grows; it keeps the values, 8 bytes each. An append is O(1), amortised, for every detector. An answer costs what the
 * detector's form allows. edivisive, pelt and cmr go on from what they know: 10, 50 and 1 us at 10 000 values with a hundred changes. auto,
 * robust and iforest have no such form: one more value moves their noise, ranks, season or trees, and any verdict may move with them. The same
 * answer as all at once is then a run of the whole, 40, 65 and 90 ms there; auto and robust look at 4096 averages at most, so that theirs
 * hardly grows any more, that of iforest does with each value. Ask those when somebody wants to know, not after each append. One thread. */
struct change_stream;
/* Copies `o`. NULL: out of memory, or options that detect_options_check refuses. */
struct change_stream *change_stream_new(const struct detector *d, const struct detect_options *o);
void change_stream_free(struct change_stream *s);
/* Takes the next value; NaN and infinities are missing. 0, ERR_FULL (past detector_most; nothing has changed) or -ENOMEM (then
 * the stream can only be freed). */
int change_stream_append(struct change_stream *s, double v);
/* Values taken, missing ones counted. */
size_t change_stream_length(const struct change_stream *s);
/* What detect_series would give for all values so far. Replaces what `out` held, in its arena. Codes as there. */
int change_stream_points(struct change_stream *s, struct change_result *out);

#endif
