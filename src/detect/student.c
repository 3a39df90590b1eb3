#include "detect/student.h"

#include <math.h>

#define TAIL                                                                                                 \
	3.0 /* |t| from which the fraction is used: it converges there, and 1 - series would lose digits */
#define STEPS_MAX   2000 /* never reached: both converge in a few tens */
#define PRECISION   1e-16
#define TINY        1e-300
#define ASYMPTOTE   24.0
#define HUGE_SQUARE 1e30 /* 1 is nothing beside it; further on it overflows */

/* Gamma(a + 1/2) / Gamma(a): the asymptotic series (Tricomi & Erdelyi 1951) after stepping up to where it is exact. */
static double gamma_ratio(double a)
{
	double below = 1;
	for (; a < ASYMPTOTE; a++)
		below *= a / (a + 0.5);
	double z = 1 / a;
	double series =
		1 + z * (-1.0 / 8 +
			 z * (1.0 / 128 +
			      z * (5.0 / 1024 + z * (-21.0 / 32768 +
						     z * (-399.0 / 262144 +
							  z * (869.0 / 4194304 + z * 39325.0 / 33554432))))));
	return below * sqrt(a) * series;
}

/* I_y(1/2, a) without its factor: sum of (a + 1/2)_k / (3/2)_k y^k (A&S 26.5.4 after 15.3.3). All terms are positive. */
static double centre_series(double a, double y)
{
	double term = 1, sum = 1;
	for (int k = 0; k < STEPS_MAX && term > sum * PRECISION; k++) {
		term *= (a + 0.5 + k) / (1.5 + k) * y;
		sum += term;
	}
	return sum;
}

/* The continued fraction of I_x(a, b) (A&S 26.5.8), by Lentz's method. */
static double tail_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < TINY ? TINY : d);
	double f = d;
	for (int m = 1; m < STEPS_MAX; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / (1 + even * d);
		c = 1 + even / c;
		f *= c * d;
		d = 1 / (1 + odd * d);
		c = 1 + odd / c;
		f *= c * d;
		if (fabs(c * d - 1) < PRECISION * 4)
			break;
	}
	return f;
}

double student_p(double t, double df)
{
	if (isnan(t) || !(df > 0))
		return NAN;
	t = fabs(t);
	if (isinf(t))
		return 0;
	double a = df / 2, square = t / df * t; /* t^2 / df */
	double x = 1 / (1 + square), y = 1 / (1 + 1 / square);
	double logarithm = square < HUGE_SQUARE ? log1p(square) : 2 * (log(t) - log(df) / 2);
	double factor = exp(-a * logarithm) * sqrt(y) * gamma_ratio(a) / sqrt(M_PI);
	if (t < TAIL)
		return 1 - 2 * factor * centre_series(a, y);
	return factor / a * tail_fraction(a, 0.5, x);
}
