/* The registry interns series keys once and keeps what is known of each series.
 *
 * It has a cap: past it new series are refused and counted, and `registry_overflow` says so for health and
 * metrics; existing ones go on. Loop only.
 */
#ifndef AUSPEX_SERIES_REGISTRY_H
#define AUSPEX_SERIES_REGISTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "series/sample.h"

enum series_type { SERIES_GAUGE, SERIES_COUNTER };

struct series_meta {
	enum series_type type;
	int decimals;     /* declared resolution: values are kept to 10^-decimals, 0..15; else -1 = unknown, full doubles */
	const char *unit; /* "bytes", "percent", "seconds", ""; static or registry-owned after intern */
	const char *help; /* one sentence, may be "" */
};

struct series {
	series_id id;
	struct view key; /* canonical, owned by the registry */
	struct series_meta meta;
	wall_ms last_t; /* 0 = never */
	double last_v;
};

struct registry;
struct registry *registry_new(uint32_t cap);
void registry_free(struct registry *r);
/* Finds or adds. `meta` NULL = gauge, decimals -1; a known series keeps the meta it has. `*id` set on 0.
 * ERR_FULL past the cap (counted), ERR_SYNTAX or ERR_RANGE for a bad key, -ENOMEM. Canonical keys are found without
 * parsing or allocating. */
int registry_intern(struct registry *r, struct view key, const struct series_meta *meta, series_id *id, struct err *err);
/* SERIES_NONE if unknown. The key is canonicalised first. */
series_id registry_find(const struct registry *r, struct view key);
/* NULL if out of range. The pointer is valid until the next registry_intern; the key, unit and help it shows are
 * valid as long as the registry. */
const struct series *registry_get(const struct registry *r, series_id id);
uint32_t registry_count(const struct registry *r);
uint32_t registry_cap(const struct registry *r);
uint64_t registry_overflow(const struct registry *r); /* refused so far */
/* Remembers the newest value of each series of the tick (called by the hub's first subscriber). Absent values and
 * late single samples (group 0) change nothing. */
void registry_note(struct registry *r, const struct tick *tick);

#endif
