/* StatsD packets, whatever they hold: values stay finite, the counts add up, keys are series keys. */
#include "intake/statsd.h"

#include <math.h>
#include <stdlib.h>

static void check(void *arg, const struct tick *tick)
{
	struct registry *r = arg;
	for (uint32_t i = 0; i < tick->n; i++)
		if (isinf(tick->values[i]) || !registry_get(r, tick->series[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct registry *r = registry_new(64);
	struct statsd *s;
	struct statsd_stats stats;
	if (!r || statsd_new(&s, r, 4096) < 0)
		abort();
	char *copy = malloc(len + 1); /* so that a read past the end is seen */
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)data[i];
	statsd_feed(s, copy, len);
	statsd_flush(s, 1, 2, check, r);
	statsd_feed(s, copy, len);
	statsd_flush(s, 2, 2, check, r);
	statsd_get_stats(s, &stats);
	if (stats.bad + stats.refused > stats.lines || stats.metrics > 64)
		abort();
	free(copy);
	statsd_free(s);
	registry_free(r);
	return 0;
}
