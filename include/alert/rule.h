/* Alert rules: when a series or an event is worth a person's attention.
 *
 * A rule names one series, or many by a pattern with * and ?; each matching series is judged by itself. As JSON (the API)
 * and as YAML (the `alerts:` list of the configuration file) it has the same keys:
 *
 *     - name: disk full            # unique, shown to people
 *       series: host.disk.used{*}  # or event: run_failed, with an optional subject: "make *" and min_severity: warning
 *       above: 95                  # or below: 5, or absent: 2m, or rate: 10 (increase per second), rate: {below: 1}
 *       for: 5m                    # how long before it fires; default at once
 *       clear: 90                  # hysteresis: a value to get back to, a duration to stay there, or {at: 90, for: 2m}
 *       severity: critical         # info, warning (default), critical
 *       window: 1m                 # rate only: measured over this long; default from sample to sample
 *       labels: {team: storage}
 *
 * `rate` reads the series as a counter: a fall is a restart from zero, never a negative rate. `absent` of a pattern
 * knows only series that were seen; of one exact series it also fires when that never came. An event rule fires at
 * once and resolves `clear` (default 15 minutes) after the last matching event.
 *
 * Pure. Thread: any.
 */
#ifndef AUSPEX_ALERT_RULE_H
#define AUSPEX_ALERT_RULE_H

#include "conf/yaml.h"
#include "series/event.h"

#define ALERT_NAME_MAX 100
#define ALERT_LABELS_MAX 16
#define ALERT_RULES_MAX 10000
#define ALERT_DURATION_MAX_US (INT64_C(366) * 86400 * US_PER_S)

enum alert_condition { ALERT_ABOVE, ALERT_BELOW, ALERT_RATE_ABOVE, ALERT_RATE_BELOW, ALERT_ABSENT, ALERT_EVENT };

struct alert_label {
	struct view name, value;
};
struct alert_labels {
	struct alert_label items[ALERT_LABELS_MAX];
	size_t n;
};

/* Views belong to whoever made the rule: the arena it was read into, or the engine. */
struct alert_rule {
	struct view name;
	struct view series; /* canonical key or pattern; of an event rule: pattern of subjects, empty = any */
	enum alert_condition condition;
	double limit;      /* above, below, rate */
	double clear_at;   /* value to get back to; equals `limit` without hysteresis */
	int64_t window_us; /* absent: how long nothing came; rate: measured over at least so long, 0 = each sample */
	int64_t for_us, clear_us;
	enum event_severity severity;
	enum event_kind event; /* event rules */
	enum event_severity event_severity; /* at least this */
	struct alert_labels labels;
	bool from_file; /* of the configuration: only its author changes it */
	bool built_in;  /* from_file as well, but of the program: anybody may put another in its place */
};
struct alert_rules {
	struct alert_rule *items;
	size_t n;
};

/* Reads a rule from a map. Texts are copied into `arena`. `file` names the configuration file for places, NULL for a
 * request. 0 or a code with a sentence that begins with the key it is about. */
int alert_rule_read(const char *file, const struct yaml_node *map, struct arena *arena, struct alert_rule *out,
		    struct err *err);
/* Reads the `alerts:` list; `list` NULL or null gives none. Names given twice are an error. */
int alert_rules_read(const char *file, const struct yaml_node *list, struct arena *arena, struct alert_rules *out,
		     struct err *err);
/* A JSON object as the tree that the readers above take. */
int alert_tree_from_json(struct view text, struct arena *arena, struct yaml_node **root, struct err *err);
/* Reads a map of labels (node may be NULL). */
int alert_labels_read(const char *file, const struct yaml_node *node, struct arena *arena, struct alert_labels *out,
		      struct err *err);

/* The members of a rule into an object that the caller opened; reads back to the same rule. */
void alert_rule_write(struct jw *w, const struct alert_rule *rule);
void alert_labels_write(struct jw *w, const char *key, const struct alert_labels *labels);
/* "above 95 for 5m", "absent for 2m", "run_failed". */
void alert_rule_describe(const struct alert_rule *rule, struct buf *out);
/* Deep copy into the arena; -ENOMEM. */
int alert_rule_copy(struct alert_rule *to, const struct alert_rule *from, struct arena *arena);
bool alert_rule_same(const struct alert_rule *a, const struct alert_rule *b);
bool alert_pattern_is_exact(struct view pattern);

#endif
