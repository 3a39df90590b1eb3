/* Text to double, in three steps from cheap to general:
 *
 *   both exact      an integer to 2^53 and a power of ten to 10^22 are exact as doubles: one operation rounds
 * once (Clinger 1990) exact quotient  up to 19 digits and 27 decimals: 128-bit integers, rounded once at the
 * end through libc    everything else; the text has no decimal point, which alone depends on the locale
 */
#include "base/err.h"
#include "base/num.h"

#include "num_pow5.h"

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

/* mantissa * 10^exp10, both small enough for 128 bits. */
static double decimal_product(uint64_t mantissa, int exp10)
{
	return ldexp((double)((unsigned __int128)mantissa * num_pow5[exp10]), exp10);
}

/* mantissa / 10^decimals. With both scaled to 64 bits the quotient has 63 or 64 of them, ten more than a
 * double: the lowest may say "and some more" without moving the rounding. */
static double decimal_quotient(uint64_t mantissa, int decimals)
{
	uint64_t five = num_pow5[decimals];
	int up_mantissa = __builtin_clzll(mantissa), up_five = __builtin_clzll(five);
	unsigned __int128 over = (unsigned __int128)(mantissa << up_mantissa) << 63;
	five <<= up_five;
	uint64_t quotient = (uint64_t)(over / five) | (over % five != 0);
	return ldexp((double)quotient, up_five - up_mantissa - 63 - decimals);
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
	else if (!d.rest && d.exp10 >= 0 && d.exp10 <= POW5_MAX)
		value = decimal_product(d.mantissa, (int)d.exp10);
	else if (!d.rest && d.exp10 < 0 && d.exp10 >= -POW5_MAX)
		value = decimal_quotient(d.mantissa, (int)-d.exp10);
	else
		value = decimal_slow(&d);
	*out = d.negative ? -value : value;
	return 0;
}
