/* Times in query parameters: read in one place, refused with the same words everywhere. */
#include "app/parts.h"

#include "base/timefmt.h"

bool api_query_time(struct http_request *r, const char *name, const char *relative, wall_ns now, wall_ns *out)
{
	struct view text = http_query(r, name);
	if (!text.data || time_parse_any(text, now, out) == 0)
		return true;
	http_error(r, 400, "%s: \"%.*s\" is no time; use RFC 3339, Unix seconds or %s", name, (int)text.len,
		   text.data, relative);
	return false;
}

bool api_query_range(struct http_request *r, wall_ns length, wall_ns now, wall_ns *start, wall_ns *end)
{
	*end = now;
	if (!api_query_time(r, "end", API_NOW, now, end))
		return false;
	*start = *end - length;
	if (!api_query_time(r, "start", API_AGO, now, start))
		return false;
	if (*start >= *end)
		http_error(r, 400, "start must be before end");
	return *start < *end;
}
