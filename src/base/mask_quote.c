/* Quotes in commands: shell quotes, and JSON that was escaped once or more on its way. */
#include "mask_parts.h"

static bool is_quote(char c)
{
	return one_of(c, "\"'`");
}

size_t quote_len(struct view v, size_t i)
{
	size_t n = 0;
	while (at(v, i + n) == '\\')
		n++;
	return is_quote(at(v, i + n)) ? n + 1 : 0;
}

/* Does the quote with `slashes` backslashes before it close one of `n` bytes? */
static bool closes(char quote, size_t n, size_t slashes)
{
	if (n > 1)
		return slashes == n - 1;
	return quote == '\'' || slashes % 2 == 0; /* \" inside "…" */
}

size_t quoted_end(struct view v, size_t from, size_t n, char quote)
{
	size_t slashes = 0;
	for (size_t i = from; i < v.len; i++) {
		if (v.data[i] == '\\') {
			slashes++;
			continue;
		}
		if (v.data[i] == quote && closes(quote, n, slashes))
			return i - (n - 1);
		slashes = 0;
	}
	return v.len;
}

static void quote_open(struct quote_state *q, struct view v, size_t i)
{
	const char *close = memchr(v.data + i + 1, v.data[i], v.len - i - 1);
	if (!close)
		return;
	q->open = v.data[i];
	q->close = (size_t)(close - v.data);
}

char quote_around(struct quote_state *q, struct view v, size_t i)
{
	while (q->read < i) {
		size_t k = q->read;
		if (q->open) { /* straight to its end */
			q->read = q->close < i ? q->close + 1 : i;
			if (q->close < i)
				q->open = 0;
			continue;
		}
		if (is_quote(v.data[k]) && !is_alnum(at(v, k - 1)))
			quote_open(q, v, k);
		q->read = k + 1;
	}
	return q->open;
}
