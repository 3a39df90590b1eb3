/* Doubles as text, both ways. Both fast paths rest on one fact (Clinger 1990): where an integer below 2^53
 * meets a power of ten up to 10^22, both are exact as doubles, so one multiplication or division rounds once,
 * correctly. What falls outside goes through libc, with no decimal point in the text, which alone depends on
 * the locale. */
#include "base/err.h"
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EXACT_POW10     22
#define EXACT_INTEGER   (UINT64_C(1) << 53)
#define MANTISSA_DIGITS 19  /* always fit 64 bits */
#define STRTOD_DIGITS   800 /* 767 decide every double; beyond them only "not zero" matters */
#define EXPONENT_CLAMP  99999

static const double pow10_exact[EXACT_POW10 + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
						     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
						     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* A decimal number taken apart: sign, digits at `text` (a dot may stand among them), power of ten. */
struct decimal {
	struct view digits; /* from the first digit to the last, dot included */
	bool negative;
	uint64_t mantissa; /* of the first MANTISSA_DIGITS significant digits */
	uint32_t taken;    /* significant digits in mantissa */
	bool rest;         /* digits other than zero follow those */
	int64_t exp10;     /* value = mantissa * 10^exp10 when !rest */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void decimal_digit(struct decimal *d, char c, bool after_dot)
{
	if (d->taken == 0 && c == '0') {
		d->exp10 -= after_dot;
	} else if (d->taken < MANTISSA_DIGITS) {
		d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
		d->taken++;
		d->exp10 -= after_dot;
	} else {
		d->rest |= c != '0';
		d->exp10 += !after_dot;
	}
}

/* Optional exponent at v[i…]; the whole rest must be it. */
static int decimal_exponent(struct decimal *d, struct view v, size_t i)
{
	if (i == v.len)
		return 0;
	if ((v.data[i] | 0x20) != 'e')
		return ERR_SYNTAX;
	i++;
	bool negative = i < v.len && v.data[i] == '-';
	i += i < v.len && (v.data[i] == '-' || v.data[i] == '+');
	if (i == v.len)
		return ERR_SYNTAX;
	int64_t exponent = 0;
	for (; i < v.len; i++) {
		if (!is_digit(v.data[i]))
			return ERR_SYNTAX;
		if (exponent < (int64_t)1 << 40)
			exponent = exponent * 10 + (v.data[i] - '0');
	}
	d->exp10 += negative ? -exponent : exponent;
	return 0;
}

static int decimal_scan(struct view v, struct decimal *d)
{
	size_t i = 0, seen = 0;
	bool dot = false;
	*d = (struct decimal){ 0 };
	if (v.len && (v.data[0] == '-' || v.data[0] == '+')) {
		d->negative = v.data[0] == '-';
		i = 1;
	}
	d->digits.data = v.data + i;
	for (; i < v.len; i++) {
		if (is_digit(v.data[i])) {
			decimal_digit(d, v.data[i], dot);
			seen++;
		} else if (v.data[i] == '.' && !dot) {
			dot = true;
		} else {
			break;
		}
	}
	d->digits.len = (size_t)(v.data + i - d->digits.data);
	return seen ? decimal_exponent(d, v, i) : ERR_SYNTAX;
}

/* Through strtod, as "digits e exponent" without a dot. */
static double decimal_slow(const struct decimal *d)
{
	char text[STRTOD_DIGITS + 40];
	size_t n = 0;
	int64_t exp10 = d->exp10;
	if (!d->rest) {
		n = num_format_i64((int64_t)(d->mantissa / 10), text);
		text[n++] = (char)('0' + d->mantissa % 10);
	} else {
		/* exp10 is that of the first MANTISSA_DIGITS digits: each further one written lowers it. */
		bool more = false;
		for (size_t i = 0; i < d->digits.len; i++) {
			char c = d->digits.data[i];
			if (c == '.' || (n == 0 && c == '0'))
				continue;
			if (n < STRTOD_DIGITS)
				text[n++] = c;
			else
				more |= c != '0';
		}
		if (more)
			text[n++] = '1';
		exp10 -= (int64_t)n - MANTISSA_DIGITS;
	}
	if (exp10 > EXPONENT_CLAMP)
		exp10 = EXPONENT_CLAMP;
	if (exp10 < -EXPONENT_CLAMP)
		exp10 = -EXPONENT_CLAMP;
	text[n++] = 'e';
	n += num_format_i64(exp10, text + n);
	text[n] = '\0';
	double value = strtod(text, NULL);
	return value > DBL_MAX ? DBL_MAX : value;
}

int num_parse_double(struct view text, double *out)
{
	struct decimal d;
	int rc = decimal_scan(text, &d);
	if (rc < 0)
		return rc;
	double value;
	if (d.mantissa == 0)
		value = 0;
	else if (!d.rest && d.mantissa <= EXACT_INTEGER && d.exp10 >= 0 && d.exp10 <= EXACT_POW10)
		value = (double)d.mantissa * pow10_exact[d.exp10];
	else if (!d.rest && d.mantissa <= EXACT_INTEGER && d.exp10 < 0 && d.exp10 >= -EXACT_POW10)
		value = (double)d.mantissa / pow10_exact[-d.exp10];
	else
		value = decimal_slow(&d);
	*out = d.negative ? -value : value;
	return 0;
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

/* Values of at most 15 digits: the fewest decimals k for which round(v * 10^k) / 10^k is v again. Fifteen
 * digits name a double uniquely, so the first hit is the shortest. */
static bool shortest_fast(double v, struct shortest *s)
{
	for (int k = 0; k <= EXACT_POW10; k++) {
		double scaled = v * pow10_exact[k];
		if (scaled >= 1e15)
			return false;
		uint64_t whole = (uint64_t)(scaled + 0.5);
		if (whole == 0 || (double)whole / pow10_exact[k] != v)
			continue;
		s->n = (int)num_format_i64((int64_t)whole, s->digits);
		s->point = s->n - k;
		shortest_trim(s);
		return true;
	}
	return false;
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
	int first = v < DBL_MIN ? 1 : 15; /* denormals have fewer digits that mean something */
	for (int n = first; n < 17; n++) {
		shortest_print(v, n, s);
		if (shortest_reads_back(s, v))
			return shortest_trim(s);
		if (!power_of_two)
			continue;
		shortest_step_up(s);
		if (shortest_reads_back(s, v))
			return shortest_trim(s);
	}
	shortest_print(v, 17, s);
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

/* "1.5e-07", "1e+21": at least two exponent digits. */
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
	e = e < 0 ? -e : e;
	if (e < 10)
		*p++ = '0';
	return p + num_format_i64(e, p);
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
		if (!shortest_fast(v, &s))
			shortest_slow(v, &s);
		p = v < 1e-6 || v >= 1e21 ? layout_exponent(&s, p) : layout_plain(&s, p);
	}
	*p = '\0';
	return (size_t)(p - out);
}
