/* Many verdicts at once: which are to be believed?
 *
 * Who asks a thousand series at p <= 0.001 is told one change that is none. The step-up rule of Benjamini & Hochberg (1995)
 * takes all verdicts together and keeps so many that on average at most the share `rate` of those kept is false (for
 * verdicts that are independent, or go up and down together).
 *
 *     double p[] = { 0.001, 0.03, 0.04, 0.9 };
 *     double bound = fdr_bound(p, 4, 0.05);      // 0.001: only the first one stays
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_FDR_H
#define AUSPEX_DETECT_FDR_H

#include "detect/change.h"

/* The largest p-value to be believed, all m of them tests of their own; 0 when none is (a p of 0 is always believed). `rate` is 0..1.
 * Reorders p; NaN counts as a test that told nothing. */
double fdr_bound(double *p, size_t m, double rate);

/* Drops the points of n results that are not to be believed together. Every result counts as one test by its smallest p, one without
 * points as p = 1; the further points of a series that stays must keep the bound, too. Points without a p (NaN) stay. `work`: room
 * for n doubles. */
void fdr_filter(struct change_result *results, size_t n, double rate, double *work);

#endif
