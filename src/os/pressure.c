#include "os/pressure.h"

#include "base/err.h"
#include "os/scan.h"

static bool take_average(struct view *line, struct view name, double *out)
{
	uint64_t hundredths;
	scan_blanks(line);
	if (!scan_prefix(line, name) || !scan_hundredths(line, &hundredths))
		return false;
	*out = (double)hundredths / 100;
	return true;
}

static void take_line(struct view line, struct pressure_line *out)
{
	out->known = take_average(&line, VIEW("avg10="), &out->avg10) &&
		     take_average(&line, VIEW("avg60="), &out->avg60) &&
		     take_average(&line, VIEW("avg300="), &out->avg300);
	scan_blanks(&line);
	out->known = out->known && scan_prefix(&line, VIEW("total=")) && scan_u64(&line, &out->total_us);
}

int pressure_parse(struct view text, struct pressure *out)
{
	struct view line;
	memset(out, 0, sizeof(*out));
	while (scan_line(&text, &line)) {
		if (scan_prefix(&line, VIEW("some ")))
			take_line(line, &out->some);
		else if (scan_prefix(&line, VIEW("full ")))
			take_line(line, &out->full);
	}
	return out->some.known || out->full.known ? 0 : ERR_SYNTAX;
}
