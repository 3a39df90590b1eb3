/* Lines find their metric by their spelling, name and tags as they were sent; a spelling met for the first time goes through the
 * canonical key, so that the order of tags does not matter. */
#include "intake/statsd.h"

#include "base/arena.h"
#include "base/map.h"
#include "series/key.h"
#include "statsd_metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BUDGET_DEFAULT (4u << 20)
#define SPELLING_MAX   1024
#define SPELLINGS_MAX  65536u /* remembered; further ones are looked up the long way */
#define METRICS_FIRST  32u

struct statsd {
	struct registry *registry;
	struct statsd_metric *metrics;
	uint32_t n, room;
	series_id *ids; /* of all metrics, in order */
	double *values; /* as many */
	uint32_t n_ids, ids_room;
	struct map spellings, keys; /* → index of the metric */
	struct arena texts;         /* what both maps' keys point to */
	struct buf key;             /* scratch */
	struct statsd_budget budget;
	struct statsd_stats stats;
};

int statsd_new(struct statsd **out, struct registry *registry, size_t max_bytes)
{
	struct statsd *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->registry = registry;
	s->budget = (struct statsd_budget){ .max = max_bytes ? max_bytes : BUDGET_DEFAULT,
					    .random = 88172645463325252u };
	map_init(&s->spellings);
	map_init(&s->keys);
	arena_init(&s->texts, 4096);
	buf_init(&s->key);
	*out = s;
	return 0;
}

void statsd_free(struct statsd *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		statsd_metric_fini(&s->metrics[i]);
	map_fini(&s->spellings);
	map_fini(&s->keys);
	arena_fini(&s->texts);
	buf_fini(&s->key);
	free(s->metrics);
	free(s->ids);
	free(s->values);
	free(s);
}

void statsd_note_bad(struct statsd *s, struct view line, const char *why)
{
	size_t n = line.len < sizeof(s->stats.last_bad) - 1 ? line.len : sizeof(s->stats.last_bad) - 1;
	for (size_t i = 0; i < n; i++) {
		char c = line.data[i];
		s->stats.last_bad[i] = c >= 0x20 && c < 0x7f ? c : '?';
	}
	s->stats.last_bad[n] = '\0';
	s->stats.last_why = why;
	s->stats.lines++;
	s->stats.bad++;
}

/* --- metrics -------------------------------------------------------------------------------------------------------- */

