/* Durations, times and numbers: what was read, written and read again is the same. */
#include "base/num.h"
#include "base/timefmt.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_duration(struct view text)
{
	int64_t ns, back;
	char out[TIMEFMT_MAX];
	if (duration_parse(text, true, &ns) < 0)
		return;
	size_t n = duration_format(ns, out);
	if (n >= sizeof(out) || duration_parse((struct view){ out, n }, false, &back) < 0 || back != ns)
		abort();
}

static void check_time(struct view text)
{
	wall_ns t, back;
	int offset;
	char out[TIMEFMT_MAX];
	if (time_parse_rfc3339(text, &t, &offset) < 0)
		return;
	size_t n = time_format_rfc3339(t, offset, out);
	/* At the very ends of the range the offset may lead out of it and back. */
	if (n >= sizeof(out) || time_parse_rfc3339((struct view){ out, n }, &back, NULL) < 0 || back != t)
		abort();
}

static void check_double(struct view text)
{
	double v, back;
	char out[NUM_DOUBLE_MAX];
	if (num_parse_double(text, &v) < 0)
		return;
	size_t n = num_format_double(v, out);
	if (n >= sizeof(out) || num_parse_double((struct view){ out, n }, &back) < 0 || back != v)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	struct view text = { copy, size };
	int64_t whole;
	check_duration(text);
	check_time(text);
	check_double(text);
	num_parse_i64_go(text, &whole);
	num_parse_size(text, &whole);
	time_parse_any(text, 0, &whole);
	free(copy);
	return 0;
}
