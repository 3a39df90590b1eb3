/* Times as text; durations are in duration.c. Calendar arithmetic on the proleptic Gregorian calendar after
 * Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so that the leap day
 * is the last of its year, and 400 years ("an era") repeat exactly. */
#include "base/timefmt.h"

#include "base/err.h"
#include "base/num.h"

#include <time.h>

#define DAYS_PER_ERA    146097
#define DAYS_TO_1970    719468 /* from 0000-03-01 to 1970-01-01 */
#define SECONDS_PER_DAY 86400
#define UNIX_MS_FROM    1e11 /* as seconds that would be the year 5138 */

struct civil {
	int64_t year;
	int month, day, hour, minute, second;
};

static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static struct civil civil_from_seconds(int64_t seconds)
{
	int64_t days = seconds / SECONDS_PER_DAY, rest = seconds % SECONDS_PER_DAY;
	if (rest < 0) {
		rest += SECONDS_PER_DAY;
		days--;
	}
	days += DAYS_TO_1970;
	int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t doe = days - era * DAYS_PER_ERA;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);
	return (struct civil){ .year = yoe + era * 400 + (month <= 2),
			       .month = month,
			       .day = (int)(doy - (153 * mp + 2) / 5 + 1),
			       .hour = (int)(rest / 3600),
			       .minute = (int)(rest / 60 % 60),
			       .second = (int)(rest % 60) };
}

