/* From a tree (configuration file or request) to a rule. */
#include "alert/rule.h"

#include "base/num.h"
#include "read.h"
#include "series/key.h"

#include <errno.h>

#define EVENT_CLEAR_DEFAULT_US (15 * 60 * US_PER_S)

static const char *const keys[] = { "name",  "series", "event",    "subject", "min_severity",
				    "above", "below",  "absent",   "rate",    "window",
				    "for",   "clear",  "severity", "labels" };
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static struct yaml_node *given(const struct yaml_node *map, const char *key)
{
	struct yaml_node *node = yaml_get(map, key);
	return node && !yaml_is_null(node) ? node : NULL;
}

static int read_severity(const struct reading *r, const struct yaml_node *map, const char *key,
			 enum event_severity *out)
{
	const struct yaml_node *node = given(map, key);
	int found = node && node->type == YAML_SCALAR ? event_severity_find(node->text) : -1;
	if (node && found < 0)
		return read_fail(r, node, ERR_UNKNOWN, "%s: write info, warning or critical", key);
	if (node)
		*out = (enum event_severity)found;
	return 0;
}

/* An exact key becomes canonical; a pattern that is no key by itself stays as it is. */
static int read_series(const struct reading *r, const struct yaml_node *node, struct alert_rule *out)
{
	struct err why = { 0 };
	struct buf canonical;
	int rc = read_text(r, node, "series", SERIES_KEY_MAX, &out->series);
	if (rc < 0)
		return rc;
	buf_init(&canonical);
	rc = series_key_canonical(out->series, &canonical, &why);
	if (rc == 0) {
		char *copy = arena_strndup(r->arena, canonical.data, canonical.len);
		out->series = (struct view){ copy, canonical.len };
		rc = copy ? 0 : read_fail(r, node, -ENOMEM, "out of memory");
	} else if (alert_pattern_is_exact(out->series)) {
		rc = read_fail(r, node, rc,
			       "series: %s; write name{label=value}, with * and ? for any characters",
			       why.text);
	} else {
		rc = 0;
	}
	buf_fini(&canonical);
	return rc;
}

static int read_rate(const struct reading *r, const struct yaml_node *node, struct alert_rule *out)
{
	static const char *const sides[] = { "above", "below" };
	out->condition = ALERT_RATE_ABOVE;
	if (node->type != YAML_MAP)
		return read_number(r, node, "rate", &out->limit);
	int rc = read_known(r, node, sides, 2);
	if (rc == 0 && node->n != 1)
		rc = read_fail(r, node, ERR_MISSING,
			       "rate: write a number, {\"above\":number} or {\"below\":number}");
	if (rc < 0)
		return rc;
	if (yaml_get(node, "below"))
		out->condition = ALERT_RATE_BELOW;
	return read_number(r, node->child, "rate", &out->limit);
}

static int read_condition(const struct reading *r, const struct yaml_node *map, struct alert_rule *out)
{
	static const char *const names[] = { "above", "below", "absent", "rate" };
	const struct yaml_node *node = NULL;
	size_t n = 0, which = 0;
	for (size_t i = 0; i < 4; i++) {
		const struct yaml_node *at = given(map, names[i]);
		if (at) {
			node = at;
			which = i;
			n++;
		}
	}
	if (n != 1)
		return read_fail(r, n ? node : map, n ? ERR_DUPLICATE : ERR_MISSING,
				 "%s: a series rule has exactly one of above, below, absent and rate",
				 n ? names[which] : "above");
	if (which == 3)
		return read_rate(r, node, out);
	out->condition = which == 0 ? ALERT_ABOVE : which == 1 ? ALERT_BELOW : ALERT_ABSENT;
	return which == 2 ? read_duration(r, node, "absent", US_PER_S, &out->window_us)
			  : read_number(r, node, names[which], &out->limit);
}

static bool wrong_side(const struct alert_rule *r)
{
	bool above = r->condition == ALERT_ABOVE || r->condition == ALERT_RATE_ABOVE;
	return above ? r->clear_at > r->limit : r->clear_at < r->limit;
}

