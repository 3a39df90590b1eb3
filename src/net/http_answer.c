#include "net/http_client.h"

#include "base/timefmt.h"

#include <stdio.h>

struct view http_answer_header(const struct http_answer *a, const char *name)
{
	struct view rest = a->headers, found = { NULL, 0 };
	while (rest.len) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.data) + 1 : rest.len;
		const char *colon = memchr(rest.data, ':', n);
		if (colon && view_ieq((struct view){ rest.data, (size_t)(colon - rest.data) }, view_of(name)))
			found = view_trim((struct view){ colon + 1, n - (size_t)(colon + 1 - rest.data) });
		rest = (struct view){ rest.data + n, rest.len - n };
	}
	return found;
}

/* The one form that may be sent today (RFC 9110, 5.6.7); it is turned into RFC 3339, which knows the calendar. */
int http_date_parse(struct view text, wall_ns *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char date[30], month[4] = "", rfc3339[32];
	if (text.len != 29)
		return ERR_SYNTAX;
	memcpy(date, text.data, 29);
	date[29] = '\0';
	memcpy(month, date + 8, 3);
	const char *place = strstr(months, month);
	if (strlen(month) != 3 || !place || (place - months) % 3 != 0 || strcmp(date + 25, " GMT") != 0 ||
	    date[3] != ',' || date[4] != ' ' || date[7] != ' ' || date[11] != ' ' || date[16] != ' ')
		return ERR_SYNTAX;
	snprintf(rfc3339, sizeof(rfc3339), "%.4s-%02d-%.2sT%.8sZ", date + 12, (int)(place - months) / 3 + 1,
		 date + 5, date + 17);
	return time_parse_rfc3339(view_of(rfc3339), out, NULL);
}
