/* Text to value: one parser per type, then the bounds. */
#include "option_impl.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int option_fail(const struct option_target *t, int code, const char *fmt, ...)
{
	char name[OPTION_NAME_MAX], sentence[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	option_name(t->section, t->row, name);
	return err_set(t->err, code, t->place, "%s: %s", name, sentence);
}

void option_quote_shown(struct view text, char *out)
{
	size_t n = 0;
	out[n++] = '"';
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (n > OPTION_SHOWN_MAX - 12) {
			n += (size_t)sprintf(out + n, "...");
			break;
		}
		if (c < 0x20 || c == 0x7f)
			n += (size_t)sprintf(out + n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '"';
	out[n] = 0;
}

/* The user's text for a message; a secret's value must not reach a log through its own error. */
static void show_value(const struct option_target *t, struct view text, char *out)
{
	if (t->row->flags & OPT_SECRET)
		strcpy(out, "***");
	else
		option_quote_shown(text, out);
}

static int fail_described(const struct option_target *t, int code, struct view text)
{
	char shown[OPTION_SHOWN_MAX];
	struct buf want;
	buf_init(&want);
	option_describe(t->row, &want);
	show_value(t, text, shown);
	const char *what = code == ERR_RANGE ? "is too large for any value" : "is not right";
	int rc = text.len == 0 ? option_fail(t, code, "the value is empty; write %s", buf_str(&want))
			       : option_fail(t, code, "%s %s; write %s", shown, what, buf_str(&want));
	buf_fini(&want);
	return rc;
}

static int check_bounds(const struct option_target *t, double value, struct view text)
{
	const struct option *row = t->row;
	if (!option_has_bounds(row) || (value >= row->min && value <= row->max))
		return 0;
	bool low = value < row->min;
	bool secret = row->flags & OPT_SECRET;
	struct buf bound;
	buf_init(&bound);
	option_bound_text(row, low ? row->min : row->max, &bound);
	if (*row->unit && row->type != OPT_T_SIZE)
		buf_printf(&bound, " (%s)", row->unit);
	int len = text.len > 40 ? 40 : (int)text.len;
	int rc = option_fail(t, ERR_RANGE, "%.*s is %s allowed value %s", secret ? 3 : len,
			     secret ? "***" : text.data, low ? "below the smallest" : "above the largest",
			     buf_str(&bound));
	buf_fini(&bound);
	return rc;
}

static int parse_bool(struct view text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		bool is_yes = view_ieq(text, view_of(yes[i]));
		if (is_yes || view_ieq(text, view_of(no[i]))) {
			*out = is_yes;
			return 0;
		}
	}
	return ERR_SYNTAX;
}

static int parse_duration(struct view text, int64_t *ns)
{
	int64_t seconds;
	int rc = num_parse_i64(text, &seconds);
	if (rc == 0)
		return __builtin_mul_overflow(seconds, NS_PER_S, ns) ? ERR_RANGE : 0;
	return rc == ERR_RANGE ? rc : duration_parse(text, true, ns);
}

/* "0600", "600" and "0o600" are the same mode: nobody means decimal here. */
static int parse_mode(struct view text, int64_t *out)
{
	int64_t mode = 0;
	if (text.len > 2 && text.data[0] == '0' && (text.data[1] == 'o' || text.data[1] == 'O'))
		text = (struct view){ text.data + 2, text.len - 2 };
	if (text.len == 0)
		return ERR_SYNTAX;
	if (text.len > 8)
		return ERR_RANGE;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '7')
			return ERR_SYNTAX;
		mode = mode * 8 + (text.data[i] - '0');
	}
	*out = mode;
	return 0;
}

static int assign_integer(const struct option_target *t, struct view text)
{
	int64_t value = 0;
	int rc = ERR_SYNTAX;
	double scale = 1;
	switch (t->row->type) {
	case OPT_T_DURATION:
		rc = parse_duration(text, &value);
		scale = 1e9;
		break;
	case OPT_T_SIZE:
		rc = num_parse_size(text, &value);
		break;
	case OPT_T_MODE:
		rc = parse_mode(text, &value);
		break;
	default:
		rc = num_parse_i64(text, &value);
		break;
	}
	if (rc < 0)
		return fail_described(t, rc, text);
	rc = check_bounds(t, (double)value / scale, text);
	if (rc == 0)
		*(int64_t *)option_field(t->row, t->values) = value;
	return rc;
}

static int assign_number(const struct option_target *t, struct view text)
{
	double value;
	int rc = num_parse_double(text, &value);
	if (rc < 0)
		return fail_described(t, rc, text);
	rc = check_bounds(t, value, text);
	if (rc == 0)
		*(double *)option_field(t->row, t->values) = value;
	return rc;
}

