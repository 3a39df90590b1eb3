/* What `auspex detect` says: of one series, or of several columns, judged together where --fdr asks for it. */
#ifndef AUSPEX_APP_DETECT_ANSWER_H
#define AUSPEX_APP_DETECT_ANSWER_H

#include "base/json_write.h"
#include "detect/detector.h"
#include "detect/numbers.h"

struct detect_answer {
	const struct detector *detector;
	const struct numbers_columns *columns;
	const struct change_result *results; /* of each column */
	bool together;                       /* --fdr: */
	double rate;                         /* at most this share of what is told may be false, */
	const double *p;                     /* by the smallest p of each, as fdr_collect gives them */
};

/* One series: sentences on standard output, and the same as JSON. */
void detect_print_series(const struct numbers *x, const struct detector *d, const struct change_result *r);
void detect_write_series(struct jw *w, const struct numbers *x, const struct detector *d,
			 const struct change_result *r);

/* Several. */
void detect_print_columns(const struct detect_answer *a);
void detect_write_columns(struct jw *w, const struct detect_answer *a);

#endif
