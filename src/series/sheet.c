#include "sheet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

size_t sheet_bytes_for(uint32_t rows, uint32_t columns)
{
	return rows * (sizeof(wall_ms) + (size_t)columns * sizeof(double));
}

size_t sheet_bytes(const struct sheet *s)
{
	return sheet_bytes_for(s->cap_rows, s->cap_columns);
}

int sheet_grow(struct sheet *s, uint32_t rows, uint32_t columns)
{
	struct sheet grown = *s;

	if (rows <= s->cap_rows && columns <= s->cap_columns)
		return 0;
	grown.cap_rows = rows > s->cap_rows ? rows : s->cap_rows;
	grown.cap_columns = columns > s->cap_columns ? columns : s->cap_columns;
	grown.times = malloc(grown.cap_rows * sizeof(*grown.times));
	grown.values = malloc((size_t)grown.cap_rows * grown.cap_columns * sizeof(*grown.values));
	if (!grown.times || !grown.values) {
		free(grown.times);
		free(grown.values);
		return -ENOMEM;
	}
	if (s->n_rows)
		memcpy(grown.times, s->times, s->n_rows * sizeof(*s->times));
	for (uint32_t c = 0; c < s->n_columns && s->n_rows; c++)
		memcpy(sheet_column(&grown, c), sheet_column(s, c), s->n_rows * sizeof(*s->values));
	free(s->times);
	free(s->values);
	*s = grown;
	return 0;
}

void sheet_add_column(struct sheet *s)
{
	for (uint32_t i = 0; i < s->n_rows; i++)
		sheet_column(s, s->n_columns)[i] = NAN;
	s->n_columns++;
}

uint32_t sheet_insert(struct sheet *s, wall_ms t)
{
	uint32_t row = s->n_rows, after;

	while (row > 0 && s->times[row - 1] > t)
		row--;
	after = s->n_rows - row;
	memmove(s->times + row + 1, s->times + row, after * sizeof(*s->times));
	s->times[row] = t;
	for (uint32_t c = 0; c < s->n_columns; c++) {
		double *column = sheet_column(s, c);
		if (after)
			memmove(column + row + 1, column + row, after * sizeof(*column));
		column[row] = NAN;
	}
	s->n_rows++;
	return row;
}

int64_t sheet_find(const struct sheet *s, wall_ms t)
{
	int64_t row = (int64_t)s->n_rows - 1;

	while (row >= 0 && s->times[row] > t)
		row--;
	return row >= 0 && s->times[row] == t ? row : -1;
}

void sheet_clear(struct sheet *s)
{
	s->n_rows = 0;
}

void sheet_release(struct sheet *s)
{
	free(s->times);
	free(s->values);
	s->times = NULL;
	s->values = NULL;
	s->n_rows = s->cap_rows = s->cap_columns = 0;
}
