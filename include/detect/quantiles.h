/* Quantiles of a stream: the distribution of any number of values in a fixed 5 KiB.
 *
 * A merging t-digest (Dunning & Ertl 2019, scale function k1): values are kept as centroids that are small near both ends and may be
 * large in the middle, so that the tails are told more exactly. The error of a share is about 0.5 % in the middle and falls
 * towards 0 at the ends; up to QUANTILES_EXACT values all are kept as they are.
 *
 *     struct quantiles q;
 *     quantiles_init(&q);
 *     quantiles_add(&q, v);                       // amortised O(log QUANTILES_BUFFER)
 *     double median = quantiles_value(&q, 0.5);
 *
 * Plain data without pointers: it may be copied, and stored by the numbers of quantiles_curve. Pure. Thread: any, one per sketch. */
#ifndef AUSPEX_DETECT_QUANTILES_H
#define AUSPEX_DETECT_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

#define QUANTILES_CENTROIDS 200
#define QUANTILES_BUFFER    200
#define QUANTILES_EXACT     QUANTILES_BUFFER

struct quantiles {
	double min, max;
	double weight; /* of all centroids */
	uint32_t n, n_new;
	struct centroid {
		double mean, weight;
	} centroids[QUANTILES_CENTROIDS]; /* ascending by mean */
	double fresh[QUANTILES_BUFFER];   /* not merged yet */
};

void quantiles_init(struct quantiles *q);
/* NaN and infinities are passed over. */
void quantiles_add(struct quantiles *q, double v);
/* Adds all of `other`, which stays; errors add up no further. */
void quantiles_merge(struct quantiles *q, struct quantiles *other);
/* Values taken. */
double quantiles_count(const struct quantiles *q);
/* The value below which the share 0..1 of all lies, between neighbours linear; NaN for none. May merge what is new. */
double quantiles_value(struct quantiles *q, double share);
/* The share of values below v, 0..1; NaN for none. */
double quantiles_share(struct quantiles *q, double v);
/* values[i] = the quantile of share i / (n - 1), i = 0..n-1: a curve to be stored, and compared with by detect/shift.h. n >= 2. */
void quantiles_curve(struct quantiles *q, double *values, size_t n);

#endif
