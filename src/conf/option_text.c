/* Value to text: what a user would have written, and what a user may write. */
#include "option_impl.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <stdio.h>

void option_put_duration(struct buf *out, int64_t ns)
{
	char text[TIMEFMT_MAX];
	buf_append(out, text, duration_format_short(ns, text));
}

void option_put_size(struct buf *out, int64_t bytes)
{
	static const struct {
		const char *name;
		int shift;
	} units[] = { { " GiB", 30 }, { " MiB", 20 }, { " KiB", 10 } };
	for (size_t i = 0; bytes != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t unit = INT64_C(1) << units[i].shift;
		if (bytes % unit == 0) {
			buf_int(out, bytes / unit);
			buf_puts(out, units[i].name);
			return;
		}
	}
	buf_int(out, bytes);
}

static void put_double(struct buf *out, double v)
{
	char text[NUM_DOUBLE_MAX];
	buf_append(out, text, num_format_double(v, text));
}

static int64_t bound_i64(double v)
{
	return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : (int64_t)v;
}

void option_bound_text(const struct option *row, double bound, struct buf *out)
{
	switch (row->type) {
	case OPT_T_DURATION:
		option_put_duration(out, sat_seconds_to_ns(bound));
		break;
	case OPT_T_SIZE:
		option_put_size(out, bound_i64(bound));
		break;
	case OPT_T_MODE:
		buf_printf(out, "%04o", (unsigned)bound);
		break;
	case OPT_T_INT:
		buf_int(out, bound_i64(bound));
		break;
	default:
		put_double(out, bound);
		break;
	}
}

/* The i-th choice of "a|b|c"; data NULL past the last. */
struct view option_choice(const struct option *row, int index)
{
	const char *p = row->choices;
	for (; p && index > 0; index--) {
		p = strchr(p, '|');
		p = p ? p + 1 : NULL;
	}
	return p && index == 0 ? (struct view){ p, strcspn(p, "|") } : (struct view){ NULL, 0 };
}

int option_choice_find(const struct option *row, struct view text)
{
	struct view choice;
	for (int i = 0; (choice = option_choice(row, i)).data; i++)
		if (view_ieq(choice, text))
			return i;
	return -1;
}

static void put_choices(const struct option *row, struct buf *out)
{
	struct view choice;
	buf_puts(out, "one of ");
	for (int i = 0; (choice = option_choice(row, i)).data; i++) {
		if (i)
			buf_puts(out, ", ");
		buf_view(out, choice);
	}
}

static const char *describe_kind(enum option_type type)
{
	switch (type) {
	case OPT_T_BOOL:
		return "true or false";
	case OPT_T_INT:
		return "a whole number";
	case OPT_T_NUM:
		return "a number";
	case OPT_T_DURATION:
		return "a duration such as 90s, 1h30m or 7d";
	case OPT_T_SIZE:
		return "a size such as 512 KiB or 10 MB";
	case OPT_T_PATH:
		return "a path";
	case OPT_T_LIST:
		return "a list";
	case OPT_T_MODE:
		return "an octal file mode such as 0600";
	case OPT_T_STRING:
	case OPT_T_ENUM:
		break;
	}
	return "text";
}

void option_describe(const struct option *row, struct buf *out)
{
	if (row->type == OPT_T_ENUM) {
		put_choices(row, out);
		return;
	}
	buf_puts(out, describe_kind(row->type));
	if (option_has_bounds(row) && row->type != OPT_T_MODE) {
		/* After examples a comma keeps "7d from" apart. */
		bool examples = row->type == OPT_T_DURATION || row->type == OPT_T_SIZE;
		buf_puts(out, examples ? ", from " : " from ");
		option_bound_text(row, row->min, out);
		buf_puts(out, " to ");
		option_bound_text(row, row->max, out);
	}
	if (*row->unit && row->type != OPT_T_SIZE)
		buf_printf(out, " (%s)", row->unit);
}

static void put_list(const struct option_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_putc(out, ',');
		buf_puts(out, list->items[i]);
	}
}

/* An unset secret is shown as unset: that nothing is there is no secret, and often the answer. */
static bool is_empty(const struct option *row, const void *field)
{
	if (row->type == OPT_T_LIST)
		return ((const struct option_list *)field)->n == 0;
	if (row->type == OPT_T_STRING || row->type == OPT_T_PATH)
		return !*(const char *const *)field || !**(const char *const *)field;
	return false;
}

void option_get_text(const struct option *row, const void *values, struct buf *out)
{
	const void *field = option_field_const(row, values);
	if (is_empty(row, field))
		return;
	if (row->flags & OPT_SECRET) {
		buf_puts(out, "***");
		return;
	}
	switch (row->type) {
	case OPT_T_BOOL:
		buf_puts(out, *(const bool *)field ? "true" : "false");
		break;
	case OPT_T_INT:
		buf_int(out, *(const int64_t *)field);
		break;
	case OPT_T_NUM:
		put_double(out, *(const double *)field);
		break;
	case OPT_T_DURATION:
		option_put_duration(out, *(const int64_t *)field);
		break;
	case OPT_T_SIZE:
		option_put_size(out, *(const int64_t *)field);
		break;
	case OPT_T_STRING:
	case OPT_T_PATH:
		buf_puts(out, *(const char *const *)field);
		break;
	case OPT_T_ENUM:
		buf_view(out, option_choice(row, *(const int *)field));
		break;
	case OPT_T_LIST:
		put_list(field, out);
		break;
	case OPT_T_MODE:
		buf_printf(out, "%04o", (unsigned)*(const int64_t *)field);
		break;
	}
}
