#include "os/memory.h"

#include "base/err.h"
#include "os/scan.h"

static const struct view names[MEMORY_ROWS] = {
#define X(name, text) { text, sizeof(text) - 1 },
	MEMORY_MAP(X)
#undef X
};

/* The kernel lists its rows in much the same order as we do: looking on from the last hit finds nearly each at once. */
static unsigned find_row(struct view name, unsigned from)
{
	for (unsigned i = 0; i < MEMORY_ROWS; i++) {
		unsigned at = (from + i) % MEMORY_ROWS;
		if (view_eq(names[at], name))
			return at;
	}
	return MEMORY_ROWS;
}

int memory_parse(struct view text, struct memory_stat *out)
{
	struct view line;
	unsigned next = 0;
	for (unsigned i = 0; i < MEMORY_ROWS; i++)
		out->row[i] = MEMORY_ABSENT;
	while (scan_line(&text, &line)) {
		const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
		if (!colon)
			continue;
		size_t n = (size_t)(colon - line.data);
		unsigned row = find_row((struct view){ line.data, n }, next);
		uint64_t v;
		line.data += n + 1;
		line.len -= n + 1;
		if (row == MEMORY_ROWS || !scan_u64(&line, &v))
			continue;
		scan_blanks(&line);
		if (scan_prefix(&line, VIEW("kB")))
			v = v > (MEMORY_ABSENT - 1) / 1024 ? MEMORY_ABSENT : v * 1024;
		out->row[row] = v;
		next = row + 1;
	}
	return out->row[MEMORY_TOTAL] == MEMORY_ABSENT || out->row[MEMORY_FREE] == MEMORY_ABSENT ? ERR_SYNTAX
												 : 0;
}

static uint64_t or_zero(uint64_t v)
{
	return v == MEMORY_ABSENT ? 0 : v;
}

static uint64_t at_most(uint64_t v, uint64_t most)
{
	return v < most ? v : most;
}

/* Each row is first cut to the total, so that sums of a few cannot overflow. */
struct memory_use memory_use_of(const struct memory_stat *m)
{
	struct memory_use u = { .total = or_zero(m->row[MEMORY_TOTAL]) };
	uint64_t free = at_most(or_zero(m->row[MEMORY_FREE]), u.total);
	uint64_t buffers = at_most(or_zero(m->row[MEMORY_BUFFERS]), u.total);
	uint64_t cached = at_most(or_zero(m->row[MEMORY_CACHED]), u.total);
	uint64_t slab = at_most(or_zero(m->row[MEMORY_RECLAIMABLE]), u.total);

	u.available = m->row[MEMORY_AVAILABLE];
	if (u.available == MEMORY_ABSENT)
		u.available = at_most(free + buffers + cached, u.total);
	if (u.available > u.total)
		u.available = free;
	uint64_t idle = free + buffers + cached + slab;
	u.used = idle <= u.total ? u.total - idle : u.total - free;
	u.percent = u.total ? 100.0 * (double)(u.total - u.available) / (double)u.total : 0;
	return u;
}