static int read_clear_at(const struct reading *r, const struct yaml_node *node, struct alert_rule *out)
{
	int rc = read_number(r, node, "clear", &out->clear_at);
	if (rc == 0 && wrong_side(out))
		rc = read_fail(r, node, ERR_RANGE, "clear: the value must lie on the good side of the limit");
	return rc;
}

static int read_clear(const struct reading *r, const struct yaml_node *map, struct alert_rule *out)
{
	static const char *const parts[] = { "at", "for" };
	const struct yaml_node *node = given(map, "clear");
	bool values = out->condition < ALERT_ABSENT;
	double number;
	out->clear_at = out->limit;
	if (!node)
		return 0;
	if (node->type == YAML_SCALAR && values && num_parse_double(view_trim(node->text), &number) == 0)
		return read_clear_at(r, node, out);
	if (node->type != YAML_MAP)
		return read_duration(r, node, "clear", 0, &out->clear_us);
	int rc = read_known(r, node, parts, 2);
	const struct yaml_node *at = yaml_get(node, "at"), *stay = yaml_get(node, "for");
	if (rc == 0 && at && !values)
		rc = read_fail(r, at, ERR_UNSUPPORTED,
			       "clear: there is no value to get back to here; write a duration such as 5m");
	if (rc == 0 && at)
		rc = read_clear_at(r, at, out);
	if (rc == 0 && stay)
		rc = read_duration(r, stay, "clear", 0, &out->clear_us);
	return rc;
}

