/* DynamoDB's typed values in JSON: {"cpu_percent":{"N":"12.5"},"hostname":{"S":"web-1"},"active":{"BOOL":true}}.
 *
 * Writers take the key of the attribute, inside an object of a writer; numbers are decimal text without exponent. Pure.
 */
#ifndef AUSPEX_SYSTEM_DYNAMO_VALUE_H
#define AUSPEX_SYSTEM_DYNAMO_VALUE_H

#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"

void dynamo_put_text(struct jw *w, const char *key, struct view v);
void dynamo_put_int(struct jw *w, const char *key, int64_t v);
/* What is not finite is written as 0: readers want a number. */
void dynamo_put_number(struct jw *w, const char *key, double v, int decimals);
void dynamo_put_bool(struct jw *w, const char *key, bool v);
/* Unix seconds with microseconds, as a number: exact where a double is not. */
void dynamo_put_seconds(struct jw *w, const char *key, wall_ns t);
/* "2026-11-22T20:10:10.958327", UTC without a zone. */
void dynamo_put_iso(struct jw *w, const char *key, wall_ns t);

/* The text of the attribute's value of that type ("S", "N"); `data` NULL when the item has none. */
struct view dynamo_get(const struct json_doc *d, json_ref item, const char *key, const char *type,
		       struct arena *arena);

#endif
