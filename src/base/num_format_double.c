/* Double to the shortest text that reads back, in three steps from cheap to general:
 *
 *   few decimals    round(v * 10^k) / 10^k == v for a small k: what people measure
 *   exact           128-bit integers hold v * 10^k and the borders of its rounding interval: 1e-10 to 2^53
 *   through libc    everything else: printf, strtod, compare
 *
 * The first is right because an integer below 2^53 and a power of ten up to 10^22 are both exact as doubles,
 * so one division rounds once (Clinger 1990); the second asks Steele and White's question (is a shorter
 * number inside the interval?) without rounding at all. */
#include "base/num.h"

#include "num_pow5.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DECIMALS_MAX 6     /* of the first step; beyond them the second is faster */
#define EXACT_LEAST  1e-10 /* 5^27 is the largest power of five in 64 bits */
#define EXACT_BELOW  0x1p53
#define DIGITS_MAX   17 /* name every double */
#define DIGITS_SURE  15 /* every decimal of so many digits survives the way through a double */

typedef unsigned __int128 u128;

const uint64_t num_pow5[POW5_MAX + 1] = {
	1,
	5,
	25,
	125,
	625,
	3125,
	15625,
	78125,
	390625,
	1953125,
	9765625,
	48828125,
	244140625,
	1220703125,
	6103515625,
	30517578125,
	152587890625,
	762939453125,
	3814697265625,
	19073486328125,
	95367431640625,
	476837158203125,
	2384185791015625,
	11920928955078125,
	59604644775390625,
	298023223876953125,
	1490116119384765625,
	7450580596923828125,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Shortest digits of a positive value: value = 0.d1d2d3… * 10^point. */
struct shortest {
	char digits[24];
	int n;
	int point;
};

static void shortest_trim(struct shortest *s)
{
	while (s->n > 1 && s->digits[s->n - 1] == '0')
		s->n--;
}

/* The fewest decimals k for which round(v * 10^k) / 10^k is v again. Fifteen digits name a double uniquely,
 * so the first hit is the shortest. */
static bool shortest_few_decimals(double v, struct shortest *s)
{
	double power = 1;
	for (int k = 0; k <= DECIMALS_MAX; k++, power *= 10) {
		double scaled = v * power;
		if (scaled >= 1e15)
			return false;
		uint64_t whole = (uint64_t)(scaled + 0.5);
		if (whole == 0 || (double)whole / power != v)
			continue;
		s->n = (int)num_format_i64((int64_t)whole, s->digits);
		s->point = s->n - k;
		shortest_trim(s);
		return true;
	}
	return false;
}

/* v * 10^k as an integer over 2^shift, and how far to both sides numbers still read as v. */
struct scaled {
	u128 value, below, above;
	int shift;
	bool closed; /* the borders themselves read as v (round half to even) */
};

/* v = mantissa * 2^(exponent - 52); two more bits hold the quarter that a power of two needs below itself. */
static struct scaled scale_exactly(uint64_t mantissa, int exponent, int k)
{
	struct scaled x = { .value = (u128)(mantissa << 2) * num_pow5[k], .above = (u128)num_pow5[k] << 1 };
	x.below = mantissa == UINT64_C(1) << 52 ? num_pow5[k] : x.above;
	x.shift = 54 - exponent - k;
	x.closed = mantissa % 2 == 0;
	return x;
}

/* The multiple of `unit` nearest to the value, into *out; is it inside the interval? */
static bool nearest_inside(const struct scaled *x, uint64_t unit, uint64_t *out)
{
	u128 step = (u128)unit << x->shift;
	uint64_t down = (uint64_t)(x->value >> x->shift) / unit;
	u128 under = x->value - (u128)down * step, over = step - under;
	bool reach_down = x->closed ? under <= x->below : under < x->below;
	bool reach_up = x->closed ? over <= x->above : over < x->above;
	bool up = under == over ? down % 2 : over < under;
	if (reach_up != reach_down) /* at a power of two the farther one may be the only one */
		up = reach_up;
	*out = (down + up) * unit;
	return reach_up || reach_down;
}

static bool shortest_exact(double v, struct shortest *s)
{
	uint64_t bits, digits;
	if (v < EXACT_LEAST || v >= EXACT_BELOW)
		return false;
	memcpy(&bits, &v, sizeof(bits));
	int exponent = (int)(bits >> 52) - 1023;
	uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	/* log10 of the power of two below v, rounded down: v has 17 digits before the point then, or 18. */
	int k = DIGITS_MAX - 1 - (exponent * 1233 >> 12);
	struct scaled x = scale_exactly(mantissa, exponent, k);
	uint64_t unit = x.value >> x.shift >= UINT64_C(100000000000000000) ? 1000 : 100;
	while (!nearest_inside(&x, unit, &digits) && unit > 1)
		unit /= 10;
	s->n = (int)num_format_i64((int64_t)digits, s->digits);
	s->point = s->n - k;
	shortest_trim(s);
	return true;
}

static bool shortest_reads_back(const struct shortest *s, double v)
{
	char text[48];
	memcpy(text, s->digits, (size_t)s->n);
	snprintf(text + s->n, sizeof(text) - (size_t)s->n, "e%d", s->point - s->n);
	return strtod(text, NULL) == v;
}

/* Correctly rounded to n digits by printf; the character after the first digit is the locale's and is
 * skipped. */
static void shortest_print(double v, int n, struct shortest *s)
{
	char text[48];
	snprintf(text, sizeof(text), "%.*e", n - 1, v);
	const char *p = text;
	for (s->n = 0; *p != 'e'; p++)
		if (is_digit(*p))
			s->digits[s->n++] = *p;
	s->point = atoi(p + 1) + 1;
}

/* The next n-digit number above. At a power of two the gap below is half the gap above, and the nearest
 * n-digit number may lie outside below while the one above still reads back. */
static void shortest_step_up(struct shortest *s)
{
	int i = s->n - 1;
	while (i >= 0 && s->digits[i] == '9')
		s->digits[i--] = '0';
	if (i >= 0) {
		s->digits[i]++;
		return;
	}
	s->digits[0] = '1';
	s->point++;
}

static void shortest_slow(double v, struct shortest *s)
{
	int exponent;
	bool power_of_two = frexp(v, &exponent) == 0.5;
	int first = v < DBL_MIN ? 1 : DIGITS_SURE; /* denormals have fewer digits that mean something */
	for (int n = first; n < DIGITS_MAX; n++) {
		shortest_print(v, n, s);
		if (shortest_reads_back(s, v))
			return shortest_trim(s);
		if (!power_of_two)
			continue;
		shortest_step_up(s);
		if (shortest_reads_back(s, v))
			return shortest_trim(s);
	}
	shortest_print(v, DIGITS_MAX, s);
	shortest_trim(s);
}

static char *put_zeros(char *p, int n)
{
	memset(p, '0', (size_t)n);
	return p + n;
}

static char *put_digits(char *p, const char *digits, int n)
{
	memcpy(p, digits, (size_t)n);
	return p + n;
}

/* "1.5e-7", "1e+21": the exponent without leading zeros. */
static char *layout_exponent(const struct shortest *s, char *p)
{
	*p++ = s->digits[0];
	if (s->n > 1) {
		*p++ = '.';
		p = put_digits(p, s->digits + 1, s->n - 1);
	}
	int e = s->point - 1;
	*p++ = 'e';
	*p++ = e < 0 ? '-' : '+';
	return p + num_format_i64(e < 0 ? -e : e, p);
}

static char *layout_plain(const struct shortest *s, char *p)
{
	if (s->point <= 0) {
		*p++ = '0';
		*p++ = '.';
		return put_digits(put_zeros(p, -s->point), s->digits, s->n);
	}
	if (s->point >= s->n)
		return put_zeros(put_digits(p, s->digits, s->n), s->point - s->n);
	p = put_digits(p, s->digits, s->point);
	*p++ = '.';
	return put_digits(p, s->digits + s->point, s->n - s->point);
}

size_t num_format_double(double v, char *out)
{
	char *p = out;
	if (!isfinite(v)) {
		memcpy(out, "null", 5);
		return 4;
	}
	if (signbit(v)) {
		*p++ = '-';
		v = -v;
	}
	if (v < 1e15 && v == (double)(int64_t)v) {
		p += num_format_i64((int64_t)v, p);
	} else {
		struct shortest s;
		if (!shortest_few_decimals(v, &s) && !shortest_exact(v, &s))
			shortest_slow(v, &s);
		p = v < 1e-6 || v >= 1e21 ? layout_exponent(&s, p) : layout_plain(&s, p);
	}
	*p = '\0';
	return (size_t)(p - out);
}
