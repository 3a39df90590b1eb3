/* Numbers as text, both ways, and arithmetic that saturates. Locale-independent. Thread: any. */
#ifndef AUSPEX_BASE_NUM_H
#define AUSPEX_BASE_NUM_H

#include "base/buf.h"

#include <stdint.h>

/* Whole view must be the number. 0, ERR_SYNTAX or ERR_RANGE. Decimal, sign allowed. */
int num_parse_i64(struct view text, int64_t *out);
/* As Go's flag package: also 0x, 0o, 0b, leading-0 octal and `_` between digits. */
int num_parse_i64_go(struct view text, int64_t *out);
/* Finite decimal or exponent form; no hex, inf or nan. Overflow clamps to ±DBL_MAX and is not an error. */
int num_parse_double(struct view text, double *out);

/* Shortest text that reads back to the same double, in the form Go's JSON encoder uses:
 * plain digits, exponent only below 1e-6 or from 1e21 ("1e-7", "1e+21"). Non-finite gives "null".
 * `out` needs NUM_DOUBLE_MAX bytes; returns the length (no NUL counted, NUL written). */
#define NUM_DOUBLE_MAX 40
size_t num_format_double(double v, char *out);
/* Decimal digits; returns the length, no NUL. `out` needs 21 bytes. */
size_t num_format_i64(int64_t v, char *out);

/* "10MB", "512 KiB", "1g", bare bytes. Units k m g t p e, case-insensitive, alone or with "b" decimal (1000),
 * with "i" or "ib" binary (1024); fractions allowed, a sign is not. 0, ERR_SYNTAX or ERR_RANGE. */
int num_parse_size(struct view text, int64_t *bytes);

static inline int64_t sat_add_i64(int64_t a, int64_t b)
{
	int64_t r;
	if (!__builtin_add_overflow(a, b, &r))
		return r;
	return a < 0 ? INT64_MIN : INT64_MAX;
}
/* Seconds to nanoseconds, truncated toward zero, saturating; NaN gives 0. */
int64_t sat_seconds_to_ns(double seconds);

#endif
