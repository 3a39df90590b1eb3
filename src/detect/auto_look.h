/* What `auto` sees in a series, and the partition it comes to. */
#ifndef AUSPEX_DETECT_AUTO_LOOK_H
#define AUSPEX_DETECT_AUTO_LOOK_H

#include "detect/season.h"
#include "partition.h"

#define AUTO_POINTS 4096 /* longer series are looked at in so many averages at most */

struct auto_look {
	struct arena *arena;
	size_t n, fold;       /* points of the input; so many are averaged */
	size_t m;             /* what is left of n */
	double share;         /* that was asked for */
	size_t strays;        /* were clipped */
	struct season season; /* was taken out; its period counts averages */
	double noise_sd;      /* of a point, when steps and slopes are taken out */
	double level;         /* usual absolute value */
	double correlation;   /* of the noise, 0 where it may be white */
	double grain;         /* smallest difference of values where many are the same; else 0 */
	bool ranks, heavy;
	bool bent;                  /* a bend explains more than steps: there are none */
	struct partition partition; /* of m averages */
};

/* Room for one run: m doubles each, twice as many in `work`. */
struct auto_room {
	double *values; /* what is looked at */
	double *next, *rest, *work, *mean_variance;
};

/* Takes the season out of r->values, if there is one. The rest of the room is used. */
void auto_take_season(struct auto_look *l, struct auto_room *r, const struct partition_options *o);
/* `ranks`: from the beginning, and not only when tails ask for it. 0 or -ENOMEM. */
int auto_look_at(struct auto_look *l, struct arena *arena, const double *x, size_t n, double share,
		 bool ranks);
/* One sentence, in `arena`; NULL: out of memory. */
const char *auto_why(const struct auto_look *l, struct arena *arena);

#endif
