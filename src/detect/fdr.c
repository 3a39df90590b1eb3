#include "detect/fdr.h"

#include "ascending.h"

void fdr_collect(const struct change_result *results, size_t n, double *p)
{
	for (size_t i = 0; i < n; i++) {
		p[i] = 1;
		for (size_t k = 0; k < results[i].n; k++)
			p[i] = fmin(p[i], results[i].points[k].p); /* fmin passes NaN by */
	}
	sort_ascending(p, n);
}

double fdr_adjusted(const double *p, size_t m, double point_p)
{
	double q = 1;
	if (isnan(point_p))
		return NAN;
	for (size_t i = m; i > 0 && p[i - 1] >= point_p; i--)
		q = fmin(q, p[i - 1] * (double)m / (double)i);
	return q;
}
