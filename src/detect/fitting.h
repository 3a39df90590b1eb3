/* Makes an input fit for detectors, and their answers right for the input: missing values are left out, huge and tiny ones scaled by
 * a power of two, which changes no digit. One place, for all detectors, all at once and point by point. */
#ifndef AUSPEX_DETECT_FITTING_H
#define AUSPEX_DETECT_FITTING_H

#include "detect/change.h"

struct gap {
	size_t at;      /* values before it */
	size_t skipped; /* positions left out up to and with it */
};
struct fitting {
	struct gap *gaps;
	size_t n_gaps, cap;
	size_t n, n_values; /* of the input; of those that are there */
	double largest;     /* absolute */
	int exponent;       /* values given to detectors are 2^-exponent of the input's */
};

/* Takes the next value of the input. True: it is there (and counted); false: it is missing. *rc: 0 or -ENOMEM. */
bool fitting_take(struct fitting *f, double v, int *rc);
/* The exponent that all values so far ask for; `exponent` is the caller's to change. */
int fitting_exponent(const struct fitting *f);
/* Turns what a detector said about fitted values into what it means for the input. 0 or -ENOMEM. */
int fitting_map(const struct fitting *f, struct change_result *r);
void fitting_fini(struct fitting *f);

#endif
