/* A sheet: the open block of a track. Rows by time, columns of doubles, each column in one piece so that it can be
 * encoded as it stands.
 *
 * Rows and columns grow by doubling up to the sheet's bound, so a series that is heard once costs a few rows and a
 * busy one stops allocating after its first block.
 */
#ifndef AUSPEX_SERIES_SHEET_H
#define AUSPEX_SERIES_SHEET_H

#include "series/block.h"

struct sheet {
	wall_ms *times; /* ascending */
	double *values; /* column c is values[c * cap_rows ...]; NaN where a row has no value */
	uint32_t n_rows, cap_rows;
	uint32_t n_columns, cap_columns;
};

static inline double *sheet_column(const struct sheet *s, uint32_t column)
{
	return s->values + (size_t)column * s->cap_rows;
}
size_t sheet_bytes(const struct sheet *s);
/* What sheet_bytes would be. */
size_t sheet_bytes_for(uint32_t rows, uint32_t columns);
/* Makes room for at least so many rows and columns, keeping the content. 0 or -ENOMEM. */
int sheet_grow(struct sheet *s, uint32_t rows, uint32_t columns);
/* Adds a column of NaN; there is room. */
void sheet_add_column(struct sheet *s);
/* Inserts a row of NaN in order of time, after rows of the same time; there is room. Returns its number. */
uint32_t sheet_insert(struct sheet *s, wall_ms t);
/* Number of the last row of exactly this time; -1 if there is none. */
int64_t sheet_find(const struct sheet *s, wall_ms t);
/* Forgets the rows, keeps memory. */
void sheet_clear(struct sheet *s);
/* Gives the memory of the rows back and keeps the columns. */
void sheet_release(struct sheet *s);

#endif
