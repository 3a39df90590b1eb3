#include "os/protocols.h"

#include "os/scan.h"

static bool take_value(struct view *line, uint64_t *out)
{
	struct view word;
	scan_blanks(line);
	if (line->len && *line->data == '-') {
		*out = 0;
		return scan_word(line, &word);
	}
	return scan_u64(line, out);
}

/* Rows come in the order of the kernel, or nearly so: the search goes on where the last one ended. */
static unsigned find(const struct protocol_row *rows, unsigned n, unsigned from, struct view name)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned at = from + i < n ? from + i : from + i - n;
		if (rows[at].name.len == name.len && memcmp(rows[at].name.data, name.data, name.len) == 0)
			return at;
	}
	return n;
}

/* `first` and `end` delimit the rows of this protocol. */
static unsigned take_pair(struct view names, struct view numbers, const struct protocol_row *rows, unsigned n,
			  uint64_t *values)
{
	struct view name;
	unsigned found = 0, next = 0;
	uint64_t v;
	while (scan_word(&names, &name) && take_value(&numbers, &v)) {
		unsigned at = find(rows, n, next, name);
		if (at == n)
			continue;
		values[at] = v;
		next = at + 1 < n ? at + 1 : 0;
		found++;
	}
	return found;
}

/* Rows of one protocol stand together. */
static bool rows_of(struct view protocol, const struct protocol_row *rows, unsigned n, unsigned *first,
		    unsigned *count)
{
	for (*first = 0; *first < n && !view_eq(rows[*first].protocol, protocol); ++*first)
		;
	for (*count = 0; *first + *count < n && view_eq(rows[*first + *count].protocol, protocol); ++*count)
		;
	return *count > 0;
}

unsigned protocols_parse(struct view text, const struct protocol_row *rows, unsigned n, uint64_t *values)
{
	struct view names, numbers, head, again;
	unsigned found = 0, first, count;
	while (scan_line(&text, &names) && scan_line(&text, &numbers)) {
		if (!scan_word(&names, &head) || !scan_word(&numbers, &again) || !view_eq(head, again) ||
		    head.data[head.len - 1] != ':')
			continue;
		head.len--;
		if (rows_of(head, rows, n, &first, &count))
			found += take_pair(names, numbers, rows + first, count, values + first);
	}
	return found;
}

unsigned protocols_parse_list(struct view text, const struct protocol_row *rows, unsigned n, uint64_t *values)
{
	struct view line;
	unsigned found = 0;
	while (scan_line(&text, &line))
		for (unsigned i = 0; i < n; i++) {
			struct view rest = line, word;
			uint64_t v;
			if (scan_prefix(&rest, rows[i].protocol) && scan_word(&rest, &word) &&
			    view_eq(word, rows[i].name) && scan_u64(&rest, &v)) {
				values[i] = v;
				found++;
				break;
			}
		}
	return found;
}
