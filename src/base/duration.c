/* Durations as text: the rules of Go's time.ParseDuration and Duration.String, because the flags, files and
 * answers that are kept were written by and for Go programs. */
#include "base/err.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR   (3600 * NS_PER_S)
#define NS_PER_DAY    (24 * NS_PER_HOUR)
#define LIMIT         (UINT64_C(1) << 63) /* the magnitude of the smallest duration */

static const struct {
	const char *name;
	uint64_t ns;
	bool days; /* only where the caller allows days */
} units[] = {
	{ "ns", 1, false },
	{ "us", NS_PER_US, false },
	{ "\xC2\xB5s", NS_PER_US, false }, /* U+00B5 micro sign */
	{ "\xCE\xBCs", NS_PER_US, false }, /* U+03BC Greek mu */
	{ "ms", NS_PER_MS, false },
	{ "s", NS_PER_S, false },
	{ "m", NS_PER_MINUTE, false },
	{ "h", NS_PER_HOUR, false },
	{ "d", 24 * NS_PER_HOUR, true },
	{ "w", 168 * NS_PER_HOUR, true },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint64_t unit_ns(struct view name, bool days)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (view_eq(name, view_of(units[i].name)))
			return units[i].days && !days ? 0 : units[i].ns;
	return 0;
}

static struct view rest_of(struct view v, size_t n)
{
	return (struct view){ v.data + n, v.len - n };
}

/* Digits from the front; how many. ERR_RANGE above 2^63. */
static int take_whole(struct view *v, uint64_t *whole, bool *any)
{
	*whole = 0;
	*any = false;
	while (v->len && is_digit(v->data[0])) {
		if (*whole > LIMIT / 10)
			return ERR_RANGE;
		*whole = *whole * 10 + (uint64_t)(v->data[0] - '0');
		if (*whole > LIMIT)
			return ERR_RANGE;
		*v = rest_of(*v, 1);
		*any = true;
	}
	return 0;
}

/* ".digits" from the front as fraction / scale; digits that no longer fit are read and ignored. */
static void take_fraction(struct view *v, uint64_t *fraction, double *scale, bool *any)
{
	bool full = false;
	*fraction = 0;
	*scale = 1;
	if (v->len == 0 || v->data[0] != '.')
		return;
	for (*v = rest_of(*v, 1); v->len && is_digit(v->data[0]); *v = rest_of(*v, 1)) {
		*any = true;
		uint64_t next = *fraction * 10 + (uint64_t)(v->data[0] - '0');
		full |= *fraction > (LIMIT - 1) / 10 || next > LIMIT;
		if (full)
			continue;
		*fraction = next;
		*scale *= 10;
	}
}

/* One "number unit" from the front, added to *sum. */
static int take_term(struct view *v, bool days, uint64_t *sum)
{
	uint64_t whole, fraction, ns;
	double scale;
	bool any;
	int rc = take_whole(v, &whole, &any);
	if (rc < 0)
		return rc;
	take_fraction(v, &fraction, &scale, &any);
	size_t n = 0;
	while (n < v->len && v->data[n] != '.' && !is_digit(v->data[n]))
		n++;
	uint64_t unit = unit_ns((struct view){ v->data, n }, days);
	if (!any || unit == 0)
		return ERR_SYNTAX;
	*v = rest_of(*v, n);
	if (whole > LIMIT / unit)
		return ERR_RANGE;
	ns = whole * unit + (uint64_t)((double)fraction * ((double)unit / scale));
	if (ns > LIMIT || *sum > LIMIT - ns)
		return ERR_RANGE;
	*sum += ns;
	return 0;
}

int duration_parse(struct view text, bool days, int64_t *ns)
{
	bool negative = text.len && text.data[0] == '-';
	uint64_t sum = 0;
	if (text.len && (text.data[0] == '-' || text.data[0] == '+'))
		text = rest_of(text, 1);
	if (text.len == 0)
		return ERR_SYNTAX;
	if (view_eq(text, VIEW("0")))
		text.len = 0;
	while (text.len) {
		int rc = take_term(&text, days, &sum);
		if (rc < 0)
			return rc;
	}
	if (!negative && sum == LIMIT)
		return ERR_RANGE;
	*ns = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return 0;
}

/* Writes v / 10^decimals before `end`, without trailing zeros or a bare dot; the new start. */
static char *put_fraction(char *end, uint64_t *v, int decimals)
{
	bool print = false;
	for (int i = 0; i < decimals; i++) {
		int digit = (int)(*v % 10);
		print |= digit != 0;
		if (print)
			*--end = (char)('0' + digit);
		*v /= 10;
	}
	if (print)
		*--end = '.';
	return end;
}

static char *put_whole(char *end, uint64_t v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return end;
}

/* Below a second: one unit, the largest that leaves a whole digit. `end` is behind the final "s". */
static char *put_small(char *end, uint64_t v)
{
	int decimals;
	if (v < (uint64_t)NS_PER_US) {
		*--end = 'n';
		decimals = 0;
	} else if (v < (uint64_t)NS_PER_MS) {
		*--end = '\xB5';
		*--end = '\xC2';
		decimals = 3;
	} else {
		*--end = 'm';
		decimals = 6;
	}
	end = put_fraction(end, &v, decimals);
	return put_whole(end, v);
}

static char *put_large(char *end, uint64_t v)
{
	end = put_fraction(end, &v, 9);
	end = put_whole(end, v % 60);
	v /= 60;
	if (v == 0)
		return end;
	*--end = 'm';
	end = put_whole(end, v % 60);
	v /= 60;
	if (v == 0)
		return end;
	*--end = 'h';
	return put_whole(end, v);
}

size_t duration_format(int64_t ns, char *out)
{
	char text[TIMEFMT_MAX], *end = text + sizeof(text), *p = end;
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	*--p = 's';
	if (v == 0)
		*--p = '0';
	else if (v < (uint64_t)NS_PER_S)
		p = put_small(p, v);
	else
		p = put_large(p, v);
	if (ns < 0)
		*--p = '-';
	size_t len = (size_t)(end - p);
	memcpy(out, p, len);
	out[len] = '\0';
	return len;
}

size_t duration_format_short(int64_t ns, char *out)
{
	if (ns % NS_PER_DAY == 0 && (ns >= 2 * NS_PER_DAY || ns <= -2 * NS_PER_DAY))
		return (size_t)snprintf(out, TIMEFMT_MAX, "%" PRId64 "d", ns / NS_PER_DAY);
	size_t len = duration_format(ns, out);
	/* "24h0m0s" is "24h", "1m0s" is "1m": zero parts after a larger unit say nothing. */
	if (len > 3 && out[len - 3] == 'm' && memcmp(out + len - 2, "0s", 2) == 0)
		len -= 2;
	if (len > 3 && out[len - 3] == 'h' && memcmp(out + len - 2, "0m", 2) == 0)
		len -= 2;
	out[len] = '\0';
	return len;
}
