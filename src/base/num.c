/* Integers, sizes and saturating arithmetic; doubles are in num_format_double.c, num_parse_double.c. */
#include "base/num.h"

#include "base/err.h"

#include <math.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes one leading sign off; true for a minus. */
static bool take_sign(struct view *v)
{
	if (v->len == 0 || (v->data[0] != '-' && v->data[0] != '+'))
		return false;
	bool negative = v->data[0] == '-';
	v->data++;
	v->len--;
	return negative;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* Digits of `base`, underscores skipped where `underscores`; the caller has judged their places. A bad digit
 * anywhere wins over an overflow. */
static int parse_magnitude(struct view v, unsigned base, bool underscores, uint64_t *out)
{
	uint64_t sum = 0;
	bool overflow = false;
	for (size_t i = 0; i < v.len; i++) {
		if (underscores && v.data[i] == '_')
			continue;
		unsigned d = (unsigned)digit_value(v.data[i]);
		if (d >= base)
			return ERR_SYNTAX;
		overflow |= __builtin_mul_overflow(sum, (uint64_t)base, &sum);
		overflow |= __builtin_add_overflow(sum, (uint64_t)d, &sum);
	}
	*out = sum;
	return overflow ? ERR_RANGE : 0;
}

static int apply_sign(bool negative, uint64_t magnitude, int64_t *out)
{
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return ERR_RANGE;
	*out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

int num_parse_i64(struct view text, int64_t *out)
{
	bool negative = take_sign(&text);
	uint64_t magnitude;
	if (text.len == 0)
		return ERR_SYNTAX;
	int rc = parse_magnitude(text, 10, false, &magnitude);
	return rc < 0 ? rc : apply_sign(negative, magnitude, out);
}

/* Each underscore stands between digits, or between a base prefix and a digit. */
static bool underscores_fit(struct view digits, bool after_prefix)
{
	bool before = after_prefix;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] == '_' && !before)
			return false;
		before = digits.data[i] != '_';
	}
	return before;
}

static unsigned take_base(struct view *v, bool *prefix)
{
	*prefix = false;
	if (v->len < 2 || v->data[0] != '0')
		return 10;
	char c = v->data[1] | 0x20;
	unsigned base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
	size_t skip = base ? 2 : 1;
	*prefix = true;
	v->data += skip;
	v->len -= skip;
	return base ? base : 8;
}

int num_parse_i64_go(struct view text, int64_t *out)
{
	bool negative = take_sign(&text), prefix;
	if (text.len == 0)
		return ERR_SYNTAX;
	unsigned base = take_base(&text, &prefix);
	uint64_t magnitude;
	if (text.len == 0 || !underscores_fit(text, prefix))
		return ERR_SYNTAX;
	int rc = parse_magnitude(text, base, true, &magnitude);
	return rc < 0 ? rc : apply_sign(negative, magnitude, out);
}

size_t num_format_i64(int64_t v, char *out)
{
	static const char pairs[] =
		"0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
		"4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
		"828384858687888990919293949596979899";
	char text[20], *p = text + sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	for (; u >= 100; u /= 100) {
		p -= 2;
		memcpy(p, pairs + u % 100 * 2, 2);
	}
	if (u >= 10) {
		p -= 2;
		memcpy(p, pairs + u * 2, 2);
	} else {
		*--p = (char)('0' + u);
	}
	if (v < 0)
		*--p = '-';
	size_t len = (size_t)(text + sizeof(text) - p);
	memcpy(out, p, len);
	return len;
}

/* "", "b", "k", "kb", "kib" … to its factor; 0 when it is no unit. Only an `i` makes a unit binary. */
static double size_unit(struct view unit)
{
	static const char letters[] = "kmgtpe";
	if (unit.len == 0 || view_ieq(unit, VIEW("b")))
		return 1;
	const char *at = strchr(letters, unit.data[0] | 0x20);
	if (!at || !*at)
		return 0;
	struct view rest = { unit.data + 1, unit.len - 1 };
	bool binary = view_ieq(rest, VIEW("ib")) || view_ieq(rest, VIEW("i"));
	if (!binary && rest.len && !view_ieq(rest, VIEW("b")))
		return 0;
	double factor = 1;
	for (const char *p = letters; p <= at; p++)
		factor *= binary ? 1024 : 1000;
	return factor;
}

int num_parse_size(struct view text, int64_t *bytes)
{
	text = view_trim(text);
	size_t digits = 0;
	while (digits < text.len && (is_digit(text.data[digits]) || text.data[digits] == '.'))
		digits++;
	struct view number = { text.data, digits };
	double factor = size_unit(view_trim((struct view){ text.data + digits, text.len - digits }));
	double fraction;
	int64_t whole;
	if (digits == 0 || factor == 0)
		return ERR_SYNTAX;
	/* Whole numbers stay exact above 2^53. */
	int rc = num_parse_i64(number, &whole);
	if (rc == 0 && __builtin_mul_overflow(whole, (int64_t)factor, &whole))
		return ERR_RANGE;
	if (rc == 0) {
		*bytes = whole;
		return 0;
	}
	if (rc == ERR_RANGE || num_parse_double(number, &fraction) < 0)
		return rc;
	if (fraction * factor >= 0x1p63)
		return ERR_RANGE;
	*bytes = (int64_t)(fraction * factor);
	return 0;
}

int64_t sat_seconds_to_ns(double seconds)
{
	double ns = seconds * 1e9;
	if (isnan(ns))
		return 0;
	if (ns >= 0x1p63)
		return INT64_MAX;
	return ns <= -0x1p63 ? INT64_MIN : (int64_t)ns;
}
