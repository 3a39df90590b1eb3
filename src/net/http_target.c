/* The request target: origin form, absolute form and `*`; decoding and Go's path cleaning. */
#include "http_impl.h"

#include <strings.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct view http_percent_decode(struct arena *a, struct view in, bool form)
{
	const struct view malformed = { 0 };

	if (in.len == 0)
		return VIEW("");
	if (!memchr(in.data, '%', in.len) && !(form && memchr(in.data, '+', in.len)))
		return in;
	char *out = arena_alloc(a, in.len);
	size_t n = 0;
	for (size_t i = 0; out && i < in.len; i++) {
		char c = in.data[i];
		if (c == '+' && form) {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < in.len ? hex_value(in.data[i + 1]) : -1;
			int low = i + 2 < in.len ? hex_value(in.data[i + 2]) : -1;
			if (high < 0 || low < 0)
				return malformed;
			c = (char)(high << 4 | low);
			i += 2;
		}
		out[n++] = c;
	}
	return out ? (struct view){ out, n } : malformed;
}

/* True when the path has an empty, `.` or `..` segment (a trailing slash is fine). */
static bool path_unclean(struct view p)
{
	for (size_t i = 0; i + 1 < p.len; i++) {
		if (p.data[i] != '/')
			continue;
		const char *rest = p.data + i + 1;
		size_t left = p.len - i - 1;
		if (rest[0] == '/')
			return true;
		if (rest[0] != '.')
			continue;
		if (left == 1 || rest[1] == '/' || (rest[1] == '.' && (left == 2 || rest[2] == '/')))
			return true;
	}
	return false;
}

/* As Go's ServeMux does it: segments resolved, a trailing slash kept. */
static struct view path_clean(struct arena *a, struct view p)
{
	char *out = arena_alloc(a, p.len + 1);
	size_t n = 0, i = 0;

	if (!out)
		return (struct view){ 0 };
	while (i < p.len) {
		while (i < p.len && p.data[i] == '/')
			i++;
		size_t start = i;
		while (i < p.len && p.data[i] != '/')
			i++;
		size_t len = i - start;
		if (len == 0 || (len == 1 && p.data[start] == '.'))
			continue;
		if (len == 2 && p.data[start] == '.' && p.data[start + 1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
			continue;
		}
		out[n++] = '/';
		memcpy(out + n, p.data + start, len);
		n += len;
	}
	if (n == 0 || (p.data[p.len - 1] == '/' && out[n - 1] != '/'))
		out[n++] = '/';
	return (struct view){ out, n };
}

/* "http://host/path" → "/path", and the host replaces the header's (RFC 9112, 3.2.2). */
static int absolute_form(struct http_request *r, struct view *t)
{
	size_t skip = 0;
	if (t->len > 7 && strncasecmp(t->data, "http://", 7) == 0)
		skip = 7;
	else if (t->len > 8 && strncasecmp(t->data, "https://", 8) == 0)
		skip = 8;
	else
		return -400;
	const char *host = t->data + skip;
	size_t left = t->len - skip, n = 0;
	while (n < left && host[n] != '/' && host[n] != '?')
		n++;
	r->host = (struct view){ host, n };
	*t = (struct view){ host + n, left - n };
	return 0;
}

static int path_decode(struct http_request *r, bool *unclean)
{
	r->path = http_percent_decode(&r->arena, r->raw_path, false);
	if (!r->path.data || memchr(r->path.data, 0, r->path.len))
		return -400;
	*unclean = path_unclean(r->path);
	if (*unclean)
		r->path = path_clean(&r->arena, r->path);
	return r->path.data ? 0 : -500;
}

int http_target_parse(struct http_request *r, bool *unclean)
{
	struct view t = r->target;

	*unclean = false;
	if (t.len == 1 && t.data[0] == '*') {
		r->raw_path = r->path = t;
		return r->method == METHOD_OPTIONS ? 0 : -400;
	}
	if (t.len == 0 || (t.data[0] != '/' && absolute_form(r, &t) < 0))
		return -400;
	const char *mark = memchr(t.data, '?', t.len);
	r->raw_path = (struct view){ t.data, mark ? (size_t)(mark - t.data) : t.len };
	if (mark)
		r->query = (struct view){ mark + 1, t.len - r->raw_path.len - 1 };
	/* Clients do not send fragments; one that does means the part before it. */
	const char *hash = memchr(r->raw_path.data, '#', r->raw_path.len);
	if (hash) {
		r->raw_path.len = (size_t)(hash - r->raw_path.data);
		r->query = (struct view){ 0 };
	}
	if (r->raw_path.len == 0)
		r->raw_path = VIEW("/");
	return path_decode(r, unclean);
}
