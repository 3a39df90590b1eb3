#include "os/self.h"

#include "base/num.h"

static struct view next_line(struct view *rest)
{
	const char *nl = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t n = nl ? (size_t)(nl - rest->data) : rest->len;
	struct view line = { rest->data, n };
	size_t skip = nl ? n + 1 : n;
	rest->data += skip;
	rest->len -= skip;
	return line;
}

static int64_t row_value(struct view value)
{
	value = view_trim(value);
	int64_t scale = 1;
	if (value.len > 3 && memcmp(value.data + value.len - 3, " kB", 3) == 0) {
		scale = 1024;
		value.len -= 3;
		value = view_trim(value);
	}
	int64_t n;
	if (num_parse_i64(value, &n) < 0 || n < 0 || n > INT64_MAX / scale)
		return -1;
	return n * scale;
}

int64_t status_field(struct view text, struct view name)
{
	while (text.len) {
		struct view line = next_line(&text);
		if (line.len > name.len && line.data[name.len] == ':' &&
		    memcmp(line.data, name.data, name.len) == 0)
			return row_value((struct view){ line.data + name.len + 1, line.len - name.len - 1 });
	}
	return -1;
}

int64_t smaps_private_dirty(struct view text)
{
	return status_field(text, VIEW("Private_Dirty"));
}

char stat_state(struct view text)
{
	/* "123 (a ) b) S 1 …": the name may hold anything, so the state follows the LAST parenthesis. */
	const char *close = text.len ? memrchr(text.data, ')', text.len) : NULL;
	if (!close || close + 2 >= text.data + text.len || close[1] != ' ')
		return 0;
	return close[2];
}
