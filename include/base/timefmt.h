/* Times and durations as text. Pure. Thread: any (local forms use localtime_r). */
#ifndef AUSPEX_BASE_TIMEFMT_H
#define AUSPEX_BASE_TIMEFMT_H

#include "base/buf.h"
#include "base/clock.h"

#define TIMEFMT_MAX 48

/* RFC 3339 as Go's RFC3339Nano: up to 9 fraction digits, trailing zeros (and a bare dot) cut,
 * "Z" for offset 0, else "+02:00". `offset_s` is the zone to show, in seconds east of UTC.
 * Returns the length; `out` needs TIMEFMT_MAX bytes and is NUL-terminated. Years outside
 * 0000..9999 are clamped to the nearest representable time. */
size_t time_format_rfc3339(wall_ns t, int offset_s, char *out);
/* Strict RFC 3339 with optional fraction (any length, rest beyond ns cut), `T`/`t`, `Z`/`z` or
 * offset. Leap second 60 reads as the next second. `*offset_s` may be NULL. 0, ERR_SYNTAX or ERR_RANGE. */
int time_parse_rfc3339(struct view text, wall_ns *out, int *offset_s);
/* Lenient reading for query parameters of the native API: RFC 3339, "YYYY-MM-DD[ T]HH:MM:SS[.f]"
 * (local time when no zone), Unix seconds (fraction allowed), Unix milliseconds (>= 1e11), or
 * relative "-15m" / "now". */
int time_parse_any(struct view text, wall_ns now, wall_ns *out);
/* "YYYY-MM-DD" in local time. */
size_t time_format_local_date(wall_ns t, char *out);

/* Go's time.ParseDuration: "24h", "1h30m", "1.5h", "300ms", units ns us µs μs ms s m h, sign, bare "0".
 * Also, for our own configuration, "7d" and "2w" when `days` is true. 0, ERR_SYNTAX or ERR_RANGE. */
int duration_parse(struct view text, bool days, int64_t *ns);
/* Go's Duration.String(): "24h0m0s", "1m30s", "500ms", "1.5s", "0s". Returns the length. */
size_t duration_format(int64_t ns, char *out);
/* The same as people write it: "24h", "5m", "1m30s", whole days from two on as "7d". Reads back with `days`. Returns the length. */
size_t duration_format_short(int64_t ns, char *out);

#endif
