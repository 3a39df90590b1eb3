#include "detect/fdr.h"

#include "ascending.h"

#include <math.h>

double fdr_bound(double *p, size_t m, double rate)
{
	for (size_t i = 0; i < m; i++)
		if (isnan(p[i]))
			p[i] = 1;
	sort_ascending(p, m);
	for (size_t i = m; i > 0; i--)
		if (p[i - 1] <= rate * (double)i / (double)m)
			return p[i - 1];
	return 0;
}

static double smallest_p(const struct change_result *r)
{
	double least = 1;
	for (size_t i = 0; i < r->n; i++)
		least = fmin(least, r->points[i].p); /* fmin passes NaN by */
	return least;
}

void fdr_filter(struct change_result *results, size_t n, double rate, double *work)
{
	for (size_t i = 0; i < n; i++)
		work[i] = smallest_p(&results[i]);
	double bound = fdr_bound(work, n, rate);
	for (size_t i = 0; i < n; i++) {
		struct change_result *r = &results[i];
		size_t kept = 0;
		for (size_t k = 0; k < r->n; k++)
			if (!(r->points[k].p > bound))
				r->points[kept++] = r->points[k];
		r->n = kept;
	}
}
