/* Lines of numbers, CSV, TSV. */
#include "numbers_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOT_A_NUMBER "is not a number; where a value is missing leave the cell empty or write nan"
#define NOT_FINITE   "is not a finite number; where a value is missing leave the cell empty or write nan"

#define ROWS_TRIED 1000 /* until each column has told a value */

struct table {
	const char *at, *end;
	size_t line;    /* of the row last read, from 1 */
	size_t next;    /* line that `at` stands in */
	char delimiter; /* 0: one column */
};

/* The next row that is not blank. A quoted cell may run over lines. */
static bool next_row(struct table *t, struct view *row)
{
	while (t->at < t->end) {
		const char *begin = t->at, *p = begin;
		bool quoted = false, cell = true; /* at the beginning of a cell */
		t->line = t->next;
		for (; p < t->end && (*p != '\n' || quoted); p++) {
			if (*p == '"' && (quoted || cell))
				quoted = !quoted;
			cell = *p == t->delimiter;
			t->next += *p == '\n';
		}
		t->at = p < t->end ? p + 1 : p;
		t->next++;
		*row = (struct view){ begin, (size_t)(p - begin) };
		if (view_trim(*row).len)
			return true;
	}
	return false;
}

/* Takes the first cell off the row; false when there is none. */
static bool next_cell(struct view *row, char delimiter, struct view *cell)
{
	if (!row->data)
		return false;
	size_t i = 0;
	bool quoted = row->len && row->data[0] == '"';
	for (i = quoted; i < row->len && (quoted || row->data[i] != delimiter || !delimiter); i++)
		quoted &= row->data[i] != '"';
	*cell = view_trim((struct view){ row->data, i });
	if (cell->len >= 2 && cell->data[0] == '"' && cell->data[cell->len - 1] == '"')
		*cell = view_trim((struct view){ cell->data + 1, cell->len - 2 });
	*row = i < row->len ? (struct view){ row->data + i + 1, row->len - i - 1 } : (struct view){ 0 };
	return true;
}

static bool cell_at(struct view row, char delimiter, size_t column, struct view *cell)
{
	while (next_cell(&row, delimiter, cell))
		if (column-- == 0)
			return true;
	return false;
}

static char delimiter_of(struct view row)
{
	static const char candidates[] = "\t;,";
	for (const char *c = candidates; *c; c++)
		if (memchr(row.data, *c, row.len))
			return *c;
	return 0;
}

/* A name, and no number with a mistake in it. */
static bool is_name(struct view cell)
{
	double v;
	size_t sign = cell.len && (cell.data[0] == '-' || cell.data[0] == '+' || cell.data[0] == '.');
	return reading_number(cell, &v) == ERR_SYNTAX && cell.len > sign &&
	       !(cell.data[sign] >= '0' && cell.data[sign] <= '9');
}

static bool has_names(struct view row, char delimiter)
{
	struct view cell;
	while (next_cell(&row, delimiter, &cell))
		if (is_name(cell))
			return true;
	return false;
}

/* Fails with the columns that there are, by their names if they have some. */
static int say_columns(struct reading *r, int code, struct view first, char delimiter, const char *what)
{
	struct buf list;
	struct view cell;
	bool named = has_names(first, delimiter);
	buf_init(&list);
	for (size_t n = 1; next_cell(&first, delimiter, &cell); n++) {
		buf_puts(&list, n > 1 ? ", " : "");
		if (named)
			buf_view(&list, cell);
		else
			buf_int(&list, (long long)n);
	}
	int rc = err_set(r->err, code, r->name, "%s: %.300s", what, buf_str(&list));
	buf_fini(&list);
	return rc;
}

static int find_name(struct reading *r, struct view first, char delimiter, size_t *column)
{
	struct view row = first, cell;
	for (*column = 0; next_cell(&row, delimiter, &cell); ++*column)
		if (view_eq(cell, view_of(r->column)))
			return 0;
	char what[200];
	snprintf(what, sizeof(what), "there is no column \"%.80s\"; there are", r->column);
	return say_columns(r, ERR_UNKNOWN, first, delimiter, what);
}

/* The only column with numbers, by the look of one row. */
static int find_only(struct reading *r, struct view first, struct view sample, char delimiter, size_t *column)
{
	size_t found = 0;
	struct view cell;
	double v;
	for (size_t i = 0; next_cell(&sample, delimiter, &cell); i++)
		if (reading_number(cell, &v) == 0 && !isnan(v)) {
			*column = i;
			found++;
		}
	if (found == 1)
		return 0;
	return say_columns(r, ERR_MISSING, first, delimiter,
			   found ? "several columns hold numbers: say --column and one of"
				 : "no column holds numbers; there are");
}

