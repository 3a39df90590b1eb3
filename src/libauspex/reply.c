/* Reads {"type":"push_response","status":"ok","accepted":N,"rejected":M,"errors":[{…,"error":"sentence"},…]}:
 * the daemon writes exactly these keys in this order, so that no JSON reader is needed for three of them. */
#include "impl.h"

#include <stdlib.h>
#include <string.h>

size_t ax_reply_feed(struct ax_reply *r, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	size_t n = newline ? (size_t)(newline - data) : len;
	size_t room = sizeof(r->text) - 1 - r->len;
	memcpy(r->text + r->len, data, n < room ? n : room);
	r->len += n < room ? n : room;
	r->text[r->len] = '\0';
	r->whole = newline;
	return newline ? n + 1 : n;
}

/* The number behind `key`, searched in front of the list of errors, whose texts come from elsewhere. */
static bool number_of(const char *text, const char *end, const char *key, uint64_t *out)
{
	const char *at = strstr(text, key);
	if (!at || at >= end)
		return false;
	at += strlen(key);
	if (*at < '0' || *at > '9')
		return false;
	*out = strtoull(at, NULL, 10);
	return true;
}

/* The first sentence, without its escapes; cut where we stopped reading. */
static void sentence_of(const char *text, char *out, size_t size)
{
	const char *at = strstr(text, "\"error\":\"");
	size_t n = 0;
	if (at)
		for (at += strlen("\"error\":\""); *at && *at != '"' && n + 1 < size; at++) {
			if (*at == '\\' && at[1])
				at++;
			out[n++] = *at;
		}
	out[n] = '\0';
}

void ax_reply_read(const struct ax_reply *r, struct ax_verdict *out)
{
	static const char head[] = "{\"type\":\"push_response\",\"status\":\"";
	*out = (struct ax_verdict){ 0 };
	sentence_of(r->text, out->sentence, sizeof(out->sentence));
	const char *errors = strstr(r->text, "\"errors\":");
	out->ours = strncmp(r->text, head, sizeof(head) - 1) == 0 && errors &&
		    number_of(r->text, errors, "\"accepted\":", &out->accepted) &&
		    number_of(r->text, errors, "\"rejected\":", &out->refused);
	out->ok = out->ours && strncmp(r->text + sizeof(head) - 1, "ok\"", 3) == 0;
}
