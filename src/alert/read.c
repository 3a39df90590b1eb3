#include "read.h"

#include "alert/rule.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int read_fail(const struct reading *r, const struct yaml_node *node, int code, const char *fmt, ...)
{
	char place[256] = "", text[500];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->file && node)
		yaml_place(r->file, node, place, sizeof(place));
	return err_set(r->err, code, place, "%s", text);
}

int read_known(const struct reading *r, const struct yaml_node *map, const char *const *known, size_t n)
{
	for (const struct yaml_node *node = map->child; node; node = node->next) {
		size_t i = 0;
		while (i < n && !view_eq(view_of(known[i]), node->key))
			i++;
		if (i < n)
			continue;
		const char *near = text_nearest(node->key, known, n);
		int shown = node->key.len > 60 ? 60 : (int)node->key.len;
		char list[200] = "";
		for (size_t k = 0, used = 0; !near && k < n && used + 30 < sizeof(list); k++)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", k ? ", " : "",
						 known[k]);
		return read_fail(r, node, ERR_UNKNOWN,
				 near ? "unknown key %.*s: did you mean %s?"
				      : "unknown key %.*s; known are %s",
				 shown, node->key.data, near ? near : list);
	}
	return 0;
}

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < 0x20 || v.data[i] == 0x7f)
			return true;
	return false;
}

int read_text(const struct reading *r, const struct yaml_node *node, const char *key, size_t max,
	      struct view *out)
{
	if (node->type != YAML_SCALAR || yaml_is_null(node))
		return read_fail(r, node, ERR_TYPE, "%s: a text is wanted", key);
	struct view v = view_trim(node->text);
	if (v.len == 0 || v.len > max || has_control(v))
		return read_fail(r, node, ERR_RANGE,
				 "%s: write 1 to %zu characters without control characters", key, max);
	char *copy = arena_strndup(r->arena, v.data, v.len);
	*out = (struct view){ copy, v.len };
	return copy ? 0 : read_fail(r, node, -ENOMEM, "out of memory");
}

int read_number(const struct reading *r, const struct yaml_node *node, const char *key, double *out)
{
	if (node->type != YAML_SCALAR || num_parse_double(view_trim(node->text), out) < 0)
		return read_fail(r, node, ERR_TYPE, "%s: write a number such as 95 or 0.5", key);
	return 0;
}

int read_duration(const struct reading *r, const struct yaml_node *node, const char *key, int64_t least_us,
		  int64_t *out)
{
	int64_t ns = 0;
	double seconds;
	struct view v = view_trim(node->text);
	bool good = node->type == YAML_SCALAR;
	if (good && num_parse_double(v, &seconds) == 0)
		ns = sat_seconds_to_ns(seconds);
	else
		good = good && duration_parse(v, true, &ns) == 0;
	if (!good)
		return read_fail(r, node, ERR_TYPE, "%s: write a duration such as 30s, 5m or 2h", key);
	if (ns / NS_PER_US < least_us || ns / NS_PER_US > ALERT_DURATION_MAX_US)
		return read_fail(r, node, ERR_RANGE, "%s: write a duration between %s and 366d", key,
				 least_us ? "1s" : "0s");
	*out = ns / NS_PER_US;
	return 0;
}
