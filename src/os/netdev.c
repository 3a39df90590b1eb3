#include "os/netdev.h"

#include "os/scan.h"

bool netdev_next(struct view *text, struct netdev *out)
{
	struct view line;
	while (scan_line(text, &line)) {
		/* Names may hold colons (aliases): the last one before the numbers counts. */
		const char *colon = line.len ? memrchr(line.data, ':', line.len) : NULL;
		if (!colon)
			continue;
		size_t n = (size_t)(colon - line.data);
		out->name = view_trim((struct view){ line.data, n });
		line.data += n + 1;
		line.len -= n + 1;
		if (out->name.len && scan_numbers(&line, out->counter, NETDEV_COUNTERS) == NETDEV_COUNTERS)
			return true;
	}
	return false;
}
