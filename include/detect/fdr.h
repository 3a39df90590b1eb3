/* Many verdicts at once: which are to be believed?
 *
 * Who asks a thousand series at p <= 0.001 is told one change that is none. The step-up rule of Benjamini & Hochberg (1995)
 * takes all verdicts together and keeps so many that on average at most the share `rate` of those kept is false (for
 * verdicts that are independent, or go up and down together). A verdict's q, its adjusted p-value, is the smallest rate at
 * which it is kept.
 *
 *     double p[n];
 *     fdr_collect(results, n, p);                                         // each series is one test
 *     double q = fdr_adjusted(p, n, results[3].points[0].p);
 *     if (fdr_believes(q, 0.05)) … it is kept, else held back
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_FDR_H
#define AUSPEX_DETECT_FDR_H

#include "detect/change.h"

#include <math.h>

/* The smallest p of each of n results, ascending; 1 for one without points, or whose points have no p. p: room for n. */
void fdr_collect(const struct change_result *results, size_t n, double *p);
/* The q of a point with so large a p, among m tests whose smallest ones are p[0..m), ascending: 0..1. NaN for NaN. */
double fdr_adjusted(const double *p, size_t m, double point_p);
/* Is it kept at that rate, 0..1? What has no p cannot be weighed and is. */
static inline bool fdr_believes(double q, double rate)
{
	return isnan(q) || q <= rate;
}

#endif