static char *put2(char *p, int v)
{
	*p++ = (char)('0' + v / 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static char *put_date(char *p, const struct civil *c)
{
	p = put2(put2(p, (int)(c->year / 100)), (int)(c->year % 100));
	*p++ = '-';
	p = put2(p, c->month);
	*p++ = '-';
	return put2(p, c->day);
}

static char *put_time(char *p, const struct civil *c)
{
	p = put2(p, c->hour);
	*p++ = ':';
	p = put2(p, c->minute);
	*p++ = ':';
	return put2(p, c->second);
}

/* ".d…d" without trailing zeros; nothing for 0. */
static char *put_nanoseconds(char *p, int64_t ns)
{
	if (ns == 0)
		return p;
	int digits = 9;
	for (; ns % 10 == 0; ns /= 10)
		digits--;
	*p = '.';
	for (int i = digits; i > 0; i--, ns /= 10)
		p[i] = (char)('0' + ns % 10);
	return p + digits + 1;
}

static char *put_offset(char *p, int offset_s)
{
	if (offset_s == 0) {
		*p++ = 'Z';
		return p;
	}
	int minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
	*p++ = offset_s < 0 ? '-' : '+';
	p = put2(p, minutes / 60);
	*p++ = ':';
	return put2(p, minutes % 60);
}

size_t time_format_rfc3339(wall_ns t, int offset_s, char *out)
{
	int64_t seconds = t / NS_PER_S, ns = t % NS_PER_S;
	if (ns < 0) {
		ns += NS_PER_S;
		seconds--;
	}
	/* 64-bit nanoseconds reach from 1677 to 2262: no year needs clamping, only a senseless zone. */
	if (offset_s <= -SECONDS_PER_DAY || offset_s >= SECONDS_PER_DAY)
		offset_s = 0;
	struct civil c = civil_from_seconds(seconds + offset_s);
	char *p = put_date(out, &c);
	*p++ = 'T';
	p = put_nanoseconds(put_time(p, &c), ns);
	p = put_offset(p, offset_s);
	*p = '\0';
	return (size_t)(p - out);
}

/* `n` digits at *v; false when they are not there. */
static bool take_digits(struct view *v, int n, int *out)
{
	if (v->len < (size_t)n)
		return false;
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (v->data[i] < '0' || v->data[i] > '9')
			return false;
		*out = *out * 10 + (v->data[i] - '0');
	}
	v->data += n;
	v->len -= (size_t)n;
	return true;
}

static bool take_char(struct view *v, char c)
{
	if (v->len == 0 || v->data[0] != c)
		return false;
	v->data++;
	v->len--;
	return true;
}

static bool take_date(struct view *v, struct civil *c)
{
	int year = 0;
	bool ok = take_digits(v, 4, &year) && take_char(v, '-') && take_digits(v, 2, &c->month) &&
		  take_char(v, '-') && take_digits(v, 2, &c->day);
	c->year = year;
	return ok;
}

static bool take_time(struct view *v, struct civil *c, int64_t *ns)
{
	if (!take_digits(v, 2, &c->hour) || !take_char(v, ':') || !take_digits(v, 2, &c->minute) ||
	    !take_char(v, ':') || !take_digits(v, 2, &c->second))
		return false;
	*ns = 0;
	if (!take_char(v, '.'))
		return true;
	int digit, digits = 0;
	for (int64_t unit = NS_PER_S / 10; take_digits(v, 1, &digit); unit /= 10, digits++)
		*ns += unit * digit;
	return digits > 0;
}

static bool take_zone(struct view *v, int *offset_s)
{
	*offset_s = 0;
	if (take_char(v, 'Z') || take_char(v, 'z'))
		return true;
	bool west = take_char(v, '-');
	int hours, minutes;
	if ((!west && !take_char(v, '+')) || !take_digits(v, 2, &hours) || !take_char(v, ':') ||
	    !take_digits(v, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

static bool civil_in_range(const struct civil *c)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > days[c->month - 1])
		return false;
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
	return (c->month != 2 || c->day < 29 || leap) && c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int civil_to_wall(const struct civil *c, int64_t ns, int offset_s, wall_ns *out)
{
	int64_t seconds = days_from_civil(c->year, c->month, c->day) * SECONDS_PER_DAY + c->hour * 3600 +
			  c->minute * 60 + c->second - offset_s;
	/* Before 1970 the product alone may be too small where the sum still fits. */
	if (seconds < 0) {
		seconds++;
		ns -= NS_PER_S;
	}
	wall_ns sum;
	if (__builtin_mul_overflow(seconds, NS_PER_S, &sum) || __builtin_add_overflow(sum, ns, &sum))
		return ERR_RANGE;
	*out = sum;
	return 0;
}

int time_parse_rfc3339(struct view text, wall_ns *out, int *offset_s)
{
	struct civil c;
	int64_t ns;
	int offset;
	if (!take_date(&text, &c) || (!take_char(&text, 'T') && !take_char(&text, 't')) ||
	    !take_time(&text, &c, &ns) || !take_zone(&text, &offset) || text.len)
		return ERR_SYNTAX;
	int rc = civil_in_range(&c) ? civil_to_wall(&c, ns, offset, out) : ERR_RANGE;
	if (rc == 0 && offset_s)
		*offset_s = offset;
	return rc;
}

/* "YYYY-MM-DD", "YYYY-MM-DD HH:MM:SS[.f]" (a T will do) in the zone of the machine. */
static int parse_local(struct view text, wall_ns *out)
{
	struct civil c = { 0 };
	int64_t ns = 0;
	if (!take_date(&text, &c))
		return ERR_SYNTAX;
	if (text.len &&
	    ((!take_char(&text, ' ') && !take_char(&text, 'T')) || !take_time(&text, &c, &ns) || text.len))
		return ERR_SYNTAX;
	if (!civil_in_range(&c))
		return ERR_RANGE;
	struct tm tm = { .tm_year = (int)c.year - 1900,
			 .tm_mon = c.month - 1,
			 .tm_mday = c.day,
			 .tm_hour = c.hour,
			 .tm_min = c.minute,
			 .tm_sec = c.second,
			 .tm_isdst = -1 };
	int64_t seconds = mktime(&tm);
	if (seconds > INT64_MAX / NS_PER_S - 1 || seconds < INT64_MIN / NS_PER_S + 1)
		return ERR_RANGE;
	*out = seconds * NS_PER_S + ns;
	return 0;
}

static int parse_unix(struct view text, wall_ns *out)
{
	double v;
	int64_t whole;
	if (num_parse_i64(text, &whole) == 0) {
		int64_t unit = whole >= (int64_t)UNIX_MS_FROM || whole <= -(int64_t)UNIX_MS_FROM ? NS_PER_MS
												 : NS_PER_S;
		if (__builtin_mul_overflow(whole, unit, &whole))
			return ERR_RANGE;
		*out = whole;
		return 0;
	}
	if (num_parse_double(text, &v) < 0)
		return ERR_SYNTAX;
	if (v >= UNIX_MS_FROM || v <= -UNIX_MS_FROM)
		v /= 1000;
	if (v >= 9.2e9 || v <= -9.2e9)
		return ERR_RANGE;
	/* Whole and fraction apart: their product with 10^9 would lose the last 8 bits. */
	whole = (int64_t)v;
	*out = whole * NS_PER_S + (int64_t)((v - (double)whole) * 1e9);
	return 0;
}

int time_parse_any(struct view text, wall_ns now, wall_ns *out)
{
	int64_t delta;
	text = view_trim(text);
	if (view_ieq(text, VIEW("now"))) {
		*out = now;
		return 0;
	}
	if (text.len == 0)
		return ERR_SYNTAX;
	int rc = time_parse_rfc3339(text, out, NULL);
	if (rc == ERR_SYNTAX)
		rc = parse_unix(text, out);
	if (rc == ERR_SYNTAX)
		rc = parse_local(text, out);
	if (rc != ERR_SYNTAX || (text.data[0] != '-' && text.data[0] != '+'))
		return rc;
	rc = duration_parse(text, true, &delta);
	if (rc == 0)
		*out = sat_add_i64(now, delta);
	return rc;
}

size_t time_format_local_date(wall_ns t, char *out)
{
	time_t seconds = (time_t)(t / NS_PER_S - (t % NS_PER_S < 0));
	struct tm tm;
	if (!localtime_r(&seconds, &tm))
		tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	struct civil c = { .year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday };
	char *p = put_date(out, &c);
	*p = '\0';
	return (size_t)(p - out);
}
