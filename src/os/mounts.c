#include "os/mounts.h"

#include "os/scan.h"

static bool option_is(struct view options, struct view wanted)
{
	while (options.len) {
		const char *comma = memchr(options.data, ',', options.len);
		size_t n = comma ? (size_t)(comma - options.data) : options.len;
		if (view_eq((struct view){ options.data, n }, wanted))
			return true;
		n += comma != NULL;
		options.data += n;
		options.len -= n;
	}
	return false;
}

static bool take_mount(struct view line, struct mount *m)
{
	uint64_t number;
	struct view options, word, super = { 0 };
	if (!scan_u64(&line, &number) || !scan_u64(&line, &number) || !scan_u64(&line, &m->major) ||
	    !scan_prefix(&line, VIEW(":")) || !scan_u64(&line, &m->minor) || !scan_word(&line, &m->root) ||
	    !scan_word(&line, &m->point) || !scan_word(&line, &options))
		return false;
	do /* any number of optional fields, then a dash */
		if (!scan_word(&line, &word))
			return false;
	while (!view_eq(word, VIEW("-")));
	if (!scan_word(&line, &m->type) || !scan_word(&line, &m->source))
		return false;
	scan_word(&line, &super);
	m->read_only = option_is(options, VIEW("ro")) || option_is(super, VIEW("ro"));
	return true;
}

bool mount_next(struct view *text, struct mount *out)
{
	struct view line;
	while (scan_line(text, &line))
		if (take_mount(line, out))
			return true;
	return false;
}

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7';
}

size_t mount_unescape(struct view text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (n + 1 >= size)
			return 0;
		if (c == '\\' && text.len - i > 3 && is_octal(text.data + i + 1)) {
			c = (char)((text.data[i + 1] - '0') * 64 + (text.data[i + 2] - '0') * 8 +
				   (text.data[i + 3] - '0'));
			i += 3;
		}
		if (c == 0)
			return 0;
		out[n++] = c;
	}
	if (size)
		out[n] = 0;
	return n;
}
