/* Silences: times in which matching alerts speak to nobody. A maintenance window is a silence that begins later.
 *
 *     {"match":{"name":"disk*","series":"host.disk*","labels":{"team":"storage"}},
 *      "from":"2026-11-22T20:00:00Z","until":"2h","who":"ada","why":"new disks"}
 *
 * A silence matches when all it names matches: patterns take * and ?; a label is looked for among the rule's labels, then
 * among those of the series. Pure. Thread: any.
 */
#ifndef AUSPEX_ALERT_SILENCE_H
#define AUSPEX_ALERT_SILENCE_H

#include "alert/rule.h"

#define ALERT_SILENCES_MAX 1000
#define ALERT_WHO_MAX 100
#define ALERT_WHY_MAX 500

struct alert_silence {
	int64_t id;
	struct view name, series; /* patterns; empty = any */
	struct alert_labels labels;
	wall_ms from, until; /* from <= t < until */
	struct view who, why;
};

/* Who, why and until when: the body of an acknowledgement, and part of a silence. */
struct alert_word {
	struct view who, why;
	wall_ms until; /* 0 = not given */
};

/* Reads {"who","why","until"}: who is required, until is RFC 3339, Unix seconds, or a duration from now. `more` names
 * further keys that may stand there (NULL-terminated, may be NULL). */
int alert_word_read(const struct yaml_node *map, wall_ns now, const char *const *more, struct arena *arena,
		    struct alert_word *out, struct err *err);
/* Reads a whole silence; `id` is left 0. The match must name something. */
int alert_silence_read(const struct yaml_node *map, wall_ns now, struct arena *arena, struct alert_silence *out,
		       struct err *err);
/* The members into an object that the caller opened; reads back to the same silence. */
void alert_silence_write(struct jw *w, const struct alert_silence *s);
int alert_silence_copy(struct alert_silence *to, const struct alert_silence *from, struct arena *arena);
bool alert_silence_match(const struct alert_silence *s, const struct alert_rule *rule, struct view series);
static inline bool alert_silence_active(const struct alert_silence *s, wall_ms now)
{
	return s->from <= now && now < s->until;
}
/* RFC 3339 into an object member; null for 0. */
void alert_time_write(struct jw *w, const char *key, wall_ms t);

#endif
