/* Reads a series as people and programs write it down: one number a line, CSV or TSV, with or without a header, or JSON.
 *
 *     lines   12.5 ...              empty lines count for nothing; nan, NA, null, none, - or N/A: a missing value
 *     table   time,p50,p99 ...      tab, semicolon or comma; cells may be quoted; an empty cell is a missing value
 *     JSON    [1, 2, null, 4]       or {"p99": [...]}, [{"p99": 1}, ...], [[1, 2], ...]
 *
 * The column is told by its name or its number, from 1; where only one holds numbers it need not be told.
 *
 *     struct numbers x;
 *     numbers_init(&x);
 *     rc = numbers_read(text, "nightly.csv", "p99", DETECT_POINTS_MAX, &x, &err);   // err.place "nightly.csv:12"
 *     numbers_fini(&x);
 *
 * Several columns at once: numbers_read_columns(text, "nightly.csv", "p50,p99", …) or "all".
 *
 * Pure. Thread: any. */
#ifndef AUSPEX_DETECT_NUMBERS_H
#define AUSPEX_DETECT_NUMBERS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct numbers {
	double *values; /* NaN: missing; owned */
	size_t n, cap;
};

void numbers_init(struct numbers *x);
void numbers_fini(struct numbers *x);

/* Appends what `text` holds. `name` is shown in errors; `column` may be NULL. 0; ERR_SYNTAX or ERR_TYPE (what is no number, with its
 * line), ERR_MISSING (which column?), ERR_UNKNOWN (no such column), ERR_FULL (more than `most` values), -ENOMEM; `err` always tells. */
int numbers_read(struct view text, const char *name, const char *column, size_t most, struct numbers *x, struct err *err);

#define NUMBERS_COLUMNS_MAX 1024

struct numbers_column {
	const char *name; /* as the text has it, else its number; in the arena */
	struct numbers x;
};
struct numbers_columns {
	struct arena arena;
	struct numbers_column *columns; /* in the arena */
	size_t n;
};

void numbers_columns_init(struct numbers_columns *c);
void numbers_columns_fini(struct numbers_columns *c);
/* Reads the columns of a list with commas - names or numbers, in its order - or with "all" those whose first value is a number, in theirs.
 * `most` holds for each. Codes as above; ERR_FULL also for more than NUMBERS_COLUMNS_MAX, ERR_MISSING where none holds numbers. */
int numbers_read_columns(struct view text, const char *name, const char *columns, size_t most, struct numbers_columns *out, struct err *err);

#endif