static int find_column(struct reading *r, const struct table *t, struct view first, size_t *column)
{
	struct table ahead = *t;
	struct view sample = first, cell;
	*column = 0;
	if (reading_index(r, column)) {
		if (cell_at(first, t->delimiter, *column, &cell))
			return 0;
		char what[80];
		snprintf(what, sizeof(what), "there is no column %.20s; there are", r->column);
		return say_columns(r, ERR_UNKNOWN, first, t->delimiter, what);
	}
	if (r->column)
		return find_name(r, first, t->delimiter, column);
	if (!t->delimiter)
		return 0;
	if (!next_row(&ahead, &sample))
		sample = first;
	return find_only(r, first, sample, t->delimiter, column);
}

static int take_row(struct reading *r, const struct table *t, struct view row, size_t column)
{
	struct view cell;
	double v;
	if (!cell_at(row, t->delimiter, column, &cell)) {
		char why[60];
		snprintf(why, sizeof(why), "has no column %zu", column + 1);
		return reading_fail(r, ERR_SYNTAX, t->line, view_trim(row), why);
	}
	int rc = reading_number(cell, &v);
	if (rc < 0)
		return reading_fail(r, rc, t->line, cell, rc == ERR_RANGE ? NOT_FINITE : NOT_A_NUMBER);
	return reading_add(r, t->line, v);
}

int reading_table(struct reading *r)
{
	struct table t = { .at = r->text.data, .end = r->text.data + r->text.len, .next = 1 };
	struct view row, cell = { 0 };
	size_t column;
	if (!r->text.len || !next_row(&t, &row))
		return 0;
	t.delimiter = delimiter_of(row);
	int rc = find_column(r, &t, row, &column);
	if (rc < 0)
		return rc;
	cell_at(row, t.delimiter, column, &cell);
	bool header = is_name(cell);
	if (header && !t.delimiter && !next_row(&t, &row)) /* one word is no series without values */
		return reading_fail(r, ERR_SYNTAX, t.line, cell, NOT_A_NUMBER);
	if (header && t.delimiter && !next_row(&t, &row))
		return 0;
	do
		rc = take_row(r, &t, row, column);
	while (rc == 0 && next_row(&t, &row));
	return rc;
}

/* Where a column stands: not known yet, or known by its first value. */
enum sort { SORT_OPEN, SORT_NUMBERS, SORT_TEXT };

static void sort_row(struct view row, char delimiter, enum sort *sorts)
{
	struct view cell;
	double v;
	for (size_t i = 0; i < NUMBERS_COLUMNS_MAX && next_cell(&row, delimiter, &cell); i++) {
		int rc = sorts[i] == SORT_OPEN ? reading_number(cell, &v) : 0;
		if (sorts[i] == SORT_OPEN && (rc < 0 || !isnan(v)))
			sorts[i] = rc < 0 ? SORT_TEXT : SORT_NUMBERS;
	}
}

int reading_table_columns(struct reading *r, const struct column_sink *sink)
{
	struct table t = { .at = r->text.data, .end = r->text.data + r->text.len, .next = 1 };
	struct view first, row, cell = { 0 };
	enum sort sorts[NUMBERS_COLUMNS_MAX] = { SORT_OPEN };
	int rc = 0;
	if (!r->text.len || !next_row(&t, &first))
		return 0;
	t.delimiter = delimiter_of(first);
	bool named = has_names(first, t.delimiter);
	if (!named)
		sort_row(first, t.delimiter, sorts);
	for (size_t rows = 0; rows < ROWS_TRIED && next_row(&t, &row); rows++)
		sort_row(row, t.delimiter, sorts);
	for (size_t i = 0; i < NUMBERS_COLUMNS_MAX && rc == 0 && next_cell(&first, t.delimiter, &cell); i++) {
		char number[24];
		snprintf(number, sizeof(number), "%zu", i + 1);
		const char *column = arena_strndup(sink->arena, number, strlen(number));
		if (sorts[i] == SORT_NUMBERS)
			rc = sink->add(sink->arg, column,
				       named ? arena_strndup(sink->arena, cell.data, cell.len) : column);
	}
	return rc;
}
