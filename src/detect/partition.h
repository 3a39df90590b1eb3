/* Divides a series at its steps: binary segmentation (Scott & Knott 1974) with the scan as its test.
 *
 * A series of noise alone is divided with a probability of at most about `share`: the scan over all of it gets nine tenths of
 * that. A look for bumps, and scans over shorter, overlapping intervals ("seeded" ones, Kovács et al. 2023), which find steps that hide
 * each other, get the rest - or all, where neighbours resemble each other more than noise does. A part gets its share of points of the
 * share. A step is believed when nothing else explains it:
 *
 *     ranks    the normal scores of the values show it too: no few values make it. So at most 2 * share of all series of independent
 *              values are divided, whatever their distribution
 *     slope    it explains more than a straight line; else the line is taken out and the scan repeated on what is left
 *     sides    where they stray unequally, Welch's t agrees
 *
 * With `ranks` the scores take the values' place from the beginning.
 *
 *     struct partition p;
 *     if (partition_init(&p, &arena, n) == 0)
 *         partition_find(&p, x, n, &(struct partition_options){ .share = 0.01 });   // p.cuts[0..p.n_cuts)
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_PARTITION_H
#define AUSPEX_DETECT_PARTITION_H

#include "base/arena.h"
#include "scan.h"
#include "scores.h"

struct partition_options {
	double share;
	bool ranks;
	struct scan_noise noise;
};

struct cut {
	size_t at;
	double p;      /* of so large a step anywhere between its neighbours */
	bool on_line;  /* a step on a slope */
	bool doubtful; /* to be looked at again */
	unsigned char moves;
};

struct partition {
	const double *x; /* borrowed */
	size_t n;
	struct partition_options options;
	struct cut *cuts; /* ascending */
	size_t n_cuts;
	bool sloped; /* a slope was seen that explains more than a step */
	/* Room for work. */
	double *flat, *scored, *sums;
	struct scores scores;
	struct stretch {
		size_t from, to;
	} * open;
};

/* Room for n points from `arena`, which it borrows. 0 or -ENOMEM. */
int partition_init(struct partition *p, struct arena *arena, size_t n);
/* Finds the cuts of x[0..n), n as in partition_init or less. Time: O(n log^2 n) per cut at worst. */
void partition_find(struct partition *p, const double *x, size_t n, const struct partition_options *o);
/* What cuts leave unexplained: x without the mean of its part, and without the slope where there clearly is one. */
void partition_rest(const struct partition *p, double *out);

/* How much less is asked of rival explanations than where at most 1 % of series may be called changed: ln of the ratio, or 0. */
double partition_leniency(const struct partition_options *o);

/* --- between its files ------------------------------------------------------------------------------------------------- */

/* Values, or their scores, ready for a scan. Valid until the next call. */
const double *partition_view(struct partition *p, const double *y, size_t n);
/* Does the step s of `view` explain more than a slope? */
bool partition_is_step(const struct partition *p, const double *view, size_t n, const struct split *s);
/* Do ranks and sides agree with it, chance having so large a p as `bound`? y: the values behind the view. */
bool partition_believes(struct partition *p, const double *y, size_t n, const struct split *s, double bound,
			bool on_line);

/* A bump of few points, chance having so large a p as `bound`: its first point. */
bool partition_find_bump(struct partition *p, const double *y, size_t n, double bound, struct cut *cut);
/* One of so many arrangements of the same values has them parted completely: no p-value of ranks is smaller. */
double partition_least_level(size_t n, size_t at);
#define PARTITION_RANKS_TIMES 2.0 /* the ranks may be so many times as likely by chance as the share */

#endif
