#include "os/diskstats.h"

#include "os/scan.h"

#define LEAST_NUMBERS 11 /* no kernel gave fewer for a whole device since 2.6 */

bool disk_next(struct view *text, struct disk *out)
{
	struct view line;
	while (scan_line(text, &line)) {
		memset(out, 0, sizeof(*out));
		if (scan_u64(&line, &out->major) && scan_u64(&line, &out->minor) &&
		    scan_word(&line, &out->name) &&
		    scan_numbers(&line, out->counter, DISK_COUNTERS) >= LEAST_NUMBERS)
			return true;
	}
	return false;
}
