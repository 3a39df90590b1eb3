/* Nearest-name hints: optimal string alignment (Damerau-Levenshtein without overlapping swaps).
 *
 * Case and `-`/`_` do not count as differences: "Max-Runs" is max_runs at distance 0, and the hint says so.
 */
#include "conf/option.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 64 /* longer words are no typing mistakes */

static char fold(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Fills row `i` of the distance matrix from the two rows before it; the row's smallest entry is returned. */
static unsigned fill_row(unsigned char *row, const unsigned char *prev, const unsigned char *prev2,
			 struct view a, struct view b, size_t i)
{
	unsigned best = row[0] = (unsigned char)i;
	for (size_t j = 1; j <= b.len; j++) {
		char ca = fold(a.data[i - 1]), cb = fold(b.data[j - 1]);
		unsigned d = min_of(min_of(prev[j] + 1u, row[j - 1] + 1u), prev[j - 1] + (ca != cb));
		if (i > 1 && j > 1 && ca == fold(b.data[j - 2]) && fold(a.data[i - 2]) == cb)
			d = min_of(d, prev2[j - 2] + 1u);
		row[j] = (unsigned char)d;
		best = min_of(best, d);
	}
	return best;
}

/* Edits from `a` to `b`, or `limit` + 1 when there are more. */
static unsigned edit_distance(struct view a, struct view b, unsigned limit)
{
	unsigned char rows[3][WORD_MAX + 1];
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
	if (a.len > WORD_MAX || b.len > WORD_MAX || gap > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= a.len; i++)
		if (fill_row(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], a, b, i) > limit)
			return limit + 1;
	return rows[a.len % 3][b.len];
}

const char *text_nearest(struct view word, const char *const *candidates, size_t n)
{
	const char *nearest = NULL;
	if (word.len == 0 || word.len > WORD_MAX)
		return NULL;
	unsigned limit = word.len / 3 > 2 ? (unsigned)(word.len / 3) : 2;
	/* Two edits turn any two letters into any other two: something must be left of the word. */
	if (limit >= word.len)
		limit = (unsigned)word.len - 1;
	for (size_t i = 0; i < n; i++) {
		unsigned d = edit_distance(word, view_of(candidates[i]), limit);
		if (d > limit)
			continue;
		nearest = candidates[i];
		if (d == 0)
			break;
		limit = d - 1; /* the first of equals stays */
	}
	return nearest;
}

const char *option_nearest(const struct option_table *table, struct view key)
{
	const char *names[256];
	size_t n = 0;
	for (size_t i = 0; i < table->n && n < sizeof(names) / sizeof(names[0]); i++)
		if (!(table->rows[i].flags & OPT_HIDDEN))
			names[n++] = table->rows[i].key;
	return text_nearest(key, names, n);
}