int alert_labels_read(const char *file, const struct yaml_node *node, struct arena *arena,
		      struct alert_labels *out, struct err *err)
{
	struct reading r = { file, arena, err };
	out->n = 0;
	if (!node || yaml_is_null(node))
		return 0;
	if (node->type != YAML_MAP)
		return read_fail(&r, node, ERR_TYPE,
				 "labels: write an object of texts, such as {\"team\":\"storage\"}");
	if (node->n > ALERT_LABELS_MAX)
		return read_fail(&r, node, ERR_FULL, "labels: at most %d", ALERT_LABELS_MAX);
	for (const struct yaml_node *at = node->child; at; at = at->next) {
		struct alert_label *label = &out->items[out->n++];
		char *name = arena_strndup(arena, at->key.data, at->key.len);
		if (!name)
			return read_fail(&r, at, -ENOMEM, "out of memory");
		if (at->key.len == 0 || at->key.len > 64)
			return read_fail(&r, at, ERR_RANGE, "labels: a name has 1 to 64 characters");
		label->name = (struct view){ name, at->key.len };
		int rc = read_text(&r, at, "labels", 200, &label->value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int forbid(const struct reading *r, const struct yaml_node *map, const char *const *names,
		  const char *why)
{
	for (; *names; names++)
		if (given(map, *names))
			return read_fail(r, given(map, *names), ERR_UNSUPPORTED, "%s: %s", *names, why);
	return 0;
}

static int read_event_rule(const struct reading *r, const struct yaml_node *map, struct alert_rule *out)
{
	static const char *const foreign[] = { "series", "above",  "below", "absent",
					       "rate",   "window", "for",   NULL };
	const struct yaml_node *kind = given(map, "event"), *subject = given(map, "subject");
	int found = kind->type == YAML_SCALAR ? event_kind_find(kind->text) : -1;
	int rc = forbid(r, map, foreign,
			"is not for event rules, which take event, subject, min_severity and clear");
	if (rc == 0 && found < 0)
		rc = read_fail(r, kind, ERR_UNKNOWN,
			       "event: unknown kind; write one of start, stop, config, data_loss, store, "
			       "run_failed, "
			       "threshold, change_point, anomaly, tier_escalation, alert, cascade, drift, "
			       "training, note");
	if (rc == 0 && subject)
		rc = read_text(r, subject, "subject", SERIES_KEY_MAX, &out->series);
	if (rc < 0)
		return rc;
	out->event = (enum event_kind)found;
	out->condition = ALERT_EVENT;
	out->clear_us = EVENT_CLEAR_DEFAULT_US;
	return read_severity(r, map, "min_severity", &out->event_severity);
}

static int read_series_rule(const struct reading *r, const struct yaml_node *map, struct alert_rule *out)
{
	static const char *const foreign[] = { "subject", "min_severity", NULL };
	const struct yaml_node *series = given(map, "series"), *hold = given(map, "for"),
			       *window = given(map, "window");
	int rc = forbid(r, map, foreign,
			"is for event rules only; give the rule an event instead of a series");
	if (rc == 0 && !series)
		rc = read_fail(
			r, map, ERR_MISSING,
			"series: missing; name a series (* and ? stand for any characters), or an event");
	if (rc == 0)
		rc = read_series(r, series, out);
	if (rc == 0)
		rc = read_condition(r, map, out);
	if (rc == 0 && hold)
		rc = read_duration(r, hold, "for", 0, &out->for_us);
	if (rc == 0 && window && out->condition != ALERT_RATE_ABOVE && out->condition != ALERT_RATE_BELOW)
		rc = read_fail(r, window, ERR_UNSUPPORTED, "window: is for rate only");
	if (rc == 0 && window)
		rc = read_duration(r, window, "window", 0, &out->window_us);
	return rc;
}

int alert_rule_read(const char *file, const struct yaml_node *map, struct arena *arena,
		    struct alert_rule *out, struct err *err)
{
	struct reading r = { file, arena, err };
	*out = (struct alert_rule){ .severity = SEVERITY_WARNING, .from_file = file != NULL };
	if (map->type != YAML_MAP)
		return read_fail(&r, map, ERR_TYPE, "a rule has keys of its own: name, series, above, …");
	int rc = read_known(&r, map, keys, N_KEYS);
	const struct yaml_node *name = given(map, "name");
	if (rc == 0 && !name)
		rc = read_fail(&r, map, ERR_MISSING, "name: missing; give the rule a name of its own");
	if (rc == 0)
		rc = read_text(&r, name, "name", ALERT_NAME_MAX, &out->name);
	if (rc == 0)
		rc = given(map, "event") ? read_event_rule(&r, map, out) : read_series_rule(&r, map, out);
	if (rc == 0)
		rc = read_clear(&r, map, out);
	if (rc == 0)
		rc = read_severity(&r, map, "severity", &out->severity);
	if (rc == 0)
		rc = alert_labels_read(file, given(map, "labels"), arena, &out->labels, err);
	return rc;
}

int alert_rules_read(const char *file, const struct yaml_node *list, struct arena *arena,
		     struct alert_rules *out, struct err *err)
{
	struct reading r = { file, arena, err };
	*out = (struct alert_rules){ NULL, 0 };
	if (!list || yaml_is_null(list))
		return 0;
	if (list->type != YAML_LIST)
		return read_fail(&r, list, ERR_TYPE,
				 "alerts: write a list of rules, each beginning with \"- name: …\"");
	if (list->n > ALERT_RULES_MAX)
		return read_fail(&r, list, ERR_FULL, "alerts: at most %d rules", ALERT_RULES_MAX);
	out->items = arena_alloc(arena, (list->n + 1) * sizeof(*out->items));
	if (!out->items)
		return read_fail(&r, list, -ENOMEM, "out of memory");
	for (const struct yaml_node *at = list->child; at; at = at->next) {
		struct alert_rule *rule = &out->items[out->n];
		int rc = alert_rule_read(file, at, arena, rule, err);
		for (size_t i = 0; rc == 0 && i < out->n; i++)
			if (view_eq(out->items[i].name, rule->name))
				rc = read_fail(&r, at, ERR_DUPLICATE,
					       "name: \"%.*s\" is the name of an earlier rule, too",
					       (int)rule->name.len, rule->name.data);
		if (rc < 0)
			return rc;
		out->n++;
	}
	return 0;
}