static int make_room(struct statsd *s, uint32_t series)
{
	if (s->n == s->room) {
		uint32_t room = s->room ? s->room * 2 : METRICS_FIRST;
		struct statsd_metric *grown = realloc(s->metrics, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->metrics = grown;
		s->room = room;
	}
	if (s->n_ids + series > s->ids_room) {
		uint32_t room = s->ids_room ? s->ids_room * 2 : METRICS_FIRST;
		series_id *ids = realloc(s->ids, room * sizeof(*ids));
		if (ids)
			s->ids = ids;
		double *values = realloc(s->values, room * sizeof(*values));
		if (values)
			s->values = values;
		if (!ids || !values)
			return -ENOMEM;
		s->ids_room = room;
	}
	return 0;
}

static int intern(struct statsd *s, const struct statsd_line *line, const char *suffix,
		  const struct series_meta *meta, series_id *id)
{
	buf_clear(&s->key);
	statsd_series_key(line, suffix, &s->key);
	return s->key.failed ? -ENOMEM
			     : registry_intern(s->registry, (struct view){ s->key.data, s->key.len }, meta,
					       id, NULL);
}

static int intern_all(struct statsd *s, const struct statsd_line *line, series_id *ids)
{
	static const struct series_meta counter = { SERIES_COUNTER, -1, "", "Counter of a StatsD client." };
	static const struct series_meta gauge = { SERIES_GAUGE, -1, "", "Gauge of a StatsD client." };
	static const struct series_meta set = { SERIES_GAUGE, 0, "",
						"Different members in the interval, of a StatsD client." };
	static const struct series_meta timing = { SERIES_GAUGE, -1, "",
						   "Of the interval, of a StatsD client." };
	static const char *const suffixes[STATSD_SERIES_MAX] = { ".count", ".mean", ".p95", ".max" };
	if (line->type != STATSD_TIMING)
		return intern(s, line, "",
			      line->type == STATSD_COUNTER ? &counter
			      : line->type == STATSD_SET   ? &set
							   : &gauge,
			      ids);
	int rc = 0;
	for (int i = 0; rc == 0 && i < STATSD_SERIES_MAX; i++)
		rc = intern(s, line, suffixes[i], &timing, &ids[i]);
	return rc;
}

/* `key` is canonical and new. */
static int add_metric(struct statsd *s, const struct statsd_line *line, struct view key, uint32_t *index)
{
	uint32_t n = statsd_metric_series(line->type);
	series_id ids[STATSD_SERIES_MAX];
	char *copy = NULL;
	int rc = make_room(s, STATSD_SERIES_MAX);
	if (rc == 0)
		rc = intern_all(s, line, ids);
	if (rc == 0 && !(copy = arena_strndup(&s->texts, key.data, key.len)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = map_put(&s->keys, (struct view){ copy, key.len }, s->n);
	if (rc < 0)
		return rc;
	s->metrics[s->n] = (struct statsd_metric){ .type = line->type, .first = s->n_ids };
	memcpy(s->ids + s->n_ids, ids, n * sizeof(*ids));
	s->n_ids += n;
	*index = s->n++;
	return 0;
}

/* By its canonical key. ERR_TYPE when the name has another type already. */
static int find_by_key(struct statsd *s, const struct statsd_line *line, uint32_t *index)
{
	struct buf canonical;
	uint64_t found;
	buf_init(&canonical);
	buf_clear(&s->key);
	statsd_series_key(line, "", &s->key);
	int rc = s->key.failed
			 ? -ENOMEM
			 : series_key_canonical((struct view){ s->key.data, s->key.len }, &canonical, NULL);
	struct view key = { canonical.data, canonical.len };
	if (rc == 0 && map_get(&s->keys, key, &found)) {
		*index = (uint32_t)found;
		rc = s->metrics[found].type == line->type ? 0 : ERR_TYPE;
	} else if (rc == 0) {
		rc = add_metric(s, line, key, index);
	}
	buf_fini(&canonical);
	return rc;
}

/* The spelling: type, name, tags. 0 when it is too long to be one. */
static size_t spell(const struct statsd_line *line, char *out)
{
	size_t len = line->name.len + line->tags.len + 2;
	if (len > SPELLING_MAX)
		return 0;
	out[0] = (char)('0' + line->type);
	memcpy(out + 1, line->name.data, line->name.len);
	out[1 + line->name.len] = '#';
	if (line->tags.len)
		memcpy(out + 2 + line->name.len, line->tags.data, line->tags.len);
	return len;
}

static int find(struct statsd *s, const struct statsd_line *line, uint32_t *index)
{
	char spelling[SPELLING_MAX];
	size_t len = spell(line, spelling);
	uint64_t found;
	if (!len)
		return ERR_RANGE;
	if (map_get(&s->spellings, (struct view){ spelling, len }, &found)) {
		*index = (uint32_t)found;
		return 0;
	}
	int rc = find_by_key(s, line, index);
	if (rc == 0 && s->spellings.count < SPELLINGS_MAX) {
		char *copy = arena_strndup(&s->texts, spelling, len);
		if (copy)
			map_put(&s->spellings, (struct view){ copy, len },
				*index); /* without memory, the long way next time too */
	}
	return rc;
}

/* --- lines ---------------------------------------------------------------------------------------------------------- */

static void take_line(struct statsd *s, struct view text)
{
	struct statsd_line line;
	const char *why = NULL;
	uint32_t index;
	if (text.len && text.data[text.len - 1] == '\r')
		text.len--;
	if (!text.len)
		return;
	if (statsd_parse(text, &line, &why) < 0) {
		statsd_note_bad(s, text, why);
		return;
	}
	int rc = find(s, &line, &index);
	if (rc == ERR_SYNTAX || rc == ERR_RANGE) {
		statsd_note_bad(s, text,
				"its name and tags make no series: at most 512 bytes, 16 tags, no tag twice");
		return;
	}
	s->stats.lines++;
	if (rc < 0)
		s->stats.refused++;
	else
		statsd_metric_take(&s->metrics[index], &line, &s->budget);
}

void statsd_feed(struct statsd *s, const char *data, size_t len)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;
		take_line(s, (struct view){ data, n });
		n += newline != NULL;
		data += n;
		len -= n;
	}
}

void statsd_flush(struct statsd *s, wall_ms t, series_group group,
		  void (*emit)(void *arg, const struct tick *tick), void *arg)
{
	for (uint32_t i = 0; i < s->n; i++)
		statsd_metric_end(&s->metrics[i], s->values + s->metrics[i].first);
	for (uint32_t at = 0; at < s->n_ids; at += STATSD_PORTION, group++) {
		uint32_t n = s->n_ids - at < STATSD_PORTION ? s->n_ids - at : STATSD_PORTION, present = 0;
		for (uint32_t i = 0; i < n; i++)
			present += !isnan(s->values[at + i]);
		struct tick tick = { group, t, n, s->ids + at, s->values + at };
		if (present)
			emit(arg, &tick);
	}
}

void statsd_get_stats(const struct statsd *s, struct statsd_stats *out)
{
	*out = s->stats;
	out->metrics = s->n;
	out->saturated = s->budget.saturated;
}
