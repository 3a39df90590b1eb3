#include "alert/silence.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "read.h"
#include "series/key.h"

#include <errno.h>

#define UNTIL_HINT "write RFC 3339, Unix seconds or a duration such as 2h"

static int read_time(const struct reading *r, const struct yaml_node *node, const char *key, wall_ns now,
		     wall_ms *out)
{
	struct view v = view_trim(node->text);
	wall_ns at = 0;
	int64_t ns;
	if (node->type != YAML_SCALAR)
		return read_fail(r, node, ERR_TYPE, "%s: " UNTIL_HINT, key);
	if (v.len > 1 && duration_parse(v, true, &ns) == 0)
		at = sat_add_i64(now, ns);
	else if (time_parse_any(v, now, &at) < 0)
		return read_fail(r, node, ERR_SYNTAX, "%s: \"%.*s\" is no time; " UNTIL_HINT, key,
				 v.len > 60 ? 60 : (int)v.len, v.data);
	*out = at / NS_PER_MS;
	return 0;
}

int alert_word_read(const struct yaml_node *map, wall_ns now, const char *const *more, struct arena *arena,
		    struct alert_word *out, struct err *err)
{
	struct reading r = { NULL, arena, err };
	const char *known[12] = { "who", "why", "until" };
	size_t n = 3;
	*out = (struct alert_word){ .why = VIEW("") };
	for (; more && *more && n < 12; more++)
		known[n++] = *more;
	int rc = read_known(&r, map, known, n);
	const struct yaml_node *who = yaml_get(map, "who"), *why = yaml_get(map, "why"),
			       *until = yaml_get(map, "until");
	if (rc == 0 && (!who || yaml_is_null(who)))
		rc = read_fail(&r, map, ERR_MISSING,
			       "who: missing; say who it is, such as {\"who\":\"ada\",\"why\":\"disk "
			       "ordered\",\"until\":\"2h\"}");
	if (rc == 0)
		rc = read_text(&r, who, "who", ALERT_WHO_MAX, &out->who);
	if (rc == 0 && why && !yaml_is_null(why) && view_trim(why->text).len)
		rc = read_text(&r, why, "why", ALERT_WHY_MAX, &out->why);
	if (rc < 0 || !until || yaml_is_null(until) ||
	    (until->type == YAML_SCALAR && view_trim(until->text).len == 0))
		return rc;
	rc = read_time(&r, until, "until", now, &out->until);
	if (rc == 0 && out->until <= now / NS_PER_MS)
		rc = read_fail(&r, until, ERR_RANGE, "until: lies in the past; " UNTIL_HINT);
	return rc;
}

static int read_pattern(const struct reading *r, const struct yaml_node *map, const char *key, size_t max,
			struct view *out)
{
	const struct yaml_node *node = yaml_get(map, key);
	*out = VIEW("");
	return node && !yaml_is_null(node) ? read_text(r, node, key, max, out) : 0;
}

static int read_match(const struct reading *r, const struct yaml_node *map, struct alert_silence *out)
{
	static const char *const known[] = { "name", "series", "labels" };
	const struct yaml_node *match = yaml_get(map, "match");
	if (!match || match->type != YAML_MAP || match->n == 0)
		return read_fail(r, match ? match : map, ERR_MISSING,
				 "match: say what is silenced, such as {\"name\":\"disk*\"}, "
				 "{\"series\":\"host.*\"} or {\"labels\":{\"team\":\"storage\"}}");
	int rc = read_known(r, match, known, 3);
	if (rc == 0)
		rc = read_pattern(r, match, "name", ALERT_NAME_MAX, &out->name);
	if (rc == 0)
		rc = read_pattern(r, match, "series", SERIES_KEY_MAX, &out->series);
	return rc == 0 ? alert_labels_read(NULL, yaml_get(match, "labels"), r->arena, &out->labels, r->err)
		       : rc;
}

int alert_silence_read(const struct yaml_node *map, wall_ns now, struct arena *arena,
		       struct alert_silence *out, struct err *err)
{
	static const char *const more[] = { "match", "from", NULL };
	struct reading r = { NULL, arena, err };
	struct alert_word word;
	const struct yaml_node *from = yaml_get(map, "from");
	*out = (struct alert_silence){ .from = now / NS_PER_MS };
	int rc = alert_word_read(map, now, more, arena, &word, err);
	if (rc == 0)
		rc = read_match(&r, map, out);
	if (rc == 0 && from && !yaml_is_null(from))
		rc = read_time(&r, from, "from", now, &out->from);
	if (rc == 0 && word.until == 0)
		rc = read_fail(&r, map, ERR_MISSING, "until: missing; " UNTIL_HINT);
	if (rc == 0 && word.until <= out->from)
		rc = read_fail(&r, map, ERR_RANGE, "until: must come after from");
	out->who = word.who;
	out->why = word.why;
	out->until = word.until;
	return rc;
}

void alert_time_write(struct jw *w, const char *key, wall_ms t)
{
	char text[TIMEFMT_MAX];
	if (t == 0) {
		jw_null(w, key);
		return;
	}
	time_format_rfc3339(t * NS_PER_MS, 0, text);
	jw_cstr(w, key, text);
}

void alert_silence_write(struct jw *w, const struct alert_silence *s)
{
	jw_obj(w, "match");
	if (s->name.len)
		jw_str(w, "name", s->name);
	if (s->series.len)
		jw_str(w, "series", s->series);
	if (s->labels.n)
		alert_labels_write(w, "labels", &s->labels);
	jw_end(w);
	alert_time_write(w, "from", s->from);
	alert_time_write(w, "until", s->until);
	jw_str(w, "who", s->who);
	jw_str(w, "why", s->why);
}

static int keep(struct view *v, struct arena *arena)
{
	char *copy = arena_strndup(arena, v->data ? v->data : "", v->len);
	*v = (struct view){ copy, v->len };
	return copy ? 0 : -ENOMEM;
}

int alert_silence_copy(struct alert_silence *to, const struct alert_silence *from, struct arena *arena)
{
	*to = *from;
	int rc = keep(&to->name, arena) || keep(&to->series, arena) || keep(&to->who, arena) ||
		 keep(&to->why, arena);
	for (size_t i = 0; !rc && i < to->labels.n; i++)
		rc = keep(&to->labels.items[i].name, arena) || keep(&to->labels.items[i].value, arena);
	return rc ? -ENOMEM : 0;
}

static bool has_label(const struct alert_label *wanted, const struct alert_rule *rule, struct view series)
{
	struct series_key key;
	for (size_t i = 0; i < rule->labels.n; i++)
		if (view_eq(rule->labels.items[i].name, wanted->name))
			return series_key_match(wanted->value, rule->labels.items[i].value);
	if (series_key_parse(series, &key, NULL) < 0)
		return false;
	struct view value = series_key_label(&key, wanted->name);
	return value.data && series_key_match(wanted->value, value);
}

bool alert_silence_match(const struct alert_silence *s, const struct alert_rule *rule, struct view series)
{
	bool match = (s->name.len == 0 || series_key_match(s->name, rule->name)) &&
		     (s->series.len == 0 || series_key_match(s->series, series));
	for (size_t i = 0; match && i < s->labels.n; i++)
		match = has_label(&s->labels.items[i], rule, series);
	return match;
}
