/* What the readers of lines, tables and JSON share. */
#ifndef AUSPEX_DETECT_NUMBERS_IMPL_H
#define AUSPEX_DETECT_NUMBERS_IMPL_H

#include "base/arena.h"
#include "detect/numbers.h"

#include <stdbool.h>

struct reading {
	struct view text;
	const char *name, *column; /* column NULL: not told */
	size_t most;
	struct numbers *x;
	struct err *err;
};

/* Appends a value; says so when there are too many. `line` from 1. */
int reading_add(struct reading *r, size_t line, double v);
/* Fails: what stands in `line` is wrong. Shows at most the beginning of `cell`, made printable. */
int reading_fail(struct reading *r, int code, size_t line, struct view cell, const char *why);
/* A number, or a word for a missing one (NaN). 0, ERR_SYNTAX or ERR_RANGE (infinite). */
int reading_number(struct view cell, double *v);
/* Is the column told by its number? *index counts from 0. */
bool reading_index(const struct reading *r, size_t *index);

int reading_table(struct reading *r);
int reading_json(struct reading *r);

/* Of each column whose first value is a number: what --column would say, and its name. A code other than 0 ends the walk. */
struct column_sink {
	struct arena *arena;
	int (*add)(void *arg, const char *column, const char *name);
	void *arg;
};
int reading_table_columns(struct reading *r, const struct column_sink *sink);
int reading_json_columns(struct reading *r, const struct column_sink *sink);

#endif
