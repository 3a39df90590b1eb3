#include "split.h"

#include "detect/student.h"

double split_p(const struct moments *left, const struct moments *right)
{
	double df = left->n + right->n - 2, apart = left->mean - right->mean;
	if (df <= 0)
		return 1;
	double variance =
		((left->n - 1) * (left->squares / left->n) + (right->n - 1) * (right->squares / right->n)) /
		df;
	if (variance == 0)
		return apart == 0 ? NAN : 0;
	return student_p(apart / sqrt(variance * (1 / left->n + 1 / right->n)), df);
}
