#include "os/paging.h"

#include "base/err.h"
#include "os/scan.h"

static const struct view names[PAGING_ROWS] = {
#define X(name, text) { text, sizeof(text) - 1 },
	PAGING_MAP(X)
#undef X
};

static bool is_named(struct view name, struct view row)
{
	if (row.data[row.len - 1] == '*')
		return name.len >= row.len - 1 && memcmp(name.data, row.data, row.len - 1) == 0;
	return view_eq(name, row);
}

int paging_parse(struct view text, struct paging *out)
{
	struct view line, name;
	unsigned found = 0;
	for (unsigned i = 0; i < PAGING_ROWS; i++)
		out->row[i] = PAGING_ABSENT;
	while (scan_line(&text, &line)) {
		/* Some 180 rows, most of them not ours: the first letter passes over them. */
		if (line.len == 0 ||
		    (*line.data != 'p' && *line.data != 'a' && *line.data != 'o' && *line.data != 'c'))
			continue;
		uint64_t v;
		if (!scan_word(&line, &name))
			continue;
		for (unsigned i = 0; i < PAGING_ROWS; i++)
			if (is_named(name, names[i])) {
				if (scan_u64(&line, &v)) {
					found++;
					out->row[i] = out->row[i] == PAGING_ABSENT ? v : out->row[i] + v;
				}
				break;
			}
	}
	return found ? 0 : ERR_SYNTAX;
}
