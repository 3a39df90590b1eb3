/* The t test that Hunter and Otava make of a split. */
#ifndef AUSPEX_DETECT_SPLIT_H
#define AUSPEX_DETECT_SPLIT_H

#include "moments.h"

/* Two-sided p-value of Student's test with pooled variance - of population deviations, which makes it a little too small, as in the
 * originals. 1 for two points; where neither side varies 0 for means that differ and NaN, not significant, for those that agree. */
double split_p(const struct moments *left, const struct moments *right);

#endif