static int assign_enum(const struct option_target *t, struct view text)
{
	int index = option_choice_find(t->row, text);
	if (index >= 0) {
		*(int *)option_field(t->row, t->values) = index;
		return 0;
	}
	const char *names[64];
	char copy[64][OPTION_SHOWN_MAX], shown[OPTION_SHOWN_MAX], hint[OPTION_SHOWN_MAX + 32] = "";
	size_t n = 0;
	for (struct view c; n < 64 && (c = option_choice(t->row, (int)n)).data; n++) {
		snprintf(copy[n], sizeof(copy[n]), "%.*s", (int)c.len, c.data);
		names[n] = copy[n];
	}
	const char *near = text_nearest(text, names, n);
	if (near)
		snprintf(hint, sizeof(hint), "; did you mean %s?", near);
	struct buf want;
	buf_init(&want);
	option_describe(t->row, &want);
	show_value(t, text, shown);
	int rc = option_fail(t, ERR_UNKNOWN, "%s is not %s%s", shown, buf_str(&want), hint);
	buf_fini(&want);
	return rc;
}

static int fail_memory(const struct option_target *t)
{
	return option_fail(t, -ENOMEM, "out of memory");
}

/* A leading `~` or `~/` is the home directory; `~name` would need the user database of another host's habits.
 */
static int expand_home(const struct option_target *t, struct view text, const char **out)
{
	if (text.len > 1 && text.data[1] != '/')
		return option_fail(t, ERR_UNSUPPORTED,
				   "only ~ and ~/ stand for a home directory; write the full path");
	const char *home = getenv("HOME");
	if (!home || !*home) {
		char space[4096];
		struct passwd entry, *found = NULL;
		if (getpwuid_r(geteuid(), &entry, space, sizeof(space), &found) == 0 && found)
			home = arena_strdup(t->arena, found->pw_dir);
	}
	if (!home || !*home)
		return option_fail(t, ERR_MISSING,
				   "~ cannot be expanded because HOME is not set; write the full path");
	*out = arena_printf(t->arena, "%s%.*s", home, (int)(text.len - 1), text.data + 1);
	return *out ? 0 : fail_memory(t);
}

static int copy_text(const struct option_target *t, struct view text, const char **out)
{
	if (text.len && memchr(text.data, 0, text.len))
		return option_fail(t, ERR_SYNTAX, "the text holds a NUL byte; remove it");
	*out = arena_strndup(t->arena, text.len ? text.data : "", text.len);
	return *out ? 0 : fail_memory(t);
}

static int assign_string(const struct option_target *t, struct view text)
{
	const char *copy = NULL;
	int rc = copy_text(t, text, &copy);
	if (rc == 0 && t->row->type == OPT_T_PATH && text.len && text.data[0] == '~')
		rc = expand_home(t, text, &copy);
	if (rc == 0)
		*(const char **)option_field(t->row, t->values) = copy;
	return rc;
}

int option_assign_list(const struct option_target *t, const struct view *items, size_t n)
{
	if (t->row->type != OPT_T_LIST) {
		struct buf want;
		buf_init(&want);
		option_describe(t->row, &want);
		int rc = option_fail(t, ERR_TYPE, "takes one value, not a list; write %s", buf_str(&want));
		buf_fini(&want);
		return rc;
	}
	struct option_list list = { NULL, n };
	list.items = arena_alloc(t->arena, (n ? n : 1) * sizeof(*list.items));
	if (!list.items)
		return fail_memory(t);
	for (size_t i = 0; i < n; i++) {
		int rc = copy_text(t, items[i], &list.items[i]);
		if (rc < 0)
			return rc;
	}
	*(struct option_list *)option_field(t->row, t->values) = list;
	return 0;
}

/* Comma-separated items, blanks around them ignored; empty items (a trailing comma) are dropped. */
static int assign_list_text(const struct option_target *t, struct view text)
{
	size_t n = 0, most = 1;
	for (size_t i = 0; i < text.len; i++)
		most += text.data[i] == ',';
	struct view *items = arena_alloc(t->arena, most * sizeof(*items));
	if (!items)
		return fail_memory(t);
	for (size_t start = 0, i = 0; i <= text.len; i++) {
		if (i < text.len && text.data[i] != ',')
			continue;
		if (i > start) {
			struct view item = view_trim((struct view){ text.data + start, i - start });
			if (item.len)
				items[n++] = item;
		}
		start = i + 1;
	}
	return option_assign_list(t, items, n);
}

int option_assign(const struct option_target *t, struct view text)
{
	struct view trimmed = view_trim(text);
	switch (t->row->type) {
	case OPT_T_BOOL: {
		int rc = parse_bool(trimmed, option_field(t->row, t->values));
		return rc < 0 ? fail_described(t, rc, trimmed) : 0;
	}
	case OPT_T_NUM:
		return assign_number(t, trimmed);
	case OPT_T_ENUM:
		return assign_enum(t, trimmed);
	case OPT_T_STRING:
	case OPT_T_PATH:
		return assign_string(t, text);
	case OPT_T_LIST:
		return assign_list_text(t, trimmed);
	case OPT_T_INT:
	case OPT_T_DURATION:
	case OPT_T_SIZE:
	case OPT_T_MODE:
		break;
	}
	return assign_integer(t, trimmed);
}
