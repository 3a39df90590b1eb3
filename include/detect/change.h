/* A verdict about a series - "from here on it is another one" - and the list of them that a detector gives.
 *
 *     struct arena arena;                    // owns everything the result shows
 *     struct change_result result;
 *     change_result_init(&result, &arena);
 *     if (detect_series(detector_find(VIEW("edivisive")), x, n, &DETECT_DEFAULTS, &result) < 0) …
 *     for (size_t i = 0; i < result.n; i++)
 *         puts(change_text(&result.points[i], text));
 *
 * How verdicts are made: detect/detector.h. Pure. Thread: any. */
#ifndef AUSPEX_DETECT_CHANGE_H
#define AUSPEX_DETECT_CHANGE_H

#include "base/arena.h"
#include "base/json_write.h"

#include <stdbool.h>
#include <stddef.h>

/* Plain data. Places are positions in the input, missing values counted; intervals hold their begin, not their end. What a
 * method cannot tell is NaN. */
struct change_point {
	size_t index;    /* the first point of what is new; 1..n-1 */
	size_t from, to; /* compared were [from, index) and [index, to) */
	double mean_before, mean_after;
	double sd_before, sd_after; /* population standard deviations, 0 for one point */
	double p;                   /* probability of such a difference without a change */
	double posterior;           /* or: probability of the change, 0..1 */
	double magnitude;           /* the larger of |after/before - 1| and |before/after - 1|; a mean of 0 gives 0 */
	double percentage_change;   /* (after - before) / before * 100; NaN over a mean of 0 */
	const char *method;         /* name of the detector that found it; static */
};

/* Fills magnitude and percentage_change from the means. */
void change_measure(struct change_point *p);

struct change_result {
	struct arena *arena; /* borrowed; owns what the pointers below show, until it is reset */
	struct change_point *points; /* ascending by index */
	size_t n, cap;
	/* Of detectors that judge each point; else NULL. By input position, NaN and false where a value was missing. */
	double *scores;
	bool *flagged;
	size_t n_scores;
	/* One sentence of a detector that chose: what it saw in the series and what it did about it. NULL: it did not choose. */
	const char *why;
};

/* An empty list that will live in `arena`. */
void change_result_init(struct change_result *r, struct arena *arena);
/* Appends a copy. 0 or -ENOMEM. */
int change_result_add(struct change_result *r, const struct change_point *p);

/* The members of a verdict, from index to method, into an open object; what a method cannot tell is null, and `posterior` left out. */
void change_write_json(struct jw *w, const struct change_point *p);

#define CHANGE_TEXT_MAX 240
/* "from value 7 on the mean is 7.921 instead of 1.57 (+405 %); chance alone gives that less than once in a million" - values
 * are counted from 1, as people count. Returns `out`. */
const char *change_text(const struct change_point *p, char out[CHANGE_TEXT_MAX]);
/* The same without a place: "the mean is 7.921 instead of 1.57 (+405 %); chance ...", or of the last value alone "8 where 5 was usual". */
const char *change_what_text(const struct change_point *p, char out[CHANGE_TEXT_MAX]);
/* Only how sure it is: "chance alone gives that once in 20 000", "the odds for a change are 99 to 1"; "" when the method does not
 * tell. Returns `out`. */
#define CHANGE_SURE_MAX 80
const char *change_sure_text(const struct change_point *p, char out[CHANGE_SURE_MAX]);

#endif
