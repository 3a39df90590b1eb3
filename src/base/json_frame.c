#include "base/json.h"

#include "json_scan.h"

/* Inside a string, with no escape pending: to the byte after the closing quote or backslash, or the end. */
static const char *frame_string(struct json_frame *f, const char *p, const char *end)
{
	uint64_t high = 0;
	p = scan_string(p, end, SCAN_TEXT, &high);
	if (p == end)
		return p;
	f->in_string = *p != '"';
	f->escaped = *p == '\\';
	return p + 1;
}

/* Outside strings: one byte that means something, or many that do not. True when the value is complete. */
static bool frame_step(struct json_frame *f, const char **pp, const char *end)
{
	const char *p = *pp;
	while (p < end) {
		char c = *p++;
		if (c == '"') {
			f->in_string = true;
			break;
		}
		if (c == '{' || c == '[') {
			f->depth++;
		} else if (c == '}' || c == ']') {
			if (--f->depth == 0) {
				*pp = p;
				return true;
			}
		}
	}
	*pp = p;
	return false;
}

static bool frame_line(const char *p, const char *begin, const char *end, size_t *at)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	if (newline)
		*at = (size_t)(newline - begin) + 1;
	return newline != NULL;
}

bool json_frame_feed(struct json_frame *f, const char *data, size_t len, size_t *at)
{
	if (!len)
		return false;
	const char *p = data, *end = data + len;
	if (!f->started) {
		while (p < end && json_is_space(*p))
			p++;
		if (p == end)
			return false;
		f->started = true;
		f->not_container = *p != '{' && *p != '[';
	}
	if (f->not_container)
		return frame_line(p, data, end, at);
	while (p < end) {
		if (f->escaped) {
			f->escaped = false;
			p++;
		} else if (f->in_string) {
			p = frame_string(f, p, end);
		} else if (frame_step(f, &p, end)) {
			*at = (size_t)(p - data);
			return true;
		}
	}
	return false;
}
